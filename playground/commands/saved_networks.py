"""`python -m playground predict` and `evaluate`: what a saved network makes of images."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from playground import command_line, datasets, saved_networks
from playground.errors import PlaygroundError
from playground.image_files import read_image
from playground.registry import choose

SHOWN = 3  # classes per image
SAVED = "an .npz from train --save or a .pt from train-cnn --save"


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Adds the options of evaluate; torch is imported only for a network that needs it."""
    command_line.set_up(parser, _evaluate)
    parser.add_argument("network", type=Path, metavar="NET", help=SAVED)
    command_line.add_csv(parser)
    command_line.add_device(parser)


def add_predict(parser: argparse.ArgumentParser) -> None:
    """Adds the options of predict; torch is imported only for a network that needs it."""
    command_line.set_up(parser, _predict)
    parser.add_argument("network", type=Path, metavar="NET", help=SAVED)
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="PNG or JPEG files")
    parser.add_argument(
        "--invert",
        action=argparse.BooleanOptionalAction,
        help="swap light and dark (default: if the background is light)",
    )
    command_line.add_device(parser)


def _evaluate(options: argparse.Namespace) -> None:
    network = saved_networks.load(options.network, options.device)
    dataset = command_line.load_dataset(options)
    _check_classes(options, network.probabilities(dataset.X_test[:1]), dataset.class_names)
    loss, accuracy = network.evaluate(dataset.X_test, dataset.y_test)
    print(f"{options.network}: {network.parameter_count:,} parameters")
    images = f"{len(dataset.y_test):,} images"
    print(f"Test accuracy {accuracy:.2%}, loss {loss:.4f} on {images}\n")
    predicted = network.predict(dataset.X_test)
    print(_table_of_classes(dataset.y_test, predicted, dataset.class_names))


def _table_of_classes(y: np.ndarray, predicted: np.ndarray, names: tuple[str, ...]) -> str:
    """A line per class that has images: its accuracy, and the class it is most often taken for."""
    lines = [f"{'class':14}{'images':>8}{'correct':>10}   most often taken for"]
    for label, name in enumerate(names):
        found = np.bincount(predicted[y == label], minlength=len(names))
        if not found.sum():
            continue
        right, wrong = found[label], np.where(np.arange(len(names)) == label, 0, found)
        other = f"{names[wrong.argmax()]} ({wrong.max()})" if wrong.any() else "-"
        lines.append(f"{name:14}{found.sum():8,}{right / found.sum():10.2%}   {other}")
    return "\n".join(lines)


def _predict(options: argparse.Namespace) -> None:
    names = choose("dataset", options.dataset, datasets.DATASETS).class_names
    network = saved_networks.load(options.network, options.device)
    pictures = [read_image(path, invert=options.invert) for path in options.images]
    probabilities = network.probabilities(np.stack([picture.pixels for picture in pictures]))
    _check_classes(options, probabilities, names)
    for path, picture, row in zip(options.images, pictures, probabilities, strict=True):
        best = np.argsort(-row)[:SHOWN]
        classes = ", ".join(f"{names[label]} {row[label]:.1%}" for label in best)
        changes = f" ({'; '.join(picture.changes)})" if picture.changes else ""
        print(f"{path}: {classes}{changes}")


def _check_classes(
    options: argparse.Namespace, probabilities: np.ndarray, names: tuple[str, ...]
) -> None:
    if probabilities.shape[1] != len(names):
        raise PlaygroundError(
            f"{options.network} has {probabilities.shape[1]} classes, expected the {len(names)} of "
            f"{options.dataset}"
        )

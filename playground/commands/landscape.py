"""`python -m playground landscape`: the loss around a trained network, and six paths to it."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from assignment.files import write_atomically
from playground import command_line, datasets, plots
from playground.configuration import Configuration
from playground.network import Network
from playground.pixels import as_numbers

PAGE = ".html"
MEASURED_IMAGES = 1000  # training images whose loss is drawn


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options; matplotlib is imported only when it runs."""
    command_line.set_up(parser, _landscape)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("landscape.png"),
        metavar="FILE",
        help="a picture (.png, .svg, .pdf) or a page that plays the paths (.html); default: landscape.png",
    )
    parser.add_argument(
        "--hidden-sizes",
        type=int,
        nargs="*",
        default=[100],
        metavar="N",
        help="units in each hidden layer (default: 100)",
    )
    parser.add_argument(
        "--epochs", type=int, default=3, metavar="N", help="of each optimizer (default: 3)"
    )
    parser.add_argument(
        "--grid", type=_grid_size, default=30, metavar="N", help="points a side (default: 30)"
    )
    command_line.add_split_options(parser)
    command_line.add_csv(parser)
    command_line.add_seed(parser)


def _landscape(options: argparse.Namespace) -> None:
    command_line.check_writable(options.out, [*plots.ENDINGS, PAGE])
    configuration = Configuration(hidden_sizes=tuple(options.hidden_sizes), epochs=options.epochs)
    dataset = command_line.load_dataset(options)
    split = datasets.split(
        dataset,
        validation_size=options.validation_size,
        train_size=options.train_size,
        seed=options.seed,
    )
    from playground.landscape import figure, page, paths, plane

    X = as_numbers(split.X_train[:MEASURED_IMAGES], np.dtype(np.float32))
    y = split.y_train[:MEASURED_IMAGES]
    classes = len(dataset.class_names)
    network = Network(X.shape[1], classes, configuration)
    recorded, losses = {}, {}

    def loss_at(parameters: np.ndarray) -> float:
        network.parameters[...] = parameters
        return network.evaluate(X, y)[0]

    for name in paths.RATES:
        path = paths.record_path(name, configuration, split, classes=classes, seed=options.seed)
        measured = path if options.out.suffix.lower() == PAGE else path[-1:]
        recorded[name], losses[name] = path, [loss_at(point) for point in measured]
        print(f"{name}: loss {losses[name][-1]:.3f} on {len(y):,} training images")
    lowest = min(losses, key=lambda name: losses[name][-1])
    points = np.concatenate(list(recorded.values()))
    cut = plane.plane_through(recorded[lowest][-1], recorded[lowest][0], points)
    places = {name: cut.coordinates(points) for name, points in recorded.items()}
    grid = plane.loss_on_grid(network, cut, list(places.values()), X, y, size=options.grid)
    if options.out.suffix.lower() == PAGE:
        steps = [0, *paths.recorded_steps(paths.steps_of(configuration, split))]
        text = page.page(cut, grid, places, losses, steps, lowest)
        write_atomically(options.out, text.encode())
    else:
        ends = {name: each[-1] for name, each in losses.items()}
        plots.save(figure.draw(cut, grid, places, ends, lowest), options.out)
    print(f"Loss landscape: {options.out}")


def _grid_size(text: str) -> int:
    return command_line.whole_number(text, 3, 200)

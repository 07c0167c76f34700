"""Options and checks shared by the commands; files are checked before any training starts."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from playground import datasets
from playground.datasets import DATASETS, Dataset
from playground.errors import PlaygroundError
from playground.extras import require
from playground.values import MAX_SEED, check_output


def set_up(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], None],
    *,
    dataset: bool = True,
) -> None:
    """Makes the command call `run(options)`, with --data-dir and maybe --dataset."""
    if dataset:
        parser.add_argument(
            "--dataset", default="fashion-mnist", metavar="NAME", help=" or ".join(DATASETS)
        )
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="folder with the data (default: data/)"
    )
    parser.set_defaults(run=run)


def add_csv(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--csv",
        type=Path,
        nargs=2,
        metavar=("TRAIN", "TEST"),
        help="read the images from these files: .csv, .csv.gz, .zip or archive.zip/train.csv",
    )


def add_fields(parser: argparse.ArgumentParser, configuration: type[Any]) -> None:
    """Adds one option per field of a configuration, with its help text and its allowed names."""
    kinds = {"int": int, "float": float, "str": str, "int | None": int, "tuple[int, ...]": int}
    for field in fields(configuration):
        flag, choices, kind = (
            f"--{field.name.replace('_', '-')}",
            field.metadata["choices"],
            str(field.type),
        )
        explanation = field.metadata["help"] + (f": {', '.join(choices)}" if choices else "")
        if kind == "bool":
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, help=explanation)
        else:
            several = "*" if kind.startswith("tuple") else None
            parser.add_argument(
                flag,
                type=kinds[kind],
                nargs=several,
                metavar="NAME" if choices else "N",
                help=explanation,
            )


def given_fields(options: argparse.Namespace, configuration: type[Any]) -> dict[str, Any]:
    """The configuration fields that were set on the command line."""
    given = {field.name: getattr(options, field.name) for field in fields(configuration)}
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }


def add_split_options(parser: argparse.ArgumentParser) -> None:
    """Adds the sizes of the training and validation sets."""
    parser.add_argument(
        "--train-size", type=int, metavar="N", help="number of training images (default: all)"
    )
    parser.add_argument(
        "--validation-size",
        type=int,
        metavar="N",
        help="number of validation images (default: a tenth)",
    )


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="save the run to this file after each epoch",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="resume the run saved in the checkpoint; with more --epochs, extend it",
    )


def check_checkpoint(options: argparse.Namespace, ending: str) -> None:
    """Raises PlaygroundError if the checkpoint cannot be used or would overwrite another file."""
    path = options.checkpoint
    check_writable(path, [ending])
    if options.resume and path is None:
        raise PlaygroundError("--resume needs --checkpoint FILE, the run to resume")
    if path and path.exists() and not options.resume:
        raise PlaygroundError(f"{path} already exists: add --resume to resume it, or remove it")
    if path and options.save and path.resolve() == options.save.resolve():
        raise PlaygroundError(f"{path} cannot be both the checkpoint and the trained network")


def add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        default="auto",
        metavar="NAME",
        help="for CNNs: auto, cpu, cuda or mps (default: auto)",
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="random seed (default: 0)"
    )


def load_dataset(options: argparse.Namespace) -> Dataset:
    """The requested dataset, from the data folder or from CSV files."""
    return datasets.load(options.dataset, options.data_dir, csv_of(options))


def source_of(options: argparse.Namespace) -> str:
    """Where the images come from, for titles and records."""
    return datasets.source(options.dataset, csv_of(options))


def csv_of(options: argparse.Namespace) -> tuple[str, str] | None:
    """The files of --csv."""
    if not getattr(options, "csv", None):
        return None
    train, test = options.csv
    return str(train), str(test)


def check_writable(path: Path | None, endings: list[str]) -> None:
    """Raises PlaygroundError if an output file has the wrong suffix or cannot be written.

    A picture (.png) additionally needs matplotlib.
    """
    if path is not None and path.suffix.lower() not in endings:
        raise PlaygroundError(
            f"{path} cannot be written, expected a name that ends in {' or '.join(endings)}"
        )
    if path is not None:
        check_output(path)
    if path is not None and ".png" in endings:
        require("matplotlib", "student")


def _seed(text: str) -> int:
    return whole_number(text, 0, MAX_SEED)


def whole_number(text: str, least: int, most: int) -> int:
    """A command-line argument as an integer in a range. Raises argparse.ArgumentTypeError."""
    expected = f"{least} to {most}"
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an integer, expected {expected}"
        ) from None
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text} is out of range, expected {expected}")
    return value

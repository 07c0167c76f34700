"""What the commands share: their common options, and the checks made before the work rather than after it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from playground import csv_files, datasets
from playground.datasets import DATASETS, Dataset
from playground.errors import PlaygroundError
from playground.extras import require
from playground.registry import choose


def add_command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], None],
    summary: str,
    *,
    dataset: bool = True,
) -> argparse.ArgumentParser:
    """A command that calls `run(options)`, with the options that say where the data is, and which unless told not to."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
    )
    if dataset:
        parser.add_argument(
            "--dataset", default="fashion-mnist", metavar="NAME", help=" or ".join(DATASETS)
        )
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="where the data is (default: data/)"
    )
    parser.set_defaults(run=run)
    return parser


def add_fields(parser: argparse.ArgumentParser, configuration: type[Any]) -> None:
    """An option for each field of a configuration, with its explanation and the names that it may take."""
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
    """The fields of a configuration that were given as options."""
    given = {field.name: getattr(options, field.name) for field in fields(configuration)}
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }


def add_split_options(parser: argparse.ArgumentParser) -> None:
    """How many of the training images train and validate, and CSV files in their place."""
    parser.add_argument("--train-size", type=int, metavar="N", help="train on fewer images")
    parser.add_argument(
        "--validation-size",
        type=int,
        metavar="N",
        help="training images kept back (default: a tenth)",
    )
    parser.add_argument(
        "--csv", type=Path, nargs=2, metavar=("TRAIN", "TEST"), help="read these files instead"
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed", type=not_negative, default=0, metavar="N", help="of what is drawn at random"
    )


def load_dataset(options: argparse.Namespace) -> Dataset:
    """The dataset asked for, from `data/` or from CSV files."""
    if not getattr(options, "csv", None):
        return datasets.load(options.dataset, options.data_dir)
    class_names = choose("dataset", options.dataset, DATASETS).class_names
    train_images, test_images = (
        csv_files.read_csv(path, classes=len(class_names)) for path in options.csv
    )
    return Dataset(class_names, *train_images, *test_images)


def check_writable(path: Path | None, endings: list[str]) -> None:
    """Raises PlaygroundError where a file has nowhere to go or a wrong name, or a picture nothing to draw it with."""
    if path is not None and path.suffix not in endings:
        raise PlaygroundError(
            f"{path} cannot be written, expected a name that ends in {' or '.join(endings)}"
        )
    if path is not None and (path.is_dir() or not os.access(path.parent, os.W_OK)):
        raise PlaygroundError(
            f"{path} cannot be written, expected a file in a folder that is there and writable"
        )
    if path is not None and ".png" in endings:
        require("matplotlib", "student")


def not_negative(text: str) -> int:
    """A whole number from 0, as an argument."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative, expected 0 or more")
    return value

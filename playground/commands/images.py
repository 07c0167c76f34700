"""`python -m playground samples` and `export-csv`: the images themselves."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from playground import csv_files, datasets, plots
from playground.command_line import (
    add_csv,
    add_seed,
    check_writable,
    load_dataset,
    set_up,
    source_of,
)


def add_samples(parser: argparse.ArgumentParser) -> None:
    """Adds the options of samples."""
    set_up(parser, _samples)
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("samples.png"),
        metavar="FILE",
        help=".png, .svg or .pdf",
    )
    add_csv(parser)
    add_seed(parser)


def add_export(parser: argparse.ArgumentParser) -> None:
    """Adds the options of export-csv."""
    set_up(parser, _export)
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="output folder (default: the current one)",
    )


def _samples(options: argparse.Namespace) -> None:
    check_writable(options.output, plots.ENDINGS)
    dataset = load_dataset(options)
    chosen = datasets.one_of_each(
        dataset.y_train, len(dataset.class_names), np.random.default_rng(options.seed)
    )
    figure = plots.image_grid(
        dataset.X_train[chosen], dataset.class_names, title=source_of(options)
    )
    plots.save(figure, options.output, dpi=150)
    print(f"One image per class: {options.output}")


def _export(options: argparse.Namespace) -> None:
    dataset = load_dataset(options)
    for part, X, y in (
        ("train", dataset.X_train, dataset.y_train),
        ("test", dataset.X_test, dataset.y_test),
    ):
        path = options.folder / f"{options.dataset}_{part}.csv"
        check_writable(path, [".csv"])
        csv_files.write_csv(path, X, y)
        print(f"{len(y):,} images: {path}")

"""The tracking options of the training commands."""

from __future__ import annotations

import argparse
import secrets
import time
from dataclasses import asdict
from pathlib import Path

from playground.command_line import source_of
from playground.configuration import Configuration
from playground.convnets.configuration import ConvConfiguration
from playground.extras import require
from playground.registry import choose
from playground.tracking import TRACKERS, Tracker, open_tracker

SPLIT = ("train_size", "validation_size", "seed")  # the options that choose the images


def add_tracking_options(parser: argparse.ArgumentParser) -> None:
    """Adds --tracker and --log-dir."""
    parser.add_argument(
        "--tracker", default="none", metavar="NAME", help=f"{', '.join(TRACKERS)} (default: none)"
    )
    parser.add_argument(
        "--log-dir",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="folder for the tracker's files (default: runs)",
    )


def check_tracking(options: argparse.Namespace) -> None:
    """Raises PlaygroundError, before any data is read, for an unknown or missing tracker."""
    kind = choose("tracker", options.tracker, TRACKERS)
    if kind.package is not None:
        require(kind.package, "tracking")


def new_run(
    options: argparse.Namespace, configuration: Configuration | ConvConfiguration
) -> Tracker:
    """The requested tracker, for a run with a unique name."""
    start = options.config.stem if getattr(options, "config", None) else options.recipe
    run = f"{start}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    settings = {"dataset": source_of(options)}
    settings |= {name: getattr(options, name) for name in SPLIT}
    return open_tracker(
        options.tracker, options.log_dir, run, {**settings, **asdict(configuration)}
    )

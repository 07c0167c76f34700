"""`python -m playground notebooks`: rebuilds the notebooks from their sources and runs them."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from playground import command_line
from playground.errors import PlaygroundError
from playground.registry import choose

FOLDER = Path("notebooks")


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    command_line.set_up(parser, _notebooks, dataset=False)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="names of notebooks (default: all)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small trainings, to test that they run"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="output folder (default: notebooks, with --quick notebooks/quick)",
    )


def _notebooks(options: argparse.Namespace) -> None:
    from playground.notebooks import build

    for name in options.names:
        choose("notebook", name, dict.fromkeys(build.NAMES))
    folder = options.output or (FOLDER / "quick" if options.quick else FOLDER)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlaygroundError(
            f"{folder} cannot be created ({error.strerror}), expected a folder for notebooks"
        ) from None
    for name in options.names or build.NAMES:
        started = time.perf_counter()
        path = build.write(name, folder, quick=options.quick)
        print(f"{path}: {time.perf_counter() - started:.0f} s", flush=True)

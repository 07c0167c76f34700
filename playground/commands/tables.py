"""`python -m playground tables FILE`: updates the tables of results in a document."""

from __future__ import annotations

import argparse
from pathlib import Path

from assignment.files import write_atomically
from playground import command_line
from playground.errors import PlaygroundError
from playground.experiments.tables import PLACE, fill


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    command_line.set_up(parser, _tables, dataset=False)
    parser.add_argument(
        "document",
        type=Path,
        metavar="FILE",
        help="Markdown file with <!-- results: NAME --> markers",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="folder with the results (default: results)",
    )


def _tables(options: argparse.Namespace) -> None:
    try:
        text = options.document.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise PlaygroundError(
            f"{options.document} cannot be read ({reason}), expected a text file"
        ) from None
    filled = fill(text, options.results)
    write_atomically(options.document, filled.encode())
    print(f"{len(PLACE.findall(filled))} tables: {options.document}")

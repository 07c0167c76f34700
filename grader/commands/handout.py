"""`grader handout`: make what students get."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from grader import PROJECT


def add(commands: Any) -> None:
    """Give the command line this command."""
    handout = commands.add_parser(
        "handout",
        help="make what students get",
        description="Make what students get, from grader/reference.",
    )
    handout.add_argument(
        "--stubs",
        action="store_true",
        help="only generate the three scripts at the root, and the README's tables of points and bars",
    )
    handout.add_argument(
        "--no-data", action="store_true", help="leave the data out; it is fetched on first use"
    )
    handout.add_argument(
        "--out",
        type=Path,
        default=PROJECT / "build",
        metavar="DIR",
        help="where to (default: build/)",
    )
    handout.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the handout, or the stubs alone; 0."""
    from grader.handout import folder

    if options.stubs:
        for path in folder.write_stubs(PROJECT):
            print(path)
        folder.write_readme_tables(PROJECT / "README.md")
        return 0
    for path in folder.write_handout(options.out, with_data=not options.no_data):
        print(path)
    return 0

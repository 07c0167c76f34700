"""`grader handout`: make what students get."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from grader import PROJECT
from grader.errors import CannotGrade


def add(commands: Any) -> None:
    """Add this command to the command line."""
    handout = commands.add_parser(
        "handout",
        description="Write what students get, made from grader/reference: a folder and its zip.",
    )
    handout.add_argument(
        "--stubs",
        action="store_true",
        help="only update the three scripts at the root, the public cases and the tables in README.md",
    )
    handout.add_argument(
        "--no-data",
        action="store_true",
        help="leave out the data; students get it with python utils.py --download",
    )
    handout.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="the folder to write into (default: build/)",
    )
    handout.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the handout, or only the stubs; returns 0.

    Raises CannotGrade for options that do not go together, HandoutError as `write_handout`.
    """
    from grader.handout.folder import write_handout
    from grader.handout.public_cases import write_public_cases
    from grader.handout.readme import write_readme_tables
    from grader.handout.stubs import write_stubs

    if options.stubs and (options.no_data or options.out is not None):
        raise CannotGrade(
            "--out and --no-data are for the handout, expected --stubs without them: it updates "
            "files of the project"
        )
    if options.stubs:
        paths = [*write_stubs(PROJECT), write_public_cases(PROJECT)]
        write_readme_tables(PROJECT / "README.md")
    else:
        paths = write_handout(options.out or PROJECT / "build", with_data=not options.no_data)
    for path in paths:
        print(path)
    return 0

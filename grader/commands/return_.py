"""`grader return`: give the feedback back to the students."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from typing import Any

from grader.interrupts import interrupt

PLATFORMS = ("moodle", "canvas", "gradescope", "folder")


def add(commands: Any) -> None:
    """Add this command to the command line."""
    give_back = commands.add_parser(
        "return",
        description="Write the students' feedback as a platform takes it: Moodle's zip of feedback "
        "files, Canvas's zip of submissions, or a folder of pages with a list of addresses.",
    )
    give_back.add_argument("gradebook", type=Path, help="the file that `grader batch` wrote")
    give_back.add_argument("--to", required=True, choices=PLATFORMS, help="where it goes")
    give_back.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="PATH",
        help="a new folder; for Moodle and Canvas a new .zip, or a folder to put it in",
    )
    give_back.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="ID",
        help="this student's only; may be repeated",
    )
    give_back.add_argument("--group", metavar="NAME", help="only this group of the roster")
    give_back.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="folder that holds FashionMNIST/raw (default: data/)",
    )
    give_back.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write the feedback; returns 0, or 1 if a student who handed in is missing.

    Raises CannotGrade for a wrong choice of students or --data-dir, and if PATH is there already.
    """
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.returning.delivery import NEXT, give_back
    from grader.commands.settings import expect_images
    from grader.errors import expecting_room

    signal.signal(signal.SIGTERM, interrupt)
    with (
        Gradebook(given.gradebook, read_only=True) as gradebook,
        expecting_room(given.out.absolute().parent),
    ):
        expect_images(given.data_dir)
        outcome = give_back(
            gradebook,
            given.to,
            given.out,
            only=given.only,
            group=given.group,
            data_dir=given.data_dir,
        )
    plural = "s" if outcome.returned != 1 else ""
    print(f"{outcome.path}: feedback for {outcome.returned} student{plural}{_size(outcome.path)}")
    for line in outcome.lines:
        print(f"not returned: {line}")
    if given.to in NEXT:
        print(f"{NEXT[given.to]}.")
    return 1 if outcome.missing.keys() - {"nothing handed in"} else 0


def _size(path: Path) -> str:
    """The size of a file, which platforms limit."""
    return f", {path.stat().st_size / 1e6:.1f} MB" if path.is_file() else ""

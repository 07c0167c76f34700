"""`grader report`: write pages and files from a gradebook."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from typing import Any

from grader.interrupts import interrupt


def add(commands: Any) -> None:
    """Add this command to the command line."""
    report = commands.add_parser(
        "report",
        description="Write a page for each student, one for the class, "
        "and files for Gradescope, Canvas, Moodle and spreadsheets.",
    )
    report.add_argument("gradebook", type=Path, help="the file that `grader batch` wrote")
    report.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="a new or empty folder, or that of an earlier report",
    )
    report.add_argument(
        "--anonymous",
        action="store_true",
        help="pseudonyms in place of names, which are the same in every report of this gradebook; "
        "what students wrote and the files for platforms are left out",
    )
    report.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="folder that holds FashionMNIST/raw (default: data/)",
    )
    report.add_argument(
        "--jobs", metavar="N", help="processes that make the pages (default: one per core)"
    )
    report.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write the report; returns 0.

    Raises CannotGrade if there is no class, DIR cannot be written, or --data-dir has no data.
    """
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.pseudonyms import keep_secret
    from grader.classroom.reports.build import build
    from grader.commands.settings import expect_images, jobs_or
    from grader.cores import usable_cores
    from grader.errors import expecting_room

    signal.signal(signal.SIGTERM, interrupt)
    jobs = jobs_or(given.jobs, usable_cores())
    try:
        if given.anonymous:
            keep_secret(given.gradebook)
        with (
            Gradebook(given.gradebook, read_only=True) as gradebook,
            expecting_room(given.out.absolute()),
        ):
            expect_images(given.data_dir)
            summary = build(
                gradebook, given.out, given.data_dir, anonymous=given.anonymous, jobs=jobs
            )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"files in {given.out} are whole, but not all are there: run the command again"
        ) from None
    print(f"{given.out}/index.html: {summary.headline}")
    for line in summary.exports.lines(summary.assignment):
        print(line)
    return 0

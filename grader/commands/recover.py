"""`grader recover`: write what can be read of a damaged gradebook to a new one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

WHOLE, PART, NOTHING = 0, 1, 2  # exit statuses


def add(commands: Any) -> None:
    """Add this command to the command line."""
    recover = commands.add_parser(
        "recover",
        description="Write what can be read of a damaged gradebook to a new one. The damaged file "
        "stays as it is. Exit status 0: everything came back; 1: a part; 2: nothing.",
    )
    recover.add_argument("gradebook", type=Path)
    recover.add_argument(
        "--out", type=Path, metavar="FILE", help="a new file (default: NAME-recovered.db)"
    )
    recover.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Recover and print how much came back; returns the exit status. Raises CannotGrade."""
    from grader.classroom.lock import alone
    from grader.classroom.recovery import recover
    from grader.errors import CannotGrade

    damaged: Path = given.gradebook
    if damaged.is_dir():
        raise CannotGrade(f"{damaged} is a folder, expected the file of a damaged gradebook")
    out = given.out or damaged.with_name(f"{damaged.stem}-recovered.db")
    with alone(damaged):
        found = recover(damaged, out)
    rows = sum(one.rows for one in found)
    if not rows:
        raise CannotGrade(
            f"nothing in {damaged} can be read as a gradebook, and {out} was not written. "
            "Is there a copy of it from before?"
        )
    for one in found:
        total = "an unknown number" if one.of is None else f"{max(one.of, one.rows):,}"
        print(f"{one.table:<10} {one.rows:>7,} of {total}")
    is_whole = all(one.is_whole for one in found)
    print(
        f"{'All' if is_whole else 'These'} rows of {damaged} are in {out}. Next, to mark what is "
        f"missing: grader batch SUBMISSIONS --gradebook {out}"
    )
    return WHOLE if is_whole else PART

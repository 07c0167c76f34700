"""`grader similarity`: near-copies to look at, as a short table, and as a page where one is asked for."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import CannotGrade
from grader.report.text import one_line

if TYPE_CHECKING:  # only for names: the command line has to start at once
    from grader.similarity.comparing import ClassComparison, Works

MAX_ROWS = 40
MAX_NOTES = 10
WIDTH = 44  # of the two names


def add(commands: Any) -> None:
    """Give the command line this command."""
    similarity = commands.add_parser(
        "similarity",
        help="near-copies to look at",
        description="Compare a class with itself and with earlier years. What comes out is to be looked at, and affects no mark.",
    )
    similarity.add_argument("gradebook", type=Path)
    similarity.add_argument(
        "--earlier",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="an earlier year's gradebook; may be repeated",
    )
    similarity.add_argument(
        "--out", type=Path, metavar="FILE", help="write a page with the pairs side by side here"
    )
    similarity.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print the pairs to look at; the exit status is 0. Raises CannotGrade for what is no gradebook, or holds no two works."""
    earlier: dict[str, dict[str, bytes]] = {}
    people: dict[str, str] = {}
    for book in given.earlier:
        alike = sum(other.name == book.name for other in given.earlier) > 1
        for name, scripts in _works(book).items():
            work = f"{name} ({book if alike else book.name})"
            earlier[work], people[work] = scripts, name
    return report(_works(given.gradebook), earlier, given.out, people)


def _works(path: Path) -> dict[str, dict[str, bytes]]:
    """By those who handed in together, their scripts."""
    from grader.classroom.gradebook import Gradebook

    with Gradebook(path) as gradebook:
        return gradebook.scripts_by_party()


def report(
    works: Works, earlier: Works, out: Path | None, people: Mapping[str, str] | None = None
) -> int:
    """Compare, print the pairs to look at and write the page; returns the exit status, 0. `people` is as for `compare`.

    Raises CannotGrade where there are no two works, or the page cannot be written.
    """
    from grader.similarity import page
    from grader.similarity.comparing import compare

    if len(works) < 1 or len(works) + len(earlier) < 2:
        raise CannotGrade(
            f"there is nothing to compare in {len(works)} works and {len(earlier)} earlier ones, expected two or more"
        )
    comparison = compare(works, earlier, people)
    print(table(comparison))
    if out is not None:
        try:
            page.write(out, page.page(comparison, works, earlier))
        except OSError as error:
            raise CannotGrade(f"{out} cannot be written: {error.strerror or error}") from None
        print(f"\nSide by side: {one_line(str(out))}")
    return 0


def table(comparison: ClassComparison) -> str:
    """The pairs to look at as lines of text, the closest first."""
    from grader.sections import SCRIPTS
    from grader.similarity import page

    groups = page.by_students(comparison)
    against = f"{comparison.works} works" + (
        f" and {comparison.earlier} of earlier years" if comparison.earlier else ""
    )
    if not groups:
        return "\n".join([f"{against}: nobody shares more than is usual.", *_notes(comparison)])
    shown = (
        "the closest" if comparison.few else "who share more than is usual of what few others have"
    )
    lines = [f"{against}. Look at these, {shown}; this is no verdict and affects no mark.", ""]
    lines.append(
        f"{'no.':>4}  {'students':<{WIDTH}} {'bits':>5}  "
        + " ".join(f"{script:>11}" for script in SCRIPTS)
    )
    for number, pairs in enumerate(groups[:MAX_ROWS], start=1):
        by_script = {pair.script: f"{pair.score:.0f}" for pair in pairs}
        names = one_line(page.title(pairs[0]))
        total = sum(pair.score for pair in pairs)
        cells = " ".join(f"{by_script.get(script, '–'):>11}" for script in SCRIPTS)
        lines.append(
            f"{number:>4}  {names if len(names) <= WIDTH else names[: WIDTH - 1] + '…':<{WIDTH}} {total:5.0f}  {cells}"
        )
    if len(groups) > MAX_ROWS:
        lines.append(f"      and {len(groups) - MAX_ROWS} more")
    if not comparison.few:
        lines.append(f"      {'usual, to the closest other':<{WIDTH}} {comparison.usual:5.0f}")
    return "\n".join([*lines, *_notes(comparison)])


def _notes(comparison: ClassComparison) -> list[str]:
    notes = [f"note: {one_line(note)}" for note in comparison.notes[:MAX_NOTES]]
    return notes + [f"note: and {len(comparison.notes) - MAX_NOTES} more such"] * (
        len(comparison.notes) > MAX_NOTES
    )

"""`grader similarity`: list near-copies to look at, and write a page that compares them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import CannotGrade
from grader.report.text import one_line

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.similarity.comparing import ClassComparison, Works

MAX_ROWS = 40
MAX_NOTES = 10
WIDTH = 44  # columns for the two names


def add(commands: Any) -> None:
    """Add this command to the command line."""
    similarity = commands.add_parser(
        "similarity",
        help="list near-copies to look at",
        description="Compare the submissions of a class with each other and with earlier years. "
        "The result is for people to look at and affects no mark.",
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
        "--out", type=Path, metavar="FILE", help="write a page that shows the pairs side by side"
    )
    similarity.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print the pairs to look at; returns 0.

    Raises CannotGrade for a wrong gradebook or fewer than two works.
    """
    earlier: dict[str, dict[str, bytes]] = {}
    people: dict[str, str] = {}
    for book in given.earlier:
        alike = sum(other.name == book.name for other in given.earlier) > 1
        for name, scripts in _works(book).items():
            work = f"{name} ({book if alike else book.name})"
            earlier[work], people[work] = scripts, name
    return report(_works(given.gradebook), earlier, given.out, people)


def _works(path: Path) -> dict[str, dict[str, bytes]]:
    """The scripts of each group that submitted together."""
    from grader.classroom.gradebook import Gradebook

    with Gradebook(path) as gradebook:
        return gradebook.scripts_by_party()


def report(
    works: Works, earlier: Works, out: Path | None, people: Mapping[str, str] | None = None
) -> int:
    """Compare, print the pairs and write the page; returns 0. `people` is as for `compare`.

    Raises CannotGrade for fewer than two works, or if the page cannot be written.
    """
    from grader.similarity import page
    from grader.similarity.comparing import compare

    if len(works) < 1 or len(works) + len(earlier) < 2:
        raise CannotGrade(
            f"nothing to compare: {len(works)} submissions and {len(earlier)} earlier ones, "
            "expected two or more"
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
    """The pairs to look at as lines of text, closest first."""
    from grader.sections import SCRIPTS
    from grader.similarity import page

    groups = page.by_students(comparison)
    against = f"{comparison.works} works" + (
        f" and {comparison.earlier} of earlier years" if comparison.earlier else ""
    )
    if not groups:
        return "\n".join([f"{against}: no pair shares more than usual.", *_notes(comparison)])
    shown = "are the closest" if comparison.few else "share more rare code than usual"
    verdict = "This is not a verdict and affects no mark."
    lines = [f"{against}. The pairs below {shown}; look at them. {verdict}", ""]
    lines.append(
        f"{'no.':>4}  {'students':<{WIDTH}} {'bits':>5}  "
        + " ".join(f"{script:>11}" for script in SCRIPTS)
    )
    for number, pairs in enumerate(groups[:MAX_ROWS], start=1):
        by_script = {pair.script: f"{pair.score:.0f}" for pair in pairs}
        names = one_line(page.title(pairs[0]))
        names = names if len(names) <= WIDTH else f"{names[: WIDTH - 1]}…"
        total = sum(pair.score for pair in pairs)
        cells = " ".join(f"{by_script.get(script, '–'):>11}" for script in SCRIPTS)
        lines.append(f"{number:>4}  {names:<{WIDTH}} {total:5.0f}  {cells}")
    if len(groups) > MAX_ROWS:
        lines.append(f"      and {len(groups) - MAX_ROWS} more")
    if not comparison.few:
        lines.append(f"      {'usual for the closest pair':<{WIDTH}} {comparison.usual:5.0f}")
    return "\n".join([*lines, *_notes(comparison)])


def _notes(comparison: ClassComparison) -> list[str]:
    notes = [f"note: {one_line(note)}" for note in comparison.notes[:MAX_NOTES]]
    return notes + [f"note: and {len(comparison.notes) - MAX_NOTES} more such"] * (
        len(comparison.notes) > MAX_NOTES
    )

"""`grader similarity`: who handed in the same script, and near-copies to look at."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import CannotGrade

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.similarity.comparing import ClassComparison, Works
    from grader.similarity.equal import EqualGroup
    from grader.similarity.names import Author, Names

MAX_GROUPS = 40
MAX_NAMES = 60  # of a group
MAX_ROWS = 40
MAX_NOTES = 10
WIDTH = 44  # columns for the names of a pair
LINE = 96  # columns of other text


def add(commands: Any) -> None:
    """Add this command to the command line."""
    similarity = commands.add_parser(
        "similarity",
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
        "--out",
        type=Path,
        metavar="FILE",
        help="write a page with all of it, the pairs side by side",
    )
    similarity.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print the equal scripts and the pairs to look at; returns 0.

    Raises CannotGrade for a wrong gradebook or fewer than two works.
    """
    from grader.similarity.names import Names

    works, authors = _works(given.gradebook)
    earlier: dict[str, dict[str, bytes]] = {}
    people: dict[str, str] = {}
    years: dict[str, str] = {}
    for book in given.earlier:
        alike = sum(other.name == book.name for other in given.earlier) > 1
        year = str(book if alike else book.name)
        scripts, who = _works(book)
        for name in scripts:
            work = f"{name} ({year})"
            earlier[work], people[work], years[work] = scripts[name], name, year
            authors[work] = who[name]
    return report(works, earlier, given.out, people, Names(authors, years))


def _works(path: Path) -> tuple[dict[str, dict[str, bytes]], dict[str, list[Author]]]:
    """The scripts of each group that submitted together, and its members."""
    from grader.classroom.gradebook import Gradebook
    from grader.similarity.names import Author

    with Gradebook(path, read_only=True) as gradebook:
        members = gradebook.members()
        authors = {
            party: [Author(student.id, student.name) for student in students]
            for party, students in members.items()
        }
        return gradebook.scripts_by_party(), authors


def report(
    works: Works,
    earlier: Works,
    out: Path | None,
    people: Mapping[str, str] | None = None,
    names: Names | None = None,
) -> int:
    """Compare, print what is equal and alike, and write the page; returns 0.

    `people` is as for `compare`. Raises CannotGrade for fewer than two works, or if the page cannot
    be written.
    """
    from grader.commands.settings import expect_writable
    from grader.report.text import one_line
    from grader.similarity import page
    from grader.similarity.comparing import compare

    if len(works) < 1 or len(works) + len(earlier) < 2:
        raise CannotGrade(
            f"nothing to compare: {len(works)} submissions and {len(earlier)} earlier ones, "
            "expected two or more"
        )
    if out is not None:
        expect_writable(out)
    comparison = compare(works, earlier, people)
    print(table(comparison, names))
    if out is not None:
        try:
            page.write(out, page.page(comparison, works, earlier, names))
        except OSError as error:
            raise CannotGrade(f"{out} cannot be written: {error.strerror or error}") from None
        print(f"\nAll of it, side by side: {one_line(str(out))}")
    return 0


def table(comparison: ClassComparison, names: Names | None = None) -> str:
    """What is equal, and the pairs to look at, as lines of text."""
    from grader.similarity import wording
    from grader.similarity.names import Names

    names = names or Names()
    return "\n".join(
        [
            f"{wording.compared(comparison)}. {wording.NO_VERDICT}",
            "",
            *_equal(comparison, names),
            "",
            *_pairs(comparison, names),
            *_notes(comparison, names),
        ]
    )


def _equal(comparison: ClassComparison, names: Names) -> list[str]:
    """The groups with the same script."""
    from grader.similarity import wording

    groups, left_out = comparison.equal, wording.left_out(comparison.untouched)
    if not groups:
        lines = ["The same script: no two submissions have one in common."]
    else:
        lines = textwrap.wrap(f"The same script. {wording.EQUAL}", LINE)
    for group in groups[:MAX_GROUPS]:
        lines += [
            "",
            f"  {wording.what(group, names)}",
            f"      {'; '.join(wording.remarks(group))}",
            *_wrapped(_who(group, names)),
        ]
    if len(groups) > MAX_GROUPS:
        lines += ["", f"  and {len(groups) - MAX_GROUPS} more groups: all are on the page of --out"]
    return [*lines, *(["", left_out] if left_out else [])]


def _who(group: EqualGroup, names: Names) -> list[str]:
    """The names of a group, then of those who are equal byte for byte, where not all are."""
    from grader.similarity import wording

    def people(works: tuple[str, ...]) -> str:
        more = len(works) - MAX_NAMES
        known = ", ".join(names.work(work) for work in works[:MAX_NAMES])
        return f"{known}, and {more} more (all are on the page of --out)" if more > 0 else known

    some = [f"byte for byte: {people(works)}" for works in wording.byte_for_byte(group)]
    return [people(group.members + group.earlier), *some]


def _wrapped(texts: list[str]) -> list[str]:
    return [
        line
        for text in texts
        for line in textwrap.wrap(text, LINE, initial_indent=" " * 6, subsequent_indent=" " * 6)
    ]


def _pairs(comparison: ClassComparison, names: Names) -> list[str]:
    """The pairs of different works, closest first."""
    from grader.sections import SCRIPTS
    from grader.similarity import wording

    groups = wording.by_works(comparison)
    if not comparison.is_complete:
        return ["Near-copies: different submissions were not compared."]
    if not groups:
        return ["Near-copies: no pair shares more than usual."]
    shown = "are the closest" if comparison.few else "share more rare code than usual"
    lines = [f"Near-copies. These pairs of different submissions {shown}; look at them.", ""]
    lines.append(
        f"{'no.':>4}  {'students':<{WIDTH}} {'bits':>5}  "
        + " ".join(f"{script:>11}" for script in SCRIPTS)
    )
    for number, pairs in enumerate(groups[:MAX_ROWS], start=1):
        by_script = {pair.script: f"{pair.score:.0f}" for pair in pairs}
        cells = " ".join(f"{by_script.get(script, '–'):>11}" for script in SCRIPTS)
        total = sum(pair.score for pair in pairs)
        first, *rest = textwrap.wrap(wording.title(pairs, names), WIDTH) or [""]
        lines.append(f"{number:>4}  {first:<{WIDTH}} {total:5.0f}  {cells}")
        lines += [f"      {line}" for line in rest]
    if len(groups) > MAX_ROWS:
        lines.append(f"      and {len(groups) - MAX_ROWS} more")
    if not comparison.few:
        lines.append(f"      {'usual for the closest pair':<{WIDTH}} {comparison.usual:5.0f}")
    return lines


def _notes(comparison: ClassComparison, names: Names) -> list[str]:
    from grader.report.text import one_line
    from grader.similarity import wording

    every = wording.partly_read(comparison, names)
    notes = [f"note: {one_line(note)}" for note in every[:MAX_NOTES]]
    more = len(every) - MAX_NOTES
    return [*notes, f"note: and {more} more such"] if more > 0 else notes

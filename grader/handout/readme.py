"""README.md: the part that students get, and its tables of sections, points and bars."""

from __future__ import annotations

import re
from pathlib import Path

from assignment.files import write_atomically
from grader.errors import HandoutError
from grader.rubric import Rubric, load_rubric

# students get what stands between these two lines
README_BEGIN, README_END = "<!-- handout: begin -->", "<!-- handout: end -->"

_POINTS = re.compile(r"^\| \| 0\.1 .*\|\n(\|[-|: ]+\|)\n\| points \|.*\|$", re.MULTILINE)
_BAR = re.compile(r"^(\| (\d) `\w+\.py` \|.*\| )([\d.]+ %)( \|)$", re.MULTILINE)


def students_half(readme: str) -> str:
    """The part of README.md that students get. Raises HandoutError if a mark is missing."""
    _, begin, rest = readme.partition(README_BEGIN)
    half, end, _ = rest.partition(README_END)
    if not begin or not end:
        raise HandoutError(f"README.md is missing {README_BEGIN}, or {README_END} after it")
    return half.strip() + "\n"


def expect_shown_as_marked(readme: str, rubric: Rubric) -> None:
    """Raises HandoutError if README.md shows other sections, points or bars than the rubric."""
    shown, marked = tables(readme), tables(with_tables(readme, rubric))
    for what, there in shown.items():
        if there != marked[what]:
            raise HandoutError(
                f"README.md shows the {what} {' '.join(there)}, expected those of rubric.toml, "
                f"{' '.join(marked[what])}. To update README.md: grader handout --stubs"
            )


def tables(readme: str) -> dict[str, list[str]]:
    """The section numbers, points and bars that README.md shows."""
    found = _POINTS.search(readme)
    rows = [row.split("|")[2:-1] for row in found[0].split("\n")] if found else [[], [], []]
    cells = [[cell.strip() for cell in row] for row in rows]
    return {"sections": cells[0], "points": cells[2], "bars": [m[2] for m in _BAR.findall(readme)]}


def with_tables(readme: str, rubric: Rubric) -> str:
    """README.md with the sections, points and bars of the rubric."""
    numbers = " | ".join(section.number for section in rubric.sections)
    points = " | ".join(f"{section.points:g}" for section in rubric.sections)
    rule = "|---" * (len(rubric.sections) + 1) + "|"
    readme = _POINTS.sub(f"| | {numbers} |\n{rule}\n| points | {points} |", readme)
    bars = {s.number.partition(".")[0]: s.bar for s in rubric.sections if s.bar is not None}
    return _BAR.sub(lambda m: f"{m[1]}{100 * bars[m[2]]:g} %{m[4]}", readme)


def write_readme_tables(path: Path) -> None:
    """Write the sections, points and bars of the rubric into the tables of a README.md."""
    filled = with_tables(path.read_text(encoding="utf-8"), load_rubric())
    write_atomically(path, filled.encode())

"""The entries of an array, right and wrong, as a drawing or a table, and in words."""

from __future__ import annotations

import math

from markupsafe import Markup

from grader.results import ComparedArray

CELL = 26  # pixels


def has_values(comparison: ComparedArray) -> bool:
    """Whether the values of the array are known, and of the right one."""
    size = [len(row) for row in comparison.wrong]
    return bool(size) and all(
        [len(row) for row in values] == size for values in (comparison.got, comparison.expected)
    )


def values(comparison: ComparedArray) -> list[tuple[int, list[tuple[bool, str, str]]]]:
    """The rows of the table: number, and of each entry whether it is wrong, what came, what should.

    Empty if the values are not known.
    """
    if not has_values(comparison):
        return []
    rows = zip(comparison.wrong, comparison.got, comparison.expected, strict=True)
    top = comparison.origin[0]
    return [(top + i, list(zip(*row, strict=True))) for i, row in enumerate(rows)]


def columns(comparison: ComparedArray) -> list[int]:
    """The numbers of the columns that are shown."""
    left = comparison.origin[1]
    return [left + j for j in range(max((len(row) for row in comparison.wrong), default=0))]


def drawing(comparison: ComparedArray) -> Markup:
    """A grid with a cell for each entry: a cross if it is wrong, a dot if it is right."""
    parts = [
        _cell(CELL * j + 2, CELL * i + 2, wrong)
        for i, row in enumerate(comparison.wrong)
        for j, wrong in enumerate(row)
    ]
    width = CELL * len(columns(comparison)) + 2
    height = CELL * len(comparison.wrong) + 2
    return Markup(
        '<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}.">{}</svg>'
    ).format(width, height, width, height, in_words(comparison), Markup().join(parts))


def _cell(x: int, y: int, wrong: bool) -> Markup:
    look = "wrong" if wrong else "right"
    box = f'<rect x="{x}" y="{y}" width="24" height="24" class="{look}"/>'
    if wrong:
        return Markup(f'{box}<path d="M{x + 6} {y + 6}l12 12m0 -12l-12 12" class="cross"/>')
    return Markup(f'{box}<circle cx="{x + 12}" cy="{y + 12}" r="2.5" class="dot"/>')


def in_words(comparison: ComparedArray) -> str:
    """Name, shape, and which entries are wrong.

    >>> in_words(ComparedArray("W2", ((True, False), (True, True)), (2, 2)))
    'W2, shape (2, 2): 3 of 4 entries wrong, in row 0 (1), 1 (2)'
    """
    return f"{comparison.name}{_part(comparison)}: {entries_in_words(comparison)}"


def _part(comparison: ComparedArray) -> str:
    """The shape, and which part of the array is shown if it is not all."""
    if not comparison.shape:
        return ""
    shape = f", shape ({', '.join(map(str, comparison.shape))}{',' * (len(comparison.shape) == 1)})"
    if math.prod(comparison.shape) == sum(map(len, comparison.wrong)):
        return shape
    numbers = columns(comparison)
    across = f"columns {numbers[0]} to {numbers[-1]}" if numbers else "nothing"
    top = comparison.origin[0]
    rows = f"rows {top} to {top + len(comparison.wrong) - 1}, " if len(comparison.shape) > 1 else ""
    return f"{shape}, of which {rows}{across} are shown"


def entries_in_words(comparison: ComparedArray) -> str:
    """Which entries are wrong, in words: all, none, or the count and the rows."""
    wrong = sum(map(sum, comparison.wrong))
    size = sum(map(len, comparison.wrong))
    if wrong in (0, size):
        return (
            f"{'all' if wrong else 'none'} of {size} entries {'is' if not wrong else 'are'} wrong"
        )
    top, left = comparison.origin
    if len(comparison.wrong) == 1:
        at = (str(left + j) for j, is_wrong in enumerate(comparison.wrong[0]) if is_wrong)
        return f"{wrong} of {size} entries wrong, at {', '.join(at)}"
    rows = (f"{top + i} ({sum(row)})" for i, row in enumerate(comparison.wrong) if any(row))
    return f"{wrong} of {size} entries wrong, in row {', '.join(rows)}"

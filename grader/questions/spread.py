"""Three wrong numbers for a right one, so that its size does not give it away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from assignment.questions.drafting import Choice
from assignment.questions.question import OPTIONS


class Wrong(NamedTuple):
    """A wrong number, what leads to it, and the id of a known mistake."""

    number: int
    belief: str
    misconception: str = ""


def spread(
    key: int,
    wrong: Iterable[Wrong],
    rng: np.random.Generator,
    *,
    smallest: Wrong | None = None,
) -> tuple[Choice, ...]:
    """Three of the wrong numbers; how many of them are smaller than the key is drawn first.

    `smallest` is one that is always among them, such as 0, which has to be smaller than all others.

    Fewer than three, with which no question is asked, if there are not enough. So the right number
    is as often the smallest as the largest, as far as the wrong ones allow.
    """
    found: dict[int, Wrong] = {}
    for one in wrong:
        if one.number not in (key, smallest and smallest.number) and one.number >= 0:
            found.setdefault(one.number, one)
    below = [one for one in found.values() if one.number < key]
    above = [one for one in found.values() if one.number > key]
    asked = OPTIONS - (1 if smallest is None else 2)
    possible = [n for n in range(asked + 1) if n <= len(below) and asked - n <= len(above)]
    if not possible:
        return ()
    smaller = possible[int(rng.integers(len(possible)))]
    picked = [
        *([] if smallest is None else [smallest]),
        *(below[i] for i in rng.permutation(len(below))[:smaller]),
        *(above[i] for i in rng.permutation(len(above))[: asked - smaller]),
    ]
    return tuple(Choice(f"{one.number:,}", one.belief, one.misconception) for one in picked)


Row = TypeVar("Row")
Column = TypeVar("Column")


def two_by_two(
    rows: Sequence[tuple[Row, str]],
    columns: Sequence[tuple[Column, str]],
    value: Callable[[Row, Column], int],
    rng: np.random.Generator,
) -> tuple[Choice, ...]:
    """Three wrong numbers for an answer that two things decide: one wrong, the other, and both.

    The first row and the first column are right; the others come with what leads to them. Each of
    the four numbers is as like the others as the key is. How many of them are smaller than the key
    is drawn first. Empty if there are no four different numbers.
    """
    key = value(rows[0][0], columns[0][0])
    by_rank: dict[int, list[tuple[Choice, ...]]] = {}
    for row, why_row in rows[1:]:
        for column, why_column in columns[1:]:
            numbers = (
                value(row, columns[0][0]),
                value(rows[0][0], column),
                value(row, column),
            )
            if len({key, *numbers}) < OPTIONS or min(numbers) <= 0:
                continue
            beliefs = (why_row, why_column, f"{why_row}, and {why_column}")
            choices = [Choice(f"{n:,}", b) for n, b in zip(numbers, beliefs, strict=True)]
            by_rank.setdefault(sum(n < key for n in numbers), []).append(tuple(choices))
    if not by_rank:
        return ()
    ranks = list(by_rank.values())
    found = ranks[int(rng.integers(len(ranks)))]
    return found[int(rng.integers(len(found)))]

"""The passages that two scripts share: marks in the same order in both, as line numbers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.similarity.features import Marks

MIN_BITS = 2.0  # of a passage to show: at most a quarter of the class has it


@dataclass(frozen=True)
class Passage:
    """Lines that two scripts share, counted from 1; `score` in bits."""

    a_lines: tuple[int, ...]
    b_lines: tuple[int, ...]
    score: float


@dataclass
class _Run:
    """Places of `a` from `first` to before `end`; in `b` they are `shift` places earlier."""

    first: int
    end: int
    shift: int


def passages(a: Marks, b: Marks, bits: NDArray[np.float64]) -> tuple[Passage, ...]:
    """What `a` and `b` share, in the order of `a`; passages on the same line are merged.

    `bits` are those of the places of `a`.
    """
    runs = _runs(a, b)
    together = _on_the_same_lines(runs, a, b)
    found = []
    for numbers in together:
        places = np.unique(np.concatenate([np.arange(runs[i].first, runs[i].end) for i in numbers]))
        others = np.unique(
            np.concatenate([np.arange(runs[i].first, runs[i].end) - runs[i].shift for i in numbers])
        )
        score = float(bits[places].sum())
        if score >= MIN_BITS:
            found.append(Passage(_lines(a, places), _lines(b, others), score))
    return tuple(sorted(found, key=lambda passage: passage.a_lines))


def _lines(marks: Marks, places: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple((np.unique(marks.rows[places]) + 1).tolist())


def _runs(a: Marks, b: Marks) -> list[_Run]:
    """Runs of shared marks; of several places in `b`, the one that continues the last run."""
    where: dict[int, list[int]] = defaultdict(list)
    for number, start in zip(b.numbers.tolist(), b.starts.tolist(), strict=True):
        where[number].append(start)
    sets = {number: set(starts) for number, starts in where.items()}
    runs: list[_Run] = []
    for start, number, width in sorted(
        zip(a.starts.tolist(), a.numbers.tolist(), a.widths.tolist(), strict=True)
    ):
        if number not in sets:
            continue
        last = runs[-1] if runs else None
        if last and start <= last.end and start - last.shift in sets[number]:
            last.end = max(last.end, start + width)
        else:
            runs.append(_Run(start, start + width, start - where[number][0]))
    return runs


def _on_the_same_lines(runs: list[_Run], a: Marks, b: Marks) -> list[list[int]]:
    """Indices of runs, grouped by shared lines in either script."""
    leader = list(range(len(runs)))

    def find(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    first_on: dict[tuple[str, int], int] = {}
    for number, run in enumerate(runs):
        rows = {("a", row) for row in a.rows[run.first : run.end].tolist()}
        rows |= {("b", row) for row in b.rows[run.first - run.shift : run.end - run.shift].tolist()}
        for row in rows:
            leader[find(number)] = find(first_on.setdefault(row, number))
    groups: dict[int, list[int]] = defaultdict(list)
    for number in range(len(runs)):
        groups[find(number)].append(number)
    return list(groups.values())

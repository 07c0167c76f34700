"""Compares a class with itself and with earlier years: the pairs to look at, the closest first.

The class itself says what is usual: the lower quartile of every student's highest score, which even
many copies hardly change. A pair is listed where it shares much more than that, in one script or in
all together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.sections import SCRIPTS
from grader.similarity.passages import Passage
from grader.similarity.pool import ScriptPool, candidates

Works = Mapping[str, Mapping[str, bytes]]
# Multiples of the usual score that list a pair: of all scripts together, or of one script.
# benchmarks/similarity.py measures what they find.
ALL_TIMES, ONE_TIMES = 1.6, 2.4
SMALL_CLASS = (
    15  # in smaller classes a few copies set what is usual, so the closest pairs are shown
)
SHOWN_OF_SMALL_CLASS = 10


@dataclass(frozen=True)
class Pair:
    """A script in which two students share more than usual; scores in bits, `usual` per script."""

    a: str
    b: str
    script: str
    score: float
    usual: float
    passages: tuple[Passage, ...]
    b_is_earlier: bool = False


@dataclass(frozen=True)
class ClassComparison:
    """The pairs of scripts to look at, grouped by students, the closest students first."""

    pairs: tuple[Pair, ...]
    works: int
    earlier: int
    usual: float  # of all scripts together
    notes: tuple[str, ...] = ()  # about scripts that could not be fully compared

    @property
    def few(self) -> bool:
        """Whether the class is too small to say what is usual."""
        return self.works < SMALL_CLASS


def compare(
    works: Works, earlier: Works | None = None, people: Mapping[str, str] | None = None
) -> ClassComparison:
    """Compare the submissions in `works` with each other and with `earlier`. Raises nothing.

    Both map student ids to {"numpy_ann": source, …}. `people` maps a key of `earlier` to a student
    id where the two differ.
    """
    earlier = earlier or {}
    ids = [*works, *earlier]
    contents = [*works.values(), *earlier.values()]
    who = [*works, *((people or {}).get(one, one) for one in earlier)]
    pools = {
        script: ScriptPool(script, [one.get(script, b"") for one in contents], who, len(works))
        for script in SCRIPTS
    }
    close = (
        sorted(set().union(*(candidates(pool.rough(), who) for pool in pools.values())))
        if works
        else []
    )
    scores = np.array([[pool.score(a, b) for pool in pools.values()] for a, b in close]).reshape(
        len(close), len(pools)
    )
    usual = _usual(close, scores, len(works))
    chosen = _chosen(scores, usual, few=len(works) < SMALL_CLASS)
    pairs = [
        pair
        for number in chosen
        for pair in _pairs(close[number], scores[number], usual, pools, ids, len(works))
    ]
    return ClassComparison(
        tuple(pairs),
        len(works),
        len(earlier),
        float(usual[-1]),
        tuple(_notes(pools, ids, len(works))),
    )


Table = NDArray[np.float64]


def _usual(close: list[tuple[int, int]], scores: Table, size: int) -> Table:
    """The usual score of a student's closest pair: by script, and last for all together."""
    nearest = np.zeros((size, len(SCRIPTS) + 1))
    everything = np.column_stack([scores, scores.sum(axis=1)])
    for pair, row in zip(close, everything, strict=True):
        for one in pair:
            if one < size:
                nearest[one] = np.maximum(nearest[one], row)
    # Students who wrote nothing have score 0, and do not count.
    return np.array(
        [np.quantile(column[column > 0], 0.25) if column.any() else 0.0 for column in nearest.T]
    )


def _chosen(scores: Table, usual: Table, *, few: bool) -> list[int]:
    """The indices of the pairs to list, the closest first."""
    total = scores.sum(axis=1)
    order = np.argsort(-total, kind="stable").tolist()
    if few:
        return [number for number in order[:SHOWN_OF_SMALL_CLASS] if total[number] > 0]
    alike = (total > ALL_TIMES * usual[-1]) | (
        scores > ONE_TIMES * np.maximum(usual[:-1], usual[-1] / 4)
    ).any(axis=1)
    return [number for number in order if alike[number]]


def _pairs(
    positions: tuple[int, int],
    scores: Table,
    usual: Table,
    pools: dict[str, ScriptPool],
    ids: list[str],
    size: int,
) -> list[Pair]:
    """The scripts in which two students share at least the usual, or else their closest script."""
    a, b = positions
    pairs = []
    for number, (script, pool) in enumerate(pools.items()):
        if scores[number] > 0 and (scores[number] >= usual[number] or number == scores.argmax()):
            places = pool.passages(a, b)
            pairs.append(
                Pair(
                    ids[a],
                    ids[b],
                    script,
                    float(scores[number]),
                    float(usual[number]),
                    places,
                    b >= size,
                )
            )
    return pairs


def _notes(pools: dict[str, ScriptPool], ids: list[str], size: int) -> list[str]:
    return [
        f"{script}.py of {one}: {written.source.note}"
        for script, pool in pools.items()
        for one, written in zip(ids[:size], pool.written, strict=False)
        if written.source.note
    ]

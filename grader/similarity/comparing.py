"""Compare a class with itself and with earlier years: the pairs to look at, the closest first.

What is usual is read off the class: for everybody the closest other, and of those the lower quartile, which even many copies
leave where it is. A pair is worth a look where it shares much more than that, in all or in one of the scripts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.sections import SCRIPTS
from grader.similarity.passages import Passage
from grader.similarity.pool import Pool, candidates

Works = Mapping[str, Mapping[str, bytes]]
ALL_TIMES, ONE_TIMES = (
    1.6,
    2.4,
)  # what is usual: as a whole, and in one script; benchmarks/similarity.py measures what they find
FEW = 15  # works: with fewer, a few copies are what is usual; so the closest pairs are shown, whatever they share
SHOWN_OF_FEW = 10


@dataclass(frozen=True)
class Pair:
    """One script of two students that have more in common than is usual. Scores in bits; `usual` is this script's."""

    a: str
    b: str
    script: str
    score: float
    usual: float
    passages: tuple[Passage, ...]
    b_is_earlier: bool = False


@dataclass(frozen=True)
class Comparison:
    """The outcome: pairs of scripts, those of the same two students in a row, the closest students first."""

    pairs: tuple[Pair, ...]
    works: int
    earlier: int
    usual: float  # of all scripts together
    notes: tuple[str, ...] = ()  # what could not be compared as it should

    @property
    def few(self) -> bool:
        """Whether the class is too small to say what is usual."""
        return self.works < FEW


def compare(
    works: Works, earlier: Works | None = None, people: Mapping[str, str] | None = None
) -> Comparison:
    """Compare each of `works` with each other and with `earlier`; student id -> {"numpy_ann": source, …}. Raises nothing.

    `people` are the student ids of earlier works that go by other names.
    """
    earlier = earlier or {}
    ids = [*works, *earlier]
    contents = [*works.values(), *earlier.values()]
    who = [*works, *((people or {}).get(one, one) for one in earlier)]
    pools = {
        script: Pool(script, [one.get(script, b"") for one in contents], who, len(works))
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
    chosen = _chosen(scores, usual, few=len(works) < FEW)
    pairs = [
        pair
        for number in chosen
        for pair in _pairs(close[number], scores[number], usual, pools, ids, len(works))
    ]
    return Comparison(
        tuple(pairs),
        len(works),
        len(earlier),
        float(usual[-1]),
        tuple(_notes(pools, ids, len(works))),
    )


Table = NDArray[np.float64]


def _usual(close: list[tuple[int, int]], scores: Table, size: int) -> Table:
    """What somebody of the class usually shares with the closest other: by script, and at last in all."""
    nearest = np.zeros((size, len(SCRIPTS) + 1))
    everything = np.column_stack([scores, scores.sum(axis=1)])
    for pair, row in zip(close, everything, strict=True):
        for one in pair:
            if one < size:
                nearest[one] = np.maximum(nearest[one], row)
    # who has written nothing is near to nobody, and says nothing about what is usual
    return np.array(
        [np.quantile(column[column > 0], 0.25) if column.any() else 0.0 for column in nearest.T]
    )


def _chosen(scores: Table, usual: Table, *, few: bool) -> list[int]:
    """The numbers of the pairs worth a look, the closest first."""
    total = scores.sum(axis=1)
    order = np.argsort(-total, kind="stable").tolist()
    if few:
        return [number for number in order[:SHOWN_OF_FEW] if total[number] > 0]
    alike = (total > ALL_TIMES * usual[-1]) | (
        scores > ONE_TIMES * np.maximum(usual[:-1], usual[-1] / 4)
    ).any(axis=1)
    return [number for number in order if alike[number]]


def _pairs(
    positions: tuple[int, int],
    scores: Table,
    usual: Table,
    pools: dict[str, Pool],
    ids: list[str],
    size: int,
) -> list[Pair]:
    """The scripts in which two students share at least what is usual, and always the one in which they share most."""
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


def _notes(pools: dict[str, Pool], ids: list[str], size: int) -> list[str]:
    return [
        f"{script}.py of {one}: {written.source.note}"
        for script, pool in pools.items()
        for one, written in zip(ids[:size], pool.written, strict=False)
        if written.source.note
    ]

"""How much two scripts have in common, in bits: rare marks weigh most.

A mark that a share p of the other students has too is worth log2(1/p) bits: nothing where everybody
has it, most where only these two do. Each word of a script counts once, for the most surprising
shared mark that covers it; the lower of the two scripts' sums is the score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.similarity.features import PHRASE, Marks, marks_of
from grader.similarity.handed_out import given, solutions
from grader.similarity.passages import Passage, passages
from grader.similarity.source import Source, read

CANDIDATES = 12  # partners of each student to compare exactly: those with the highest rough sum
CHUNK = 20_000  # marks at once in that sum
Bits = NDArray[np.float64]
Ranks = NDArray[np.int64]


@dataclass(frozen=True)
class WrittenScript:
    """One student's script: its source, the marks that others share, and their ranks among all."""

    source: Source
    marks: Marks
    ranks: Ranks


class ScriptPool:
    """All versions of one script, the class before earlier years; a missing one is empty.

    The reference solution counts as one more student, since what it contains is to be expected.
    """

    def __init__(self, script: str, sources: list[bytes], ids: list[str], size: int):
        self.given = given(script)
        everyone = [read(content) for content in sources]
        marks = [marks_of(source, self.given) for source in everyone]
        expected = marks_of(solutions(script)[0], self.given)
        shared, self.bits = _surprise(_by_person(ids, marks), expected.numbers)
        self.size = size  # of the class
        self.written = [
            _shared_only(source, one, shared) for source, one in zip(everyone, marks, strict=True)
        ]

    def rough(self) -> NDArray[np.float32]:
        """The rough sums `(size, all)`: the bits of all shared marks, each counted once."""
        sums = np.zeros((self.size, len(self.written)), np.float32)
        owners = np.repeat(np.arange(len(self.written)), [len(one.ranks) for one in self.written])
        ranks = np.concatenate([one.ranks for one in self.written])
        widths = np.concatenate([one.marks.widths for one in self.written])
        weights = np.zeros(len(self.bits), np.float32)
        weights[ranks] = self.bits[ranks] / np.where(widths == PHRASE, PHRASE, 2)
        for first in range(0, len(self.bits), CHUNK):
            here = (ranks >= first) & (ranks < first + CHUNK)
            has = np.zeros((len(self.written), min(CHUNK, len(self.bits) - first)), np.float32)
            has[owners[here], ranks[here] - first] = 1
            sums += (has[: self.size] * weights[first : first + CHUNK]) @ has.T
        return sums

    def score(self, a: int, b: int) -> float:
        """The score of two scripts, in bits."""
        return min(float(self.shared(a, b).sum()), float(self.shared(b, a).sum()))

    def passages(self, a: int, b: int) -> tuple[Passage, ...]:
        """The passages that two scripts share."""
        return passages(self.written[a].marks, self.written[b].marks, self.shared(a, b))

    def shared(self, a: int, b: int) -> Bits:
        """The bits at each place of `a`, for marks that `b` has too."""
        one, other = self.written[a], self.written[b]
        found = np.zeros(len(self.bits), np.bool_)
        found[other.ranks] = True
        hits = found[one.ranks]
        widths = one.marks.widths[hits]
        rates = self.bits[one.ranks[hits]] / widths
        ends = np.cumsum(widths)
        places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(
            one.marks.starts[hits] - (ends - widths), widths
        )
        cover = np.zeros(one.marks.places)
        np.maximum.at(cover, places, np.repeat(rates, widths))
        return cover


def _by_person(ids: list[str], marks: list[Marks]) -> list[NDArray[np.uint64]]:
    """The marks of each person, counted once for people who repeat the course."""
    people: dict[str, list[NDArray[np.uint64]]] = {}
    for one, found in zip(ids, marks, strict=True):
        people.setdefault(one, []).append(found.numbers)
    return [np.unique(np.concatenate(numbers)) for numbers in people.values()]


def _surprise(
    numbers: list[NDArray[np.uint64]], expected: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], Bits]:
    """The sorted marks that several people have, and the bits of each for two of them."""
    found, counts = np.unique(
        np.concatenate([*numbers, np.zeros(0, np.uint64)]), return_counts=True
    )
    found, counts = found[counts > 1], counts[counts > 1]
    # How many have it besides the two, counting the reference solution. Of the others there are
    # all people but the two, the reference, and half a count for and against.
    others = counts - 2 + np.isin(found, expected)
    p = (others + 0.5) / len(numbers)
    return found, -np.log2(np.minimum(p, 1))


def _shared_only(source: Source, marks: Marks, shared: NDArray[np.uint64]) -> WrittenScript:
    ranks = np.searchsorted(shared, marks.numbers)
    ranks[ranks == len(shared)] = 0
    known = shared[ranks] == marks.numbers if len(shared) else np.zeros(len(ranks), np.bool_)
    kept = Marks(marks.numbers[known], marks.starts[known], marks.widths[known], marks.rows)
    return WrittenScript(source, kept, ranks[known])


def candidates(rough: NDArray[np.float32], ids: list[str]) -> set[tuple[int, int]]:
    """Pairs to compare exactly, as positions, lower first. Nobody is paired with themselves."""
    size = len(rough)
    alike: Mapping[str, int] = {one: position for position, one in enumerate(ids[:size])}
    rough = rough.copy()
    for other, one in enumerate(ids):
        if one in alike:
            rough[alike[one], other] = 0
    best = np.argsort(-rough, axis=1, kind="stable")[:, :CANDIDATES]
    return {
        (min(one, other), max(one, other))
        for one in range(size)
        for other in best[one].tolist()
        if rough[one, other] > 0
    }

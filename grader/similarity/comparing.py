"""Compares a class with itself and with earlier years: equal scripts, and the pairs to look at.

Equal scripts are facts, and count as one from then on. Among different ones, the class itself says
what is usual: the lower quartile of every work's highest score, which near-copies hardly change. A
pair is listed where it shares much more than that, in one script or in all together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from grader.sections import SCRIPTS
from grader.similarity.equal import (
    Digests,
    EqualGroup,
    Looks,
    digests,
    equal_groups,
    looks,
    untouched,
)
from grader.similarity.passages import Passage
from grader.similarity.pool import CANDIDATES, ScriptPool, candidates

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
    """A script in which two works share more than usual; scores in bits, `usual` per script.

    `a_all` and `b_all` are the works with the same script as `a` and `b`, themselves included.
    """

    a: str
    b: str
    script: str
    score: float
    usual: float
    passages: tuple[Passage, ...]
    b_is_earlier: bool = False
    a_all: tuple[str, ...] = ()
    b_all: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartlyRead:
    """A script that could not be fully compared, and why."""

    script: str
    work: str
    why: str


@dataclass(frozen=True)
class ClassComparison:
    """The equal scripts, and the pairs of different ones to look at, the closest works first."""

    pairs: tuple[Pair, ...]
    works: int
    earlier: int
    usual: float  # of all scripts together
    partly_read: tuple[PartlyRead, ...] = ()
    equal: tuple[EqualGroup, ...] = ()
    different: int = 0  # works of the class that differ in a script
    untouched: Mapping[str, int] = field(default_factory=dict)  # works by unwritten script
    is_complete: bool = True  # false: different works were not compared with each other

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
    who = [*works, *((people or {}).get(one, one) for one in earlier)]
    contents = [*works.values(), *earlier.values()]
    found = looks((work, digests(work)) for work in contents)
    versions = {script: _Versions(script, contents, found, who, len(works)) for script in SCRIPTS}
    nodes = _Nodes(versions, who, len(works))
    close = sorted(set().union(*(nodes.close(script) for script in SCRIPTS))) if works else []
    scores = np.array([nodes.scores(*pair) for pair in close]).reshape(len(close), len(SCRIPTS))
    usual = _usual(nodes, close, scores)
    chosen = _chosen(nodes, close, scores, usual, few=len(works) < SMALL_CLASS)
    return ClassComparison(
        tuple(pair for one, fresh in chosen for pair in _pairs(nodes, one, fresh, usual, ids)),
        len(works),
        len(earlier),
        float(usual[-1]),
        tuple(_partly_read(versions, ids, len(works))),
        equal_groups(ids, who, found, len(works)),
        nodes.size,
        untouched(found[: len(works)]),
    )


def compare_equal(
    ids: Sequence[str], works: Iterable[tuple[Mapping[str, bytes], Digests]]
) -> ClassComparison:
    """The equal scripts of a class of any size. The works are read one by one and not kept.

    `works` are in the order of `ids`, each with what `digests` says of it.
    """
    found = looks(works)
    different = {tuple(_key(one, script) for script in SCRIPTS) for one in found}
    return ClassComparison(
        (),
        len(found),
        0,
        0.0,
        equal=equal_groups(ids, ids, found, len(found)),
        different=len(different),
        untouched=untouched(found),
        is_complete=False,
    )


def _key(one: Looks, script: str) -> bytes:
    """What is equal for equal scripts; b"" for an unwritten or missing one."""
    return one[script].key(by_text=False) if script in one else b""


class _Versions:
    """The different versions of a script, the class's first. Unwritten and missing ones are one."""

    def __init__(
        self,
        script: str,
        contents: Sequence[Mapping[str, bytes]],
        found: Sequence[Looks],
        who: Sequence[str],
        size: int,
    ):
        forms = [_key(one, script) for one in found]
        self.works = _places(forms)
        self.of = [0] * len(forms)
        for version, places in enumerate(self.works):
            for place in places:
                self.of[place] = version
        first = [places[0] for places in self.works]
        self.size = sum(place < size for place in first)
        self.owners = [who[place] for place in first]
        sources = [contents[place][script] if forms[place] else b"" for place in first]
        self.pool = ScriptPool(script, sources, self.owners, self.size)
        self._scores: dict[tuple[int, int], float] = {}

    def score(self, a: int, b: int) -> float:
        """The score of two versions in bits; 0 for the same, which is a fact already."""
        if a != b and (a, b) not in self._scores:
            self._scores[a, b] = self.pool.score(a, b)
        return self._scores.get((a, b), 0.0)


def _places(keys: Iterable[object]) -> list[list[int]]:
    """The places of each different key, in order of first occurrence."""
    places: dict[object, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return list(places.values())


class _Nodes:
    """The different works: those with the same version of every script are one node."""

    def __init__(self, versions: dict[str, _Versions], who: Sequence[str], size: int):
        self.versions = versions
        every = list(zip(*(one.of for one in versions.values()), strict=True))
        self.works = _places(every)
        self.first = [places[0] for places in self.works]
        self.of = [every[place] for place in self.first]  # the versions of each node
        self.size = sum(place < size for place in self.first)
        self.people = [frozenset(who[place] for place in places) for places in self.works]

    @cached_property
    def _holders(self) -> dict[str, list[list[int]]]:
        """The nodes with each version, by script."""
        holders: dict[str, list[list[int]]] = {
            script: [[] for _ in versions.works] for script, versions in self.versions.items()
        }
        for node, of in enumerate(self.of):
            for script, version in zip(SCRIPTS, of, strict=True):
                holders[script][version].append(node)
        return holders

    def close(self, script: str) -> Iterator[tuple[int, int]]:
        """The pairs of nodes to compare exactly, because this script is alike; lower first."""
        versions, holders = self.versions[script], self._holders[script]
        for one, other in candidates(versions.pool.rough(), versions.owners):
            some = holders[one][:CANDIDATES], holders[other][:CANDIDATES]
            for pair in itertools.product(*some):
                a, b = min(pair), max(pair)
                # Nobody is paired with themselves, nor earlier years with each other.
                if a < self.size and len(self.people[a] | self.people[b]) > 1:
                    yield a, b

    def between(self, a: int, b: int) -> list[tuple[str, int, int]]:
        """Each script with the versions of two nodes."""
        return list(zip(SCRIPTS, self.of[a], self.of[b], strict=True))

    def scores(self, a: int, b: int) -> list[float]:
        """The scores of two nodes by script."""
        return [self.versions[script].score(*pair) for script, *pair in self.between(a, b)]


Table = NDArray[np.float64]


def _usual(nodes: _Nodes, close: list[tuple[int, int]], scores: Table) -> Table:
    """The usual score with the closest other: of each script's versions, and last of all works."""
    columns = []
    for number, script in enumerate(SCRIPTS):
        nearest = np.zeros(nodes.versions[script].size)
        for pair, row in zip(close, scores, strict=True):
            _raise(nearest, [nodes.of[one][number] for one in pair], row[number])
        columns.append(nearest)
    nearest = np.zeros(nodes.size)
    for pair, row in zip(close, scores, strict=True):
        _raise(nearest, pair, row.sum())
    # Works in which nothing was written have score 0, and do not count.
    return np.array(
        [
            np.quantile(column[column > 0], 0.25) if column.any() else 0.0
            for column in [*columns, nearest]
        ]
    )


def _raise(nearest: Table, places: Iterable[int], score: float) -> None:
    for place in places:
        if place < len(nearest):
            nearest[place] = max(nearest[place], score)


Chosen = list[tuple[tuple[int, int], Table]]


def _chosen(
    nodes: _Nodes, close: list[tuple[int, int]], scores: Table, usual: Table, *, few: bool
) -> Chosen:
    """The pairs of nodes to list, the closest first, with the scores that are listed with them.

    Where several works have the same script, it is compared once: a pair is judged by what no
    closer pair has shown.
    """
    shown: set[tuple[str, int, int]] = set()
    chosen: Chosen = []
    for number in np.argsort(-scores.sum(axis=1), kind="stable").tolist():
        pair, row = close[number], scores[number]
        if not (row.any() if few else _is_alike(row, usual)):
            continue
        between = nodes.between(*pair)
        fresh = np.where([one in shown for one in between], 0.0, row)
        if few and fresh.max() < row.max():
            continue
        if few or _is_alike(fresh, usual):
            chosen.append((pair, fresh))
            listed = _listed(fresh, usual)
            shown |= {one for one, here in zip(between, listed, strict=True) if here}
        if few and len(chosen) == SHOWN_OF_SMALL_CLASS:
            break
    return chosen


def _is_alike(scores: Table, usual: Table) -> bool:
    """Whether two works share much more than usual."""
    times = scores > ONE_TIMES * np.maximum(usual[:-1], usual[-1] / 4)
    return bool(scores.sum() > ALL_TIMES * usual[-1] or times.any())


def _listed(scores: Table, usual: Table) -> list[bool]:
    """The scripts in which two works share at least the usual, or else their closest script."""
    closest = scores.argmax()
    return [
        bool(score > 0 and (score >= usual[number] or number == closest))
        for number, score in enumerate(scores)
    ]


def _pairs(
    nodes: _Nodes, pair: tuple[int, int], scores: Table, usual: Table, ids: list[str]
) -> Iterator[Pair]:
    a, b = pair
    between = zip(nodes.between(a, b), scores, usual, _listed(scores, usual), strict=False)
    for (script, one, other), score, common, is_listed in between:
        if is_listed:
            versions = nodes.versions[script]
            yield Pair(
                ids[nodes.first[a]],
                ids[nodes.first[b]],
                script,
                float(score),
                float(common),
                versions.pool.passages(one, other),
                b >= nodes.size,
                tuple(ids[place] for place in versions.works[one]),
                tuple(ids[place] for place in versions.works[other]),
            )


def _partly_read(versions: dict[str, _Versions], ids: list[str], size: int) -> Iterator[PartlyRead]:
    for script, one in versions.items():
        for version, written in enumerate(one.pool.written):
            for place in one.works[version] if written.source.note else []:
                if place < size:
                    yield PartlyRead(script, ids[place], written.source.note)

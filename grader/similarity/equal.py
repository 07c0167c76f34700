"""Who handed in the same script: byte for byte, or but for comments, docstrings, layout and names.

That two scripts are equal is a fact, whatever the number of those who share it. It is found by
hashes, in time proportional to the number of scripts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from grader.sections import SCRIPTS
from grader.similarity.canonical import canonical, contract_of, form, without_values
from grader.similarity.features import own_lines
from grader.similarity.handed_out import given, solutions, unwritten
from grader.similarity.source import Source, read

# Lines of own code up to which honest answers often coincide: counted by
# benchmarks/similarity_equal.py.
SHORT = 7


@dataclass(frozen=True)
class Digest:
    """A script's hashes: of its text, and of its form, b"" if it is not written."""

    text: bytes
    form: bytes


Digests = Mapping[str, Digest]  # of a work, by script; scripts that are missing have none


@dataclass
class Form:
    """A script without comments, docstrings, layout and chosen names, by its hash."""

    digest: bytes
    is_reference: bool  # the reference solution has this form
    own_lines: int | None = None  # that the handout does not have; counted for equal scripts


@dataclass(frozen=True)
class Look:
    """What a script is equal to: the hash of its text, and its form, None if it is not written."""

    text: bytes
    form: Form | None

    def key(self, *, by_text: bool) -> bytes:
        """What equal scripts have in common; b"" for unwritten ones."""
        if self.form is None:
            return b""
        return self.text if by_text else self.form.digest


@dataclass(frozen=True)
class EqualGroup:
    """Works whose `scripts` are the same, as keys of the works; `earlier` ones of earlier years.

    `identical` groups those that are equal byte for byte.
    """

    scripts: tuple[str, ...]
    members: tuple[str, ...]
    earlier: tuple[str, ...]
    identical: tuple[tuple[str, ...], ...]
    own_lines: int
    is_reference: bool

    @property
    def is_identical(self) -> bool:
        """Whether all of them are equal byte for byte."""
        return len(self.identical[:1] and self.identical[0]) == len(self.members + self.earlier)

    @property
    def is_short(self) -> bool:
        """Whether there is so little own code that honest answers coincide."""
        return self.own_lines <= SHORT


class Recogniser:
    """Tells what the versions of one script are equal to. Keeps none of their text."""

    def __init__(self, script: str):
        handout = unwritten(script)
        self._contract, self._given = contract_of(handout[0]), given(script)
        # Other hyperparameters in an unwritten script are no answer.
        self._unwritten = [without_values(canonical(one, self._contract)) for one in handout]
        self.references = {form(canonical(one, self._contract)) for one in solutions(script)}
        self._digests: dict[bytes, Digest] = {}

    def digest(self, content: bytes) -> Digest:
        """The script's hashes; the same text is read once."""
        text = hashlib.sha256(content).digest()
        if text not in self._digests:
            self._digests[text] = Digest(text, self._form(read(content)))
        return self._digests[text]

    def own_lines(self, content: bytes) -> int:
        """The number of lines that the handout does not have."""
        return own_lines(read(content), self._given)

    def _form(self, source: Source) -> bytes:
        words = canonical(source, self._contract)
        is_as_long = any(len(words) == len(one) for one in self._unwritten)
        if is_as_long and without_values(words) in self._unwritten:
            return b""
        return form(words)


@cache
def recogniser(script: str) -> Recogniser:
    """The recogniser of a script."""
    return Recogniser(script)


def digests(work: Mapping[str, bytes]) -> Digests:
    """The hashes of a work's scripts: what takes time, and can be done in any process."""
    return {script: recogniser(script).digest(work[script]) for script in SCRIPTS if script in work}


Looks = Mapping[str, Look]  # of a work, by script; scripts that are missing have none


def looks(works: Iterable[tuple[Mapping[str, bytes], Digests]]) -> list[Looks]:
    """What the scripts of each work, given with their hashes, are equal to. Keeps no text."""
    forms: dict[tuple[str, bytes], Form] = {}
    found: list[Looks] = []
    for work, hashes in works:
        own: dict[str, Look] = {}
        for script, digest in hashes.items():
            known = forms.get((script, digest.form)) if digest.form else None
            if known and known.own_lines is None:
                known.own_lines = recogniser(script).own_lines(work[script])
            if known is None and digest.form:
                is_reference = digest.form in recogniser(script).references
                known = forms[script, digest.form] = Form(digest.form, is_reference)
            own[script] = Look(digest.text, known)
        found.append(own)
    return found


def untouched(found: Iterable[Looks]) -> dict[str, int]:
    """How many works have each script as it was handed out; scripts without any are left out."""
    every = list(found)
    counts = {
        script: sum(script in one and one[script].form is None for one in every)
        for script in SCRIPTS
    }
    return {script: count for script, count in counts.items() if count}


def equal_groups(
    ids: Sequence[str], people: Sequence[str], found: Sequence[Looks], size: int
) -> tuple[EqualGroup, ...]:
    """The groups of two or more people with the same script; short ones last, then the largest.

    The first `size` works are the class's, the others of earlier years. `people` tells who handed
    in each: what somebody hands in again is no fact about others.
    """
    groups: dict[tuple[tuple[int, ...], tuple[tuple[str, ...], ...]], EqualGroup] = {}
    for script in SCRIPTS:
        for places in _alike(found, script, by_text=False):
            class_people = {people[place] for place in places if place < size}
            places = [one for one in places if one < size or people[one] not in class_people]
            if not class_people or len(places) < 2:
                continue
            group = _group(script, places, ids, found, size)
            key = tuple(places), group.identical
            groups[key] = _joined(groups[key], group) if key in groups else group
    return tuple(sorted(groups.values(), key=_order))


def _alike(found: Sequence[Looks], script: str, *, by_text: bool) -> list[list[int]]:
    """The places of the works with the same script, in order."""
    places: dict[bytes, list[int]] = {}
    for place, one in enumerate(found):
        key = one[script].key(by_text=by_text) if script in one else b""
        if key:
            places.setdefault(key, []).append(place)
    return [alike for alike in places.values() if len(alike) > 1]


def _group(
    script: str, places: list[int], ids: Sequence[str], found: Sequence[Looks], size: int
) -> EqualGroup:
    inside = [found[place] for place in places]
    identical = [
        tuple(ids[places[number]] for number in alike)
        for alike in _alike(inside, script, by_text=True)
    ]
    shared = found[places[0]][script].form
    assert shared is not None  # unwritten scripts are in no group
    assert shared.own_lines is not None  # counted, because several works have this form
    return EqualGroup(
        (script,),
        tuple(ids[place] for place in places if place < size),
        tuple(ids[place] for place in places if place >= size),
        tuple(sorted(identical, key=len, reverse=True)),
        shared.own_lines,
        shared.is_reference,
    )


def _joined(one: EqualGroup, other: EqualGroup) -> EqualGroup:
    """The same works with one more script in common."""
    return EqualGroup(
        one.scripts + other.scripts,
        one.members,
        one.earlier,
        one.identical,
        one.own_lines + other.own_lines,
        one.is_reference and other.is_reference,
    )


def _order(group: EqualGroup) -> tuple[object, ...]:
    return (
        group.is_short,
        -len(group.members + group.earlier),
        not group.is_identical,
        -group.own_lines,
        group.members,
    )

"""Equal scripts and near-copies for the class page, and the page that shows them side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from grader.classroom.gradebook import Gradebook
from grader.classroom.people import Student
from grader.classroom.reports.helpers import Helpers
from grader.classroom.reports.names import stem
from grader.similarity import page, wording
from grader.similarity.comparing import ClassComparison, Pair, compare, compare_equal
from grader.similarity.equal import EqualGroup, digests
from grader.similarity.names import Author, Names

MOST = 1000  # submissions; comparing more takes minutes and is left to `grader similarity`
SHOWN = 20


@dataclass(frozen=True)
class Handed:
    """A student who handed in one of these works: the name to show, and the page's stem."""

    name: str
    stem: str


Work = tuple[Handed, ...]  # the people who handed it in together


@dataclass(frozen=True)
class Equal:
    """Works with the same scripts, in words: `what` they share, and `remarks` to weigh it.

    `identical` are those who are equal byte for byte, where not all of them are.
    """

    what: str
    remarks: tuple[str, ...]
    works: tuple[Work, ...]
    identical: tuple[tuple[Work, ...], ...]


@dataclass(frozen=True)
class NearPair:
    """Two different works that share more than usual, or two groups of equal ones; in bits."""

    a: str  # how many, "" for one
    a_works: tuple[Work, ...]
    b: str
    b_works: tuple[Work, ...]
    bits: float


@dataclass(frozen=True)
class Copies:
    """Groups of equal scripts, the closest pairs, and the `source` of the page with all of them.

    `few` says that the class is too small to estimate what is `usual`; `is_compared` is false where
    it is so large that only equal scripts were looked for. `left_out` says what was not written.
    """

    equal: tuple[Equal, ...]
    left_out: str
    pairs: tuple[NearPair, ...]
    usual: float
    few: bool
    is_compared: bool
    source: str


def near_copies(
    gradebook: Gradebook,
    helpers: Helpers,
    shown: Callable[[Student], Student] = lambda student: student,
) -> Copies | None:
    """What is equal and alike; None for fewer than two submissions that can be read.

    `shown` gives the student that a page names, such as a pseudonym.
    """
    members = {
        party: [shown(student) for student in students]
        for party, students in gradebook.members().items()
    }
    directory = _Directory(members)
    if len(members) > MOST:
        scripts = (gradebook.scripts(work) for work in gradebook.parties().values())
        comparison = compare_equal(list(members), helpers.map(digests, scripts))
        return directory.copies(comparison, page.page(comparison, {}, {}, directory.names))
    works = gradebook.scripts_by_party()
    if len(works) < 2:
        return None
    comparison = compare(works)
    return directory.copies(comparison, page.page(comparison, works, {}, directory.names))


class _Directory:
    """The class's people, by work."""

    def __init__(self, members: Mapping[str, Sequence[Student]]):
        authors = {
            work: [Author(student.id, student.name) for student in students]
            for work, students in members.items()
        }
        self.names = Names(authors)
        self._members = members

    def copies(self, comparison: ClassComparison, source: str) -> Copies:
        """The comparison as records, each person with a name and a page."""
        pairs = wording.by_works(comparison)[:SHOWN]
        return Copies(
            tuple(self._equal(group) for group in comparison.equal),
            wording.left_out(comparison.untouched),
            tuple(self._pair(pair) for pair in pairs),
            comparison.usual,
            comparison.few,
            comparison.is_complete,
            source,
        )

    def _people(self, works: Sequence[str]) -> tuple[Work, ...]:
        return tuple(
            tuple(
                Handed(self.names.author(work, Author(student.id, student.name)), stem(student))
                for student in self._members[work]
            )
            for work in works
        )

    def _equal(self, group: EqualGroup) -> Equal:
        return Equal(
            wording.what(group, self.names),
            tuple(wording.remarks(group)),
            self._people(group.members),
            tuple(self._people(some) for some in wording.byte_for_byte(group)),
        )

    def _pair(self, pairs: Sequence[Pair]) -> NearPair:
        a, b = wording.sides(pairs)
        several = [self.names.count(works) if len(works) > 1 else "" for works in (a, b)]
        bits = sum(pair.score for pair in pairs)
        return NearPair(several[0], self._people(a), several[1], self._people(b), bits)

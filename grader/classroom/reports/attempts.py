"""Attempts over time: who improved after which message, and which messages did not help.

A message is what a student reads about a failed section: a recognised mistake, or else the kind of
the wrong answer. Points are those of the marking, without lateness or decisions of people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from assignment.failure import raised_in_words, without_quotes
from grader.classroom.history import Attempt, History
from grader.classroom.people import Student
from grader.classroom.reports.assignment import Assignment
from grader.classroom.reports.names import stem
from grader.classroom.reports.summary import mistake_title
from grader.report.text import one_line
from grader.results import SectionResult, Status, Verdict

FEW = 5  # students; of fewer, nothing is said about a message
MOST_REPEATED = (
    0.5  # the share of students who show a mistake again, from which its hint is no help
)
LONGEST = 80  # characters of the kind of an answer
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")
UNWRITTEN = "not-written"  # no answer yet, so nothing that a hint could have changed

Cleaned = Callable[[SectionResult], SectionResult]


@dataclass(frozen=True, order=True)
class Message:
    """A section's number, and a mistake's id, or in `kind` what was wrong."""

    section: str
    id: str = ""
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.section} {self.id or self.kind}"

    @property
    def title(self) -> str:
        """What the mistake is, in a sentence; "" if it was not recognised."""
        return mistake_title(self.id)


@dataclass
class Following:
    """The next attempts of students who read a message, each student counted once:

    `same` read it again, `other` lost the section by something else, and `right` passed it.
    """

    message: Message
    same: int = 0
    other: int = 0
    right: int = 0

    @property
    def again(self) -> int:
        """How many they are."""
        return self.same + self.other + self.right

    @property
    def is_no_help(self) -> bool:
        """Whether many of enough students show the same mistake again."""
        return self.again >= FEW and self.same >= MOST_REPEATED * self.again


@dataclass(frozen=True)
class Author:
    """A student's name, and the stem of the student's page."""

    name: str
    stem: str


@dataclass(frozen=True)
class Trajectory:
    """One student's attempts, or those of several who always handed in together.

    `points` by attempt, None where sections are missing; `solved` are the messages whose section
    was right the next time, `left` those of the last attempt.
    """

    students: tuple[Author, ...]
    points: tuple[float | None, ...]
    solved: tuple[Message, ...]
    left: tuple[Message, ...]

    @property
    def gain(self) -> float:
        """The points gained from the first attempt to the last whose points are known."""
        known = [points for points in self.points if points is not None]
        return known[-1] - known[0] if known else 0.0


@dataclass
class Attempts:
    """What the gradebook's attempts show."""

    followings: list[Following] = field(default_factory=list)
    trajectories: list[Trajectory] = field(default_factory=list)

    @property
    def unhelpful(self) -> list[Following]:
        """The messages that did not help, as far as enough students read them."""
        return [one for one in self.followings if one.is_no_help]

    @property
    def gains(self) -> tuple[int, int, int]:
        """How many gained points, kept them, and lost some."""
        gains = [one.gain for one in self.trajectories]
        gained, lost = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
        return gained, len(gains) - gained - lost, lost


@dataclass(frozen=True)
class Outcome:
    """What counted for one submission: sections that were right, and messages about the others."""

    right: frozenset[str]
    messages: dict[str, tuple[Message, ...]]
    points: float | None

    def has(self, number: str) -> bool:
        """Whether the section was marked, and not ended by a grader error."""
        return number in self.right or number in self.messages

    @property
    def all_messages(self) -> tuple[Message, ...]:
        """All messages of the submission."""
        return tuple(message for some in self.messages.values() for message in some)


def attempts_of(
    gradebook: History, assignment: Assignment, students: dict[str, Student], cleaned: Cleaned
) -> Attempts:
    """The attempts of those who have several. `students` are the ones to name, by their real ids;
    `cleaned` is applied to every result before it is read."""
    found: dict[Message, Following] = {}
    ways: dict[tuple[tuple[str, str], ...], tuple[list[Student], list[Outcome]]] = {}
    outcomes: dict[str, Outcome] = {}
    for student, attempts in _by_student(gradebook.repeated_attempts()):
        if student not in students:
            continue
        for attempt in attempts:
            if attempt.work not in outcomes:
                outcomes[attempt.work] = outcome_of(gradebook, attempt.work, assignment, cleaned)
        way = tuple((attempt.party, attempt.work) for attempt in attempts)
        if way in ways:  # a team is counted once
            ways[way][0].append(students[student])
            continue
        own = [outcomes[attempt.work] for attempt in attempts]
        ways[way] = ([students[student]], own)
        _count(own, found)
    return Attempts(_sorted(found.values(), assignment), _trajectories(ways.values()))


def _by_student(attempts: list[Attempt]) -> Iterator[tuple[str, list[Attempt]]]:
    for student, own in groupby(attempts, lambda attempt: attempt.student):
        yield student, list(own)


def outcome_of(gradebook: History, work: str, assignment: Assignment, cleaned: Cleaned) -> Outcome:
    """What counted for a submission, as far as the assignment asks for it."""
    order = list(assignment.points)
    failed = [one for one in gradebook.failed_sections(work) if one.number in assignment.points]
    failed.sort(key=lambda section: order.index(section.number))
    statuses = gradebook.statuses(work)
    marked = {number: statuses[number] for number in order if number in statuses}
    messages = {section.number: messages_of(cleaned(section)) for section in failed}
    # a grader error costs nothing
    earned = sum(assignment.points[n] for n, status in marked.items() if status != Status.FAILED)
    earned += sum(one.verdict.credit * assignment.points[one.number] for one in failed)
    right = frozenset(number for number, status in marked.items() if status == Status.PASSED)
    return Outcome(right, messages, earned if len(marked) == len(order) else None)


def messages_of(section: SectionResult) -> tuple[Message, ...]:
    """What the student read: the recognised mistakes, or else the kind of the wrong answer."""
    if section.diagnosis:
        return tuple(Message(section.number, id=name) for name in section.diagnosis)
    return (Message(section.number, kind=kind_of(section.verdict)),)


def kind_of(verdict: Verdict) -> str:
    """The wrong answer without its numbers and without a student's words.

    >>> from grader.results import Status
    >>> kind_of(Verdict(Status.FAILED, got="relu(z)[0, 3] is -0.24", expected="0"))
    'relu(z)[#, #] is #'
    """
    got = without_quotes(verdict.got) or raised_in_words(verdict.exception)
    return _NUMBER.sub("#", one_line(got))[:LONGEST] or "no recognised mistake"


def _count(own: list[Outcome], found: dict[Message, Following]) -> None:
    """Count what followed each message the first time that this student read it."""
    followed: set[Message] = set()
    for index, outcome in enumerate(own):
        for message in outcome.all_messages:
            following = found.setdefault(message, Following(message))
            later = next((one for one in own[index + 1 :] if one.has(message.section)), None)
            if later is None or message in followed:
                continue
            followed.add(message)
            same = message in later.messages.get(message.section, ())
            following.same += same
            following.right += message.section in later.right
            following.other += not same and message.section not in later.right


def _sorted(followings: Iterable[Following], assignment: Assignment) -> list[Following]:
    order = list(assignment.points)
    shown = [one for one in followings if one.again and one.message.id != UNWRITTEN]
    return sorted(
        shown,
        key=lambda one: (-one.same, -one.again, order.index(one.message.section), one.message),
    )


def _trajectories(ways: Iterable[tuple[list[Student], list[Outcome]]]) -> list[Trajectory]:
    made = [
        Trajectory(
            tuple(Author(one.name, stem(one)) for one in students),
            tuple(outcome.points for outcome in own),
            tuple(dict.fromkeys(m for pair in pairwise(own) for m in _solved(*pair))),
            own[-1].all_messages,
        )
        for students, own in ways
    ]
    return sorted(made, key=lambda one: (-one.gain, one.students[0].name))


def _solved(before: Outcome, after: Outcome) -> list[Message]:
    return [
        message
        for number, messages in before.messages.items()
        if number in after.right
        for message in messages
    ]

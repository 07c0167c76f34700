"""Finds out whose an answer is and to which question, and stores it in the gradebook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from assignment.questions.question import Question
from grader.classroom.answers.given import Given, Unread, Who
from grader.classroom.gradebook import Gradebook
from grader.classroom.reports.names import folded
from grader.questions.formats.words import LETTERS, shown
from grader.report.text import one_line

MOST_PROBLEMS = 200  # named; further ones are counted


@dataclass
class Outcome:
    """What became of the answers. `problems` name what could not be used, and what changed."""

    new: int = 0
    known: int = 0
    students: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    more: int = 0

    def problem(self, text: str) -> None:
        """Note a problem once."""
        line = one_line(text)
        if line in self.problems:
            return
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(line)
        else:
            self.more += 1

    @property
    def summary(self) -> str:
        """All of it in a sentence."""
        count = self.new + self.known
        said = f"{count} answers of {len(self.students)} students: {self.new} new"
        left = len(self.problems) + self.more
        return f"{said}; {left} things to look at" if left else said


class _Class:
    """The students who were asked something, and how files may name them."""

    def __init__(self, gradebook: Gradebook):
        self._asked = set(gradebook.students_asked())
        self._ids: dict[str, str] = {}
        self._named: dict[str, set[str]] = {}
        everybody = {
            one.id: one for one in [*gradebook.without_submission(), *gradebook.students()]
        }
        for student in everybody.values():
            self._ids |= {student.id: student.id, shown(student.id): student.id}
            for text in (student.email, student.name):
                if text:
                    self._named.setdefault(folded(text), set()).add(student.id)

    def find(self, who: Who) -> str | None:
        """The one student whom this can mean; None if nobody or several can be meant."""
        by_id = {self._ids[one] for one in who.ids if one in self._ids}
        texts = [*who.ids, *who.others]
        by_name = set().union(*(self._named.get(folded(one), set()) for one in texts))
        found = by_id & by_name if by_id and by_name else by_id | by_name
        return next(iter(found)) if len(found) == 1 else None

    def was_asked(self, student: str) -> bool:
        """Whether a student was asked something."""
        return student in self._asked


def keep_answers(gradebook: Gradebook, found: Iterable[Given | Unread]) -> Outcome:
    """Store all answers that can be understood; all of them, or none if something breaks."""
    outcome, people = Outcome(), _Class(gradebook)
    questions: dict[str, dict[str, Question]] = {}
    with gradebook.transaction():
        for one in found:
            if isinstance(one, Unread):
                outcome.problem(str(one))
                continue
            student = people.find(one.who)
            if student is None:
                said = str(one.who)[:80]
                outcome.problem(
                    f"{one.where}: {said} is no student of the gradebook, or may be several"
                )
                continue
            if not people.was_asked(student):
                outcome.problem(f"{one.where}: {student} was asked nothing")
                continue
            if student not in questions:
                questions[student] = gradebook.questions_of(student)
            _keep(gradebook, outcome, one, student, questions[student])
    return outcome


def _keep(
    gradebook: Gradebook,
    outcome: Outcome,
    one: Given,
    student: str,
    asked: dict[str, Question],
) -> None:
    matched = _matched(one, asked)
    if isinstance(matched, str):
        outcome.problem(f"{one.where}: {student}: {matched}")
        return
    question, option = matched
    before = gradebook.answer(student, question.id, option, one.where)
    outcome.students.add(student)
    outcome.new += before != option
    outcome.known += before == option
    if before not in (None, option):
        outcome.problem(
            f"{one.where}: {student}, question {question.id}: the answer was "
            f"{LETTERS[before or 0]}, and {LETTERS[option]} counts now"
        )


def _matched(one: Given, asked: dict[str, Question]) -> tuple[Question, int] | str:
    """The question and the option that are meant, or why they cannot be told."""
    if one.question:
        known = {shown(identity): question for identity, question in asked.items()}
        question = known.get(one.question)
        if question is None:
            return f"was not asked question {one.question:.40}"
        options = options_of(question, one)
        if len(options) != 1:
            what = "none" if not options else "more than one"
            return (
                f"question {question.id}: {one.answer!r:.80} is {what} of its options, expected a "
                "letter from A to D"
            )
        return question, options[0]
    found = [(question, i) for question in asked.values() for i in options_of(question, one)]
    if len(found) != 1:
        fits = "no question" if not found else "more than one question"
        return f"{one.answer!r:.80} answers {fits}: download with the text of the questions too"
    return found[0]


def options_of(question: Question, one: Given) -> list[int]:
    """The options that an answer can mean."""
    if isinstance(one.answer, int):
        return [one.answer]
    said = squeezed(one.answer)
    found = {i for i, text in enumerate(question.options) if squeezed(text) == said}
    if one.is_option:
        return sorted(found)
    if len(said) == 1 and said.upper() in LETTERS:
        return [LETTERS.index(said.upper())]
    if said in ("1", "2", "3", "4"):  # an option may say "2" and be the third
        found.add(int(said) - 1)
    return sorted(found)


def squeezed(text: str) -> str:
    """The text without white space, which platforms change, and what no page shows."""
    return "".join(shown(text).split())

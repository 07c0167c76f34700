"""The gradebook's questions as they were asked, and the answers to them.

An answer is judged by the question that the student saw, whatever would be asked today. Answers are
only added: of several to one question, the last that was read counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from assignment.questions.question import Question
from grader.classroom.history import History
from grader.questions.question_set import QuestionSet, question_set_from


@dataclass(frozen=True)
class Answered:
    """How many of `asked` questions were answered, and how many of these answers are right."""

    right: int
    given: int
    asked: int

    def __str__(self) -> str:
        return f"{self.right} of {self.asked}"


class QuestionLog(History):
    """The gradebook's questions and answers."""

    def keep_questions(
        self, student: str, work: str, wanted: int, made_by: str, asked: QuestionSet
    ) -> None:
        """Keep what a student is asked about a work; `wanted` is the number of questions ordered.

        `made_by` is the version of the code that made them.
        """
        row = (student, work, asked.seed, wanted, made_by, asked.to_json())
        with self.transaction():
            self._db.execute(
                "insert into question_sets (student, work, seed, wanted, made_by, asked) "
                "values (?, ?, ?, ?, ?, ?)",
                row,
            )

    def kept_questions(
        self, student: str, work: str, seed: int, wanted: int, made_by: str
    ) -> QuestionSet | None:
        """What was kept with the same arguments; None if nothing was."""
        row = self._db.execute(
            "select asked from question_sets where student = ? and work = ? and seed = ? "
            "and wanted = ? and made_by = ? order by id desc limit 1",
            (student, work, seed, wanted, made_by),
        ).fetchone()
        return None if row is None else question_set_from(row[0])

    def question_sets(self, student: str) -> list[QuestionSet]:
        """All that a student was asked, the last set last."""
        rows = self._db.execute(
            "select asked from question_sets where student = ? order by id", (student,)
        )
        return [question_set_from(asked) for (asked,) in rows]

    def questions_of(self, student: str) -> dict[str, Question]:
        """All questions that a student was asked, by their ids."""
        return {q.id: q for asked in self.question_sets(student) for q in asked.questions}

    def students_asked(self) -> list[str]:
        """The ids of all students who were asked something."""
        rows = self._db.execute("select distinct student from question_sets order by student")
        return [student for (student,) in rows]

    def answers(self, student: str) -> dict[str, int]:
        """The option that counts as a student's answer, by the question's id."""
        rows = self._db.execute(
            "select question, option from answers where student = ? order by id", (student,)
        )
        return dict(rows.fetchall())

    def answer(self, student: str, question: str, option: int, source: str) -> int | None:
        """Keep an answer, unless it counts already; returns the option that counted before."""
        with self.transaction():
            before = self.answers(student).get(question)
            if before != option:
                self._db.execute(
                    "insert into answers (student, question, option, source) values (?, ?, ?, ?)",
                    (student, question, option, source),
                )
        return before

    def answered(self, student: str) -> Answered | None:
        """The outcome of the last set that was answered, of the last one if none was."""
        sets = [one for one in self.question_sets(student) if one.questions]
        if not sets:
            return None
        given = self.answers(student)
        with_answers = [one for one in sets if any(q.id in given for q in one.questions)]
        shown = (with_answers or sets)[-1].questions
        right = sum(given.get(question.id) == question.answer for question in shown)
        return Answered(right, sum(question.id in given for question in shown), len(shown))

"""Who of a class is asked what: draws what is missing, and keeps each student's questions at once.

If interrupted, the same command resumes: the gradebook says who has questions by this seed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grader.classroom.asking.job import AskTask, questions_version, student_seed
from grader.classroom.asking.pool import AskPool
from grader.classroom.gradebook import Gradebook
from grader.classroom.progress import Progress
from grader.classroom.reports.assignment import Assignment, Person, person_of
from grader.errors import CannotGrade
from grader.options import Options
from grader.questions.question_set import QuestionSet
from grader.report.text import one_line
from grader.results import Status
from grader.rubric import Rubric

SEED = "questions_seed"  # the name of the class's seed in the gradebook


@dataclass(frozen=True)
class Asked:
    """A student and the questions; without any, `reason` says why. `failed`: it is not theirs."""

    person: Person
    questions: QuestionSet | None
    reason: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Settings:
    """How to ask a class: `count` questions each, by `seed`, in this sandbox."""

    count: int
    seed: int
    sandbox: str = "auto"
    data_dir: Path | None = None
    threads: int = 1


@dataclass
class ClassQuestions:
    """The questions of a class."""

    gradebook: Gradebook
    rubric: Rubric
    assignment: Assignment
    settings: Settings
    failures: dict[str, str] = field(default_factory=dict)  # by student, why drawing failed

    def people(self) -> list[Person]:
        """All students who handed in, by their ids."""
        students = self.gradebook.students()
        return [person_of(self.gradebook, one, self.assignment) for one in students]

    def draw(self, people: Iterable[Person], jobs: int) -> None:
        """Draw the questions that are missing.

        A KeyboardInterrupt loses none of those that are kept. Raises CannotGrade for a full disk.
        """
        tasks = [
            self._task(person)
            for person in people
            if not without(person) and self._kept(person) is None
        ]
        if not tasks:
            return
        progress = Progress(len(tasks), jobs=jobs)
        for task in tasks:
            progress.begin(task.student)
        pool, done = AskPool(jobs), False
        try:
            for task, outcome in pool.outcomes(tasks):
                self._keep(task, outcome, progress)
            done = True
        finally:
            progress.close()
            pool.close(now=not done)

    def _task(self, person: Person) -> AskTask:
        report, settings = person.standing.report, self.settings
        options = Options(
            seed=report.seed,
            attempt=report.attempt,
            sandbox=settings.sandbox,
            data_dir=settings.data_dir,
        )
        return AskTask(
            person.standing.student.id,
            person.standing.work,
            self.gradebook.submission(person.standing.work),
            report,
            self.rubric,
            options,
            settings.count,
            self._seed(person),
            settings.threads,
        )

    def _keep(self, task: AskTask, outcome: QuestionSet | Exception, progress: Progress) -> None:
        if isinstance(outcome, Exception):
            why = one_line(f"{type(outcome).__name__}: {outcome}")
            self.failures[task.student] = why
            progress.end(task.student, f"could not be asked ({why})", failed=True)
            return
        self.gradebook.keep_questions(
            task.student, task.work, task.count, questions_version(), outcome
        )
        progress.end(task.student, counted(len(outcome.questions)))

    def _seed(self, person: Person) -> int:
        return student_seed(self.settings.seed, person.standing.student.id)

    def _kept(self, person: Person) -> QuestionSet | None:
        return self.gradebook.kept_questions(
            person.standing.student.id,
            person.standing.work,
            self._seed(person),
            self.settings.count,
            questions_version(),
        )

    def asked(self, person: Person) -> Asked:
        """What is known of a student's questions now."""
        reason, kept = without(person), self._kept(person)
        failure = self.failures.get(person.standing.student.id, "")
        if reason:
            return Asked(person, None, reason)
        if failure:
            return Asked(person, None, f"drawing failed: {failure}", failed=True)
        if kept is None:
            return Asked(person, None, "not asked yet")
        if not kept.questions:
            return Asked(person, None, "no kind of question fits what passed")
        return Asked(person, kept)


def counted(number: int) -> str:
    """The number of questions in words."""
    return f"{number} question{'s' if number != 1 else ''}"


def without(person: Person) -> str:
    """Why a student cannot be asked; "" for one who can."""
    report = person.standing.report
    if report.problem:
        return f"the submission cannot be read: {one_line(report.problem)}"
    if not report.sections:
        return "not marked yet"
    if not any(section.status is Status.PASSED for section in report.sections):
        return "no section passed"
    return ""


def class_seed(gradebook: Gradebook, given: int | None) -> int:
    """The seed of a class's questions: as given, else the gradebook's own, drawn on first use.

    It is not the seed of the marking, which nobody should be able to compute from a student's page.
    """
    if given is not None:
        return given
    if gradebook.meta(SEED) is None:
        gradebook.set_meta(**{SEED: secrets.randbits(48)})
    return int(gradebook.meta(SEED))


def chosen(people: list[Person], only: list[str]) -> list[Person]:
    """The people with these ids, all if none is given. Raises CannotGrade for an unknown id."""
    known = {person.standing.student.id for person in people}
    for student in only:
        if student not in known:
            some = ", ".join(sorted(known)[:5]) or "those of a class that was marked"
            raise CannotGrade(
                f"--only is {student!r}, of whom there is no submission, expected an id such as {some}"
            )
    return [one for one in people if not only or one.standing.student.id in only]

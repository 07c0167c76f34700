"""Draws the questions of one marked submission, by running its scripts in the sandbox."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from assignment.data import IDX_FILES, read_idx, scale_images
from assignment.questions import drafting
from assignment.questions.kinds import Kind
from assignment.questions.question import Question
from grader.errors import CannotGrade
from grader.options import Options
from grader.questions.question_set import QuestionSet
from grader.questions.registry import KINDS
from grader.questions.subject import Subject
from grader.results import Report, Status
from grader.rubric import Rubric
from grader.sandbox.budget import Clock
from grader.sandbox.levels import choose
from grader.sandbox.servers import Servers
from grader.submission.preparing import prepared
from grader.submission.record import Submission

IMAGES = 1000  # test images that networks are run on
SECONDS = 60.0  # of wall time, for all calls of a submission
CALL_SECONDS = 5.0  # for each of them


def questions_of(
    submission: Submission,
    report: Report,
    rubric: Rubric,
    options: Options,
    *,
    count: int,
    seed: int,
) -> QuestionSet:
    """`count` questions about the sections that passed, fewer if fewer can be asked.

    Raises DataError without the data, and CannotGrade, OSError or RuntimeError if this machine cannot
    run the scripts.
    """
    rng = np.random.default_rng(seed_of(seed, report.submission))
    with subjects_of(submission, report, rubric, options) as subjects:
        found: list[Question] = []
        for kind, script in _order(report, rng):
            if len(found) == count:
                break
            if script not in subjects:
                continue
            question = _asked(kind, subjects[script], rng, f"{seed} {report.submission}")
            if question is not None:
                found.append(question)
    order = sorted(found, key=lambda question: question.section)
    return QuestionSet(report.submission, seed, tuple(order))


def seed_of(seed: int, name: str) -> int:
    """The seed of one submission's questions: students with the same code get different ones."""
    return int.from_bytes(hashlib.sha256(f"questions {seed} {name}".encode()).digest()[:8])


def _order(report: Report, rng: np.random.Generator) -> list[tuple[Kind, str]]:
    """Kinds and scripts that may be asked, in a random order: each kind once, then again."""
    passed = {s.number for s in report.sections if s.status is Status.PASSED}
    rounds: dict[int, list[tuple[Kind, str]]] = {}
    for kind in KINDS:
        scripts = [script for script, needs in kind.needs.items() if passed.issuperset(needs)]
        for number, script in enumerate(rng.permutation(scripts)):
            rounds.setdefault(number, []).append((kind, str(script)))
    return [
        rounds[number][i] for number in sorted(rounds) for i in rng.permutation(len(rounds[number]))
    ]


def _asked(kind: Kind, subject: Subject, rng: np.random.Generator, of: str) -> Question | None:
    """A question of a kind, None if the script gives none or cannot be asked.

    Raises CannotGrade, OSError or RuntimeError for what is no fault of the script's: a package that
    is missing, a sandbox in which no worker starts.
    """
    try:
        with np.errstate(all="ignore"):
            draft = drafting.chosen(kind.drafts(subject, rng), rng)
    except (CannotGrade, OSError):
        raise
    except Exception as error:  # whatever odd code answers: another kind is asked
        if type(error) is RuntimeError:  # ours; Python's own are of classes below it
            raise
        subject.student.close()
        return None
    if draft is None:
        return None
    return drafting.question(draft, kind.name, kind.needs[subject.name][-1], rng, of)


@contextmanager
def subjects_of(
    submission: Submission, report: Report, rubric: Rubric, options: Options
) -> Iterator[dict[str, Subject]]:
    """The scripts of a submission by name, whose workers end with the block."""
    limits = replace(rubric.limits, call_seconds=CALL_SECONDS)
    rubric = replace(rubric, limits=limits)
    submission, _, _ = prepared(submission, rubric)
    servers = Servers(submission, rubric, choose(options.sandbox), device="cpu")
    images = scale_images(
        read_idx(IDX_FILES["FashionMNIST"][2], options.data_dir), np.arange(IMAGES)
    )
    labels = read_idx(IDX_FILES["FashionMNIST"][3], options.data_dir)[:IMAGES].astype(np.int64)
    clock = Clock(SECONDS)
    students = {script: servers.student(script, clock) for script in submission.scripts}
    try:
        yield {
            script: Subject(
                student,
                submission.scripts[script].decode("utf-8", "replace"),
                report.trainings.get(script),
                images,
                labels,
            )
            for script, student in students.items()
        }
    finally:
        for student in students.values():
            student.close()
        servers.close()

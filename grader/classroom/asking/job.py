"""Draws one student's questions in a process of its own."""

from __future__ import annotations

import hashlib
import os
import signal
from dataclasses import dataclass
from functools import cache

from grader import GRADER
from grader.classroom.keys import grader_version
from grader.interrupts import interrupt
from grader.options import Options
from grader.questions.asking import questions_of
from grader.questions.question_set import QuestionSet
from grader.results import Report
from grader.rubric import Rubric
from grader.submission.record import Submission


@dataclass(frozen=True)
class AskTask:
    """Whom to ask about what; `threads` are those of each process of the sandbox."""

    student: str
    work: str
    submission: Submission
    report: Report
    rubric: Rubric
    options: Options
    count: int
    seed: int
    threads: int = 1


def ask(task: AskTask) -> QuestionSet:
    """The questions of a task. Raises DataError without the data, and NoRoom."""
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(task.threads)
    return questions_of(
        task.submission, task.report, task.rubric, task.options, count=task.count, seed=task.seed
    )


def ask_in_pool(task: AskTask) -> QuestionSet:
    """The same in a process of a pool, where SIGTERM ends it with everything it started."""
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return ask(task)
    except KeyboardInterrupt:
        os._exit(1)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def student_seed(seed: int, student: str) -> int:
    """The seed of one student's questions, from which nobody learns those of the others."""
    text = f"questions of {student} by {seed}"
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:6])


@cache
def questions_version() -> str:
    """The hash of the code that draws questions: another one may draw others by the same seed."""
    digest = hashlib.sha256(grader_version().encode())
    for path in sorted((GRADER / "questions").rglob("*.py")):
        if path.parent.name != "formats":
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()

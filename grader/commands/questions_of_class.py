"""Ask every student of a class that was marked: `grader questions --gradebook FILE --out DIR`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands.questions_of_one import FILES
from grader.errors import CannotGrade

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from collections.abc import Sequence

    from grader.classroom.asking.class_questions import Asked, ClassQuestions
    from grader.classroom.reports.assignment import Person


ALL, SOME, FAILED = 0, 1, 2  # exit statuses


def expect_of_class(given: argparse.Namespace) -> None:
    """Raises CannotGrade for options of a single submission: the class is marked already."""
    files = [name[2:].replace("-", "_") for name, _ in FILES]
    for name in ("device", "train_size", "skip_training", "alias", *files):
        if getattr(given, name):
            raise CannotGrade(
                f"--{name.replace('_', '-')} is for one submission, expected it without "
                "--gradebook; the files of a class go to the folder --out"
            )


def ask_class(given: argparse.Namespace, count: int, seed: int | None) -> int:
    """Draw what is missing, and write all files; returns the exit status. Raises CannotGrade."""
    from grader.classroom.asking import class_questions
    from grader.classroom.asking.folder import expect_own, write_class
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.lock import alone
    from grader.classroom.reports.assignment import assignment_of
    from grader.commands.settings import expect_data
    from grader.errors import expecting_room
    from grader.report.pictures import OfficialImages
    from grader.rubric import load_rubric
    from grader.sandbox.levels import choose

    if given.out is None:
        raise CannotGrade("--out was not given, expected a folder for the questions of the class")
    jobs, threads = _places(given.jobs)
    data_dir = Path(given.data_dir).resolve() if given.data_dir else None
    sandbox = choose(given.sandbox or "auto").level
    with alone(given.gradebook), Gradebook(given.gradebook) as gradebook:
        assignment = assignment_of(gradebook)
        expect_data(data_dir)
        expect_own(given.out)
        seed = class_questions.class_seed(gradebook, seed)
        settings = class_questions.Settings(count, seed, sandbox, data_dir, threads)
        asking = class_questions.ClassQuestions(gradebook, load_rubric(), assignment, settings)
        people = asking.people()
        _draw(asking, class_questions.chosen(people, given.only), jobs)
        asked = [asking.asked(person) for person in people]
        with expecting_room(given.out.absolute().parent):
            write_class(given.out, asked, OfficialImages(data_dir))
    return _tell(asked, given.out, count)


def _draw(asking: ClassQuestions, people: Sequence[Person], jobs: int) -> None:
    try:
        asking.draw(people, jobs)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "what was drawn is kept. Run the same command again to resume"
        ) from None


def _tell(asked: Sequence[Asked], out: Path, count: int) -> int:
    """Print who has no questions and why, and a summary; returns the exit status."""
    from grader.report.text import one_line

    for one in asked:
        if one.questions is None:
            print(f"{one_line(one.person.name)}: {one.reason}", file=sys.stderr)
    found = [len(one.questions.questions) for one in asked if one.questions is not None]
    print(f"{out}/index.csv: {sum(found)} questions for {len(found)} of {len(asked)} students")
    if any(one.failed for one in asked):
        return FAILED
    return ALL if found.count(count) == len(asked) else SOME


def _places(given: str | None) -> tuple[int, int]:
    """How many students are asked at once, and the threads that each of them has."""
    from grader.classroom.pools import default_jobs
    from grader.commands.settings import jobs_or
    from grader.cores import usable_cores

    cores = usable_cores()
    jobs = jobs_or(given, default_jobs(cores))
    return jobs, max(1, cores // jobs)

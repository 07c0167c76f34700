"""`grader exam`: for each student, the own scripts with mistakes put in."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.commands.arguments import SANDBOX_HELP
from grader.errors import CannotGrade
from grader.interrupts import interrupt

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.classroom.gradebook import Gradebook
    from grader.exam.making import Examinee


def add(commands: Any) -> None:
    """Add this command to the command line."""
    exam = commands.add_parser(
        "exam",
        description="Write a folder for each student of a class with the student's own scripts, in "
        "which mistakes have been put, and a sheet for the instructor. "
        "`grader batch ANSWERS --exam DIR --gradebook FILE` marks what is handed in.",
    )
    exam.add_argument(
        "--gradebook", type=Path, required=True, metavar="FILE", help="that of `grader batch`"
    )
    exam.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    exam.add_argument(
        "--mistakes", default="2", metavar="N", help="of each student, from 1 to 4 (default: 2)"
    )
    exam.add_argument(
        "--script",
        action="append",
        metavar="NAME",
        help="examine this script only, such as numpy_ann; may be repeated (default: all three)",
    )
    exam.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="STUDENT",
        help="this student only, by id; may be repeated",
    )
    exam.add_argument("--seed", metavar="N", help="which mistakes are chosen (default: a new one)")
    exam.add_argument("--jobs", metavar="N", help="students at a time (default: one per core)")
    exam.add_argument("--sandbox", metavar="LEVEL", default="auto", help=SANDBOX_HELP)
    exam.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Make the exams; 0 if every student has one, 1 if some have none. Raises CannotGrade."""
    import secrets

    from grader.classroom.gradebook import Gradebook
    from grader.commands.settings import whole_number
    from grader.errors import expecting_room
    from grader.exam import folder, sheets
    from grader.exam.making import Settings, papers
    from grader.exam.planning import MOST_MISTAKES
    from grader.exam.record import Exam
    from grader.rubric import load_rubric
    from grader.sandbox.levels import choose

    signal.signal(signal.SIGTERM, interrupt)
    settings = Settings(
        mistakes=whole_number("--mistakes", given.mistakes, 1, MOST_MISTAKES),
        seed=secrets.randbits(32)
        if given.seed is None
        else whole_number("--seed", given.seed, 0, 2**63),
        scripts=_scripts(given.script),
        sandbox=choose(given.sandbox).level,
    )
    folder.expect_empty(given.out)
    print(f"seed: {settings.seed}", file=sys.stderr)
    rubric = load_rubric()
    with Gradebook(given.gradebook, read_only=True) as gradebook:
        examinees, others = _class(gradebook, given.only)
    if not examinees:
        raise CannotGrade(
            f"{given.gradebook} holds no submission that could be read, expected a marked class"
        )
    made = papers(
        examinees, settings, rubric, jobs=_jobs(given.jobs), progress=_progress(len(examinees))
    )
    everybody = tuple(made) + tuple(others)
    exam = Exam(settings, everybody, folder.folder_names(everybody))
    with expecting_room(given.out.absolute()):
        files = folder.write(given.out, exam, rubric)
    for line in sheets.summary(exam):
        print(line)
    left_out = [paper for paper in everybody if paper.problem]
    for paper in left_out:
        print(f"no exam: {_shown(paper.id)}: {paper.problem}")
    print(f"{given.out / folder.STUDENTS}: {len(everybody) - len(left_out)} folders")
    print(f"For the instructor: {', '.join(map(str, files))}")
    return 1 if left_out else 0


def _shown(text: str) -> str:
    from grader.report.text import one_line

    return one_line(text)


def _scripts(names: list[str] | None) -> tuple[str, ...]:
    from grader.checked_toml import nearest
    from grader.sections import SCRIPTS

    for name in names or ():
        if name not in SCRIPTS:
            raise CannotGrade(f"--script is {name!r}{nearest(name, list(SCRIPTS))}")
    return tuple(name for name in SCRIPTS if not names or name in names)


def _jobs(given: str | None) -> int:
    from grader.classroom.pools import default_jobs
    from grader.commands.settings import jobs_or
    from grader.cores import usable_cores

    return jobs_or(given, default_jobs(usable_cores()))


def _class(gradebook: Gradebook, only: list[str]) -> tuple[list[Examinee], list[Any]]:
    """The students with a readable submission, by id, and papers without exam for the others."""
    from grader.classroom.reports.assignment import assignment_of, person_of
    from grader.exam.making import Examinee, Paper
    from grader.results import Status

    found: list[Examinee] = []
    others: list[Paper] = []
    assignment = assignment_of(gradebook)
    rubric_points = dict.fromkeys(gradebook.meta("sections") or (), 1.0)
    for name in only:
        gradebook.expect_student(name)
    for student in gradebook.students():
        if only and student.id not in only:
            continue
        standing = gradebook.standing(student, rubric_points, {})
        if standing.report.problem:
            others.append(
                Paper(student.id, student.name, problem="the submission could not be read")
            )
            continue
        passed = [s.number for s in standing.report.sections if s.status is Status.PASSED]
        submission = gradebook.submission(standing.work)
        report = person_of(gradebook, student, assignment).standing.report
        found.append(
            Examinee(
                student.id,
                student.name,
                len(found),
                submission,
                tuple(passed),
                hand_in=report.mark / assignment.total if assignment.total else 0.0,
            )
        )
    missing = [one for one in gradebook.without_submission() if not only or one.id in only]
    others += [Paper(one.id, one.name, problem="nothing was handed in") for one in missing]
    return found, others


def _progress(total: int) -> Any:
    def shown(done: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == total else ""
            print(f"\r{done} of {total} exams", end=end, file=sys.stderr, flush=True)

    return shown

"""`grader questions`: ask students about what they handed in, and read their answers back."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.commands.arguments import OPTIONS
from grader.commands.questions_of_one import FILES
from grader.errors import CannotGrade
from grader.interrupts import interrupt

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.classroom.gradebook import Gradebook

ALL, SOME = 0, 1  # exit statuses
MOST = 50  # questions about one submission
LARGEST_SEED = 2**53  # which the page's script keeps without rounding
# --only names a student here, and --html the quiz; --seed is that of the questions
NOT_HERE = ("--only", "--results", "--html", "--attempt", "--audit", "--seed")


def add(commands: Any) -> None:
    """Add this command to the command line."""
    questions = commands.add_parser(
        "questions",
        description="Multiple-choice questions about a submission's own code and its marking, whose "
        "answers are computed by running the code. With --gradebook, for every student of a class "
        "that was marked. Exit status 0: all questions are there; 1: some are missing; 2: failed.",
    )
    questions.add_argument(
        "submission", nargs="?", help="folder, .zip, .tar.gz or .tgz, which is marked first"
    )
    questions.add_argument(
        "--gradebook", type=Path, metavar="FILE", help="ask the class of this gradebook"
    )
    questions.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help="read answers into the gradebook: files that the quiz saved (one, a folder or a zip), "
        "a CSV file student,question,answer, or a download of Moodle or Canvas",
    )
    questions.add_argument("--count", metavar="N", help="questions about a submission (default: 5)")
    questions.add_argument(
        "--seed",
        metavar="N",
        help="other questions for another number (default: a fresh one, and the same for a "
        "gradebook every time)",
    )
    questions.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="write questions.json with the key to PATH; of a class, the folder for all files",
    )
    for name, words in FILES:
        questions.add_argument(name, metavar="FILE", help=words)
    questions.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="STUDENT",
        help="of a class, draw questions for this student only, by id; may be repeated",
    )
    questions.add_argument(
        "--jobs",
        metavar="N",
        help="students asked in parallel (default: as cores and memory allow)",
    )
    for name, settings in OPTIONS:
        if name not in NOT_HERE:
            questions.add_argument(name, **settings)
    questions.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Ask, or read answers; returns the exit status. Raises CannotGrade."""
    from grader.commands.questions_of_class import ask_class, expect_of_class
    from grader.commands.questions_of_one import ask_one
    from grader.commands.settings import whole_number

    signal.signal(signal.SIGTERM, interrupt)
    if (given.submission is None) == (given.gradebook is None):
        what = "nothing" if given.submission is None else "both"
        raise CannotGrade(f"{what} was given, expected a submission or --gradebook FILE")
    if given.gradebook is not None:
        expect_of_class(given)
        if given.answers is not None:
            return _read_answers(given)
    elif given.answers is not None:
        raise CannotGrade("--answers was given without --gradebook, which keeps the answers")
    count = 5 if given.count is None else whole_number("--count", given.count, 1, MOST)
    seed = None if given.seed is None else whole_number("--seed", given.seed, 0, LARGEST_SEED)
    if given.gradebook is not None:
        return ask_class(given, count, seed)
    found, seed = ask_one(given, count, seed)
    print(f"{found} of {count} questions; seed {seed}")
    return ALL if found == count else SOME


def _read_answers(given: argparse.Namespace) -> int:
    from grader.classroom.answers.keeping import keep_answers
    from grader.classroom.answers.reading import read_answers
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.lock import alone

    for name in ("out", "count", "seed", "only", "jobs"):
        if getattr(given, name):
            raise CannotGrade(f"--{name} does not go with --answers, expected --gradebook alone")
    with alone(given.gradebook), Gradebook(given.gradebook) as gradebook:
        _expect_asked(gradebook)
        outcome = keep_answers(gradebook, read_answers(given.answers))
    for line in outcome.problems:
        print(line, file=sys.stderr)
    print(outcome.summary)
    return SOME if outcome.problems else ALL


def _expect_asked(gradebook: Gradebook) -> None:
    if not gradebook.students_asked():
        raise CannotGrade(
            f"{gradebook.path} has no questions yet. Ask the class with: "
            f"grader questions --gradebook {gradebook.path} --out questions/"
        )

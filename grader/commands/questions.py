"""`grader questions`: ask students about what they handed in, and read their answers back."""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import CannotGrade
from grader.options import OPTIONS, interrupt

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.classroom.gradebook import Gradebook
    from grader.questions.formats.paper import Paper

ALL, SOME, FAILED = 0, 1, 2  # exit statuses
MOST = 50  # questions about one submission
# --only names a student here, and --html the quiz; --seed is that of the questions
NOT_HERE = ("--only", "--results", "--html", "--attempt", "--audit", "--seed")
FILES = (
    ("--html", "the quiz as a page for self-study, which says why after each answer"),
    ("--form", "the quiz as a page without the key, for use where it counts"),
    ("--sheet", "a page to print for a talk: questions, and the key for the examiner"),
    ("--gift", "for Moodle's question bank, as text"),
    ("--moodle-xml", "for Moodle's question bank, with pictures as files"),
    ("--qti", "for Canvas: a package (zip) in QTI 2.1"),
)


def add(commands: Any) -> None:
    """Add this command to the command line."""
    questions = commands.add_parser(
        "questions",
        help="ask students about what they handed in",
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
    signal.signal(signal.SIGTERM, interrupt)
    if (given.submission is None) == (given.gradebook is None):
        what = "nothing" if given.submission is None else "both"
        raise CannotGrade(f"{what} was given, expected a submission or --gradebook FILE")
    if given.gradebook is None:
        if given.answers is not None:
            raise CannotGrade("--answers was given without --gradebook, which keeps the answers")
        return _ask_one(given)
    return _read_answers(given) if given.answers is not None else _ask_class(given)


def _numbers(given: argparse.Namespace) -> tuple[int, int | None]:
    """The number of questions, and the seed that was given."""
    from grader.commands.settings import integer

    count = 5 if given.count is None else integer("--count", given.count, 1, MOST)
    seed = None if given.seed is None else integer("--seed", given.seed, 0, 2**53)
    return count, seed


# --- one submission


def _ask_one(given: argparse.Namespace) -> int:
    from grader.classroom.people import Student
    from grader.classroom.reports.names import stem
    from grader.commands.settings import expect_data, read_options
    from grader.marking.marking import Marking
    from grader.questions.asking import questions_of
    from grader.questions.formats.paper import paper_of
    from grader.report.pictures import OfficialImages
    from grader.rubric import load_rubric
    from grader.submission.names import read_aliases
    from grader.submission.reading import open_submission

    count, seed = _numbers(given)
    files = _expect_files(given)
    rubric = load_rubric()
    seed = secrets.randbits(48) if seed is None else seed
    # follows from the seed, but is not it: that of a class's marking is nobody's to know
    digest = hashlib.sha256(f"marking for questions {seed}".encode()).digest()
    left_out = {"only": None, "attempt": None, "audit": False, "seed": None}
    options = read_options(
        (vars(given) | left_out).__getitem__, rubric, seed=int.from_bytes(digest[:6])
    )
    expect_data(options.data_dir)
    submission = open_submission(Path(given.submission), read_aliases(given.alias))
    marking = Marking(submission, rubric, options, explains=False)
    marking.mark_all()
    report = marking.report()
    asked = questions_of(submission, report, rubric, options, count=count, seed=seed)
    if not asked.questions:
        raise CannotGrade(
            f"nothing can be asked about {given.submission}: no section passed that questions "
            f"are about. See: grader grade {given.submission}"
        )
    name = submission.name
    images = OfficialImages(options.data_dir)
    paper = paper_of(asked, name, stem(Student(name, name)), report, images)
    _write(files, paper)
    sections = ", ".join(sorted({question.section for question in asked.questions}))
    print(f"{len(asked.questions)} of {count} questions, about {sections}; seed {seed}")
    return ALL if len(asked.questions) == count else SOME


def _expect_files(given: argparse.Namespace) -> dict[str, Path]:
    """The files to write by option. Raises CannotGrade if there is none, or one cannot be written."""
    from assignment.files import can_be_written

    for name in ("only", "jobs"):
        if getattr(given, name):
            raise CannotGrade(f"--{name} is for a class, expected --gradebook FILE with it")
    found = {"--out": given.out} if given.out else {}
    for name, _ in FILES:
        value = getattr(given, name[2:].replace("-", "_"))
        found |= {name: Path(value)} if value else {}
    if not found:
        options = ", ".join(["--out", *(name for name, _ in FILES)])
        raise CannotGrade(f"no file to write was named, expected one or more of {options}")
    for name, path in found.items():
        if not can_be_written(path):
            raise CannotGrade(
                f"{name} is {path}, which cannot be written, expected a file in a folder that exists"
            )
    return found


def _write(files: dict[str, Path], paper: Paper) -> None:
    from assignment.files import write_atomically
    from grader.errors import expecting_room
    from grader.questions.formats.gift import gift
    from grader.questions.formats.moodle_xml import moodle_xml
    from grader.questions.formats.pages import quiz, sheet
    from grader.questions.formats.qti import qti

    make = {
        "--out": lambda: f"{paper.asked.to_json()}\n",
        "--html": lambda: quiz(paper, with_key=True),
        "--form": lambda: quiz(paper, with_key=False),
        "--sheet": lambda: sheet([paper]),
        "--gift": lambda: gift([paper]),
        "--moodle-xml": lambda: moodle_xml([paper]),
    }
    for name, path in files.items():
        content = make[name]().encode("utf-8", "replace") if name in make else qti([paper])
        with expecting_room(path.absolute().parent):
            write_atomically(path, content)


# --- a class


def _ask_class(given: argparse.Namespace) -> int:
    from grader.classroom.asking.class_questions import (
        ClassQuestions,
        Settings,
        chosen,
        class_seed,
    )
    from grader.classroom.asking.folder import write_class
    from grader.classroom.batch import alone
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.reports.assignment import assignment_of
    from grader.commands.settings import expect_data
    from grader.errors import expecting_room
    from grader.report.pictures import OfficialImages
    from grader.rubric import load_rubric
    from grader.sandbox.levels import choose

    count, seed = _numbers(given)
    _expect_no_marking(given)
    if given.out is None:
        raise CannotGrade("--out was not given, expected a folder for the questions of the class")
    jobs, threads = _places(given.jobs)
    data_dir = Path(given.data_dir).resolve() if given.data_dir else None
    sandbox = choose(given.sandbox or "auto")
    with alone(given.gradebook), Gradebook(given.gradebook) as gradebook:
        assignment = assignment_of(gradebook)
        expect_data(data_dir)
        settings = Settings(count, class_seed(gradebook, seed), sandbox.level, data_dir, threads)
        asking = ClassQuestions(gradebook, load_rubric(), assignment, settings)
        people = asking.people()
        _draw(asking, chosen(people, given.only), jobs)
        asked = [asking.asked(person) for person in people]
        with expecting_room(given.out.absolute().parent):
            write_class(given.out, asked, OfficialImages(data_dir))
    for one in asked:
        if one.questions is None:
            print(f"{_named(one.person.name)}: {one.reason}", file=sys.stderr)
    there = [len(one.questions.questions) for one in asked if one.questions is not None]
    print(
        f"{given.out}/index.csv: {sum(there)} questions for {len(there)} of {len(asked)} students"
    )
    if any(one.failed for one in asked):
        return FAILED
    return ALL if there.count(count) == len(asked) else SOME


def _draw(asking: Any, people: Any, jobs: int) -> None:
    try:
        asking.draw(people, jobs)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "what was drawn is kept. Run the same command again to resume"
        ) from None


def _named(name: str) -> str:
    from grader.report.text import one_line

    return one_line(name)


def _expect_no_marking(given: argparse.Namespace) -> None:
    """Raises CannotGrade for options of a marking: the class is marked already."""
    for name in ("device", "train_size", "skip_training", "alias", *_names_of_files()):
        if getattr(given, name):
            option = name.replace("_", "-")
            raise CannotGrade(
                f"--{option} is for one submission, expected it without --gradebook; "
                "the files of a class go to the folder --out"
            )


def _names_of_files() -> list[str]:
    return [name[2:].replace("-", "_") for name, _ in FILES]


def _places(given: str | None) -> tuple[int, int]:
    """How many students are asked at once, and the threads that each of them has."""
    from grader.classroom.pools import default_jobs
    from grader.commands.settings import integer

    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    jobs = default_jobs(cores) if given is None else integer("--jobs", given, 1, 1000)
    return jobs, max(1, cores // jobs)


# --- answers


def _read_answers(given: argparse.Namespace) -> int:
    from grader.classroom.answers.keeping import keep_answers
    from grader.classroom.answers.reading import read_answers
    from grader.classroom.batch import alone
    from grader.classroom.gradebook import Gradebook

    _expect_no_marking(given)
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

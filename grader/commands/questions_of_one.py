"""Ask about one submission, which is marked first: `grader questions SUBMISSION`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import CannotGrade

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.questions.formats.paper import Paper

FILES = (
    ("--html", "the quiz as a page for self-study, which says why after each answer"),
    ("--form", "the quiz as a page without the key, for use where it counts"),
    ("--sheet", "a page to print for a talk: questions, and the key for the examiner"),
    ("--gift", "for Moodle's question bank, as text"),
    ("--moodle-xml", "for Moodle's question bank, with pictures as files"),
    ("--qti", "for Canvas: a package (zip) in QTI 2.1"),
)


def ask_one(given: argparse.Namespace, count: int, seed: int | None) -> tuple[int, int]:
    """Mark, ask and write the files; returns how many questions were found, and the seed.

    Raises CannotGrade for wrong options, an unreadable submission, and one without any question.
    """
    import hashlib
    import secrets

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
    return len(asked.questions), seed


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

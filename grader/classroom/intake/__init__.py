"""A class's submissions, one entry per student, from a folder or a learning platform's zip.

    plain        ada/…, bob.zip, carl.ipynb, eve_numpy_ann.py: a folder, archive, notebook or files
    Moodle       "Ada Lovelace_1234567_assignsubmission_file/…", or that prefix before each file
    Canvas       lovelaceada_LATE_1234_56789_numpy_ann.py: name, LATE, ids of student and file, file
    Gradescope   submission_1234/… beside submission_metadata.yml, which lists the submitters
    Brightspace  "104840-170649 - Pal Patel - Nov 26, 2025 933 PM/…"
    Blackboard   "Exam 1_ada7_attempt_2024-02-20-00-35-07_work.zip" beside a .txt of each attempt

The platform's own archive is the instructor's and may be large. Each student's files are read with
the limits of grader/submission. Read `layouts`, then the platform, then `claims`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, tzinfo
from itertools import islice
from pathlib import Path

from grader.classroom.intake.claims import once_each, with_roster
from grader.classroom.intake.entry import Entry, Known
from grader.classroom.intake.layouts import arranged
from grader.classroom.intake.plain import HANDED_IN, PROBLEM
from grader.classroom.listing import File, folder_files, zip_files
from grader.classroom.people import Student
from grader.classroom.reports.folder import is_report
from grader.classroom.worksheet import Worksheet
from grader.errors import CannotGrade, SubmissionError
from grader.report.text import one_line
from grader.submission.zips import open_zip

__all__ = ["HANDED_IN", "PROBLEM", "Entry", "entries"]

MAX_FILES = 500_000  # of a class; its list takes a kilobyte for each
_TOO_MANY = f"holds more than {MAX_FILES:,} files, expected the submissions of a class"


@contextmanager
def entries(
    path: Path,
    *,
    roster: Sequence[Student] = (),
    worksheet: Worksheet | None = None,
    zone: tzinfo = UTC,
    teams: bool | None = None,
) -> Iterator[list[Entry]]:
    """The entries of a class, sorted by the first student's id; to be opened inside the block.

    Students whose id is on the `roster` get its names. `worksheet` is Moodle's. Times without a
    zone are read in `zone`. `teams` says whether Moodle's folders are those of teams; None finds it
    out as far as it can. Raises CannotGrade for a missing folder, a damaged zip, no submissions, or
    a worksheet that does not belong to them.
    """
    known = Known(roster, worksheet, zone, teams)
    with ExitStack() as stack:
        found = arranged(_files(path, stack), known)
        if all(entry.is_stray and not entry.origin.platform for entry in found):
            more = f", and {len(found) - 1} more" if len(found) > 1 else ""
            seen = f" ({one_line(found[0].problem)}{more})" if found else ""
            raise CannotGrade(
                f"{path} holds no submission, "
                f"expected a folder, archive or notebook for each student{seen}"
            )
        if worksheet and not any(entry.origin.platform == "moodle" for entry in found):
            raise CannotGrade(
                f"{worksheet.path} is Moodle's worksheet, but {path} is not Moodle's download"
            )
        found = with_roster(once_each(found), roster)
        for entry in found:  # names in them may contain anything
            entry.remarks = [one_line(remark) for remark in entry.remarks]
        yield sorted(found, key=lambda entry: entry.students[0].id)


def _files(path: Path, stack: ExitStack) -> list[File]:
    if is_report(path):
        raise CannotGrade(
            f"{path} holds a report (manifest.json), expected a folder of submissions alone: "
            "move the files of the report away"
        )
    if path.is_dir():
        try:
            files = list(islice(folder_files(path), MAX_FILES + 1))
        except OSError as error:
            raise CannotGrade(
                f"{path} cannot be read ({error.strerror}: {Path(error.filename or '?').name})"
            ) from None
        if len(files) > MAX_FILES:
            raise CannotGrade(f"{path} {_TOO_MANY}")
        return files
    if path.is_file() and path.name.lower().endswith(".zip"):
        try:
            stream = stack.enter_context(path.open("rb"))
            archive = stack.enter_context(open_zip(stream, MAX_FILES))
            return list(zip_files(archive))
        except SubmissionError:
            raise CannotGrade(f"{path} {_TOO_MANY}; unpack it, and give the folder") from None
        except Exception as error:  # its reader may raise anything for a damaged archive
            raise CannotGrade(f"{path} cannot be read ({error}), expected a whole zip") from None
    what = "is neither" if path.exists() else "does not exist, expected"
    raise CannotGrade(f"{path} {what} a folder of submissions or a learning platform's zip")

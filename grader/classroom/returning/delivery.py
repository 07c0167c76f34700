"""Feedback for a class, student by student, in what a platform takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from grader.classroom.gradebook import Gradebook
from grader.classroom.people import Student
from grader.classroom.reports.assignment import assignment_of, person_of
from grader.classroom.reports.exports import listed, named
from grader.classroom.returning import canvas, moodle
from grader.classroom.returning.canvas import CanvasZip
from grader.classroom.returning.feedback import Feedback
from grader.classroom.returning.folder import PageFolder
from grader.classroom.returning.moodle import MoodleZip
from grader.classroom.returning.output import new_folder, new_zip
from grader.errors import CannotGrade
from grader.report.pictures import OfficialImages
from utils import progress

PLATFORMS = ("moodle", "canvas", "gradescope", "folder")
NEXT = {
    "moodle": moodle.NEXT,
    "canvas": canvas.NEXT,
    "gradescope": "Gradescope takes no feedback files: send each page to the address in index.csv",
}
_NAMES = {"moodle": moodle.NAME, "canvas": canvas.NAME}


class Target(Protocol):
    """Something that takes feedback."""

    def add(self, feedback: Feedback) -> str:
        """Add a student's feedback; returns what is wrong with it, "" if nothing is."""


@dataclass
class Outcome:
    """What was written: where, for how many, and who is missing, by the reason."""

    path: Path
    returned: int = 0
    missing: dict[str, list[str]] = field(default_factory=dict)

    def miss(self, reason: str, who: str) -> None:
        """Note a student who is missing."""
        self.missing.setdefault(reason, []).append(who)

    @property
    def lines(self) -> list[str]:
        """A line for each reason."""
        return [f"{listed(who)}: {reason}" for reason, who in self.missing.items()]


def give_back(
    gradebook: Gradebook,
    platform: str,
    out: Path,
    *,
    only: Sequence[str] = (),
    group: str | None = None,
    data_dir: Path | None = None,
) -> Outcome:
    """Write the feedback of the students with a mark; returns what became of it.

    `only` are ids and `group` is a group of the roster, to choose students by. Raises CannotGrade
    for an unknown one, if nobody's feedback can be returned, or if `out` cannot be written; then
    nothing is.
    """
    with gradebook.snapshot():
        assignment = assignment_of(gradebook)
        students = chosen(gradebook, only, group)
        images, outcome = OfficialImages(data_dir), Outcome(path_of(platform, out))
        with _target(platform, outcome.path) as target:
            for student in progress(students, description="return"):
                person = person_of(gradebook, student, assignment)
                if not person.is_marked:
                    outcome.miss(person.state, named(person))
                    continue
                reason = target.add(Feedback(person, gradebook, assignment, images))
                if reason:
                    outcome.miss(reason, named(person))
                outcome.returned += not reason
            if not outcome.returned:
                raise CannotGrade(_nothing(platform, outcome))
    return outcome


def _nothing(platform: str, outcome: Outcome) -> str:
    """Why nobody's feedback can be returned, and what to do."""
    other = "" if platform == "folder" else ". --to folder works for every class"
    return f"nothing to return, nothing was written: {'; '.join(outcome.lines)}{other}"


def chosen(gradebook: Gradebook, only: Sequence[str], group: str | None) -> list[Student]:
    """The students to give feedback to. Raises CannotGrade for an unknown id or group."""
    everybody = [*gradebook.students(), *gradebook.without_submission()]
    wanted = {gradebook.expect_student(one).id for one in only}
    groups = sorted({student.group for student in everybody if student.group})
    if group is not None and group not in groups:
        raise CannotGrade(
            f"--group is {group!r}, expected one of {', '.join(groups)}"
            if groups
            else f"--group is {group!r}, but no student has a group: the roster has none"
        )
    found = [
        student
        for student in everybody
        if (not only or student.id in wanted) and group in (None, student.group)
    ]
    if not found:
        raise CannotGrade(f"none of the students of --only is in the group {group!r}")
    return found


def path_of(platform: str, out: Path) -> Path:
    """Where the feedback goes: zips are put into a folder unless `out` names a zip."""
    if platform not in _NAMES or out.suffix.lower() == ".zip":
        return out
    return out / _NAMES[platform]


@contextmanager
def _target(platform: str, path: Path) -> Iterator[Target]:
    """What takes the feedback; it is complete when the block ends without an error."""
    if platform in _NAMES:
        with new_zip(path) as archive:
            yield MoodleZip(archive) if platform == "moodle" else CanvasZip(archive)
        return
    with new_folder(path) as folder:
        pages = PageFolder(folder, needs_email=platform == "gradescope")
        yield pages
        pages.finish()

"""Which platform a download is of: the one whose names most of it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.classroom.intake import blackboard, brightspace, canvas, moodle
from grader.classroom.intake.entry import Entry, Known, stray
from grader.classroom.intake.gradescope import METADATA, gradescope, is_gradescope
from grader.classroom.intake.plain import is_beside, plain, submitters
from grader.classroom.listing import File, without_ignored
from grader.submission.names import slot

SPECIAL = "is a link or a device, which is never opened"


@dataclass(frozen=True)
class Layout:
    """A platform that is recognised by the names at the top of its download."""

    fits: Callable[[str], bool]
    read: Callable[[list[File], set[str], Known], list[Entry]]


# Where names fit several, the first: Exam_1_22_attempt_… could be Canvas's too.
LAYOUTS = (
    Layout(moodle.fits, moodle.moodle),
    Layout(brightspace.fits, brightspace.brightspace),
    Layout(blackboard.fits, blackboard.blackboard),
    Layout(canvas.fits, canvas.canvas),
)


def arranged(files: list[File], known: Known) -> list[Entry]:
    """The entries, by the naming scheme of a platform; one folder around everything is removed.

    Raises CannotGrade for a list of submitters or a worksheet that cannot be used.
    """
    files = without_ignored(files)
    while files:
        named = [replace(file, name=str(file.path)) for file in files if not file.is_special]
        special = [
            stray(str(file.path), "", SPECIAL)
            for file in files
            if file.is_special and len(file.path.parts) == 1 and not is_beside(file.path.name)
        ]
        work = _work(named)
        if is_gradescope(named):
            return [*gradescope(named, work, known), *special]
        tops = {file.path.parts[0] for file in files}
        # The scheme that most names fit: some student's files may fit another by accident.
        layout = max(LAYOUTS, key=lambda layout: sum(map(layout.fits, tops)))
        own = set(filter(layout.fits, tops))
        if 2 * len(own) > len(own | work):
            return [*layout.read(named, work, known), *special]
        inner = [
            file.moved(PurePosixPath(*file.path.parts[1:]))
            for file in files
            if len(file.path.parts) > 1
        ]
        if len(tops) > 1 or not _is_class(inner):
            return [*plain(named, work, known), *special]
        files = inner
    return []


def _work(files: list[File]) -> set[str]:
    """The names at the top that may be a student's work, and are no list or note beside it."""
    return {
        file.path.parts[0]
        for file in files
        if len(file.path.parts) > 1 or not is_beside(file.path.name)
    }


def _is_class(files: list[File]) -> bool:
    """Whether a folder that is alone holds several students, and is not a single student's own."""
    tops = {file.path.parts[0] for file in files}
    if METADATA in tops or any(layout.fits(top) for layout in LAYOUTS for top in tops):
        return True
    return "data" not in tops and not any(map(slot, tops)) and len(submitters(files)) > 1

"""Small classes in the layouts of the platforms' downloads, and the gradebooks of them."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.classroom.gradebook import Gradebook
from grader.classroom.people import HandedIn, Origin, Student
from grader.results import Verdict
from grader.submission.reading import Submission
from tests.classes import Pupil, write_class

RELU = b"import numpy as np\n\n\ndef relu(z):\n    return np.abs(z)\n"


@dataclass(frozen=True)
class HandIn:
    """One submission of a download: whose it is, where it lies, and what it lost."""

    students: tuple[Student, ...]
    origin: Origin
    lost: dict[str, str | Verdict] = field(default_factory=dict)
    handed_in: HandedIn = field(default_factory=HandedIn)
    problem: str = ""
    missing: tuple[str, ...] = ()


def moodle_one(number: str, name: str, **fields: object) -> HandIn:
    """A participant's submission, in a folder."""
    place = f"{name}_{number}_assignsubmission_file"
    origin = Origin("moodle", place, (f"{place}/numpy_ann.py",))
    return replace(HandIn((Student(number, name),), origin), **fields)  # type: ignore[arg-type]


def moodle_team(name: str, team_id: str, *members: Student) -> HandIn:
    """A team's submission; without members, they are unknown."""
    place = f"{name}_{team_id}_assignsubmission_file"
    files = (f"{place}/numpy_ann.py",)
    if members:
        return HandIn(members, Origin("moodle", place, files, name, team_id))
    unknown = Origin("moodle", place, files, name, team_id, platform_ids=False)
    return HandIn((Student(f"team:{name}", name),), unknown)


def canvas_one(place: str, *files: str, student: Student | None = None, **fields: object) -> HandIn:
    """A student's submission; each file is such as `56789_numpy_ann.py`."""
    name, _, number = place.replace("_LATE", "").rpartition("_")
    if "anon" in place:
        name, number = "", place.removeprefix("LATE_")
    origin = Origin("canvas", place, tuple(f"{place}_{file}" for file in files))
    student = student or Student(number, name or number)
    return replace(HandIn((student,), origin), **fields)  # type: ignore[arg-type]


def gradescope_one(number: int, *students: Student, **fields: object) -> HandIn:
    """A submission of one or more students."""
    place = f"submission_{number}"
    origin = Origin("gradescope", place, (f"{place}/numpy_ann.py",))
    return replace(HandIn(students, origin), **fields)  # type: ignore[arg-type]


def download(path: Path, handed_in: list[HandIn], *more: tuple[str, str]) -> Path:
    """The platform's zip of these submissions; each script differs from the others."""
    with zipfile.ZipFile(path, "w") as archive:
        for one in handed_in:
            for file in one.origin.files:
                inner = io.BytesIO()
                with zipfile.ZipFile(inner, "w") as packed:
                    packed.writestr("numpy_ann.py", RELU)
                is_zip = file.endswith(".zip")
                archive.writestr(file, inner.getvalue() if is_zip else RELU + file.encode())
        for name, content in more:
            archive.writestr(name, content)
    return path


def marked(path: Path, handed_in: list[HandIn], *roster: Student) -> Path:
    """A gradebook in which these submissions are marked."""
    with Gradebook(path, create=True) as gradebook:
        for one in handed_in:
            script = {} if one.problem else {"numpy_ann": RELU}
            submission = None if one.problem else Submission(one.students[0].id, script, {}, {})
            gradebook.hand_in(
                list(one.students),
                f"work of {one.students[0].id}",
                submission,
                one.problem,
                handed_in=one.handed_in,
                origin=one.origin,
            )
        gradebook.keep_roster(list(roster))
    pupils = [
        Pupil(one.students[0].id, one.students[0].name, one.lost, missing=one.missing)
        for one in handed_in
        if not one.problem
    ]
    write_class(path, pupils)
    with Gradebook(path) as gradebook:  # write_class knows neither teams nor platforms
        for one in handed_in:
            gradebook.hand_in(
                list(one.students),
                f"work of {one.students[0].id}",
                None,
                one.problem,
                handed_in=one.handed_in,
                origin=one.origin,
            )
    return path

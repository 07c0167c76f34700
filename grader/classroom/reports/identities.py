"""Under which id a platform knows a student: an id is only written to the platform that gave it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.classroom.people import Origin, Student
from grader.classroom.reports.cells import defused

# Both platforms read 0429 as 429, who is somebody else.
_NUMBER = re.compile(r"[1-9][0-9]*")
# Canvas reads a cell such as 1.234,5 as a number and changes it.
_CHANGED_BY_CANVAS = re.compile(r"(?=.*[.,%])[0-9.,]+%?")


@dataclass(frozen=True)
class CanvasKeys:
    """How Canvas's import finds a student: its own id, else the school's id, else the login."""

    id: str = ""
    sis_user: str = ""
    sis_login: str = ""

    def __bool__(self) -> bool:
        return bool(self.id or self.sis_user or self.sis_login)


def moodle_number(student: Student, origin: Origin) -> str:
    """The number of a participant of the Moodle assignment; "" if it is unknown.

    A team's number is none, and neither is an id from elsewhere.
    """
    is_own = origin.platform == "moodle" and origin.platform_ids
    return student.id if is_own and _NUMBER.fullmatch(student.id) else ""


def canvas_keys(student: Student, origin: Origin) -> CanvasKeys:
    """What Canvas may know a student by; empty if it cannot know them.

    Only an id of Canvas's download is an id of Canvas. Gradescope's student ids are the school's.
    Names of folders and Blackboard's user names are logins, and so may an e-mail address be.
    """
    identity, is_own = student.id, origin.platform_ids
    if origin.platform == "canvas" and is_own:
        return CanvasKeys(id=identity) if _NUMBER.fullmatch(identity) else CanvasKeys()
    email = _kept(student.email)
    if origin.platform == "gradescope" and is_own and "@" not in identity:
        return CanvasKeys(sis_user=_kept(identity), sis_login=email)
    if origin.platform in ("", "blackboard") and is_own:
        return CanvasKeys(sis_login=_kept(identity))
    return CanvasKeys(sis_login=email or ("" if "@" not in identity else _kept(identity)))


def _kept(text: str) -> str:
    """The text, if it comes out of the file and Canvas's import unchanged, else ""."""
    is_changed = _CHANGED_BY_CANVAS.fullmatch(text) or defused(text) != text
    return "" if is_changed or text != text.strip() else text

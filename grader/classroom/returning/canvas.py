"""Canvas's "Upload submissions": files under the names that the download gave them.

Source: instructure/canvas-lms, app/models/abstract_assignment.rb, generate_comments_from_files and
infer_comment_context_from_filename. Canvas attaches each file to a comment, under the name of the
student's own file. So feedback goes into a file of that kind: a page in a zip, comments in a script.
A comment on the work of a group goes to all its members.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import PurePosixPath

from grader.classroom.people import Origin
from grader.classroom.returning.comments import file_with, rank
from grader.classroom.returning.feedback import Feedback

NAME = "canvas_feedback.zip"
NEXT = 'Upload it on the assignment\'s page in Canvas, with "Upload Submissions"'


class CanvasZip:
    """The zip being filled."""

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        self._names: set[str] = set()

    def add(self, feedback: Feedback) -> str:
        """Add a student's file; returns why it is left out, "" if it is not."""
        standing = feedback.person.standing
        origin = standing.origin
        if origin.platform != "canvas":
            return "not from Canvas's download"
        attached = attachments(origin, origin.team_id or standing.student.id)
        if not attached:
            return "no file that Canvas gave a number, so none to answer"
        ranked = [(rank(shown), name, shown) for name, shown in attached.items()]
        usable = sorted((best, name, shown) for best, name, shown in ranked if best is not None)
        if not usable:
            return "no file of a kind that can hold feedback"
        _, name, shown = usable[0]
        if name not in self._names:  # a member of a group whose file is there already
            self._names.add(name)
            own = feedback.for_everybody() if origin.team else feedback
            self._archive.writestr(name, file_with(own, shown))
        return ""


def attachments(origin: Origin, student: str) -> dict[str, str]:
    """The student's names in Canvas, by the names of the files in the download."""
    found = {}
    for file in origin.files:
        name = PurePosixPath(file).name
        if (read := reads(name, origin.team)) and read[0] == student:
            found[name] = read[2]
    return found


def reads(name: str, team: str = "") -> tuple[str, str, str] | None:
    """What Canvas reads in a name: ids of student and file, and the student's name for it.

    None where it reads nothing. `team` is the group that handed in.

    >>> reads("lovelaceada_LATE_1234_56789_numpy_ann.py")
    ('1234', '56789', 'numpy_ann.py')
    """
    prefix = re.sub(r"[^\w]", "", team).lower() + "_"
    if team and name.lower().startswith(prefix):
        name = name[len(prefix) :]
    parts = [part for part in name.split("_") if part != "LATE"]
    if parts[0] == "anon":
        numbers = [1, 2] if len(parts) > 2 else []
    else:
        numbers = [i for i, part in enumerate(parts) if re.fullmatch("[0-9]+", part)][:2]
    if len(numbers) < 2 or not re.fullmatch("[0-9]+", parts[numbers[1]]):
        return None
    student, attachment = parts[numbers[0]], parts[numbers[1]]
    shown = "_".join(parts[numbers[1] + 1 :])
    if not shown or parts[-1].startswith("link"):
        return None
    return f"anon_{student}" if parts[0] == "anon" else student, attachment, shown

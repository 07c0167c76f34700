"""Moodle's "Upload multiple feedback files in a zip": a folder for each participant.

Source: moodle/moodle, mod/assign/feedback/file/importziplib.php. Moodle reads the number after the
first underscore and compares no names. It gives a file to that participant alone, so each member of
a team gets a copy.
"""

from __future__ import annotations

import re
import zipfile

from grader.classroom.reports.identities import moodle_number
from grader.classroom.reports.platform_files import without_moodle
from grader.classroom.returning.comments import PAGE
from grader.classroom.returning.feedback import Feedback

NAME = "moodle_feedback.zip"
NEXT = (
    "Import moodle.csv first: a feedback file makes Moodle's grade newer than the report. Then "
    'choose "Upload multiple feedback files in a zip" among the grading actions'
)
LONGEST = 60  # characters of a name


class MoodleZip:
    """The zip being filled."""

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive

    def add(self, feedback: Feedback) -> str:
        """Add a student's page; returns why it is left out, "" if it is not."""
        person = feedback.person
        reason = without_moodle(person)
        if not reason:
            number = moodle_number(person.standing.student, person.standing.origin)
            self._archive.writestr(f"{_folder(person.name, number)}/{PAGE}", feedback.page())
        return reason


def _folder(name: str, number: str) -> str:
    """The participant's folder. An underscore in the name would move the number.

    >>> _folder("Ada_77_Lovelace", "12")
    'Ada 77 Lovelace_12_assignsubmission_file'
    """
    words = re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*", name)
    shown = " ".join(words)[:LONGEST].strip() or "Participant"
    return f"{shown}_{number}_assignsubmission_file"

"""Brightspace's download: "104840-170649 - Pal Patel - Nov 26, 2025 933 PM/…", or that before files.

D2L describes these names nowhere. They are taken from programs of others that read them, which
take the first number for the student's; nothing depends on that but which of two people of one
name is which.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import replace

from grader.classroom.intake.attempts import Attempt, entry_of
from grader.classroom.intake.entry import Entry, Known, below_top, stray
from grader.classroom.listing import File
from grader.classroom.people import Student
from grader.classroom.times import time_in_words

SOURCE = "the names in Brightspace's download"
_NAME = re.compile(
    r"(?P<place>(?P<person>[0-9]+)-(?P<other>[0-9]+) ?- ?(?P<name>.+?) ?- ?"
    r"(?P<time>[A-Za-z]{3,9}\.? [0-9]{1,2}, [0-9]{4} [0-9]{1,2}:?[0-9]{2} ?[AaPp][Mm]))"
    r"(?: - (?P<file>.+))?"
)
Person = tuple[str, str]  # first number and name


def fits(top: str) -> bool:
    """Whether a name at the top of a download is as Brightspace writes them."""
    return bool(_NAME.fullmatch(top))


def brightspace(files: list[File], work: set[str], known: Known) -> list[Entry]:
    """The entries; what is in `work` and named otherwise is nobody's."""
    people: dict[Person, dict[str, Attempt]] = defaultdict(dict)
    strays = {}
    for file in files:
        top = file.path.parts[0]
        match = _NAME.fullmatch(top)
        at = time_in_words(re.sub(r"(?i)\.| ?(?=[ap]m)", " ", match["time"])) if match else None
        in_folder = len(file.path.parts) > 1
        if not match or at is None or in_folder == bool(match["file"]):
            if top in work or match:
                strays[top] = stray(top, "brightspace")
            continue
        name = unicodedata.normalize("NFC", match["name"]).removeprefix(". ")  # no first name
        attempts = people[match["person"], name]
        attempt = attempts.setdefault(match["place"], Attempt(match["place"], at, []))
        attempt.files.append(below_top(file, match["file"] or ""))
    names = Counter(_plain(name) for _, name in people)
    listed = defaultdict(list)
    for one in known.roster:
        listed[_plain(one.name)].append(one)
    found = []
    for (number, name), own in people.items():
        plain = _plain(name)
        student = Student(name, name)
        if names[plain] > 1:
            student = Student(f"{name} ({number})", f"{name} ({number})")
        elif len(listed[plain]) == 1:
            (student,) = listed[plain]
        found.append(_entry(student, list(own.values()), known))
        if names[plain] > 1:
            found[-1].remarks.append(
                f"{name} may be {names[plain]} people, who are told apart by the number before "
                f"the name ({number})"
            )
    return [*found, *strays.values()]


def _entry(student: Student, attempts: list[Attempt], known: Known) -> Entry:
    entry = entry_of("brightspace", student, attempts, known.zone, SOURCE)
    entry.origin = replace(entry.origin, platform_ids=False)  # it has names alone
    return entry


def _plain(name: str) -> str:
    """A name without regard to case, spaces and "Last, First"."""
    last, comma, first = name.partition(",")
    name = f"{first} {last}" if comma and "," not in first else name
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())

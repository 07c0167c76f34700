"""Brightspace's download: "104840-170649 - Pal Patel - Nov 26, 2025 933 PM/…", or that before files.

D2L describes these names nowhere. They are taken from programs of others that read them, which
take the first number for the student's; nothing depends on that but which of two people of one
name is which.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
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
_TIME = re.compile(r" - [A-Za-z]{3,9}\.? [0-9]{1,2}, [0-9]{4} [0-9]{3,5} ?[AaPp][Mm]")
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
    found = [
        _entry(who, list(attempts.values()), people, known) for who, attempts in people.items()
    ]
    return [*found, *strays.values()]


def _entry(
    who: Person, attempts: list[Attempt], people: dict[Person, dict[str, Attempt]], known: Known
) -> Entry:
    """The entry of one person, whose id is the roster's where exactly one name there fits."""
    number, name = who
    same = [other for other in people if _same(other[1], name)]
    student = Student(name, name)
    if len(same) > 1:
        student = Student(f"{name} ({number})", f"{name} ({number})")
    else:
        listed = [one for one in known.roster if _same(one.name, name)]
        if len(listed) == 1:
            student = listed[0]
    entry = entry_of("brightspace", student, attempts, known.zone, SOURCE)
    entry.origin = replace(entry.origin, platform_ids=False)  # it has names alone
    if len(same) > 1:
        numbers = " and ".join(sorted(other for other, _ in same))
        entry.remarks.append(f"{name} may be several people, who are told apart by {numbers}")
    return entry


def _same(one: str, other: str) -> bool:
    """Whether two names are the same but for case, spaces and "Last, First"."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    last, comma, first = name.partition(",")
    name = f"{first} {last}" if comma and "," not in first else name
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())

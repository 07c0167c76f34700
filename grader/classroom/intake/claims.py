"""Nobody gets somebody else's mark: ids that are claimed twice, and what a roster adds to ids."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from grader.classroom.intake.entry import Entry
from grader.classroom.people import Origin, Student
from grader.report.text import one_line


def once_each(found: list[Entry]) -> list[Entry]:
    """The entries, without students whose id occurs with two submissions or two names.

    Those are reported and not marked: on some platforms students type their ids themselves, and
    nobody may get somebody else's mark.
    """
    claims: dict[str, set[tuple[str, str]]] = defaultdict(set)
    platforms: dict[str, str] = {}
    for entry in found:
        for student in entry.students:
            claims[student.id].add((entry.where, student.name))
            platforms[student.id] = entry.origin.platform
    kept = []
    for entry in found:
        students = [
            student for student in dict.fromkeys(entry.students) if len(claims[student.id]) == 1
        ]
        if students:
            kept.append(replace(entry, students=students))
    for one, claim in claims.items():
        if len(claim) > 1:
            places = " and ".join(f"{name} in {where}" for where, name in sorted(claim))
            problem = (
                f"the id {one} is {places}, expected one submission for each id; "
                "none of them is marked for it"
            )
            refused = Entry([Student(one, one)], one, problem=problem, is_missing=True)
            kept.append(replace(refused, origin=Origin(platforms[one], platform_ids=False)))
    return kept


def with_roster(found: list[Entry], roster: Sequence[Student]) -> list[Entry]:
    """The entries, whose students have the names, addresses and groups of the roster.

    A student that Gradescope knows by address alone gets the id that the roster has for it.
    """
    by_id = {student.id: student for student in roster}
    by_email: dict[str, list[Student]] = defaultdict(list)
    for student in roster:
        by_email[student.email.casefold()].append(student)
    named = []
    for entry in found:
        students = entry.students
        if entry.origin.platform == "gradescope":
            students = [_by_address(one, by_email) for one in students]
        for one in students:
            if one.id in by_id and _contradict(one, by_id[one.id]):
                entry.remarks.append(
                    f"the id {one.id} is {one_line(one.name)} in the download and "
                    f"{by_id[one.id].name} on the roster, which is not used for it"
                )
        named.append(replace(entry, students=[_merged(one, by_id) for one in students]))
    return once_each(named)


def _by_address(student: Student, by_email: dict[str, list[Student]]) -> Student:
    """The student, with the id of the roster if the platform knows only the address."""
    listed = by_email.get(student.email.casefold(), []) if student.email == student.id else []
    return replace(student, id=listed[0].id) if len(listed) == 1 else student


def _merged(came: Student, by_id: dict[str, Student]) -> Student:
    """The student of the roster, with the platform's address where that has none."""
    listed = by_id.get(came.id)
    if listed is None or _contradict(came, listed):
        return came
    return replace(listed, email=listed.email or came.email)


def _contradict(came: Student, listed: Student) -> bool:
    """Whether two names have no word in common: ids of two platforms can be the same number.

    Names that are hidden, or written in letters other than Latin, contradict nothing.

    >>> _contradict(Student("7", "lovelaceada"), Student("7", "Ada King"))
    False
    """
    if came.name in (came.id, "Participant") or came.id.startswith("team:"):
        return False
    whole, words = _latin(came.name).replace(" ", ""), _latin(listed.name).split()
    return bool(whole and words) and not any(
        word in whole or whole in word for word in words if len(word) > 1 or len(words) == 1
    )


def _latin(name: str) -> str:
    """The Latin letters of a name, without accents and case."""
    text = unicodedata.normalize("NFKD", name).casefold()
    return re.sub(r"[^a-z0-9 ]", "", re.sub(r"[-_,.]", " ", text)).strip()

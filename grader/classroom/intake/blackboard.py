"""Blackboard's download: "Exam 1_ada7_attempt_2024-02-20-00-35-07_work.zip" and the attempt's .txt.

The text says who handed in what. Blackboard describes the names nowhere; source: kwurst/bb-file-cleanup,
README.md, and other programs that read them. Names of assignments, users and files may contain "_".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from grader.classroom.intake.attempts import Attempt, entry_of
from grader.classroom.intake.entry import ODD, Entry, Known, stray
from grader.classroom.listing import File
from grader.classroom.people import Student

SOURCE = "the attempt's time in Blackboard's download"
NO_TEXTS = "may be several users' (keep the .txt files of the download, which name them)"
MAX_TEXT = 1_000_000  # bytes of the text beside an attempt, which holds the student's comments
_ANCHOR = re.compile(r"_attempt_(?P<time>[0-9]{4}(?:-[0-9]{2}){5})(?=_|\.txt\Z)")
_PERSON = re.compile(r"Name:\s*(?P<name>.*\S)\s+\((?P<id>[^()]+)\)\s*")


@dataclass
class _Found:
    """One attempt: what stands before "_attempt_", when it was, its files and its text."""

    head: str
    at: datetime
    files: dict[str, File] = field(default_factory=dict)
    text: str = ""
    student: Student | None = None


def fits(top: str) -> bool:
    """Whether a name at the top of a download is as Blackboard writes them."""
    return bool(_ANCHOR.search(top))


def blackboard(files: list[File], work: set[str], known: Known) -> list[Entry]:
    """The entries; what is in `work` and named otherwise is nobody's."""
    found: dict[str, _Found] = {}
    strays = {}
    for file in files:
        top = file.path.parts[0]
        place = _sorted_in(file, found)
        if not place and (top in work or fits(top)):
            strays[top] = stray(top, "blackboard")
    for one in found.values():
        _read_person(one)
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    names: dict[str, str] = {}
    assignment = _assignment(found.values())
    for place, one in sorted(found.items(), key=lambda item: item[1].at):
        user = one.student.id if one.student else one.head.removeprefix(assignment)
        if one.head != assignment + user or not user or not assignment:
            strays[place] = stray(place, "blackboard", ODD if assignment else NO_TEXTS)
            continue
        if one.student:
            names[user] = one.student.name
        attempts[user].append(Attempt(place, one.at, _with_original_names(one)))
    entries = [
        entry_of("blackboard", Student(user, names.get(user, user)), own, known.zone, SOURCE)
        for user, own in attempts.items()
    ]
    return [*entries, *strays.values()]


def _sorted_in(file: File, found: dict[str, _Found]) -> str:
    """The attempt that a file was put into; "" if it is ambiguous, or in a folder."""
    name = file.path.name
    anchors = list(_ANCHOR.finditer(name))
    if len(file.path.parts) > 1 or len(anchors) != 1:
        return ""
    (anchor,) = anchors
    try:
        at = datetime.strptime(anchor["time"], "%Y-%m-%d-%H-%M-%S")
    except ValueError:
        return ""
    place, rest = name[: anchor.end()], name[anchor.end() :]
    one = found.setdefault(place, _Found(name[: anchor.start()], at))
    if rest == ".txt":
        one.text = file.read(MAX_TEXT).decode("utf-8-sig", "replace")
    else:
        one.files[name] = file.moved(PurePosixPath(rest[1:] or name))
    return place


def _read_person(one: _Found) -> None:
    """The student in the text's first line, whose user name the file names have too."""
    match = _PERSON.fullmatch(one.text.partition("\n")[0])
    if match and one.head.endswith(f"_{match['id']}"):
        one.student = Student(match["id"], match["name"])


def _assignment(attempts: Collection[_Found]) -> str:
    """What stands before the user names: the assignment, the same for all, and "_".

    Most texts decide. Without any, two users have to share it, or it may have no "_"; else it is
    unknown, and "" is returned.
    """
    told = [one.head.removesuffix(one.student.id) for one in attempts if one.student]
    if told:
        return Counter(told).most_common(1)[0][0]
    heads = {one.head for one in attempts}
    counted = Counter(head[: head.rfind("_") + 1] for head in heads)
    best, users = counted.most_common(1)[0] if counted else ("", 0)
    return best if users > 1 or best.count("_") == 1 else ""


def _with_original_names(one: _Found) -> list[File]:
    """The files, under the names that the student gave them where the text lists these."""
    original: dict[str, str] = {}
    last = ""
    listed = one.text.rpartition("\nFiles:")[2]  # the student's words stand above
    for line in map(str.strip, listed.splitlines()):
        if line.startswith("Original filename:"):
            last = line.removeprefix("Original filename:").strip()
        elif line.startswith("Filename:") and last:
            original[line.removeprefix("Filename:").strip()] = PurePosixPath(last).name
    return [
        file.moved(PurePosixPath(original.get(name) or file.path))
        for name, file in one.files.items()
    ]

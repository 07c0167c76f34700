"""Answers in tables: a row for each answer, or a platform's download with a row for each student.

Canvas's Student Analysis has a column for each question, headed by its text. Moodle's responses
have columns `Response 1`, `Question 1` and so on, in the site's language: the number at the end and
the question's own number in the text say what belongs together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from grader.classroom.answers.given import Given, Unread, Who
from grader.classroom.tables import Row, Table

STUDENT = ("student", "student id", "id", "submission")
IDS = (*STUDENT, "id number", "idnumber", "sis id", "sisid", "username", "user name", "sid")
NOTHING = ("", "-", "–")
REFERENCE = re.compile(r"question ([0-9a-z]{8,40})\b", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<name>.*\D)(?P<number>[0-9]{1,2})")
# Canvas's columns about one attempt as a whole, and Moodle's: no names
_NOBODY = (
    "section",
    "attempt",
    "submitted",
    "score",
    "n correct",
    "n incorrect",
    "state",
    "status",
)


def answers(table: Table, where: str) -> Iterator[Given | Unread]:
    """The answers in a table."""
    if {"question", "answer"} <= set(table.header):
        yield from _long(table, where)
    else:
        yield from wide(table.header, table.rows, where)


def _long(table: Table, where: str) -> Iterator[Given | Unread]:
    column = next((name for name in STUDENT if name in table.header), None)
    if column is None:
        yield Unread(where, "no column student, expected student,question,answer")
        return
    for row in table.rows:
        if row["answer"] not in NOTHING:
            who, line = Who((row[column],)), f"{where}, line {row.line}"
            yield Given(who, row["question"].lower(), row["answer"], line)


def wide(header: Sequence[str], rows: Sequence[Row], where: str) -> Iterator[Given | Unread]:
    """The answers in a table with a row for each student's attempt."""
    by_text = {name: found[1] for name in header if (found := REFERENCE.search(name))}
    numbered = _numbered(header)
    if not by_text and not numbered:
        yield Unread(
            where,
            "no column that answers stand in, expected student,question,answer, or a download of "
            "Moodle's responses or of Canvas's Student Analysis",
        )
        return
    inside = {*by_text, *(name for names in numbered.values() for name in names)}
    for row in rows:
        who, line = _who(header, row, inside), f"{where}, line {row.line}"
        if not any(who.ids + who.others):
            continue  # Moodle's averages
        for name, question in by_text.items():
            if row[name] not in NOTHING:
                yield Given(who, question, row[name], line, is_option=True)
        for names in numbered.values():
            yield from _of_group(names, row, who, line)


def _numbered(header: Sequence[str]) -> dict[str, list[str]]:
    """The columns `Question 1`, `Response 1`, … by the number at their end, in their order."""
    groups: dict[str, list[str]] = {}
    for name in header:
        match = _NUMBERED.fullmatch(name)
        if match and re.fullmatch(r"[^\W\d_][^\d/]*", match["name"].strip()):
            groups.setdefault(match["number"], []).append(name)
    return groups


def _of_group(names: list[str], row: Row, who: Who, line: str) -> Iterator[Given]:
    """The answer in the columns of one number: the first that is no question's text."""
    texts = [name for name in names if REFERENCE.search(row[name])]
    found = REFERENCE.search(row[texts[0]]) if texts else None
    said = [row[name] for name in names if name not in texts]
    if said and said[0] not in NOTHING:
        yield Given(who, found[1].lower() if found else "", said[0], line, is_option=True)


def _who(header: Sequence[str], row: Row, inside: set[str]) -> Who:
    """What a row says of a person: ids, then all other cells, and neighbours as a name of two."""
    ids = tuple(row[name] for name in IDS if row[name])
    left = [row[name] for name in header if name not in inside and name not in (*IDS, *_NOBODY)]
    cells = [cell for cell in left[:8] if cell]
    pairs = [
        f"{a} {b}"
        for first, second in pairwise(cells)
        for a, b in ((second, first), (first, second))
    ]
    return Who(ids, (*cells, *pairs))

"""Answers that the quiz saved, and Moodle's download of responses as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from grader.classroom.answers.given import Given, Unread, Who
from grader.classroom.answers.tables import wide
from grader.classroom.tables import Row, plain_name
from grader.questions.formats.words import LETTERS

MOST = 1000  # answers of one student, or columns of a row


def saved(text: str, where: str) -> Iterator[Given | Unread]:
    """The answers in a JSON file."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        yield Unread(where, "this is no JSON, expected a file that the quiz saved")
        return
    if isinstance(content, dict) and isinstance(content.get("answers"), dict):
        yield from _of_quiz(content, where)
    elif isinstance(content, dict) and "questions" in content:
        yield Unread(where, "these are questions, not answers to them")
    elif rows := _rows(content):
        yield from wide(_header(rows), rows, where)
    else:
        yield Unread(where, "expected submission, seed and answers, as the quiz saves them")


def _of_quiz(content: dict[str, Any], where: str) -> Iterator[Given | Unread]:
    who = content.get("submission")
    if not isinstance(who, str):
        yield Unread(where, f"submission is {who!r:.60}, expected a student's id")
        return
    for question, answer in list(content["answers"].items())[:MOST]:
        if isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer < len(LETTERS):
            yield Given(Who((who,)), question, answer, where)
        else:
            yield Unread(
                where, f"the answer to {question} is {answer!r:.60}, expected 0, 1, 2 or 3"
            )


def _rows(content: Any) -> list[Row]:
    """The rows of Moodle's JSON: lists of objects, one list for each sheet."""
    sheets = content if isinstance(content, list) else []
    flat = [row for sheet in sheets for row in (sheet if isinstance(sheet, list) else [sheet])]
    return [
        Row(number, {plain_name(str(name)): str(cell) for name, cell in list(row.items())[:MOST]})
        for number, row in enumerate(flat, start=1)
        if isinstance(row, dict)
    ]


def _header(rows: list[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for row in rows for name in row.cells))

"""A folder of fetched submissions, marked one after another, each in a process of its own: marks.csv, and reports for each."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from grader.errors import CannotGrade
from grader.publish.fetch import PROBLEM
from grader.publish.once import OutOfTime, grade
from grader.render.text import one_line
from utils import write_atomically

COLUMNS = ("student", "score", "max_score", "note")


def mark_all(submissions: Path, out: Path, arguments: list[str], *, minutes: float) -> int:
    """Mark every folder below `submissions`; 0 where all were marked, 2 where somebody was not, which marks.csv says.

    Writes out/student/{results.json,report.html,card.txt} and out/marks.csv. Raises CannotGrade for folders that are not
    as expected.
    """
    if not submissions.is_dir() or not any(submissions.iterdir()):
        raise CannotGrade(f"{submissions} holds no submissions, expected the folder that `roster fetch` made")
    if out.exists() and any(out.iterdir()):
        raise CannotGrade(f"{out} is not empty, expected a new folder: marks that lie there would be mixed with these")
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for path in sorted(path for path in submissions.iterdir() if path.is_dir() or path.name.endswith(PROBLEM)):
        if path.is_dir():
            rows.append(_mark(path, out / path.name, arguments, minutes))
        else:
            problem = path.read_text(encoding="utf-8", errors="replace")
            rows.append(_row(path.name.removesuffix(PROBLEM), f"not fetched: {problem}"))
        print(_line(rows[-1]), flush=True)
        write_atomically(out / "marks.csv", _table(rows))  # after each: what ends the whole loses one at most
    marked = sum(row["score"] != "" for row in rows)
    print(f"{marked} of {len(rows)} marked", flush=True)
    return 0 if marked == len(rows) else 2


def _mark(submission: Path, folder: Path, arguments: list[str], minutes: float) -> dict[str, Any]:
    folder.mkdir()
    reports = [f"--html={folder.resolve() / 'report.html'}", *arguments]
    # Not to our own output, which is a workflow's log: there a line of a student's that begins with :: is a command.
    with (folder / "card.txt").open("wb") as card:
        try:
            content = grade(
                submission.resolve(), folder.resolve() / "results.json", reports, seconds=60 * minutes, output=card
            )
        except OutOfTime:
            return _row(submission.name, f"not marked within {minutes:g} minutes")
    if content is None:
        return _row(submission.name, "grader error: see card.txt")
    note = "" if content["tests"] else content["output"]
    errors = [test["number"] for test in content["tests"] if test["extra_data"]["outcome"] == "grader error"]
    if errors:
        note = f"grader error in {', '.join(errors)}: no points lost"
    return {**_row(submission.name, note), "score": content["score"], "max_score": content["max_score"]}


def _row(student: str, note: str) -> dict[str, Any]:
    return {"student": student, "score": "", "max_score": "", "note": one_line(note)}


def _line(row: dict[str, Any]) -> str:
    """A row for the log. It begins with a student's name from the roster, which cannot begin with a colon."""
    points = f"{row['score']:g} of {row['max_score']:g}" if row["score"] != "" else "not marked"
    return f"{row['student']}: {points}{'; ' if row['note'] else ''}{row['note']}"


def _table(rows: list[dict[str, Any]]) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        formula = row["note"][:1] in ("=", "+", "-", "@")  # a spreadsheet would compute it
        writer.writerow({**row, "note": f"'{row['note']}" if formula else row["note"]})
    return stream.getvalue().encode()

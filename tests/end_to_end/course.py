"""A class of forty as Moodle hands it over: download, worksheet, roster, and course.toml.

`python -m tests.end_to_end.course FOLDER` writes it, and prints the commands of a term.

Of 42 people on the roster two hand nothing in. 40 hand in: 12 the same, three more the same, 20
each something of their own, and five what cannot be read. Some are late.
"""

from __future__ import annotations

import csv
import io
import shutil
import sys
import tempfile
import tomllib
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

from tests.support import ROOT, write_submission

FIRST = [
    "Ada",
    "Grace",
    "Jürgen",
    "Zoë",
    "Alan",
    "Emmy",
    "Kurt",
    "Mary",
    "Søren",
    "Łukasz",
    "Noor",
    "Chloé",
    "Ben",
    "Eva",
    "Finn",
    "Ida",
]
LAST = [
    "Lovelace",
    "Hopper",
    "Müller",
    "Baker",
    "Turing",
    "Noether",
    "Gödel",
    "Shelley",
    "Smith",
    "O'Neill",
    "Nguyen",
]
SIZE, EQUAL, TWINS, UNREADABLE, MISSING = 40, 12, 3, 5, 2
DUE = datetime(2026, 11, 20, 23, 59)
COURSE = """title = "Deep Learning, autumn 2026: assignment 1"
due = 2026-11-20T23:59:00
zone = "Europe/Berlin"
grace_minutes = 15

[late]
per_day = 10
most = 50
free_days = 1

[extensions]
"10007" = 2026-11-25

[columns]
canvas = "Assignment 1 (4711)"
"""
COMMANDS = """
grader batch class.zip --worksheet worksheet.csv --roster roster.csv --gradebook grades.db
grader report grades.db --out report
grader decide grades.db 10013 --section 1.2 --points 4 --reason "the sheet had a misprint"
grader decide grades.db 10030 --total 50 --reason "oral exam" --comment "Well explained."
grader log grades.db
grader similarity grades.db
grader report grades.db --out report
grader report grades.db --out anonymous --anonymous
grader return grades.db --to moodle --out feedback.zip
"""


def names() -> list[str]:
    """Names of the roster, two of them equal."""
    found = [f"{FIRST[i % len(FIRST)]} {LAST[i % len(LAST)]}" for i in range(SIZE + MISSING)]
    return [*found[:-1], found[1]]


def identity(number: int) -> str:
    """Moodle's participant numbers, one of which starts with zeros in no spreadsheet."""
    return str(10000 + number)


def submissions(folder: Path) -> dict[int, Path]:
    """A folder for each student who handed in what can be read."""
    wrong = tomllib.loads((ROOT / "tests/specimens/wrong_numpy.toml").read_text())["wrong"]
    step = max(1, len(wrong) // (SIZE - UNREADABLE - EQUAL - TWINS))
    copied = write_submission(folder / "copied", {"1.2": "return np.where(z > 0, z, 0.01 * z)"})
    twins = write_submission(folder / "twins", {"1.3": "return (z >= 0).astype(z.dtype)"})
    found = {}
    for number in range(SIZE - UNREADABLE):
        if number < EQUAL:
            found[number] = copied
        elif number < EQUAL + TWINS:
            found[number] = twins
        else:
            entry = wrong[(number - EQUAL - TWINS) * step]
            found[number] = write_submission(
                folder / str(number), {entry["section"]: entry["code"]} | entry.get("others", {})
            )
    return found


def handed_in(number: int) -> datetime:
    """Most hours before the due date; every sixth some days after it."""
    return DUE + timedelta(hours=49 * (number % 4) if number % 6 == 5 else -1 - number)


def write_course(folder: Path) -> Path:
    """The files of the course, in a new folder."""
    folder.mkdir(parents=True)
    people = names()
    (folder / "course.toml").write_text(COURSE, encoding="utf-8")
    roster = [["id", "name", "e-mail", "group"]]
    for number, name in enumerate(people):
        group = ("Tuesday", "Wednesday")[number % 2]
        roster.append([identity(number), name, f"s{number}@uni.example", group])
    _write_csv(folder / "roster.csv", roster, "utf-8-sig")
    _write_csv(folder / "worksheet.csv", _worksheet(people), "utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        works = submissions(Path(scratch))
        with zipfile.ZipFile(folder / "class.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(SIZE):
                top = f"{people[number]}_{identity(number)}_assignsubmission_file"
                if number in works:
                    for path in sorted(works[number].iterdir()):
                        archive.write(path, f"{top}/{path.name}")
                else:
                    archive.writestr(f"{top}/homework.rar", b"Rar!" + bytes([number]))
    return folder


def _worksheet(people: list[str]) -> list[list[str]]:
    rows = [
        ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum grade",
         "Grade can be changed", "Last modified (submission)", "Last modified (grade)",
         "Feedback comments"],
    ]  # fmt: skip
    for number, name in enumerate(people):
        given = number < SIZE
        when = f"{handed_in(number):%A, %d %B %Y, %I:%M %p}" if given else "-"
        status = "Submitted for grading" if given else "No submission"
        rows.append(
            [f"Participant {identity(number)}", name, f"s{number}@uni.example", status, "",
             "100.00", "Yes", when, "-", ""]
        )  # fmt: skip
    return rows


def _write_csv(path: Path, rows: list[list[str]], encoding: str) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    shutil.rmtree(target, ignore_errors=True)
    print(f"cd {write_course(target)}{COMMANDS}", end="")

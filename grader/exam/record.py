"""exam.json: what marking the answers needs to know of an exam. It stays with the instructor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assignment.files import write_atomically
from grader.errors import CannotGrade
from grader.exam.finding import Mistake
from grader.exam.making import Paper, PutIn, Settings, digest, without_mark

FILE = "exam.json"
VERSION = 1


@dataclass(frozen=True)
class Exam:
    """An exam as it was given: its settings, the papers, and each student's folder."""

    settings: Settings
    papers: tuple[Paper, ...]
    folders: dict[str, str]

    @property
    def sections(self) -> list[str]:
        """All sections that passed before in some paper, in their order."""
        return sorted({number for paper in self.papers for number in paper.passed})


def write(folder: Path, exam: Exam) -> None:
    """Write exam.json. Raises OSError."""
    table = {
        "version": VERSION,
        "settings": asdict(exam.settings),
        "students": [_paper(paper, exam.folders.get(paper.id, "")) for paper in exam.papers],
    }
    write_atomically(folder / FILE, (json.dumps(table, indent=1) + "\n").encode())


def _paper(paper: Paper, folder: str) -> dict[str, Any]:
    scripts = {
        name: {
            "original": paper.originals[name],
            "source": source.decode("utf-8", "replace"),
        }
        for name, source in paper.scripts.items()
    }
    mistakes = [
        {**asdict(one.mistake), "script": one.script, "difficulty": one.difficulty,
         "meant": one.meant}
        for one in paper.mistakes
    ]  # fmt: skip
    return {
        "id": paper.id, "name": paper.name, "folder": folder, "problem": paper.problem,
        "passed": list(paper.passed), "hand_in": paper.hand_in, "scripts": scripts, "mistakes": mistakes,
    }  # fmt: skip


def fingerprint(folder: Path) -> str:
    """The hash of an exam's record, by which a gradebook of answers knows it. Raises CannotGrade."""
    try:
        return hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    except OSError as error:
        raise CannotGrade(f"{folder / FILE} cannot be read ({error.strerror})") from None


def read(folder: Path) -> Exam:
    """The exam in a folder that `grader exam` wrote. Raises CannotGrade."""
    path = folder / FILE
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        if table["version"] != VERSION:
            raise CannotGrade(
                f"{path} has version {table['version']!r}, expected {VERSION}: make the exam again"
            )
        settings = Settings(**table["settings"] | {"scripts": tuple(table["settings"]["scripts"])})
        papers = tuple(map(_paper_from, table["students"]))
        folders = {one["id"]: one["folder"] for one in table["students"] if one["folder"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotGrade(
            f"{path} cannot be read ({type(error).__name__}: {error}), "
            "expected the folder that `grader exam` wrote"
        ) from None
    return Exam(settings, papers, folders)


def _mistake_from(entry: dict[str, Any]) -> Mistake:
    """A mistake of the record; one that was written before `also` was kept has none."""
    fields = {name: entry[name] for name in Mistake.__dataclass_fields__ if name in entry}
    return Mistake(**fields | {"also": tuple(entry.get("also", ()))})


def _paper_from(entry: dict[str, Any]) -> Paper:
    return Paper(
        entry["id"],
        entry["name"],
        {name: one["source"].encode() for name, one in entry["scripts"].items()},
        tuple(
            PutIn(_mistake_from(one), one["script"], one["difficulty"], one["meant"])
            for one in entry["mistakes"]
        ),
        tuple(entry["passed"]),
        {name: list(one["original"]) for name, one in entry["scripts"].items()},
        entry["problem"],
        float(entry["hand_in"]),
    )  # fmt: skip


def everyones(papers: Sequence[Paper]) -> dict[str, list[str]]:
    """The students whose exam or original a script is, by its hash."""
    found: dict[str, list[str]] = {}
    for paper in papers:
        for name, source in paper.scripts.items():
            for one in {digest(without_mark(source)[0]), *paper.originals[name]}:
                found.setdefault(one, []).append(paper.id)
    return found

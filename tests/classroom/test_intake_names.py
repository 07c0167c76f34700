"""Whatever the names of students and files, no submission is taken for another student's."""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.classroom import intake
from grader.classroom.intake import entries
from grader.errors import SubmissionError
from tests.classroom.folders import lay_out, zipped
from tests.support import sampled

PIECES = (
    "ada",
    "_",
    "_1",
    "_1_",
    "_2_",
    "2",
    "LATE",
    "_LATE_",
    "_assignsubmission_file_",
    "_1_assignsubmission_file_",
    "_attempt_2024-02-29-00-35-07_",
    " - Nov 9, 2025 933 PM",
    "1-7 - ",
    "-",
    " ",
    "x",
    "\u00e9",
)
FILES = ("numpy_ann.py", "numpy_ann-1.py", "pytorch_ann.py", "work.zip", "essay.txt")
IDS = ("1", "2", "22")
Names = Callable[[random.Random, str, str, str], str]


def canvas(rng: random.Random, identity: str, name: str, file: str) -> str:
    """A path as in Canvas, which removes some numbers and special characters from names."""
    parts = [re.sub(r"_(\d+)_", r"\1", name).lower(), *["LATE"] * rng.randint(0, 1), identity]
    return f"{re.sub(r'[^A-Za-z0-9_]', '', '_'.join(parts))}_{rng.randint(10**5, 10**6)}_{file}"


def moodle(rng: random.Random, identity: str, name: str, file: str) -> str:
    """A path as in Moodle, with all files in one folder."""
    return f"{name}_{identity}_assignsubmission_file_{file}"


def moodle_folders(rng: random.Random, identity: str, name: str, file: str) -> str:
    """A path as in Moodle, with a folder for each student."""
    return f"{name}_{identity}_assignsubmission_file_/{file}"


def moodle_team(rng: random.Random, identity: str, name: str, file: str) -> str:
    """A path as in Moodle, of a team, or of those without one, whose files are in one folder."""
    name = name.replace("_", " ").strip() or "eve"
    return f"{name}{'' if identity == IDS[0] else f'_{identity}'}_assignsubmission_file_{file}"


def brightspace(rng: random.Random, identity: str, name: str, file: str) -> str:
    """A path as in Brightspace."""
    return f"{identity}-7 - {name} - Nov {rng.randint(1, 30)}, 2025 933 PM/{file}"


def blackboard(rng: random.Random, identity: str, name: str, file: str) -> str:
    """A path as in Blackboard, which has user names in place of names."""
    return f"Exam_1_{identity}_attempt_2024-02-{rng.randint(10, 28)}-00-35-07_{file}"


def a_class(rng: random.Random, platform: Names) -> Iterator[tuple[str, bytes]]:
    """Two students with plain names, and one whose names imitate those of the others."""
    names = ["ada", "bob", "".join(rng.choices(PIECES, k=rng.randint(1, 5))).strip() or "eve"]
    for identity, name in zip(rng.sample(IDS, 3), names, strict=True):
        front = "".join(rng.choices(PIECES, k=rng.randint(0, 4))) if name == names[-1] else ""
        for file in rng.sample(FILES, rng.randint(1, 2)):
            content = f"# by {identity}\n".encode()
            packed = zipped({"numpy_ann.py": content}) if file.endswith(".zip") else content
            yield platform(rng, identity, name, front + file), packed


@pytest.mark.parametrize(
    "platform",
    sampled([canvas, moodle, moodle_folders, moodle_team, brightspace, blackboard], every=2),
)
def test_no_submission_is_taken_for_another_students(
    tmp_path: Path, platform: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    # reading each in a process of its own would take most of the time, and changes no name
    monkeypatch.setattr(intake.entry, "bounded_reading", lambda where, read: read())
    rng = random.Random(7)
    for _ in range(300):
        files = dict(a_class(rng, platform))
        owners: dict[str, str] = {}
        with entries(lay_out(tmp_path, files, "zip")) as found:
            for entry in found:
                try:
                    scripts = entry.open().scripts.values()
                except SubmissionError:
                    continue
                authors = {script.decode().split()[-1] for script in scripts}
                if not authors:  # two names are near numpy_ann.py, and neither is taken
                    continue
                assert len(authors) == 1, sorted(files)
                (author,) = authors
                found_under = entry.students[0].id
                if platform in (canvas, moodle, moodle_folders, blackboard):
                    assert author == found_under, sorted(files)
                assert owners.setdefault(found_under, author) == author, sorted(files)

"""Writes the folder that an instructor puts into the `classroom50` repository of an organization.

The platform packs it as a .tar.gz of at most MAX_BYTES and serves that to everybody. What is left
out is therefore left out by name: the reference solution, hidden inputs and whatever draws them,
specimens, cheats and seeds. What students have (assignment/, utils.py) and the sandbox go in.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assignment.files import write_atomically
from grader import GRADER
from grader import PROJECT as ROOT
from grader.errors import CannotGrade, HandoutError
from grader.handout.folder import students_rubric
from grader.handout.public_cases import PLACE, write_public_cases
from grader.handout.stubs import LOOKS_LIKE_MARKER, leaks
from grader.publish.classroom50.marking import marked_sections
from grader.publish.gradescope import (
    is_address,
    requirements,
    torch_requirements,
    with_submission_seconds,
)
from grader.rubric import RUBRIC_FILE, Rubric, load_rubric
from grader.sandbox.temporary import TemporaryFolder
from grader.sections import SCRIPTS

FILES = Path(__file__).resolve().parent.parent / "files"
MAX_BYTES = 10 * 1024 * 1024  # MAX_FETCH_BYTES of the platform's runner.py
MINUTES = 12  # of the job's 15, from the autograder's start; the job installs bubblewrap before
CALLS = 300  # seconds for all calls of a submission, so that it keeps the sections that it reached
NAME = "autograder"  # of the folder that is copied, in `out`
# of the grader, besides its rubric; folders without those inside them
ROOMS = ("sandbox", "submission", "worker")
MODULES = (
    "__init__.py", "checked_toml.py", "errors.py", "results.py", "rubric.py", "rules.py", "sections.py",
    "checks/__init__.py", "checks/test_0_checklist.py", "report/__init__.py", "report/text.py",
    "publish/__init__.py", "publish/classroom50/__init__.py", "publish/classroom50/result.py",
    "publish/classroom50/marking.py",
)  # fmt: skip
RUNTIME = {
    "runs-on": "ubuntu-24.04",
    "python": "3.11",  # constraints.txt was tested with it
    "apt": ["bubblewrap", "apparmor-profiles"],
}


@dataclass(frozen=True)
class Published:
    """What was written: the folder, its size when packed, and the points marked there."""

    folder: Path
    packed_bytes: int
    points: int
    max_score: float


def write_bundle(out: Path, torch_index: str | None = None) -> Published:
    """Write `out`/autograder and `out`/runtime.json.

    Raises CannotGrade if `out` is in use, if the points of a section are no whole number, and if
    the folder is too large when packed; HandoutError if a solution would be in it.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CannotGrade(f"{out} is not empty, expected a new folder; choose another with --out")
    if torch_index is not None and not is_address(torch_index):
        raise CannotGrade(
            f"--torch-index is {torch_index!r}, expected an address that starts with https://"
        )
    files = dict(entries(load_rubric(), torch_index))
    _refuse_leaks(files)
    size = len(packed(files, "assignment"))
    if size > MAX_BYTES:
        raise CannotGrade(
            f"the autograder has {size:,} bytes as .tar.gz, expected at most {MAX_BYTES:,}, "
            "which is what Classroom 50 fetches"
        )
    folder = out / NAME
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / name, data)
    write_atomically(out / "runtime.json", _json(RUNTIME))
    settings = json.loads(files["settings.json"])
    points = sum(entry[2] for entry in settings["sections"])
    return Published(folder, size, points, load_rubric().max_score)


def entries(rubric: Rubric, torch_index: str | None = None) -> Iterator[tuple[str, bytes]]:
    """The name and content of every file of the folder. Raises CannotGrade for broken points."""
    settings = packed_settings(rubric)
    yield "autograder.py", (GRADER / "publish" / "classroom50" / "autograder.py").read_bytes()
    yield "settings.json", _json(settings)
    readme = (FILES / "classroom50-README.md").read_text(encoding="utf-8")
    yield "README.md", readme.replace("{notice}", str(settings["notice"])).encode()
    yield "constraints.txt", (ROOT / "constraints.txt").read_bytes()
    yield "requirements.txt", "".join(f"{line}\n" for line in _packages()).encode()
    if torch_index is not None:
        yield "requirements-torch.txt", torch_requirements(torch_index).encode()
    yield "utils.py", (ROOT / "utils.py").read_bytes()
    for path in sorted((ROOT / "assignment").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), path.read_bytes()
    # students have the hints anyway, and the rubric's ids of mistakes are looked up there
    yield "assignment/hints.toml", (ROOT / "assignment" / "hints.toml").read_bytes()
    yield "assignment/rubric.toml", students_rubric(rubric).encode()
    yield PLACE.as_posix(), _public_cases()
    yield "grader/rubric.toml", with_submission_seconds(RUBRIC_FILE.read_bytes(), CALLS)
    for name in [*MODULES, *(f"{room}/*.py" for room in ROOMS)]:
        for path in sorted(GRADER.glob(name)):
            yield path.relative_to(ROOT).as_posix(), path.read_bytes()


def _packages() -> list[str]:
    return list(dict.fromkeys([*requirements("student"), *requirements("sandbox")]))


def _public_cases() -> bytes:
    with TemporaryFolder("publish-") as scratch:
        (scratch.path / PLACE).parent.mkdir(parents=True)
        return write_public_cases(scratch.path).read_bytes()


def packed_settings(rubric: Rubric) -> dict[str, Any]:
    """The content of settings.json: time, the sections that are marked, and what to say of them."""
    marked = marked_sections(rubric)
    for section in marked:
        if section.points != int(section.points):
            raise CannotGrade(
                f"section {section.number} has {section.points:g} points in rubric.toml, expected "
                "a whole number: Classroom 50 takes no other"
            )
    return {
        "minutes": MINUTES,
        "sections": [[s.number, s.title, int(s.points)] for s in marked],
        "notice": _notice(rubric),
    }


def _notice(rubric: Rubric) -> str:
    """What is marked on the platform and what is not, for students and instructors alike."""
    marked = marked_sections(rubric)
    others = [section for section in rubric.sections if section not in marked]
    here = sum(section.points for section in marked)
    elsewhere = sum(section.points for section in others)
    return (
        f"These are the public checks, which everybody can read: {here:g} of the assignment's "
        f"{rubric.max_score:g} points. A failed section earns nothing here. Not marked here: "
        f"{', '.join(section.number for section in others)} ({elsewhere:g} points), which need "
        "training, or what this platform cannot hide. The mark is that of your instructors' own "
        "marking, with other inputs."
    )


def _refuse_leaks(files: dict[str, bytes]) -> None:
    """Raises HandoutError if a file holds a line of a solution."""
    for name, data in files.items():
        text = data.decode("utf-8")
        for script in SCRIPTS:
            for leaked in leaks(text, script):
                raise HandoutError(f"{name} holds a line of the solution: {leaked!r}")
        if name.startswith("assignment/") and LOOKS_LIKE_MARKER.search(text):
            raise HandoutError(f"{name} holds a solution marker")


def packed(files: dict[str, bytes], slug: str) -> bytes:
    """The .tar.gz that the platform makes of the folder, for measuring and for tests."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"{slug}/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return content.getvalue()


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()

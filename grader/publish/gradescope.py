"""The autograder for Gradescope: a zip of the grader, utils.py, the data, and two start scripts.

The platform unpacks it to /autograder/source, runs setup.sh once as root, and for every submission
run_autograder, which has to write /autograder/results/results.json.
"""

from __future__ import annotations

import io
import json
import re
import secrets
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assignment.data import IDX_FILES
from assignment.files import write_atomically
from grader import GRADER
from grader import PROJECT as ROOT
from grader.errors import CannotGrade
from grader.publish.autograder import SETTINGS
from grader.report.results_json import VISIBILITIES, encode, unmarked
from grader.rubric import RUBRIC_FILE, load_rubric
from grader.sandbox.levels import CHOICES

FILES = Path(__file__).resolve().parent / "files"
EXECUTABLE = ("setup.sh", "run_autograder")
KINDS = (".py", ".toml", ".json", ".ini", ".png", ".html", ".css", ".js")  # of the grader's files
EPOCH = (1980, 1, 1, 0, 0, 0)  # the date of every entry, so that the same files give the same zip
CALLS = 0.75  # of the platform's time for the submission's calls; the rest for the grader's work
MINUTES = (2, 40)  # 40 is the longest limit that the platform offers


@dataclass(frozen=True)
class Settings:
    """How the autograder marks, what the platform shows, and its time limit in minutes."""

    visible: str = "after_published"
    leaderboard: bool = True
    skip_training: bool = False
    sandbox: str = "auto"
    audit: bool = False
    minutes: int = 40
    torch_index: str | None = None
    seed: int | None = None  # of the class; None draws a fresh one


def write_zip(out: Path, settings: Settings) -> Path:
    """Write the autograder to `out`; returns its path. Raises CannotGrade for a wrong setting."""
    _check(settings)
    if out.suffix != ".zip" or out.is_dir():
        raise CannotGrade(
            f"--out is {out}, expected the name of a .zip file, such as build/gradescope.zip"
        )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(entries(settings)):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, so that the permissions count
            entry.external_attr = (0o100755 if name in EXECUTABLE else 0o100644) << 16
            entry.compress_type = (
                zipfile.ZIP_STORED if name.endswith(".gz") else zipfile.ZIP_DEFLATED
            )
            archive.writestr(entry, data)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(out, content.getvalue())
    return out


def _check(settings: Settings) -> None:
    low, high = MINUTES
    for option, value, choices in (
        ("--visible", settings.visible, VISIBILITIES),
        ("--sandbox", settings.sandbox, CHOICES),
    ):
        if value not in choices:
            raise CannotGrade(f"{option} is {value!r}, expected one of {', '.join(choices)}")
    if not low <= settings.minutes <= high:
        raise CannotGrade(
            f"--minutes is {settings.minutes}, expected a whole number from {low} to {high}"
        )
    if settings.seed is not None and not 0 <= settings.seed < 2**63:
        raise CannotGrade(f"--seed is {settings.seed}, expected a whole number, 0 or more")
    if settings.torch_index is not None and not is_address(settings.torch_index):
        raise CannotGrade(
            f"--torch-index is {settings.torch_index!r}, "
            "expected an address that starts with https://"
        )


def is_address(text: str) -> bool:
    """Whether it is one word, as a line of a requirements file needs it."""
    return text.startswith("https://") and text.isprintable() and not any(c.isspace() for c in text)


def entries(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """The name and content of every file of the zip. Raises CannotGrade where data is missing."""
    for name in EXECUTABLE:
        yield name, (FILES / name).read_bytes()
    yield SETTINGS, (json.dumps(packed_settings(settings), indent=1) + "\n").encode()
    yield "fallback.json", encode(unmarked("the marking did not finish."))
    yield "constraints.txt", (ROOT / "constraints.txt").read_bytes()
    yield "requirements.txt", "".join(f"{line}\n" for line in requirements("grader")).encode()
    if settings.torch_index is not None:
        yield "requirements-torch.txt", torch_requirements(settings.torch_index).encode()
    yield "utils.py", (ROOT / "utils.py").read_bytes()
    for path in sorted((ROOT / "assignment").rglob("*")):
        if path.suffix in (".py", ".json", ".toml") and "__pycache__" not in path.parts:
            yield str(path.relative_to(ROOT)), path.read_bytes()
    for path in sorted([*GRADER.rglob("*"), *(ROOT / "inspection").rglob("*")]):
        if (
            path.suffix in KINDS
            and not path.is_relative_to(FILES)
            and "__pycache__" not in path.parts
        ):
            content = path.read_bytes()
            if path == RUBRIC_FILE:
                seconds = min(
                    load_rubric().limits.submission_seconds, CALLS * 60 * settings.minutes
                )
                content = with_submission_seconds(content, seconds)
            yield str(path.relative_to(ROOT)), content
    yield from _data()


def with_submission_seconds(rubric: bytes, seconds: float) -> bytes:
    """The rubric with a limit for a submission that ends before the platform's limit.

    A submission that takes too long then loses the sections it has not reached, and not all.
    """
    line = rb"(?m)^submission_seconds = [\d.]+"
    changed, count = re.subn(line, b"submission_seconds = %g" % seconds, rubric)
    assert count == 1
    return changed


def packed_settings(settings: Settings) -> dict[str, Any]:
    """The content of autograder.json: the arguments of `grade`, and how results are shown."""
    flags = {"--skip-training": settings.skip_training, "--audit": settings.audit}
    return {
        "arguments": [
            f"--sandbox={settings.sandbox}",
            "--device=cpu",
            # of the class: first attempts are marked alike
            f"--seed={secrets.randbits(48) if settings.seed is None else settings.seed}",
            *(flag for flag, on in flags.items() if on),
        ],
        "visibility": settings.visible,
        "leaderboard": settings.leaderboard and not settings.skip_training,
        "minutes": settings.minutes - 1,  # to stop before the platform does, and say so
    }


def requirements(extra: str) -> list[str]:
    """The packages of an extra of ours, including those of the extras that it names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found, waiting = list(project["dependencies"]), [extra]
    while waiting:
        for line in project["optional-dependencies"][waiting.pop()]:
            inner = line.removeprefix(f"{project['name']}[")
            if inner == line:
                found.append(line)
            else:
                waiting += inner.removesuffix("]").split(",")
    return found


def torch_requirements(index: str) -> str:
    """A requirements file for torch alone, from an index of CPU builds, a tenth of the size."""
    names = [line for line in requirements("student") if line.startswith("torch")]
    return "\n".join([f"--index-url {index}", *names]) + "\n"


def _data() -> Iterator[tuple[str, bytes]]:
    for file in IDX_FILES["FashionMNIST"]:
        path = Path("data", "FashionMNIST", "raw", f"{file.name}.gz")
        if not (ROOT / path).is_file():
            raise CannotGrade(
                f"{path} is missing, expected the four .gz files there: python utils.py --download"
            )
        yield str(path), (ROOT / path).read_bytes()

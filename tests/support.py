"""Builds submissions from the reference with sections rewritten, and marks them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import indent
from typing import Any, TypeVar

import pytest

from grader import REFERENCE
from grader.handout.stubs import Solution, reference_source, solved, split
from grader.marking.marking import Marking
from grader.options import Options
from grader.results import SectionResult
from grader.rubric import load_rubric
from grader.sections import SCRIPTS
from grader.submission.reading import open_submission
from tests.forked_command import run_grader

ROOT = Path(__file__).resolve().parent.parent
RUBRIC = load_rubric()
T = TypeVar("T")


def points(*numbers: str) -> float:
    """The points of these sections; of all sections that need no training if none are named."""
    chosen = numbers or [s.number for s in RUBRIC.sections if not s.training]
    return sum(RUBRIC.by_number[number].points for number in chosen)


PLOTS = tuple(sorted(path.name for path in REFERENCE.glob("*.png")))


def first_of_each(cases: Sequence[T], kind: Callable[[T], object], *, every: int) -> list[Any]:
    """The cases as parameters of a test: only the first of every third kind, say, without --all."""
    seen: list[object] = []
    marked: list[Any] = []
    for case in cases:
        is_left_out = kind(case) in seen or len(seen) % every
        marked.append(pytest.param(case, marks=pytest.mark.exhaustive) if is_left_out else case)
        if kind(case) not in seen:
            seen.append(kind(case))
    return marked


def sampled(cases: Iterable[Any], *, every: int) -> list[Any]:
    """The cases as parameters of a test: all but every third, say, run only with --all."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.exhaustive)
        if number % every
        else case
        for number, case in enumerate(cases)
    ]


def script_with(script: str, sections: dict[str, str], *, after: str = "") -> str:
    """The reference's script with code in place of some solutions, and `after` at its end."""
    lines: list[str] = []
    for part in split(reference_source(script), f"{script}.py"):
        if isinstance(part, str):
            lines.append(part)
        elif part.section in sections:
            lines.append(indent(sections[part.section], _indent_of(part)))
        else:
            lines += [line for line in part.lines if "# STUB" not in line]
    return "\n".join(lines) + "\n" + after


def _indent_of(solution: Solution) -> str:
    first = solution.lines[-1]
    return " " * min(8, len(first) - len(first.lstrip())) if solution.inside else ""


def write_submission(
    folder: Path, sections: dict[str, str] | None = None, **scripts: str | None
) -> Path:
    """The reference with sections rewritten; `numpy_ann="…"` is a whole script, None leaves it out."""
    folder.mkdir(parents=True, exist_ok=True)
    for script in SCRIPTS:
        source = scripts.get(script, script_with(script, sections or {}))
        if source is not None:
            (folder / f"{script}.py").write_text(source, encoding="utf-8")
    for plot in PLOTS:
        (folder / plot).write_bytes((REFERENCE / plot).read_bytes())
    return folder


def write_workplace(folder: Path, *, with_solutions: bool) -> Path:
    """A folder as a student has it: scripts (stubs or solved), utils.py, assignment/, data."""
    folder.mkdir(parents=True, exist_ok=True)
    for script in SCRIPTS:
        source = (
            solved(reference_source(script), f"{script}.py")
            if with_solutions
            else (ROOT / f"{script}.py").read_text()
        )
        (folder / f"{script}.py").write_text(source, encoding="utf-8")
    (folder / "utils.py").write_text(
        (ROOT / "utils.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    shutil.copytree(ROOT / "assignment", folder / "assignment")
    shutil.copyfile(ROOT / "grader" / "rubric.toml", folder / "assignment" / "rubric.toml")
    (folder / "data").symlink_to(ROOT / "data")
    return folder


@dataclass(frozen=True)
class Marked:
    """What a marking left: exit status, both outputs, results.json."""

    status: int
    out: str
    err: str
    results: dict[str, Any]

    def section(self, number: str) -> dict[str, Any]:
        """The entry of one section."""
        return next(test for test in self.results["tests"] if test["number"] == number)

    @property
    def failed(self) -> list[str]:
        """The numbers of the sections that failed."""
        return [test["number"] for test in self.results["tests"] if test["status"] == "failed"]


def run(
    *arguments: str | Path, cwd: Path = ROOT, seconds: float = 300, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments, as a user would."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "160", **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=seconds,
    )


def mark(submission: Path, *options: str, cwd: Path = ROOT) -> Marked:
    """Mark a submission with the command `grade`, in a copy of this process."""
    results = submission.resolve().parent / f"{submission.name}-results.json"
    results.unlink(missing_ok=True)
    ran = run_grader("grade", submission, "--results", results, *options, cwd=cwd)
    content = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    return Marked(ran.returncode, ran.stdout, ran.stderr, content)


def mark_here(
    folder: Path,
    numbers: list[str],
    *,
    seed: int = 0,
    train_size: int | None = None,
    seconds: float | None = None,
    call_seconds: float | None = None,
    import_seconds: float | None = None,
) -> dict[str, SectionResult]:
    """The outcomes of some sections, marked in this process: ten times faster than the command.

    Nothing is trained unless `train_size` says on how many images; `seconds` cuts trainings short,
    `call_seconds` other calls, `import_seconds` imports.
    """
    rubric = load_rubric()
    if seconds is not None:
        rubric = replace(
            rubric, limits=replace(rubric.limits, train_seconds=dict.fromkeys(SCRIPTS, seconds))
        )
    if call_seconds is not None:
        rubric = replace(rubric, limits=replace(rubric.limits, call_seconds=call_seconds))
    if import_seconds is not None:
        rubric = replace(rubric, limits=replace(rubric.limits, import_seconds=import_seconds))
    options = Options(
        seed=seed, only=tuple(numbers), skip_training=train_size is None, train_size=train_size
    )
    marking = Marking(open_submission(folder), rubric, options)
    return {number: result for number, result in marking.mark_all().items() if number in numbers}

"""The files that Classroom 50 reads in a student's checkout: result.json and release-body.md.

The format is `classroom50/result/v1` of the wiki page Advanced-Autograding of the repository
foundation50/classroom50, as its runner.py validates it: whole numbers, and no score above its
maximum. Imports the standard library alone, since it is needed before any package is installed.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = "classroom50/result/v1"
RESULT, BODY = "result.json", "release-body.md"
MAX_SUMMARY = 140  # characters: GitHub refuses a longer description of a commit status
MAX_BODY = 100_000  # characters: GitHub refuses a release's text above 125,000
BLAMELESS = "Not your code: ask your instructors to regrade."


@dataclass(frozen=True)
class Section:
    """One section as the platform shows it; `feedback` is safe to show and may have many lines."""

    number: str
    title: str
    points: int
    passed: bool = False
    feedback: str = ""

    @property
    def score(self) -> int:
        """The points earned."""
        return self.points if self.passed else 0


@dataclass(frozen=True)
class Outcome:
    """What a marking came to. `problem` says why nothing was marked, and nothing passed then."""

    sections: tuple[Section, ...]
    problem: str = ""
    sandbox: str = ""

    @property
    def score(self) -> int:
        """The points earned; 0 where nothing was marked."""
        return 0 if self.problem else sum(section.score for section in self.sections)

    @property
    def max_score(self) -> int:
        """The points of the sections that are marked here."""
        return sum(section.points for section in self.sections)

    @property
    def status(self) -> str:
        """The platform's word for it."""
        right = not self.problem and all(section.passed for section in self.sections)
        return "success" if right else "failure"

    @property
    def summary(self) -> str:
        """One line for the commit."""
        if self.problem:
            line = f"0/{self.max_score}: {self.problem}"
        else:
            passed = sum(section.passed for section in self.sections)
            line = (
                f"{self.score}/{self.max_score} by the public checks "
                f"({passed} of {len(self.sections)} sections)"
            )
        line = " ".join(line.split())
        return line if len(line) <= MAX_SUMMARY else f"{line[: MAX_SUMMARY - 3]}..."


def unmarked(settings: Mapping[str, Any], problem: str) -> Outcome:
    """The outcome with 0 points for each section, and the reason."""
    sections = tuple(Section(*entry) for entry in settings["sections"])
    return Outcome(sections, problem)


def content(outcome: Outcome, environment: Mapping[str, str]) -> dict[str, Any]:
    """The content of result.json; the identity comes from the variables that the runner sets."""
    commit = environment.get("COMMIT_URL", "")
    owner = environment.get("OWNER") or environment.get("USERNAME", "")
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "schema": SCHEMA,
        "classroom": environment.get("CLASSROOM", ""),
        "assignment": environment.get("ASSIGNMENT", ""),
        "assignment_type": environment.get("ASSIGNMENT_TYPE") or "individual",
        "owner": owner,
        "submission": environment.get("SUBMISSION_TAG", ""),
        "commit": commit,
        "release": environment.get("RELEASE_URL", ""),
        "review": environment.get("REVIEW_URL") or commit,
        "datetime": now,  # the runner puts the time of the commit in its place
        "score": outcome.score,
        "max-score": outcome.max_score,
        "tests": [_test(section, outcome.problem) for section in outcome.sections],
    }


def _test(section: Section, problem: str) -> dict[str, Any]:
    return {
        "test-name": f"{section.number} {section.title}",
        "passed": section.passed and not problem,
        "score": 0 if problem else section.score,
        "max-score": section.points,
        "feedback": problem or section.feedback,
    }


def body(outcome: Outcome, settings: Mapping[str, Any]) -> str:
    """The text of the release, in Markdown. A script's own words stand in fenced blocks."""
    lines = [f"### {outcome.score}/{outcome.max_score} points by the public checks", ""]
    if outcome.problem:
        lines += [f"Nothing was marked: {_escaped(outcome.problem)}", ""]
    else:
        lines += ["| section | result | points |", "|---|---|---|"]
        for section in outcome.sections:
            word = "passed" if section.passed else "failed"
            title = f"{section.number} {_escaped(section.title)}"
            lines.append(f"| {title} | {word} | {section.score} / {section.points} |")
        lines.append("")
        for section in outcome.sections:
            if section.feedback and not section.passed:
                lines += [f"**{section.number} {_escaped(section.title)}**", ""]
                lines += [*_fenced(section.feedback), ""]
    lines += [str(settings["notice"])]
    if outcome.sandbox:
        lines += ["", f"Your code ran in the sandbox `{outcome.sandbox}`."]
    text = "\n".join(lines) + "\n"
    return text if len(text) <= MAX_BODY else f"{text[:MAX_BODY]}\n\n… (cut)\n"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join(text.split()))


def _fenced(text: str) -> list[str]:
    """The text in a block that no backtick in it can end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *text.splitlines(), fence]


def log(outcome: Outcome) -> str:
    """Lines for the job's log. All are indented: GitHub takes orders at the beginning of a line."""
    lines = [outcome.summary]
    for section in outcome.sections if not outcome.problem else ():
        lines.append(
            f"{'passed' if section.passed else 'FAILED'}  {section.number} {section.title}"
        )
        if not section.passed:
            lines += [f"    {line}" for line in section.feedback.splitlines()]
    return "".join(f"  {line}\n" for line in lines)


def write(
    workspace: Path,
    outcome: Outcome,
    settings: Mapping[str, Any],
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Write both files, each completely or not at all, in place of whatever has their names."""
    text = json.dumps(content(outcome, environment), indent=2) + "\n"
    for name, written in ((RESULT, text), (BODY, body(outcome, settings))):
        _put(workspace / name, written.encode("utf-8", "replace"))


def _put(path: Path, data: bytes) -> None:
    """The checkout is the student's: a link there must not lead the writing elsewhere."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o644)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        Path(temporary).replace(path)  # of a link, the link itself is replaced
    finally:
        Path(temporary).unlink(missing_ok=True)


def announce(outcome: Outcome, environment: Mapping[str, str] = os.environ) -> None:
    """Tell the runner status and summary, where it asks for them."""
    path = environment.get("GITHUB_OUTPUT")
    if path:
        with contextlib.suppress(OSError), Path(path).open("a", encoding="utf-8") as stream:
            stream.write(f"status={outcome.status}\nsummary={outcome.summary}\n")

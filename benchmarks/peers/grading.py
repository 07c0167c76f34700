"""The base class of all graders: it writes files, runs commands and collects verdicts."""

from __future__ import annotations

import inspect
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from benchmarks.peers import checks
from benchmarks.peers.assignment import FUNCTIONS, PeerSubmission, Verdict
from benchmarks.timing import Cost, environment, run_command


@dataclass(frozen=True)
class Command:
    """A command of a grader: arguments and working folder."""

    arguments: Sequence[object]
    cwd: Path


@dataclass
class Grader:
    """A grader of these submissions with all files in `folder`; `python` has its packages."""

    works: Mapping[str, PeerSubmission]
    folder: Path
    python: Path

    title: ClassVar[str]
    requirements: ClassVar[tuple[str, ...]] = ()  # pinned; empty if this environment suffices
    isolation: ClassVar[str] = "none"

    def write(self) -> None:
        """Writes the tests and the submissions in the grader's format."""
        raise NotImplementedError

    def commands(self) -> list[Command]:
        """The commands that mark all submissions from scratch."""
        raise NotImplementedError

    def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
        """The verdicts by submission; `outputs` are the outputs of the commands."""
        raise NotImplementedError

    def mark(self) -> tuple[float, float]:
        """Wall and CPU seconds per submission. Raises RuntimeError for a wrong verdict."""
        costs = [self.run(command) for command in self.commands()]
        self.expect_right(self.verdicts([cost.output for cost in costs]))
        count = len(self.works)
        return sum(cost.wall for cost in costs) / count, sum(cost.cpu for cost in costs) / count

    def run(self, command: Command) -> Cost:
        """Runs a command in the grader's environment."""
        return run_command(
            command.arguments, cwd=command.cwd, env=self.environment(), python=self.python
        )

    def environment(self) -> dict[str, str]:
        """One thread, the programs of the grader's environment, no modules of this project."""
        inherited = environment(
            1, PATH=os.pathsep.join([str(self.python.parent), os.environ["PATH"]])
        )
        del inherited["PYTHONPATH"]
        return inherited

    def expect_right(self, found: dict[str, Verdict]) -> None:
        """Raises RuntimeError unless every submission has its expected verdict."""
        for name, work in self.works.items():
            if found.get(name) != work.verdict:
                told = (
                    f"{self.title} finds {name!r} {found.get(name)}, expected {work.verdict} for "
                )
                raise RuntimeError(told + ", ".join(FUNCTIONS.values()))

    def submission(self, name: str) -> Path:
        """The folder of one submission."""
        return self.folder / "submissions" / name


def verdict(right: Collection[str]) -> Verdict:
    """The verdict in which exactly these functions are right."""
    relu, relu_derivative, cross_entropy = (name in right for name in FUNCTIONS.values())
    return relu, relu_derivative, cross_entropy


def check_of(function: str) -> str:
    """The source of a function's check, without the annotation of its parameter."""
    return inspect.getsource(getattr(checks, f"check_{function}")).replace(": Function", "")


def fill(path: Path, *parts: str) -> None:
    """Writes a file consisting of these parts; creates its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n\n".join(part.strip("\n") for part in parts) + "\n", encoding="utf-8")

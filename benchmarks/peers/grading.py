"""What all graders have in common: they write their files, run commands, and say which functions are right."""

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
    """What a grader runs: its program's arguments, in a folder."""

    arguments: Sequence[object]
    cwd: Path


@dataclass
class Grader:
    """A grader of these works, with all of its files in `folder`; `python` is an interpreter that has what it needs."""

    works: Mapping[str, PeerSubmission]
    folder: Path
    python: Path

    title: ClassVar[str]
    requirements: ClassVar[tuple[str, ...]] = ()  # pinned; none where this environment has it all
    isolation: ClassVar[str] = "none"

    def write(self) -> None:
        """Write what it marks by, and the submissions in its format."""
        raise NotImplementedError

    def commands(self) -> list[Command]:
        """What marks all submissions, where nothing is left of an earlier time."""
        raise NotImplementedError

    def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
        """By submission, which of its functions were found right; `outputs` are what the commands printed."""
        raise NotImplementedError

    def mark(self) -> tuple[float, float]:
        """Seconds on the clock and of the processors for one submission. Raises RuntimeError for a verdict that is wrong."""
        costs = [self.run(command) for command in self.commands()]
        self.expect_right(self.verdicts([cost.output for cost in costs]))
        return sum(cost.wall for cost in costs) / len(self.works), sum(
            cost.cpu for cost in costs
        ) / len(self.works)

    def run(self, command: Command) -> Cost:
        """Run it."""
        return run_command(
            command.arguments, cwd=command.cwd, env=self.environment(), python=self.python
        )

    def environment(self) -> dict[str, str]:
        """One thread, the programs of its own environment, and none of this project's modules."""
        inherited = environment(
            1, PATH=os.pathsep.join([str(self.python.parent), os.environ["PATH"]])
        )
        del inherited["PYTHONPATH"]
        return inherited

    def expect_right(self, found: dict[str, Verdict]) -> None:
        """Raises RuntimeError unless every submission has what it has earned: else no two graders did the same work."""
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
    """The verdict that finds these functions right."""
    relu, relu_derivative, cross_entropy = (name in right for name in FUNCTIONS.values())
    return relu, relu_derivative, cross_entropy


def check_of(function: str) -> str:
    """The text of a function's check. The type of its parameter is left out: it is a name of ours."""
    return inspect.getsource(getattr(checks, f"check_{function}")).replace(": Function", "")


def fill(path: Path, *parts: str) -> None:
    """Write a file of these parts, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n\n".join(part.strip("\n") for part in parts) + "\n", encoding="utf-8")

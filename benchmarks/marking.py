"""Section 3: what marking one submission costs, where the time goes, and what running its scripts costs without any marking."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.records import BenchmarkSection, BenchmarkSettings, Cell, Goal, ResultTable, Spread
from benchmarks.startup import write_workplace
from benchmarks.timing import Cost, environment, interleave, run_command
from grader.rubric import SCRIPTS, Rubric, load_rubric

MAX_ROUNDS = 3  # of whole markings: a pair takes two minutes
REFERENCE = "grader/reference"
NOTES = (
    "The submission is the reference. Marking repeats its three trainings, on the data in disguise; running its scripts one after "
    "another checks the sections, trains, tests and draws the plots. Both as whole processes.",
    "Start-up is a marking of the checklist alone, from the command to its exit, with all that every marking needs at its end; "
    "the rest is what a whole marking takes beyond that and its sections.",
    "PyTorch is imported once for parts 2 and 3, while pytest starts and part 1 is marked, where a core is free: marking the "
    "sections takes less time on the clock than of the processor.",
)


def measure(settings: BenchmarkSettings) -> BenchmarkSection:
    """Whole markings beside the scripts, then section checks alone beside the imports that they need."""
    rounds = 1 if settings.quick else min(settings.repeats, MAX_ROUNDS)
    size = ["--train-size", "500"] if settings.quick else []
    with tempfile.TemporaryDirectory() as folder:
        whole, scripts = (
            Costs(partial(_mark, size)),
            Costs(partial(_run_scripts, write_workplace(Path(folder)), size)),
        )
        interleave({"marking": whole, "scripts": scripts}, rounds)
    checks, start = (
        Costs(partial(_mark, ["--skip-training"])),
        Costs(partial(_mark, ["--only", "0.1"])),
    )
    imports = Costs(lambda: (run_command(["-c", "import numpy, torch"], env=environment()), {}))
    interleave({"checks": checks, "start": start, "imports": imports}, settings.repeats)
    ratio = whole.wall / scripts.wall
    checking, importing = checks.part("section checks"), imports.wall
    beyond = Spread(tuple(a - b for a, b in zip(checking.values, importing.values, strict=True)))
    return BenchmarkSection(
        "Marking one submission",
        [
            ResultTable(
                "The reference, with training",
                ("", "seconds", "CPU seconds"),
                [
                    ("marking, behind the sandbox", whole.wall, whole.cpu),
                    ("running its three scripts", scripts.wall, scripts.cpu),
                    ("ratio", ratio, whole.cpu / scripts.cpu),
                ],
            ),
            ResultTable(
                "Where a marking's seconds go",
                ("", "seconds"),
                _split(whole, statistics.median(start.wall.values)),
            ),
            ResultTable(
                "Without training",
                ("", "seconds", "CPU seconds"),
                [
                    ("marking the sections, from the command to its exit", checks.wall, checks.cpu),
                    ("of that the section checks", checking, None),
                    ("the checklist alone: start-up", start.wall, start.cpu),
                    ("`import numpy, torch` in a process of its own", importing, imports.cpu),
                ],
            ),
        ],
        [
            Goal("marking against running the scripts", ratio, at_most=1.0, unit="x"),
            Goal(
                "section checks of one submission",
                checking,
                at_most=1.5,
                unit=" s",
                note="PyTorch is imported behind the walls meanwhile, and parts 2 and 3 wait for it",
            ),
            Goal(
                "section checks beyond importing NumPy and PyTorch", beyond, at_most=0.5, unit=" s"
            ),
        ],
        NOTES,
    )


class Costs:
    """A stopwatch that keeps all that was measured, not the seconds alone."""

    def __init__(self, run: Callable[[], tuple[Cost, dict[str, float]]]):
        self.run = run
        self.measured: list[tuple[Cost, dict[str, float]]] = []

    def __call__(self) -> float:
        self.measured.append(self.run())
        return self.measured[-1][0].wall

    @property
    def wall(self) -> Spread:
        return Spread(tuple(cost.wall for cost, _ in self.measured))

    @property
    def cpu(self) -> Spread:
        return Spread(tuple(cost.cpu for cost, _ in self.measured))

    def part(self, name: str) -> Spread:
        """The seconds of one of the parts that a marking reports."""
        return Spread(tuple(parts[name] for _, parts in self.measured))


def _split(whole: Costs, start: float) -> list[tuple[Cell, ...]]:
    parts = {name: whole.part(name) for name in next(iter(whole.measured))[1]}
    sums = [sum(values) for values in zip(*(part.values for part in parts.values()), strict=True)]
    rest = Spread(
        tuple(wall - inside - start for wall, inside in zip(whole.wall.values, sums, strict=True))
    )
    return [("start-up", start), *parts.items(), ("the rest: report, results, end", rest)]


def _mark(arguments: list[str]) -> tuple[Cost, dict[str, float]]:
    """One marking, and the seconds of its parts. Raises RuntimeError where it did not go as it should."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.json")
        command = [
            "-P",
            "-m",
            "grader",
            "grade",
            REFERENCE,
            "--seed",
            "1",
            "--results",
            results,
            *arguments,
        ]
        cost = run_command(command, env=environment())
        if not results.exists():
            raise RuntimeError(
                f"marking the reference ended with status {cost.status} and no results:\n{cost.output}"
            )
        tests = json.loads(results.read_text(encoding="utf-8"))["tests"]
    return cost, _parts(tests, load_rubric())


def _parts(tests: list[dict[str, Any]], rubric: Rubric) -> dict[str, float]:
    """Seconds by kind of section."""
    parts = {"submission checklist": 0.0, "section checks": 0.0, "training": 0.0, "plots": 0.0}
    for test in tests:
        section = rubric.by_number[test["number"]]
        kind = (
            "submission checklist"
            if not section.script
            else "training"
            if section.bar is not None
            else "plots"
            if section.number.endswith(".7")
            else "section checks"
        )
        parts[kind] += test["extra_data"]["seconds"]
    return parts


def _run_scripts(folder: Path, arguments: list[str]) -> tuple[Cost, dict[str, float]]:
    """The three scripts one after another, as one process would cost."""
    costs = [
        run_command([f"{script}.py", *arguments], cwd=folder, env=environment())
        for script in SCRIPTS
    ]
    for script, cost in zip(SCRIPTS, costs, strict=True):
        if cost.status not in (0, 1):  # 1: on few images the bar is not met
            raise RuntimeError(f"{script}.py ended with status {cost.status}:\n{cost.output}")
    return Cost(
        sum(cost.wall for cost in costs),
        sum(cost.cpu for cost in costs),
        max(cost.memory for cost in costs),
        max(cost.status for cost in costs),
        "".join(cost.output for cost in costs),
    ), {}


if __name__ == "__main__":
    sys.exit("run it as: python -m benchmarks marking")

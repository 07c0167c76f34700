"""Section 3: the time to mark one submission, compared with running its scripts without marking."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.records import BenchmarkSection, BenchmarkSettings, Cell, Goal, ResultTable, Spread
from benchmarks.startup import write_workplace
from benchmarks.timing import Cost, environment, interleave, run_command
from grader.rubric import Rubric, load_rubric
from grader.sections import SCRIPTS

MAX_ROUNDS = 3  # of complete markings: marking and scripts take two minutes
REFERENCE = "grader/reference"
CHECKS = "checklist and section checks"
NOTES = (
    "The submission is the reference solution. Marking repeats its three trainings on perturbed "
    "data; running its scripts one after another checks the sections, trains, tests and draws "
    "the plots. Both are measured as complete processes.",
    "The submission checklist tries to import all scripts, so it waits until PyTorch is imported "
    "in the sandbox, which begins before the submission is prepared.",
    "The rest is what a complete marking takes besides its sections: starting, preparing the "
    "submission, writing the results.",
)


def measure(settings: BenchmarkSettings) -> BenchmarkSection:
    """Compares complete markings with the scripts, then section checks with their imports."""
    rounds = 1 if settings.quick else min(settings.repeats, MAX_ROUNDS)
    size = ["--train-size", "500"] if settings.quick else []
    with tempfile.TemporaryDirectory() as folder:
        whole = Costs(partial(_mark, size))
        scripts = Costs(partial(_run_scripts, write_workplace(Path(folder)), size))
        interleave({"marking": whole, "scripts": scripts}, rounds)
    checks = Costs(partial(_mark, ["--skip-training"]))
    start = Costs(partial(_mark, ["--only", "1.2"]))
    imports = Costs(lambda: (run_command(["-c", "import numpy, torch"], env=environment()), {}))
    interleave({"checks": checks, "start": start, "imports": imports}, settings.repeats)
    ratio = whole.wall / scripts.wall
    checking, importing = checks.part(CHECKS), imports.wall
    beyond = Spread(tuple(a - b for a, b in zip(checking.values, importing.values, strict=True)))
    return BenchmarkSection(
        "Marking one submission",
        [
            ResultTable(
                "The reference, with training",
                ("", "seconds", "CPU seconds"),
                [
                    ("marking, in the sandbox", whole.wall, whole.cpu),
                    ("running its three scripts", scripts.wall, scripts.cpu),
                    ("ratio", ratio, whole.cpu / scripts.cpu),
                ],
            ),
            ResultTable(
                "Parts of a marking",
                ("", "seconds"),
                _split(whole),
            ),
            ResultTable(
                "Without training",
                ("", "seconds", "CPU seconds"),
                [
                    ("marking the sections, from the command to its exit", checks.wall, checks.cpu),
                    (f"of which {CHECKS}", checking, None),
                    ("marking `relu` alone, without PyTorch", start.wall, start.cpu),
                    ("`import numpy, torch` in a separate process", importing, imports.cpu),
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
                note="parts 2 and 3 wait for the import of PyTorch in the sandbox",
            ),
            Goal(
                "section checks beyond importing NumPy and PyTorch", beyond, at_most=0.5, unit=" s"
            ),
        ],
        NOTES,
    )


class Costs:
    """Runs a function for `interleave` and keeps all of its measurements."""

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
        """The seconds of one part of the markings."""
        return Spread(tuple(parts[name] for _, parts in self.measured))


def _split(whole: Costs) -> list[tuple[Cell, ...]]:
    parts = {name: whole.part(name) for name in next(iter(whole.measured))[1]}
    sums = [sum(values) for values in zip(*(part.values for part in parts.values()), strict=True)]
    rest = Spread(
        tuple(wall - inside for wall, inside in zip(whole.wall.values, sums, strict=True))
    )
    return [*parts.items(), ("the rest", rest)]


def _mark(arguments: list[str]) -> tuple[Cost, dict[str, float]]:
    """The cost of one marking, and the seconds of its parts. Raises RuntimeError if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.json")
        grade = ["-P", "-m", "grader", "grade", REFERENCE, "--seed", "1"]
        command = [*grade, "--results", results, *arguments]
        cost = run_command(command, env=environment())
        if not results.exists():
            raise RuntimeError(
                f"marking the reference ended with status {cost.status} and no "
                f"results:\n{cost.output}"
            )
        tests = json.loads(results.read_text(encoding="utf-8"))["tests"]
    return cost, _parts(tests, load_rubric())


def _parts(tests: list[dict[str, Any]], rubric: Rubric) -> dict[str, float]:
    """The seconds by kind of section."""
    parts = {CHECKS: 0.0, "training": 0.0, "plots": 0.0}
    for test in tests:
        section = rubric.by_number[test["number"]]
        kind = (
            "training"
            if section.bar is not None
            else "plots"
            if section.number.endswith(".7")
            else CHECKS
        )
        parts[kind] += test["extra_data"]["seconds"]
    return parts


def _run_scripts(folder: Path, arguments: list[str]) -> tuple[Cost, dict[str, float]]:
    """The total cost of running the three scripts one after another."""
    costs = [
        run_command([f"{script}.py", *arguments], cwd=folder, env=environment())
        for script in SCRIPTS
    ]
    for script, cost in zip(SCRIPTS, costs, strict=True):
        if cost.status not in (0, 1):  # 1: accuracy below the bar, as with few images
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

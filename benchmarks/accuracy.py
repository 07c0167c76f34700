"""Section 2: training time to reach a test accuracy, for NumPy and convolutional networks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.records import BenchmarkSection, BenchmarkSettings, Cell, Goal, ResultTable, Spread
from benchmarks.timing import ROOT, environment
from playground.convnets.configuration import CONV_RECIPES

NUMPY_TARGETS = (0.88, 0.90, 0.905, 0.91)
CNN_TARGETS = (0.85, 0.90, 0.932, 0.935, 0.943)
PUBLISHED_ACCURACY = 0.932  # test accuracy of network v3 as published
SEEDS = 3  # for fully connected networks; convolutional ones use one seed, or three with --full
NOTES = (
    "Seconds of the training steps only, on 54,000 images and all cores, up to the end of the "
    "first epoch with the given accuracy on the 10,000 test images. Recipes were tuned on "
    "validation images; the test images were evaluated after each epoch for this table only, and "
    "no epoch was selected by them.",
    "Most recipes let the learning rate fall to 0, so that a short recipe reaches a low target "
    "sooner than the first epochs of a longer one.",
    "Medians over the seeds if there are several; a dash if some seed did not reach the accuracy.",
)


@dataclass(frozen=True)
class Curve:
    """Cumulative training seconds and test accuracy after each epoch of one training."""

    seconds: tuple[float, ...]
    accuracies: tuple[float, ...]

    def epochs_to(self, target: float) -> int | None:
        """The number of epochs after which the accuracy is first reached, or None."""
        return next(
            (epoch for epoch, reached in enumerate(self.accuracies, 1) if reached >= target), None
        )

    def seconds_to(self, target: float) -> float | None:
        epochs = self.epochs_to(target)
        return None if epochs is None else self.seconds[epochs - 1]


def train(
    kind: str, recipe: str, seed: int, *options: str, until: float = 1.0, epochs: int | None = None
) -> Curve:
    """The curve of one training in its own process, ended at accuracy `until` or after `epochs`."""
    command = [sys.executable, "-m", "benchmarks.curves", kind, recipe, str(seed), *options]
    points: list[dict[str, float]] = []
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            points.append(json.loads(line))
            if points[-1]["accuracy"] >= until or len(points) == epochs:
                process.kill()
                break
    if not points:
        raise RuntimeError(
            f"{' '.join(command[1:])} ended with status {process.returncode}, expected a curve"
        )
    return Curve(
        tuple(point["seconds"] for point in points), tuple(point["accuracy"] for point in points)
    )


def measure(settings: BenchmarkSettings) -> BenchmarkSection:
    """Measures NumPy recipes over several seeds, then convolutional networks."""
    small = ["--train-size", "300", "--test-size", "300"] if settings.quick else []
    seeds = 1 if settings.quick else min(settings.repeats, SEEDS)
    numpy_recipes = ["quick"] if settings.quick else ["reference", "quick", "standard", "best"]
    numpy = {
        name: [train("numpy", name, seed, *small) for seed in range(seeds)]
        for name in numpy_recipes
    }
    if settings.quick:
        return BenchmarkSection(
            "Time to accuracy", [_table("NumPy", numpy, NUMPY_TARGETS)], [], NOTES
        )
    numpy["lenet"] = [
        train("numpy", "lenet", seed) for seed in range(seeds if settings.full else 1)
    ]
    mnist = [train("numpy", "standard", seed, "--dataset", "mnist") for seed in range(seeds)]
    fast = [
        name
        for name in CONV_RECIPES
        if name.startswith("fast") and (settings.full or not name.endswith("-long"))
    ]
    cnn = {
        name: [train("cnn", name, seed) for seed in range(seeds if settings.full else 1)]
        for name in ["reference", *fast]
    }
    tables = [
        _table("NumPy", {**numpy, "standard, on MNIST": mnist}, NUMPY_TARGETS),
        _table("Convolutional networks", cnn, CNN_TARGETS),
    ]
    quickest = {name: cnn[name] for name in fast}
    goals = [*_numpy_goals(numpy, mnist), *_cnn_goals(quickest, settings)]
    curves = {**numpy, "standard, on MNIST": mnist, **cnn}
    if settings.full:  # a plain loop in float32, with PyTorch's defaults
        plain = train("cnn-plain", "v3", 0, until=PUBLISHED_ACCURACY)
        tables.append(_table("v3 in a plain loop", {"v3": [plain]}, CNN_TARGETS))
        goals.append(_plain_goal(quickest, plain))
        curves["v3 in a plain loop"] = [plain]
    return BenchmarkSection(
        "Time to accuracy",
        tables,
        goals,
        NOTES,
        {name: _points(runs) for name, runs in curves.items()},
    )


def _table(title: str, curves: dict[str, list[Curve]], targets: Sequence[float]) -> ResultTable:
    rows: list[list[Cell]] = []
    for name, runs in curves.items():
        seconds = Spread(tuple(run.seconds[-1] for run in runs))
        accuracy = Spread(tuple(100 * run.accuracies[-1] for run in runs))
        reached = [_spread([run.seconds_to(target) for run in runs]) or "–" for target in targets]
        rows.append([name, len(runs), len(runs[0].seconds), seconds, accuracy, *reached])
    columns = (
        "",
        "seeds",
        "epochs",
        "seconds",
        "final accuracy, %",
        *(f"{100 * target:g} %, s" for target in targets),
    )
    return ResultTable(title, columns, rows)


def _spread(values: list[float | None]) -> Spread | None:
    """The spread of the values, or None if one is missing."""
    known = tuple(value for value in values if value is not None)
    return Spread(known) if len(known) == len(values) else None


def _soonest(curves: dict[str, list[Curve]], target: float) -> Spread | None:
    """The time of the recipe that reaches the accuracy first."""
    found = [_spread([run.seconds_to(target) for run in runs]) for runs in curves.values()]
    return min(
        (spread for spread in found if spread), key=lambda spread: spread.median, default=None
    )


def _numpy_goals(numpy: dict[str, list[Curve]], mnist: list[Curve]) -> list[Goal]:
    playground = {name: runs for name, runs in numpy.items() if name != "reference"}
    lenet = Spread(tuple(run.seconds[-1] for run in numpy["lenet"]))
    return [
        _time_goal("NumPy", playground, 0.88, 2.5),
        _time_goal("NumPy", playground, 0.905, 30),
        Goal(
            "NumPy 784-300-100-10, 10 epochs: test accuracy",
            _last(numpy["standard"]),
            at_least=89.9,
            unit=" %",
        ),
        Goal(
            "the best fully connected NumPy network: test accuracy",
            _last(numpy["best"]),
            at_least=91.0,
            unit=" %",
        ),
        Goal("LeNet in NumPy: test accuracy", _last(numpy["lenet"]), at_least=90.0, unit=" %"),
        Goal("LeNet in NumPy: seconds", lenet, at_most=300, unit=" s"),
        Goal(
            "784-300-100-10 on MNIST, 10 epochs: test accuracy",
            _last(mnist),
            at_least=98.5,
            unit=" %",
        ),
    ]


def _last(runs: list[Curve]) -> Spread:
    return Spread(tuple(100 * run.accuracies[-1] for run in runs))


def _cnn_goals(fast: dict[str, list[Curve]], settings: BenchmarkSettings) -> list[Goal]:
    limits = [(0.85, 1.5), (0.90, 10), (0.935, 60)]
    if settings.full:
        limits.append((0.943, 300))
    return [_time_goal("`fast`", fast, target, limit) for target, limit in limits]


def _time_goal(what: str, curves: dict[str, list[Curve]], target: float, limit: float) -> Goal:
    """The goal that the quickest recipe reaches the accuracy `target` within `limit` seconds."""
    soonest = _soonest(curves, target)
    return Goal(
        f"{what}: seconds to {100 * target:g} %",
        soonest,
        at_most=limit,
        unit=" s",
        note="" if soonest else f"no recipe of {what} reached it",
        never_reached=soonest is None,
    )


def _plain_goal(fast: dict[str, list[Curve]], plain: Curve) -> Goal:
    """How many times as long v3 takes in a plain loop to its published accuracy."""
    what = "v3 in a plain loop / `fast`: seconds to 93.2 %"
    soonest, reached = _soonest(fast, PUBLISHED_ACCURACY), plain.seconds_to(PUBLISHED_ACCURACY)
    if soonest is None:
        return Goal(
            what, None, at_least=8, note="no recipe of `fast` reached it", never_reached=True
        )
    note = "" if reached else "v3 did not reach it: the time is that of all its epochs"
    measured = (reached or plain.seconds[-1]) / soonest.median
    return Goal(what, measured, at_least=8, unit="x", note=note)


def _points(runs: list[Curve]) -> list[dict[str, list[float]]]:
    return [
        {
            "seconds": [round(s, 3) for s in run.seconds],
            "test accuracies": [round(a, 4) for a in run.accuracies],
        }
        for run in runs
    ]

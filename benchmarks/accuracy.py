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

NUMPY_TARGETS = (0.88, 0.90, 0.905)
CNN_TARGETS = (0.85, 0.90, 0.932, 0.94)
PUBLISHED_ACCURACY = 0.932  # test accuracy of network v3 as published
SEEDS = 3  # for NumPy; convolutional networks use one seed, or three with --full
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
    v3, plain = _v3(settings)
    tables = [
        _table("NumPy", {**numpy, "standard, on MNIST": mnist}, NUMPY_TARGETS),
        _table(
            "Convolutional networks", {**cnn, "v3, the playground's training": [v3]}, CNN_TARGETS
        ),
    ]
    if settings.full:
        tables.append(
            _table("v3 in float32, with PyTorch's defaults", {"v3": [plain]}, CNN_TARGETS)
        )
    goals = [
        *_numpy_goals(numpy, mnist),
        *_cnn_goals({name: cnn[name] for name in fast}, v3, plain, settings),
    ]
    curves = {**numpy, "standard, on MNIST": mnist, **cnn, "v3": [v3], "v3 in float32": [plain]}
    return BenchmarkSection(
        "Time to accuracy",
        tables,
        goals,
        NOTES,
        {name: _points(runs) for name, runs in curves.items()},
    )


def _v3(settings: BenchmarkSettings) -> tuple[Curve, Curve]:
    """v3 trained by the playground up to its published accuracy, and with a plain PyTorch loop.

    The plain loop runs one epoch, or with --full all of them.
    """
    v3 = train("cnn", "v3", 0, until=PUBLISHED_ACCURACY)
    return v3, train(
        "cnn-plain", "v3", 0, until=PUBLISHED_ACCURACY, epochs=None if settings.full else 1
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
    standard, best = numpy["standard"], numpy["best"]
    return [
        Goal("NumPy: seconds to 88 %", _soonest(playground, 0.88), at_most=2.5, unit=" s"),
        Goal(
            "NumPy 784-300-100-10, 10 epochs: test accuracy",
            _last(standard),
            at_least=89.5,
            unit=" %",
        ),
        Goal("the best NumPy network: test accuracy", _last(best), at_least=90.5, unit=" %"),
        Goal(
            "the best NumPy network: seconds",
            Spread(tuple(c.seconds[-1] for c in best)),
            at_most=60,
            unit=" s",
        ),
        Goal("the same on MNIST, 10 epochs: test accuracy", _last(mnist), at_least=98.5, unit=" %"),
    ]


def _last(runs: list[Curve]) -> Spread:
    return Spread(tuple(100 * run.accuracies[-1] for run in runs))


def _cnn_goals(
    fast: dict[str, list[Curve]], v3: Curve, plain: Curve, settings: BenchmarkSettings
) -> list[Goal]:
    goals = [
        Goal(
            f"`fast`: seconds to {100 * target:g} %",
            _soonest(fast, target),
            at_most=limit,
            unit=" s",
        )
        for target, limit in ((0.85, 1.5), (0.90, 10), (PUBLISHED_ACCURACY, 75))
    ]
    if settings.full:
        goals.append(Goal("`fast`: seconds to 94 %", _soonest(fast, 0.94), at_most=300, unit=" s"))
    what = "v3 in float32 / `fast`: seconds to 93.2 %"
    epochs, soonest = v3.epochs_to(PUBLISHED_ACCURACY), _soonest(fast, PUBLISHED_ACCURACY)
    if soonest is None:
        return [*goals, Goal(what, None, at_least=8, note="no recipe of `fast` reached it")]
    if settings.full:
        seconds = plain.seconds_to(PUBLISHED_ACCURACY) or plain.seconds[-1]
        note = (
            ""
            if plain.seconds_to(PUBLISHED_ACCURACY)
            else "v3 did not reach it: the time is that of all its epochs"
        )
    else:
        seconds = plain.seconds[0] * (epochs or len(v3.seconds))
        note = f"one epoch in float32 took {plain.seconds[0]:.0f} s; the number of epochs, "
        note += (
            f"{epochs}, is that of the playground's training"
            if epochs
            else "all of them, is used because the accuracy was not reached"
        )
    return [*goals, Goal(what, seconds / soonest.median, at_least=8, unit="x", note=note)]


def _points(runs: list[Curve]) -> list[dict[str, list[float]]]:
    return [
        {
            "seconds": [round(s, 3) for s in run.seconds],
            "test accuracies": [round(a, 4) for a in run.accuracies],
        }
        for run in runs
    ]

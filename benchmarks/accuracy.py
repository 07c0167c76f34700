"""Section 2: seconds of training until a test accuracy is reached, by NumPy networks and by convolutional ones."""

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
PUBLISHED_ACCURACY = 0.932  # test accuracy of network v3 in its published form
SEEDS = 3  # for what takes at most a minute; convolutional networks take one, three with --full
NOTES = (
    "Seconds of the training steps alone, on 54,000 images and all cores, up to the end of the first epoch after which the "
    "accuracy on the 10,000 test images was so high. Recipes were chosen on validation images; the test images were "
    "looked at after each epoch for this table alone, and no epoch was kept for it.",
    "Most recipes let the learning rate fall to 0 at the end, so a shorter recipe reaches a low target sooner than the "
    "first epochs of a longer one.",
    "Medians over seeds, where more than one was trained; a dash where some seed did not get there.",
)


@dataclass(frozen=True)
class Curve:
    """Seconds of training and test accuracy after each epoch of one training."""

    seconds: tuple[float, ...]
    accuracies: tuple[float, ...]

    def epochs_to(self, target: float) -> int | None:
        """After how many epochs the accuracy was first reached."""
        return next(
            (epoch for epoch, reached in enumerate(self.accuracies, 1) if reached >= target), None
        )

    def seconds_to(self, target: float) -> float | None:
        epochs = self.epochs_to(target)
        return None if epochs is None else self.seconds[epochs - 1]


def train(
    kind: str, recipe: str, seed: int, *options: str, until: float = 1.0, epochs: int | None = None
) -> Curve:
    """The curve of one training in a process of its own, ended early once `until` is reached or after so many epochs."""
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
    """NumPy recipes over seeds, then convolutional networks."""
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
            _table("v3 in float32, as PyTorch trains it unasked", {"v3": [plain]}, CNN_TARGETS)
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
    """The playground's training of v3 until it is as good as published, and one epoch (with --full all) of the plain one."""
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
        "then, %",
        *(f"{100 * target:g} %, s" for target in targets),
    )
    return ResultTable(title, columns, rows)


def _spread(values: list[float | None]) -> Spread | None:
    """The spread of the values; None where one is missing."""
    known = tuple(value for value in values if value is not None)
    return Spread(known) if len(known) == len(values) else None


def _soonest(curves: dict[str, list[Curve]], target: float) -> Spread | None:
    """The seconds of whichever recipe is there first."""
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
        return [*goals, Goal(what, None, at_least=8, note="no recipe of `fast` got there")]
    if settings.full:
        seconds = plain.seconds_to(PUBLISHED_ACCURACY) or plain.seconds[-1]
        note = (
            ""
            if plain.seconds_to(PUBLISHED_ACCURACY)
            else "v3 did not get there: the seconds are those of all its epochs"
        )
    else:
        seconds = plain.seconds[0] * (epochs or len(v3.seconds))
        note = f"one epoch in float32 took {plain.seconds[0]:.0f} s; their number, "
        note += (
            f"{epochs}, is that of the playground's training"
            if epochs
            else "all, since it did not get there at all"
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

"""Section 1: seconds per epoch of NumPy training, against a lower bound and other libraries."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.epochs import CONTENDERS
from benchmarks.records import BenchmarkSection, BenchmarkSettings, Goal, ResultTable, Spread
from benchmarks.timing import Contender, interleave

NETWORKS = ("784-128-10", "784-300-100-10")
BATCH_SIZES = (64, 128)
TITLES = {
    "products": "bare matrix products",
    "playground": "playground",
    "reference": "reference `numpy_ann.py`",
    "student": "a student's NumPy, float64",
    "torch": "PyTorch eager",
    "dataloader": "PyTorch, DataLoader",
    "sklearn": "scikit-learn, float64",
}
NOTES = (
    "Seconds of one epoch of training steps on 60,000 images: plain gradient descent with "
    "softmax and cross-entropy, in float32 unless stated otherwise, shuffled, without "
    "evaluation. Each contender is a separate process; the second of two epochs is timed.",
    "The bare matrix products are those of the same steps on one cached batch with preallocated "
    "outputs: a lower bound for any implementation in NumPy.",
    "The reference solution has one hidden layer and cannot train the deeper network.",
    "Beyond the products, a step of the playground at 784-128-10 with batches of 64 spends about "
    "50 µs in single-threaded passes over arrays: 11 for gathering and scaling the images, 9 for "
    "updating the parameters, 11 for the loss and its gradient, 11 for bias, ReLU and their "
    "gradients; the rest is Python's call overhead.",
    "The threads of a small product wait for each other: on a virtual machine with shared cores, "
    "all results with two threads vary together by up to a half within minutes. Do not compare "
    "columns.",
)

Measured = dict[str, Spread]
Setting = tuple[str, int, int]  # network, batch size, threads


@dataclass(frozen=True)
class Aim:
    """A goal for the ratio of two contenders; `alone` is a different bound for one thread."""

    above: str
    below: str
    at_most: float | None = None
    alone: float | None = None
    at_least: float | None = None

    @property
    def title(self) -> str:
        return f"{TITLES[self.above]} / {TITLES[self.below]}"

    def ratio(self, values: Measured) -> Spread | None:
        return values[self.above] / values[self.below] if self.above in values else None


AIMS = (
    Aim("playground", "products", at_most=1.6, alone=1.3),
    Aim("torch", "playground", at_least=2),
    Aim("sklearn", "playground", at_least=3),
    Aim("reference", "torch", at_most=1),
)


def measure(settings: BenchmarkSettings) -> BenchmarkSection:
    """Measures every contender, network and batch size with one and two threads."""
    threads = [1] if settings.quick or os.cpu_count() == 1 else [1, 2]
    networks, batch_sizes = (
        (NETWORKS[:1], BATCH_SIZES[-1:]) if settings.quick else (NETWORKS, BATCH_SIZES)
    )
    images = ["1000"] if settings.quick else []
    measured: dict[Setting, Measured] = {}
    for count in threads:
        for network in networks:
            for batch_size in batch_sizes:
                arguments = [network, str(batch_size), *images]
                measured[network, batch_size, count] = _epochs(arguments, count, settings.repeats)
    tables, goals = [], []
    for count in threads:
        chosen = {setting: values for setting, values in measured.items() if setting[2] == count}
        tables += [_seconds(count, chosen), _ratios(count, chosen)]
        goals += _goals(count, chosen)
    return BenchmarkSection("NumPy training", tables, goals, NOTES)


def _epochs(arguments: list[str], threads: int, repeats: int) -> Measured:
    """Seconds per epoch of each contender that can train this network."""
    with ExitStack() as stack:
        contenders = {
            name: stack.enter_context(
                Contender("benchmarks.epochs", name, *arguments, threads=threads)
            )
            for name in CONTENDERS
            if name != "reference" or arguments[0].count("-") == 2
        }
        for contender in contenders.values():
            contender.wait()
        return interleave(contenders, repeats)


def _seconds(threads: int, measured: dict[Setting, Measured]) -> ResultTable:
    rows = [(TITLES[name], *(values.get(name) for values in measured.values())) for name in TITLES]
    return ResultTable(
        f"Seconds per epoch, {_counted(threads)}", ("", *map(_named, measured)), rows
    )


def _ratios(threads: int, measured: dict[Setting, Measured]) -> ResultTable:
    rows = [(goal.title, *(goal.ratio(values) for values in measured.values())) for goal in AIMS]
    return ResultTable(f"Ratios, {_counted(threads)}", ("", *map(_named, measured)), rows)


def _goals(threads: int, measured: dict[Setting, Measured]) -> list[Goal]:
    """Each goal with the setting that has the worst ratio."""
    goals = []
    for aim in AIMS:
        ratios = {
            setting: ratio for setting, values in measured.items() if (ratio := aim.ratio(values))
        }
        sign = 1 if aim.at_most is not None else -1
        worst = max(ratios, key=lambda setting: sign * ratios[setting].median)
        limit = aim.at_most if threads > 1 or aim.alone is None else aim.alone
        what = f"{aim.title}, {_counted(threads)}, at worst ({_named(worst)})"
        goals.append(Goal(what, ratios[worst], at_most=limit, at_least=aim.at_least, unit="x"))
    return goals


def _named(setting: Setting) -> str:
    network, batch_size, _ = setting
    return f"{network}, batch {batch_size}"


def _counted(threads: int) -> str:
    return f"{threads} thread{'s' if threads > 1 else ''}"

"""Section 1: seconds an epoch of NumPy training, beside the limit on this machine and beside other libraries."""

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
    "Seconds of one epoch of training steps on 60,000 images: plain gradient descent, softmax and cross-entropy, "
    "float32 unless it says otherwise, shuffled; nothing is evaluated. Each contender is a process of its own, and what is "
    "timed is the second of two epochs.",
    "The bare products are those of the same steps on one batch that stays in the cache, into arrays that lie ready: "
    "no step in NumPy can be faster.",
    "The reference has one hidden layer, so the deeper network is not among its figures.",
    "What bounds the playground beyond the products: at 784-128-10 with batches of 64 some 50 µs of a step are passes of NumPy "
    "over arrays, each on one thread: gathering and scaling the images 11, updating all parameters 9, the loss and its gradient "
    "11, bias, ReLU and their gradients 11, and the rest Python's calls.",
    "Two threads of a small product wait for each other: on a virtual machine that shares its cores, all figures with two threads "
    "rise and fall together by a half from one quarter of an hour to the next. Ratios between columns say nothing.",
)

Measured = dict[str, Spread]
Setting = tuple[str, int, int]  # network, batch size, threads


@dataclass(frozen=True)
class Aim:
    """A ratio of two contenders' seconds, and its bound; `alone` is that of one thread where it is another."""

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
    """Every contender, network and batch size, on one thread and on two."""
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
    """Seconds an epoch of each contender that can train this network, one process each, in turn."""
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
    return ResultTable(f"Seconds an epoch, {_counted(threads)}", ("", *map(_named, measured)), rows)


def _ratios(threads: int, measured: dict[Setting, Measured]) -> ResultTable:
    rows = [(goal.title, *(goal.ratio(values) for values in measured.values())) for goal in AIMS]
    return ResultTable(f"Ratios, {_counted(threads)}", ("", *map(_named, measured)), rows)


def _goals(threads: int, measured: dict[Setting, Measured]) -> list[Goal]:
    """Each aim with the setting where it comes off worst."""
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

"""Phrases for findings: accuracies, comparisons, rankings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from playground.experiments.comparisons import Difference, difference, paired
from playground.experiments.results import Result, SeedSpread, Variant


def percent(accuracy: SeedSpread) -> str:
    """The mean with, for several values, the standard deviation.

    >>> percent(SeedSpread((0.89, 0.91))), percent(SeedSpread((0.9,)))
    ('90.00 ± 1.41 %', '90.00 %')
    """
    if math.isnan(accuracy.deviation):
        return f"{100 * accuracy.mean:.2f} %"
    return f"{100 * accuracy.mean:.2f} ± {100 * accuracy.deviation:.2f} %"


def points(difference: float) -> str:
    """The absolute difference between two accuracies in percentage points.

    >>> points(-0.0123)
    '1.23 points'
    """
    return f"{100 * abs(difference):.2f} points"


def within(apart: Difference) -> str:
    """The interval of a difference in percentage points, and whether it is a tie.

    >>> within(Difference(0.002, -0.001, 0.005))
    '95 % interval −0.10 to 0.50: a tie'
    """
    low, high = (f"{100 * bound:.2f}".replace("-", "−") for bound in (apart.low, apart.high))
    return f"95 % interval {low} to {high}{': a tie' if apart.tie else ''}"


def versus(a: Variant, b: Variant, images: int) -> str:
    """A comparison of the test accuracies of `a` and `b`: which is higher, and by how much.

    >>> from playground.experiments.results import Trial
    >>> relu = Variant("relu", {}, 1, tuple(Trial(s, 1.0, 0.89, 1.0, {}) for s in (0, 1)))
    >>> tanh = Variant("tanh", {}, 1, tuple(Trial(s, 1.0, 0.88, 1.0, {}) for s in (0, 1)))
    >>> versus(relu, tanh, images=10_000)
    'relu (89.00 ± 0.00 %) is 1.00 points above tanh (88.00 ± 0.00 %; 95 % interval 1.00 to 1.00)'
    """
    higher, lower = (a, b) if a.test_accuracy.mean >= b.test_accuracy.mean else (b, a)
    apart = difference(higher, lower, images)
    return (
        f"{higher.name} ({percent(higher.test_accuracy)}) is {points(apart.value)} above "
        f"{lower.name} ({percent(lower.test_accuracy)}; {within(apart)})"
    )


def ranking(variants: Sequence[Variant], images: int) -> str:
    """Sentences on the highest test accuracy: which variants tie with it, which are below it.

    `behind` has the differences. Nothing is called the lowest, because the worst may be one of
    several equals.
    """
    ordered = _by_accuracy(variants)
    best = ordered[0]
    first = f"{best.name} has the highest test accuracy, {percent(best.test_accuracy)}"
    level = [v for v in ordered[1:] if difference(best, v, images).tie]
    if len(level) == len(ordered) - 1:
        return f"{first}, but all others tie with it."
    if level:
        first += f", a tie with {listed(v.name for v in level)}"
    below = [v.name for v in ordered[1:] if v not in level]
    return f"{first}. {listed(below)} {'is' if len(below) == 1 else 'are'} below it."


def behind(variants: Sequence[Variant], images: int) -> tuple[str, ...]:
    """One detail for each variant but the best: how far its test accuracy is below the best."""
    best, *others = _by_accuracy(variants)
    details = []
    for other in others:
        apart = difference(best, other, images)
        details.append(
            f"{other.name}, {percent(other.test_accuracy)}: {points(apart.value)} below "
            f"{best.name} ({within(apart)})"
        )
    return tuple(details)


def after_one_epoch(variants: Sequence[Variant]) -> str:
    """A detail about the highest validation accuracy after one epoch, and those that tie with it.

    With one seed it does not speak of ties: there is no measure of the spread.
    """
    first = {v.name: SeedSpread(tuple(c[0] for c in v.curve("val_accuracies"))) for v in variants}
    best = max(first, key=lambda name: first[name].mean)
    level = [
        name
        for name, spread in first.items()
        if name != best
        and len(spread.values) > 1
        and paired(np.subtract(first[best].values, spread.values).tolist()).tie
    ]
    tie = f", a tie with {listed(level)}" if level else ""
    return (
        f"after one epoch, {best} has the highest validation accuracy, {percent(first[best])}{tie}"
    )


def _by_accuracy(variants: Sequence[Variant]) -> list[Variant]:
    return sorted(variants, key=lambda variant: variant.test_accuracy.mean, reverse=True)


def basis(result: Result) -> str:
    """The number of seeds and images behind a finding, and the kind of its intervals."""
    seeds, images = result.seeds, result.images["test"]
    kind = (
        "are Student's, paired over the seeds"
        if seeds > 1
        else "are those of McNemar's test on the same images"
    )
    comparison = (
        f" Intervals {kind}; one that holds 0 is called a tie."
        if "interval" in str(result.finding)
        else ""
    )
    quick = " A quick run only shows that the experiment works." if result.quick else ""
    return f"{counted(seeds, 'seed')}, {images:,} test images.{comparison}{quick}"


def setting(result: Result) -> str:
    """What the seconds of a result were measured with: device, threads and precision.

    Results of older versions name the device alone.
    """
    threads = result.versions.get("threads")
    if threads is None:
        return result.device
    counts = counted(threads, "thread")
    if result.device == "cpu":
        return f"cpu with {counts}, in float32"
    return f"NumPy on the cpu with {counts}, PyTorch on {result.device}, in float32"


def counted(number: int, thing: str) -> str:
    """A number with its noun, in the plural if needed.

    >>> counted(1, "epoch"), counted(2, "epoch")
    ('1 epoch', '2 epochs')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def listed(names: Iterable[str]) -> str:
    """Names joined by commas and "and".

    >>> listed(["one", "two", "three"])
    'one, two and three'
    """
    words = list(names)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

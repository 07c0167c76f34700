"""Phrases for findings: accuracies, comparisons, rankings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

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


def uncertainty(a: SeedSpread, b: SeedSpread, images: int) -> float:
    """The uncertainty of a difference between two test accuracies.

    It is the larger standard deviation over the seeds or, with one seed, the standard error of an
    accuracy measured on `images` images.

    >>> round(uncertainty(SeedSpread((0.9,)), SeedSpread((0.9,)), images=10_000), 4)
    0.003
    """
    deviations = [spread.deviation for spread in (a, b) if not math.isnan(spread.deviation)]
    if deviations:
        return max(deviations)
    return math.sqrt(max(spread.mean * (1 - spread.mean) for spread in (a, b)) / images)


def tied(a: SeedSpread, b: SeedSpread, images: int) -> bool:
    """Whether two test accuracies differ by no more than the uncertainty."""
    return abs(a.mean - b.mean) <= uncertainty(a, b, images)


def versus(a: Variant, b: Variant, images: int) -> str:
    """A comparison of the test accuracies of `a` and `b`.

    >>> from playground.experiments.results import Trial
    >>> relu = Variant("relu", {}, 1, (Trial(0, 1.0, 0.89, 1.0, {}),))
    >>> tanh = Variant("tanh", {}, 1, (Trial(0, 1.0, 0.88, 1.0, {}),))
    >>> versus(relu, tanh, images=10_000)
    'relu (89.00 %) is 1.00 points above tanh (88.00 %)'
    """
    first, second = a.test_accuracy, b.test_accuracy
    names = f"{a.name} ({percent(first)})", f"{b.name} ({percent(second)})"
    if tied(first, second, images):
        return f"{names[0]} and {names[1]} are a tie"
    relation = "above" if first.mean > second.mean else "below"
    return f"{names[0]} is {points(first.mean - second.mean)} {relation} {names[1]}"


def ranking(variants: Sequence[Variant], images: int) -> str:
    """A sentence naming the best variant on the test images, those tied with it, and the worst."""
    ordered = sorted(variants, key=lambda variant: variant.test_accuracy.mean, reverse=True)
    best, worst = ordered[0], ordered[-1]
    level = [v for v in ordered[1:] if tied(best.test_accuracy, v.test_accuracy, images)]
    sentence = f"{best.name} ends highest, {percent(best.test_accuracy)} on the test images"
    if level:
        sentence += (
            f", a tie with {listed(f'{v.name} ({percent(v.test_accuracy)})' for v in level)}"
        )
    if worst not in level and worst is not best:
        sentence += f"; {worst.name} ends lowest, {percent(worst.test_accuracy)}"
    return sentence


def basis(result: Result) -> str:
    """The number of seeds and images behind a finding, and the definition of a tie."""
    seeds, images = result.seeds, result.images["test"]
    tie = (
        "one standard deviation over the seeds"
        if seeds > 1
        else "the standard error of the accuracy"
    )
    quick = " A quick run only shows that the experiment works." if result.quick else ""
    basis = f"{counted(seeds, 'seed')}, {images:,} test images"
    return f"{basis}; a difference below {tie} is called a tie.{quick}"


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

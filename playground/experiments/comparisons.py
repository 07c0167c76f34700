"""Differences between test accuracies, each with its 95 % confidence interval.

With several seeds the interval is Student's, paired over the seeds. With one seed it is that of
McNemar's exact test: both networks saw the same test images, so only the images count that one of
them classifies correctly and the other does not. Intervals are of single comparisons, without a
correction for their number.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playground.errors import PlaygroundError
from playground.experiments.results import Variant, unpack

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """A difference, and the interval that holds the true one with 95 % confidence."""

    value: float
    low: float
    high: float

    @property
    def tie(self) -> bool:
        """Whether the interval holds 0."""
        return self.low <= 0 <= self.high


def difference(a: Variant, b: Variant, images: int) -> Difference:
    """How far the test accuracy of `a` is above that of `b`, on the same test images.

    Raises PlaygroundError for one seed in common if a trial does not tell which images it
    classifies correctly.
    """
    first = {trial.seed: trial for trial in a.trials}
    pairs = [(first[trial.seed], trial) for trial in b.trials if trial.seed in first]
    if len(pairs) > 1:
        return paired([one.test_accuracy - other.test_accuracy for one, other in pairs])
    if not pairs or not all(trial.correct for trial in pairs[0]):
        raise PlaygroundError(
            f"{a.name} and {b.name} cannot be compared: expected two seeds in common, or one with "
            "a record of each test image; run the experiment again"
        )
    right, right_too = (unpack(trial.correct) for trial in pairs[0])
    return mcnemar(right, right_too, images)


def paired(differences: Sequence[float]) -> Difference:
    """Student's interval for the mean of two or more differences, one per seed.

    >>> paired([0.01, 0.02, 0.03])  # 0.02 ± 4.303 * 0.01 / √3
    Difference(value=0.02, low=-0.004841, high=0.044841)
    """
    from scipy.stats import t

    mean, n = statistics.fmean(differences), len(differences)
    reach = t.ppf((1 + CONFIDENCE) / 2, n - 1) * statistics.stdev(differences) / n**0.5
    return _rounded(mean, mean - reach, mean + reach)


def mcnemar(a: np.ndarray, b: np.ndarray, images: int) -> Difference:
    """The interval of McNemar's exact test; `a` and `b` tell which images each has right.

    Of the images that only one of them has right, a share p belongs to `a`; the interval of p is
    Clopper and Pearson's, and holds 1/2 exactly if the test finds no difference.

    >>> right = np.arange(100) < 90
    >>> mcnemar(right, right & (np.arange(100) >= 6), 100)  # six images only a has: p = 2 / 2⁶
    Difference(value=0.06, low=0.004889, high=0.06)
    """
    from scipy.stats import binomtest

    only_a, only_b = int(np.sum(a & ~b)), int(np.sum(b & ~a))
    apart = only_a + only_b
    if not apart:
        return Difference(0.0, 0.0, 0.0)
    share = binomtest(only_a, apart).proportion_ci(CONFIDENCE, "exact")
    low, high = ((2 * p - 1) * apart / images for p in (share.low, share.high))
    return _rounded((only_a - only_b) / images, low, high)


def _rounded(value: float, low: float, high: float) -> Difference:
    """Without the digits that floating point adds: equal accuracies differ by 0."""
    return Difference(*(round(float(number), 6) + 0.0 for number in (value, low, high)))

"""Gradients that are right but for a factor: what the factors have in common, and what that means.

A factor that is the same for every entry has one cause: a division too many, by the wrong number,
or a learning rate. Batches of several sizes tell which.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from assignment.checks.numpy.cases import NAMES, Sizes

COUNTED = {"k": "classes", "d": "pixels", "h": "hidden units"}
RATES = (0.1, 0.05, 0.01, 0.005, 0.001, 1e-4)  # that many scripts learn with


@dataclass(frozen=True)
class Constants:
    """Those of the script that can be the factor; None if it has none that is a number."""

    learning_rate: float | None = None
    batch_size: float | None = None


NO_CONSTANTS = Constants()


@dataclass(frozen=True)
class Fault:
    """What is wrong with one gradient, first seen in a batch of these `sizes`.

    `ratio` is its factor to the gradient of the mean there. `kind` is "sign", "twice" (divided by n
    a second time), "k", "d" or "h" (the sum divided by that size), "n k", "n d" or "n h" (the mean),
    "size" (`value` is what the sum is divided by, whatever the batch), "rate" (`value` is a learning
    rate), "factor" (`value` times what it should be), "changing" (another factor for each batch), or
    "" for anything else.
    """

    sizes: Sizes
    ratio: float | None
    kind: str
    value: float = 0.0
    convention: str = ""  # of the gradients that are right

    def text(self, shown: int) -> str:
        """As a clause; `shown` is the size of the batch that the sentence speaks of."""
        n = self.sizes.n
        ratio = f" ({self._factor(self.ratio)})" if self.ratio is not None else ""
        return "is wrong" + (f" for a batch of {n}" if n != shown else "") + ratio

    def _factor(self, ratio: float) -> str:
        """The factor in the convention of the right gradients, or in that which it is closer to.

        It is told of the mean's gradient if it has that size.
        """
        factors = {"mean": ratio, "sum": ratio / self.sizes.n}
        closer = min(factors, key=lambda name: abs(math.log(abs(factors[name]))))
        same_size = math.isclose(abs(ratio), 1, rel_tol=1e-6)
        name = "mean" if same_size else self.convention or closer
        return f"the {name}'s gradient times {factors[name]:.6g}"


def pattern(
    ratios: Sequence[tuple[Sizes, float]], convention: str, constants: Constants
) -> tuple[str, float]:
    """The kind and the value of a fault, from the factors to the mean's gradient in all batches."""
    as_mean = [ratio for _, ratio in ratios]
    as_sum = [ratio / sizes.n for sizes, ratio in ratios]
    ordered = [as_sum, as_mean] if convention == "sum" else [as_mean, as_sum]
    if any(_all_about(-1, factors) for factors in ordered):
        return "sign", -1.0
    if _all_about(1, [ratio * sizes.n for sizes, ratio in ratios]):
        return "twice", 0.0
    for factors in ordered:
        for size in COUNTED:
            if _all_about(
                1, [f * getattr(of, size) for f, (of, _) in zip(factors, ratios, strict=True)]
            ):
                return size if factors is as_sum else f"n {size}", 0.0
    constant = next((factors for factors in ordered if _all_about(factors[0], factors)), None)
    if constant is None:
        return "changing", 0.0
    factor = constant[0]
    divisor = 1 / factor if constant is as_sum and 0 < factor < 0.9 else 0.0
    is_whole = divisor > 2.5 and _is_about(round(divisor), divisor)
    if is_whole and divisor and _is_about(constants.batch_size or 0, divisor):
        return "size", divisor
    if any(_is_about(rate, abs(factor)) for rate in (constants.learning_rate or 0, *RATES)):
        return "rate", factor
    return ("size", divisor) if is_whole else ("factor", factor)


def _all_about(value: float, factors: Sequence[float]) -> bool:
    return all(_is_about(value, factor) for factor in factors)


def _is_about(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=1e-3)


def misconception(faults: Collection[Fault]) -> str:
    """The id of a mistake that all faults show, "" if there is none."""
    kinds = {fault.kind for fault in faults}
    if not kinds:
        return ""
    if kinds <= {"size", *COUNTED}:
        return "backward-batch-size"
    return "backward-learning-rate" if kinds == {"rate"} else ""


def hints_for_factors(faults: Mapping[str, Fault]) -> list[str]:
    """What to do about the gradients that are right but for a factor, one clause for each kind."""
    kinds = ["sign", "size", "twice", *COUNTED, *(f"n {size}" for size in COUNTED), "rate"]
    return [_hint(kind, faults) for kind in (*kinds, "factor", "changing")]


def _hint(kind: str, faults: Mapping[str, Fault]) -> str:
    names = [name for name, fault in faults.items() if fault.kind == kind]
    if not names:
        return ""
    concerned, first = listed(names), faults[names[0]]
    n = first.sizes.n
    this_batch = f"this batch has {n} image{'s' if n > 1 else ''}: divide by len(X)"
    if kind == "sign":
        if len(names) == len(NAMES):
            return "all four have the wrong sign: look at the subtraction that they start from"
        return f"the sign of {concerned} is wrong"
    if kind == "size":
        return f"{concerned}: divided by {first.value:.0f} whatever the batch; {this_batch}"
    if kind == "twice":
        return f"{concerned}: divided by the number of images twice"
    if kind.split()[-1] in COUNTED:
        size = kind.split()[-1]
        counted, count = COUNTED[size], getattr(first.sizes, size)
        if len(names) < len(NAMES):
            return f"{concerned}: divided by the number of {counted}"
        if kind == size:
            return f"{concerned}: divided by {count}, the number of {counted}; {this_batch}"
        return f"{concerned}: divided by {n * count}, that is images times {counted}; {this_batch}"
    if kind == "rate":
        return (
            f"{concerned}: times {first.value:.6g} whatever the batch. Is that a learning rate? "
            "update multiplies by it, so leave it out here"
        )
    if kind == "changing":
        return (
            f"{concerned}: right but for a factor that changes from batch to batch. Which number "
            "does backward divide by? The images of this batch are len(X)"
        )
    factors = ", ".join(f"{name} times {faults[name].value:.6g}" for name in names)
    return f"right but for a factor: {factors}"


def listed(names: Sequence[str]) -> str:
    """The names as a list in words.

    >>> listed(["W1", "b1", "W2"])
    'W1, b1 and W2'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

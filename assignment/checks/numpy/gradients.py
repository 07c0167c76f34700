"""Four gradients compared with the right ones, for every batch, and put into words.

Two conventions are right, if all four gradients keep to the same one for every batch: the sum over
the batch and the mean. A verdict speaks of the convention in which most gradients are right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assignment.checks.numpy.cases import NAMES
from assignment.entries import MAX_SHOWN, Entries, entries
from assignment.expect import RETURN_MISSING, CheckFailed, expect_numbers
from assignment.failure import named
from assignment.handles import a_type

CONVENTIONS = ("sum", "mean")


@dataclass(frozen=True)
class Compared:
    """One gradient for one batch of `n` images.

    `right_as` names the conventions in which it is right. `ratio` is its factor to the gradient of
    the mean, if there is a common one. `problem` says what is wrong with its type or shape. `wrong`
    marks the wrong entries, by convention. `got` is None if it has another type or shape.
    """

    n: int
    right_as: frozenset[str] = frozenset()
    ratio: float | None = None
    problem: CheckFailed | None = None
    wrong: dict[str, np.ndarray] = field(default_factory=dict)
    got: np.ndarray | None = None
    mean: np.ndarray | None = None

    @property
    def is_small(self) -> bool:
        """Whether the whole gradient can be drawn."""
        return bool(max(self.wrong["sum"].shape) <= MAX_SHOWN)

    def entries(self, convention: str) -> Entries:
        """The wrong entries in a convention, with the values."""
        right = None
        if self.got is not None and self.mean is not None:
            right = (self.n if convention == "sum" else 1) * self.mean
        return entries(self.wrong[convention], self.got, right)


Batch = Mapping[str, Compared]  # by the name of the gradient


def compared(gradients: Any, mean: Mapping[str, np.ndarray], n: int, tolerance: float) -> Batch:
    """Each of the four gradients, compared with those of the mean loss.

    `tolerance` is relative to the largest element of each. Raises CheckFailed unless they are in a
    dict.
    """
    if not isinstance(gradients, dict):
        raise CheckFailed(
            f"backward returned {a_type(gradients)}",
            "a dict of four arrays",
            kind="wrong-type",
            hint=RETURN_MISSING if gradients is None else 'the keys are "W1", "b1", "W2" and "b2".',
        )
    return {name: _compared(gradients, name, mean[name], n, tolerance) for name in NAMES}


def _compared(
    gradients: dict[Any, Any], name: str, mean: np.ndarray, n: int, tolerance: float
) -> Compared:
    everything = dict.fromkeys(CONVENTIONS, np.ones(mean.shape, bool))
    try:
        got = _expect_gradient(gradients, name, mean)
    except CheckFailed as problem:
        return Compared(n, problem=problem, wrong=everything)
    wrong = {
        convention: ~_is_close(got, factor * mean, tolerance)
        for convention, factor in (("sum", n), ("mean", 1))
    }
    right_as = frozenset(convention for convention in CONVENTIONS if not wrong[convention].any())
    return Compared(n, right_as, _constant_ratio(got, mean), wrong=wrong, got=got, mean=mean)


def _expect_gradient(gradients: dict[Any, Any], name: str, mean: np.ndarray) -> np.ndarray:
    """The gradient, a row vector as a vector. Raises CheckFailed for another type or shape."""
    if name not in gradients:
        raise CheckFailed(
            f"the key {name!r} is missing, got {_keys(gradients)}",
            "W1, b1, W2 and b2",
            hint="name each gradient after its parameter.",
        )
    called = f'gradients["{name}"]'
    got = expect_numbers(called, gradients[name], f"an array of shape {mean.shape}")
    if mean.ndim == 1 and got.shape == (1, len(mean)):
        got = got[0]
    if got.shape != mean.shape:
        raise CheckFailed(
            f"{called} has shape {got.shape}",
            f"{mean.shape}, that of {name}",
            kind="wrong-shape",
            hint=_shape_hint(got.shape, mean.shape),
        )
    if not np.isfinite(got).all():
        raise CheckFailed(f"{called} has elements that are not finite", kind="not-finite")
    return got


def _keys(gradients: dict[Any, Any]) -> str:
    """The keys of an answer, a few of them."""
    names = [
        key if isinstance(key, str) and key in NAMES else named(key) for key in list(gradients)[:8]
    ]
    more = f" and {len(gradients) - len(names)} more" if len(gradients) > len(names) else ""
    return ", ".join(sorted(names)) + more if names else "no keys"


def _is_close(got: np.ndarray, expected: np.ndarray, tolerance: float) -> np.ndarray:
    """Which entries are close."""
    largest = float(np.abs(expected).max()) + 1e-12
    return np.asarray(np.abs(got - expected) <= tolerance * largest)


def _constant_ratio(got: np.ndarray, expected: np.ndarray) -> float | None:
    """The factor between the two if it is the same everywhere, else None."""
    norm = float(np.vdot(expected, expected))
    ratio = float(np.vdot(expected, got)) / norm if norm else 0.0
    return ratio if abs(ratio) > 1e-6 and _is_close(got, ratio * expected, 1e-4).all() else None


def _shape_hint(got: tuple[int, ...], expected: tuple[int, ...]) -> str:
    if got == expected[::-1] and len(got) == 2:
        return "it is transposed: swap the factors of the matrix product."
    if len(got) > len(expected) and math.prod(got) == math.prod(expected):
        return "drop the extra axis."
    if len(got) > len(expected):
        return "sum over the images, axis 0."
    if len(expected) == 1 and math.prod(got) == 1:
        return "every unit has a bias of its own: sum over the images alone, axis 0."
    return "each gradient has the shape of its parameter."


def expect_gradients(batches: Sequence[Batch]) -> str:
    """The convention of all four gradients in all batches, "sum" or "mean".

    Raises CheckFailed if they keep to neither. Its `parts` say which gradients are right in every
    batch in the convention that suits most of them, and its `wrong` marks the wrong entries of the
    first small batch with any.
    """
    right = {
        convention: [
            name for name in NAMES if all(convention in batch[name].right_as for batch in batches)
        ]
        for convention in CONVENTIONS
    }
    convention = max(CONVENTIONS, key=lambda one: len(right[one]))
    if len(right[convention]) == len(NAMES):
        return convention
    failure = _failure(batches, convention)
    failure.parts = {name: name in right[convention] for name in NAMES}
    failure.wrong = _wrong_entries(batches, convention)
    raise failure


def _failure(batches: Sequence[Batch], convention: str) -> CheckFailed:
    problems = [batch[name].problem for batch in batches for name in NAMES]
    problem = next((problem for problem in problems if problem is not None), None)
    if problem is not None:
        return problem
    styles = {name: _style([batch[name] for batch in batches]) for name in NAMES}
    if set(styles.values()) == {"changing"}:
        found = sorted(
            {(batch["W1"].n, *batch["W1"].right_as) for batch in batches if batch["W1"].n > 1}
        )
        listed = ", ".join(f"the {found_as} for {n} images" for n, found_as in found)
        return CheckFailed(
            f"the convention changes with the batch: {listed}",
            "the same convention for every batch",
            kind="backward-mixed-scale",
            hint="always sum over the batch, or always take the mean.",
        )
    told_in = convention if any(styles.values()) else ""
    faults = {name: _fault(batches, name, told_in) for name in NAMES if not styles[name]}
    several = (batch["W1"].n for batch in batches if batch["W1"].n > 1)
    shown = next((fault.n for fault in faults.values()), next(several, 1))
    lines = [
        f"{name} {_in_words(styles[name])}"
        if styles[name]
        else f"{name} {faults[name].text(shown)}"
        for name in NAMES
    ]
    size = faults and all(fault.kind == "size" for fault in faults.values())
    hint = _hint(faults, [name for name in NAMES if styles[name]])
    return CheckFailed(
        f"the gradients differ from numerical ones for a batch of {shown}: {'; '.join(lines)}",
        hint=hint + _sometimes(batches),
        kind="backward-batch-size" if size else "",
    )


def _sometimes(batches: Sequence[Batch]) -> str:
    """A sentence if all four are right in some batches, and wrong in others of the same size."""
    right, wrong = set[int](), set[int]()
    for batch in batches:
        shared = frozenset(CONVENTIONS).intersection(*(one.right_as for one in batch.values()))
        (right if shared else wrong).add(batch["W1"].n)
    if not right & wrong:
        return ""
    return (
        " For other batches of this size all four are right, so it depends on the numbers: is a "
        "probability close to 0 or 1, or z1 exactly 0?"
    )


def _style(found: Sequence[Compared]) -> str:
    """How one gradient is right in every batch: "sum", "mean", "changing"; "" if it is wrong."""
    for convention in CONVENTIONS:
        if all(convention in one.right_as for one in found):
            return convention
    return "changing" if all(one.right_as for one in found) else ""


def _in_words(style: str) -> str:
    if style == "changing":
        return "is a sum for some batches and a mean for others"
    return f"is right ({style} over the batch)"


@dataclass(frozen=True)
class Fault:
    """What is wrong with one gradient, first seen in a batch of `n` images.

    `ratio` is its factor to the gradient of the mean there. `kind` is "sign", "size" (`value` is
    what it is divided by, whatever the batch), "factor" (`value` times what it should be), "twice"
    (divided by n a second time), "classes" (divided by their number), or "" for anything else.
    """

    n: int
    ratio: float | None
    kind: str
    value: float = 0.0
    convention: str = ""  # of the gradients that are right

    def text(self, shown: int) -> str:
        """As a clause; `shown` is the size of the batch that the sentence speaks of."""
        ratio = f" ({self._factor(self.ratio)})" if self.ratio is not None else ""
        return "is wrong" + (f" for a batch of {self.n}" if self.n != shown else "") + ratio

    def _factor(self, ratio: float) -> str:
        """The factor in the convention of the right gradients, or in that which it is closer to.

        It is told of the mean's gradient if it has that size.
        """
        factors = {"mean": ratio, "sum": ratio / self.n}
        closer = min(factors, key=lambda name: abs(math.log(abs(factors[name]))))
        same_size = math.isclose(abs(ratio), 1, rel_tol=1e-6)
        name = "mean" if same_size else self.convention or closer
        return f"the {name}'s gradient times {factors[name]:.6g}"


def _fault(batches: Sequence[Batch], name: str, convention: str) -> Fault:
    found = [batch[name] for batch in batches]
    first = next(one for one in found if not one.right_as)
    ratios = [(one.n, one.ratio) for one in found]
    if any(ratio is None for _, ratio in ratios):
        return Fault(first.n, first.ratio, "", convention=convention)
    known = [(n, ratio) for n, ratio in ratios if ratio is not None]
    classes = [len(batch["b2"].wrong["sum"]) for batch in batches]
    kind, value = _pattern(known, classes, convention)
    return Fault(first.n, first.ratio, kind, value, convention)


def _pattern(
    ratios: Sequence[tuple[int, float]], classes: Sequence[int], convention: str
) -> tuple[str, float]:
    """What the factors to the mean's gradient have in common, over batches of several sizes.

    `classes` is the number of classes in each batch.
    """
    as_mean, as_sum = [ratio for _, ratio in ratios], [ratio / n for n, ratio in ratios]
    ordered = [as_sum, as_mean] if convention == "sum" else [as_mean, as_sum]
    if any(_all_about(-1, factors) for factors in ordered):
        return "sign", -1.0
    if _all_about(1, [ratio * n for n, ratio in ratios]):
        return "twice", 0.0
    if any(
        _all_about(1, [factor * k for factor, k in zip(factors, classes, strict=True)])
        for factors in ordered
    ):
        return "classes", 0.0
    if _all_about(as_sum[0], as_sum) and 0 < as_sum[0] < 0.9:  # a sum divided by a constant
        divisor = 1 / as_sum[0]
        if math.isclose(divisor, round(divisor), rel_tol=1e-3) and divisor > 2.5:
            return "size", divisor
    for factors in ordered:
        if _all_about(factors[0], factors):
            return "factor", factors[0]
    return "", 0.0


def _all_about(value: float, factors: Sequence[float]) -> bool:
    return all(math.isclose(factor, value, rel_tol=1e-3) for factor in factors)


def _hint(faults: Mapping[str, Fault], right: Sequence[str]) -> str:
    """What to look at. Nothing that was measured to be right is pointed at."""
    if not faults:
        return (
            "some gradients are summed over the batch and some averaged; keep to one for all four."
        )
    hints = [
        *(_hint_for_kind(kind, faults) for kind in ("sign", "size", "twice", "classes", "factor")),
        _hint_for_place([name for name, fault in faults.items() if not fault.kind], right),
    ]
    return "; ".join(hint for hint in hints if hint) + "."


def _hint_for_kind(kind: str, faults: Mapping[str, Fault]) -> str:
    names = [name for name, fault in faults.items() if fault.kind == kind]
    if not names:
        return ""
    listed, first = _listed(names), faults[names[0]]
    if kind == "sign":
        if len(names) == len(NAMES):
            return "all four have the wrong sign: look at the subtraction that they start from"
        return f"the sign of {listed} is wrong"
    if kind == "size":
        return (
            f"{listed}: divided by {first.value:.0f} whatever the batch; this batch has "
            f"{first.n} image{'s' if first.n > 1 else ''}: divide by len(X)"
        )
    if kind == "twice":
        return f"{listed}: divided by the number of images twice"
    if kind == "classes":
        return f"{listed}: divided by the number of classes"
    factors = ", ".join(f"{name} times {faults[name].value:.6g}" for name in names)
    return f"right but for a factor: {factors}"


# Where a mistake can be, and the gradients that it makes wrong: all of them
PLACES: dict[frozenset[str], str] = {
    frozenset(NAMES): "dz2 = a2 - y_true, which all four depend on",
    frozenset(("W1", "b1")): "the way from dz2 back through W2, then through ReLU at z1",
    frozenset(("W1",)): "the matrix product for W1",
    frozenset(("b1",)): "the sum over the images for b1",
    frozenset(("W2",)): "the matrix product for W2",
    frozenset(("b2",)): "the sum over the images for b2",
}


def places(wrong: Sequence[str]) -> list[str]:
    """Where to look if these gradients are wrong, in the fewest places."""
    left, found = set(wrong), []
    for names, place in PLACES.items():  # from the largest on
        if names <= left:
            found.append(place)
            left -= names
    return found


def _hint_for_place(wrong: Sequence[str], right: Sequence[str]) -> str:
    if not wrong:
        return ""
    known = f"{_listed(right)} {'fits' if len(right) == 1 else 'fit'}, so dz2 is not the cause; "
    return f"{known if right else ''}look at {_listed(places(wrong))}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _wrong_entries(batches: Sequence[Batch], convention: str) -> dict[str, Entries]:
    """The wrong entries in the first batch with any, of those small enough to see whole, if any.

    A gradient that is right in the other convention in this batch has no wrong entries: the verdict
    says which one it keeps to.
    """
    faulty = [batch for batch in batches if any(not one.right_as for one in batch.values())]
    small = [batch for batch in faulty if all(one.is_small for one in batch.values())]
    return {
        name: one.entries(next(iter(one.right_as), convention))
        for batch in [*small, *faulty][:1]
        for name, one in batch.items()
    }

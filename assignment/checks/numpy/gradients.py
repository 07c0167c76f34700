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

from assignment.checks.numpy.cases import NAMES, Sizes
from assignment.checks.numpy.factors import (
    NO_CONSTANTS,
    Constants,
    Fault,
    hints_for_factors,
    listed,
    misconception,
    pattern,
)
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
    is_list = isinstance(gradients[name], list)
    hint = "return the arrays as they are, without tolist()." if is_list else ""
    got = expect_numbers(called, gradients[name], f"an array of shape {mean.shape}", hint)
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


def expect_gradients(batches: Sequence[Batch], constants: Constants = NO_CONSTANTS) -> str:
    """The convention of all four gradients in all batches, "sum" or "mean".

    `constants` are those of the script, to recognise them in a factor. Raises CheckFailed if the
    gradients keep to neither. Its `parts` say which are right in every batch in the convention that
    suits most of them, and its `wrong` marks the wrong entries of the first small batch with any.
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
    failure = _failure(batches, convention, constants)
    failure.parts = {name: name in right[convention] for name in NAMES}
    failure.wrong = _wrong_entries(batches, convention)
    raise failure


def _failure(batches: Sequence[Batch], convention: str, constants: Constants) -> CheckFailed:
    problems = [batch[name].problem for batch in batches for name in NAMES]
    problem = next((problem for problem in problems if problem is not None), None)
    if problem is not None:
        return problem
    styles = {name: _style([batch[name] for batch in batches]) for name in NAMES}
    if set(styles.values()) == {"changing"}:
        found = sorted(
            {(batch["W1"].n, *batch["W1"].right_as) for batch in batches if batch["W1"].n > 1}
        )
        ways = ", ".join(f"the {found_as} for {n} images" for n, found_as in found)
        return CheckFailed(
            f"the convention changes with the batch: {ways}",
            "the same convention for every batch",
            kind="backward-mixed-scale",
            hint="always sum over the batch, or always take the mean.",
        )
    told_in = convention if any(styles.values()) else ""
    faults = {name: _fault(batches, name, told_in, constants) for name in NAMES if not styles[name]}
    several = (batch["W1"].n for batch in batches if batch["W1"].n > 1)
    shown = next((fault.sizes.n for fault in faults.values()), next(several, 1))
    lines = [
        f"{name} {_in_words(styles[name])}"
        if styles[name]
        else f"{name} {faults[name].text(shown)}"
        for name in NAMES
    ]
    hint = _hint(faults, [name for name in NAMES if styles[name]])
    return CheckFailed(
        f"the gradients differ from numerical ones for a batch of {shown}: {'; '.join(lines)}",
        hint=hint + _sometimes(batches),
        kind=misconception(faults.values()),
    )


def _sometimes(batches: Sequence[Batch]) -> str:
    """A sentence if all four are right in some batches, and wrong in others of the same size."""
    if all(one.ratio is not None for batch in batches for one in batch.values()):
        return ""  # a factor does not depend on the numbers
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


def _fault(batches: Sequence[Batch], name: str, convention: str, constants: Constants) -> Fault:
    found = [batch[name] for batch in batches]
    first = next(batch for batch in batches if not batch[name].right_as)
    ratio, sizes = first[name].ratio, _sizes(first)
    known = [(_sizes(batch), batch[name].ratio) for batch in batches]
    ratios = [(of, ratio) for of, ratio in known if ratio is not None]
    if len(ratios) < len(found):
        return Fault(sizes, ratio, "", convention=convention)
    kind, value = pattern(ratios, convention, constants)
    return Fault(sizes, ratio, kind, value, convention)


def _sizes(batch: Batch) -> Sizes:
    """The sizes of the network and of a batch that it was asked about."""
    d, h = batch["W1"].wrong["sum"].shape
    return Sizes(batch["W1"].n, d, h, len(batch["b2"].wrong["sum"]))


def _hint(faults: Mapping[str, Fault], right: Sequence[str]) -> str:
    """What to look at. Nothing that was measured to be right is pointed at."""
    if not faults:
        return (
            "some gradients are summed over the batch and some averaged; keep to one for all four."
        )
    unnamed = [name for name, fault in faults.items() if not fault.kind]
    hints = [*hints_for_factors(faults), _hint_for_place(unnamed, right)]
    return "; ".join(hint for hint in hints if hint) + "."


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
    known = f"{listed(right)} {'fits' if len(right) == 1 else 'fit'}, so dz2 is not the cause; "
    return f"{known if right else ''}look at {listed(places(wrong))}"


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

"""The first wrong array of backward: from its four gradients, and from what it computed on the way.

Where nothing that was computed matches, the gradients tell: if dW2 or db2 is right, dz2 was too.
Sums over the batch and means are both right, so long as all four gradients are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .microscope_arrays import BETWEEN, BY_NAME, CONVENTIONS, GRADIENTS
from .microscope_judging import Lit, difference, is_close, of_gate, raised
from .microscope_notes import Span, copied
from .microscope_pass import TOLERANCE, Backward, line_where, note_of
from .microscope_scales import SOURCES, Trace, factor_of, is_dz2_right, scale_before, whole

KINDS = {"sum": ("summed", "summed"), "mean": ("the mean", "means")}  # of one, and of several


def first_of_backward(backward: Backward, found: Trace) -> Lit | None:
    """The first wrong array of a backward pass, with the slope of ReLU; None if all are right.

    `found` is the trace of the pass.
    """
    if all(_is_as_expected(backward, found, name) for name in GRADIENTS):
        return of_gate(backward.run)
    if not is_dz2_right(backward):
        return _between(backward, found, "dz2")
    if backward.run.backward.error is not None:
        return _while_it_raised(backward)
    if backward.batch is None:
        return Lit("dW2", str(backward.problem), is_missing=True)
    for name in ("dW2", "db2"):
        if not _is_as_expected(backward, found, name):
            return _gradient(backward, found, name)
    return _first_layer(backward, found)


def _is_as_expected(backward: Backward, found: Trace, name: str) -> bool:
    """Whether a gradient is right, in the convention of most of them."""
    return found[name].expected in backward.right_as(name)


def _first_layer(backward: Backward, found: Trace) -> Lit:
    """What is wrong between dz2 and the gradients of the first layer."""
    for name in ("da1", "dz1"):
        if found[name].changes_scale:
            return _other_convention(backward, found, name)
    if backward.right_as("dW1") or backward.right_as("db1"):
        is_right = _is_as_expected(backward, found, "dW1")
        return _gradient(backward, found, "db1" if is_right else "dW1")
    if backward.last("dz1"):
        return _gradient(backward, found, "dW1")
    if not backward.is_seen("da1"):
        is_gate = _differs_at_the_gate(backward)
        return _between(backward, found, "gate" if is_gate else "da1")
    slope = of_gate(backward.run)
    if slope is not None:
        return slope
    if not found["da1"].own:
        return _between(backward, found, "da1")
    return _between(backward, found, "dz1" if backward.last("gate") else "gate")


def _differs_at_the_gate(backward: Backward) -> bool:
    """Whether the array that should be dz1 is right wherever the gate is open."""
    found = backward.computed("dz1")
    is_open = backward.example.right("gate") == 1
    return bool(found) and any(
        is_close(found[-1].value[is_open], backward.example.right("dz1", c)[is_open], TOLERANCE)
        for c in CONVENTIONS
    )


def _other_convention(backward: Backward, found: Trace, name: str) -> Lit:
    """An array that is right, but in another convention than most of the gradients."""
    one = found[name]
    text = _mix(backward, one.expected)
    if name in GRADIENTS:
        got = _returned(backward, name)
        return Lit(name, text, line_where(backward, got), got)
    by = "divided by" if one.own == "mean" else "multiplied by"
    sentence = f"{name} is {by} the number of images, and {SOURCES[name]} is not. {text}"
    note = one.note
    assert note is not None  # a scale of its own has been seen
    return Lit(name, sentence, note.line, note.value)


def _mix(backward: Backward, expected: str) -> str:
    """Which gradients are sums over the batch, and which are means."""
    styles = {name: backward.right_as(name) for name in GRADIENTS}
    odd = [name for name, style in styles.items() if style and expected not in style]
    rest = [name for name, style in styles.items() if expected in style]
    other = next(one for one in CONVENTIONS if one != expected)
    whose = "the others" if len(odd) == 1 and len(rest) == 3 else _listed(rest)
    if not odd:  # an array on the way makes the gradients after it wrong
        kind = KINDS[expected][len(rest) > 1]
        return f"{whose} {_are(rest)} {kind} over the batch, so the others have to be, too."
    return (
        f"{_listed(odd)} {_are(odd)} {KINDS[other][len(odd) > 1]} over the batch, "
        f"{whose} {_are(rest)} {KINDS[expected][len(rest) > 1]}. Sums and means are both right, "
        "but all four gradients have to be of one kind."
    )


def _while_it_raised(backward: Backward) -> Lit:
    """The array that was being computed when backward raised an exception."""
    called = backward.run.backward
    if "relu_derivative" in called.functions:
        return raised(called, "gate")
    operands = _operands(backward, called.span)
    for name in GRADIENTS:
        if name in operands:
            return raised(called, name)
    if "dz1" in operands:
        return raised(called, "dW1" if "X" in operands else "db1")
    if "da1" in operands:
        return raised(called, "dz1" if backward.last("gate") else "gate")
    if "dz2" in operands:
        if operands & {"a1", "z1"}:
            return raised(called, "dW2")
        return raised(called, "da1" if operands & {"W1", "W2"} else "db2")
    order = ("da1", "gate", "dz1", "dW2", "db2", "dW1", "db1")
    return raised(called, next((n for n in order if not backward.is_seen(n)), "dW2"))


def _operands(backward: Backward, span: Span | None) -> set[str]:
    """Which arrays, or transposes of them, the expression that raised was given."""
    if span is None:
        return set()
    inside = [n for n in backward.run.backward.notes if n.span != span and _holds(span, n.span)]
    outermost = [
        note for note in inside
        if not any(n.span != note.span and _holds(n.span, note.span) for n in inside)
    ]  # fmt: skip
    names = ("X", "W1", "z1", "a1", "W2", "z2", "a2", *BETWEEN, *GRADIENTS)
    return {
        name
        for note in outermost
        for name in names
        if backward.conventions(name, note.value) or backward.conventions(name, note.value.T)
    }


def _holds(outer: Span, inner: Span) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


def _gradient(backward: Backward, found: Trace, name: str) -> Lit:
    """A gradient that is wrong while what it is computed from is right."""
    key = GRADIENTS[name]
    if backward.batch is None:
        return Lit(name, str(backward.problem), is_missing=True)
    if backward.right_as(name):
        return _other_convention(backward, found, name)
    one, got = backward.batch[key], _returned(backward, name)
    if one.problem is not None:
        return Lit(name, str(one.problem), line_where(backward, got), got, got is None)
    if got is None:
        return Lit(name, f'gradients["{key}"] is wrong.')
    sentence = _in_words(backward, found, name, f'gradients["{key}"]', got)
    return Lit(name, sentence, line_where(backward, got), got)


def _returned(backward: Backward, name: str) -> np.ndarray | None:
    returned, key = backward.run.backward.returned, GRADIENTS[name]
    return copied(returned[key]) if isinstance(returned, dict) and key in returned else None


def _between(backward: Backward, found: Trace, name: str) -> Lit:
    """An array on the way that is wrong, or was never computed."""
    note = note_of(backward, name) if name == "gate" else found[name].note
    if note is None and backward.run.backward.error is not None:
        return raised(backward.run.backward, name)
    symbol, problem = BY_NAME[name].symbol, backward.problem
    wrong = [n for n in GRADIENTS if not backward.right_as(n)]
    if note is None:
        because = str(problem) if problem is not None else f"{_listed(wrong)} {_are(wrong)} wrong."
        slope = _slope_used(backward, found) if name == "gate" else None
        if slope is not None:
            return slope
        return Lit(name, f"{symbol} is never computed; {because}", is_missing=True)
    follow = f" So {_listed(wrong)} {_are(wrong)} wrong too." if wrong else ""
    sentence = f"{_in_words(backward, found, name, symbol, note.value)}{follow}"
    return Lit(name, sentence, note.line, note.value)


def _slope_used(backward: Backward, found: Trace) -> Lit | None:
    """What the script multiplies da1 by, if that is no array of 0 and 1; None if unknown."""
    example, dz1 = backward.example, found["dz1"]
    if dz1.note is None:
        return None
    da1, right, z1 = (
        example.right(name, dz1.expected) for name in ("da1", "gate", "z1")
    )  # fmt: skip
    with np.errstate(all="ignore"):
        slope = dz1.note.value / da1
    if not np.isfinite(slope).all():
        return None
    if is_close(slope, np.ones_like(slope), TOLERANCE):
        sentence = (
            "relu′(z1) is never computed: dz1 is da1 as it is, but where z1 is not above 0 it has "
            "to be 0. So dW1 and db1 are wrong."
        )
        return Lit("gate", sentence, dz1.note.line, is_missing=True)
    wrong = np.argwhere(~np.isclose(slope, right, rtol=0, atol=TOLERANCE))
    if not len(wrong):
        return None
    i, j = wrong[0]
    sentence = (
        f"relu′(z1) is never computed as an array of 0 and 1. dz1[{i}, {j}] is da1[{i}, {j}] times "
        f"{slope[i, j]:.4g}, expected times {right[i, j]:.0f}, because z1[{i}, {j}] is "
        f"{z1[i, j]:.4g}. So dW1 and db1 are wrong."
    )
    return Lit("gate", sentence, dz1.note.line, slope)


def _in_words(backward: Backward, found: Trace, name: str, label: str, got: np.ndarray) -> str:
    """How an array differs, and what it is off by as a whole, if that is a sign or a number."""
    convention = found[name].expected if name in found else "sum"
    right = backward.example.right(name, convention)
    failure = difference(label, got, right)
    text = str(failure) if failure is not None else f"{label} is wrong."
    if name == "gate":
        return text
    is_divided = scale_before(name, found) == "mean"
    by = _off_by(factor_of(got, right), convention, backward.example.n, is_divided=is_divided)
    return f"{text} {by}" if by else text


def _off_by(factor: float, convention: str, n: int, *, is_divided: bool) -> str:
    """A sentence on a factor to the array in a convention, "" if it says little.

    `is_divided` says that what the array is computed from is divided by n already.
    """
    size = abs(factor)
    if not size:
        return ""
    if np.isclose(size, 1):
        return "This is the right array with the wrong sign."
    it_is = "It is" if factor > 0 else "It has the wrong sign and is"
    if n > 1 and np.isclose(size, 1 / n):
        often = " twice" if convention == "mean" else ""
        return f"{it_is} divided by the number of images{often}."
    if whole(size):
        return f"{it_is} {whole(size)} times as large."
    number = whole(n / size if convention == "mean" and not is_divided else 1 / size)
    if not number:
        return ""
    images = "" if is_divided else f", but the batch has {n} image{'s' if n > 1 else ''}"
    return f"{it_is} divided by {number}{images}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"

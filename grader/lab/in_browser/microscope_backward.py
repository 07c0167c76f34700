"""The first wrong array of backward: from its four gradients, and from what it computed on the way.

Where nothing that was computed matches, the gradients tell: if dW2 or db2 is right, dz2 was too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .microscope_arrays import BY_NAME, CONVENTIONS, GRADIENTS
from .microscope_judging import Lit, difference, is_close, of_gate, raised
from .microscope_notes import Span, copied
from .microscope_pass import BETWEEN, TOLERANCE, Backward, convention_of, line_where, note_of


def first_of_backward(backward: Backward) -> Lit | None:
    """The first wrong array of a backward pass, with the slope of ReLU; None if all are right."""
    convention = convention_of(backward)
    styles = {name: backward.right_as(name) for name in GRADIENTS}
    if all(convention in style for style in styles.values()):
        return of_gate(backward.run)
    if all(styles.values()):
        return _mixed(backward, convention)
    if not _is_dz2_right(backward):
        return _between(backward, "dz2")
    if backward.run.backward.error is not None:
        return _while_it_raised(backward)
    if backward.batch is None:
        return Lit("dW2", str(backward.problem), is_missing=True)
    for name in ("dW2", "db2"):
        if not styles[name]:
            return _gradient(backward, name)
    return _first_layer(backward)


def _is_dz2_right(backward: Backward) -> bool:
    if backward.right_as("dW2") or backward.right_as("db2"):
        return True
    return backward.is_seen("dz2") and (bool(backward.last("dz2")) or backward.is_seen("da1"))


def _first_layer(backward: Backward) -> Lit:
    """What is wrong between dz2 and the gradients of the first layer."""
    if backward.right_as("dW1") or backward.right_as("db1"):
        return _gradient(backward, "db1" if backward.right_as("dW1") else "dW1")
    if backward.last("dz1"):
        return _gradient(backward, "dW1")
    if not backward.is_seen("da1"):
        return _between(backward, "gate" if _differs_at_the_gate(backward) else "da1")
    slope = of_gate(backward.run)
    if slope is not None:
        return slope
    return _between(backward, "dz1" if backward.last("gate") else "gate")


def _differs_at_the_gate(backward: Backward) -> bool:
    """Whether the array that should be dz1 is right wherever the gate is open."""
    found = backward.computed("dz1")
    is_open = backward.example.right("gate") == 1
    return bool(found) and any(
        is_close(found[-1].value[is_open], backward.example.right("dz1", c)[is_open], TOLERANCE)
        for c in CONVENTIONS
    )


def _mixed(backward: Backward, convention: str) -> Lit:
    """Where the convention changes, if each gradient is right in one but not all in the same."""
    styles = {name: backward.right_as(name) for name in GRADIENTS}
    second, first = styles["dW2"] & styles["db2"], styles["dW1"] & styles["db1"]
    if second and first:
        odd = "dW1"
        for name in ("dz1", "da1"):  # the first of them at last
            if found := backward.last(name):
                odd = name if not found & second else odd
    else:
        odd = next(name for name in GRADIENTS if convention not in styles[name])
    return Lit(
        odd,
        f"From {BY_NAME[odd].symbol} on, the convention is another: the sum over the batch and its "
        "mean are both right, but all four gradients have to keep to the same.",
        _line_of(backward, odd),
        _latest(backward, odd),
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


def _gradient(backward: Backward, name: str) -> Lit:
    """A gradient that is wrong while what it is computed from is right."""
    key = GRADIENTS[name]
    if backward.batch is None:
        return Lit(name, str(backward.problem), is_missing=True)
    one = backward.batch[key]
    returned = backward.run.backward.returned
    got = copied(returned[key]) if isinstance(returned, dict) and key in returned else None
    if one.problem is not None:
        return Lit(name, str(one.problem), line_where(backward, got), got, got is None)
    if got is None:
        return Lit(name, f'gradients["{key}"] is wrong.')
    sentence = _in_words(backward, name, f'gradients["{key}"]', got)
    return Lit(name, sentence, line_where(backward, got), got)


def _between(backward: Backward, name: str) -> Lit:
    """An array on the way that is wrong, or was never computed."""
    symbol, got = BY_NAME[name].symbol, _latest(backward, name)
    if got is None and backward.run.backward.error is not None:
        return raised(backward.run.backward, name)
    problem = backward.problem
    wrong = [n for n in GRADIENTS if not backward.right_as(n)]
    because = str(problem) if problem is not None else f"{_listed(wrong)} {_are(wrong)} wrong."
    if got is None:
        return Lit(name, f"{symbol} is never computed; {because}", is_missing=True)
    follow = f" So {_listed(wrong)} {_are(wrong)} wrong too." if wrong else ""
    sentence = f"{_in_words(backward, name, symbol, got)}{follow}"
    return Lit(name, sentence, _line_of(backward, name), got)


def _latest(backward: Backward, name: str) -> np.ndarray | None:
    """What the script has in place of an array: the right one, or the one most like it."""
    note = note_of(backward, name)
    return note.value if note is not None else None


def _line_of(backward: Backward, name: str) -> int | None:
    note = note_of(backward, name)
    return note.line if note is not None else None


def _in_words(backward: Backward, name: str, label: str, got: np.ndarray) -> str:
    """How an array differs, and what it is off by as a whole, if that is a sign or a number."""
    convention, n = convention_of(backward), backward.example.n
    failure = difference(label, got, backward.example.right(name, convention))
    text = str(failure) if failure is not None else f"{label} is wrong."
    factors = [_factor(got, backward.example.right(name, one)) for one in CONVENTIONS]
    if -1 in factors:
        return f"{text} This is the right array with the wrong sign."
    if n > 1 and factors[1] == 1 / n:
        return f"{text} This is the mean, divided by the number of images once more."
    if factors[0] and (number := _whole(factors[0]) or _whole(1 / factors[0])):
        verb = "times" if _whole(factors[0]) else "divided by"
        return f"{text} This is the right array {verb} {number}."
    return text


def _factor(got: np.ndarray, right: np.ndarray) -> float:
    """The one number that an array is off by, 0 if there is none."""
    size = float(np.vdot(right, right))
    if got.shape != right.shape or size < 1e-12:
        return 0.0
    factor = round(float(np.vdot(right, got)) / size, 9)
    return factor if is_close(got, factor * right, TOLERANCE) else 0.0


def _whole(number: float) -> int:
    """The number if it is a whole one, else 0."""
    return round(number) if abs(number - round(number)) < 1e-3 else 0


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"

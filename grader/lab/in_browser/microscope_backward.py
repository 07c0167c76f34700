"""The first wrong array of backward: from its four gradients, and from what it computed on the way.

A gradient is known by its key. The arrays on the way have any name or none, so they are known by
their shape and values, in either convention. Where nothing matches, the gradients tell: if dW2 or
db2 is right, dz2 was too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assignment.checks.numpy.gradients import Batch, compared
from assignment.failure import CheckFailed

from .microscope_arrays import BY_NAME, CONVENTIONS, GRADIENTS, Example
from .microscope_judging import Lit, is_close, of_gate, raised
from .microscope_notes import OPERAND, Note, Span, copied
from .microscope_run import MISSING, Run

TOLERANCE = 1e-4  # relative to the largest element of each array, as in the public check
BETWEEN = ("dz2", "da1", "dz1")


@dataclass(frozen=True)
class Backward:
    """One backward pass: its notes with those of loops put together, and its gradients.

    `batch` is None if backward returned no dict, and `problem` then says what it returned.
    """

    run: Run
    notes: tuple[Note, ...]
    batch: Batch | None
    problem: CheckFailed | None = None

    @property
    def example(self) -> Example:
        """The example that was run."""
        return self.run.example

    def right_as(self, name: str) -> frozenset[str]:
        """The conventions in which a gradient is right, none if it is wrong or missing."""
        return self.batch[GRADIENTS[name]].right_as if self.batch is not None else frozenset()

    def computed(self, name: str) -> list[Note]:
        """What was computed with the shape of an array; not what was only read.

        Of the arrays between, what holds nothing but 0 and 1 is a gate; of the gate, all else is
        none.
        """
        shape = self.example.right(name).shape
        found = [n for n in self.notes if n.kind != OPERAND and n.value.shape == shape]
        if name in BETWEEN and name != "dz2":
            return [note for note in found if not _is_binary(note.value)]
        return [n for n in found if _is_binary(n.value)] if name == "gate" else found

    def conventions(self, name: str, value: np.ndarray) -> set[str]:
        """The conventions in which a value is that of an array; for the gate, also inverted."""
        found = {c for c in CONVENTIONS if is_close(value, self.example.right(name, c), TOLERANCE)}
        return found or (set(CONVENTIONS) if name == "gate" and self._is_inverted(value) else set())

    def _is_inverted(self, value: np.ndarray) -> bool:
        return is_close(value, 1 - self.example.right("gate"))

    def last(self, name: str) -> set[str]:
        """The conventions in which the last array of this kind is right."""
        computed = self.computed(name)
        return self.conventions(name, computed[-1].value) if computed else set()

    def is_seen(self, name: str) -> bool:
        """Whether the array was computed right at some time, under whatever name."""
        return any(self.conventions(name, note.value) for note in self.computed(name))


def backward_of(run: Run) -> Backward:
    """The backward pass of a run."""
    example, called = run.example, run.backward
    notes = _with_stacks(called.notes, example.n)
    mean = {key: example.right(name, "mean") for name, key in GRADIENTS.items()}
    if called.returned is MISSING:
        return Backward(run, notes, None)
    try:
        with np.errstate(all="ignore"):
            return Backward(run, notes, compared(called.returned, mean, example.n, TOLERANCE))
    except CheckFailed as problem:
        return Backward(run, notes, None, problem)


def _with_stacks(notes: Sequence[Note], n: int) -> tuple[Note, ...]:
    """The notes; rows that a loop over the n images computed are one array after the last row."""
    rows: dict[tuple[Span, str, str], list[np.ndarray]] = {}
    found = []
    for note in notes:
        found.append(note)
        if n < 2 or note.value.ndim > 2 or (note.value.ndim == 2 and len(note.value) > 1):
            continue
        row = rows.setdefault((note.span, note.kind, note.target), [])
        row.append(note.value.reshape(-1))
        if len(row) == n:
            if len({one.shape for one in row}) == 1:
                found.append(replace(note, value=np.stack(row)))
            row.clear()
    return tuple(found)


def _is_binary(value: np.ndarray) -> bool:
    return bool(((value == 0) | (value == 1)).all() and value.any())


def convention_of(backward: Backward) -> str:
    """The convention in which most gradients are right."""
    return max(
        CONVENTIONS, key=lambda one: sum(one in backward.right_as(name) for name in GRADIENTS)
    )


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
        return Lit(name, str(one.problem), _line_where(backward, got), got, got is None)
    convention = convention_of(backward)
    sentence = (
        f'gradients["{key}"] is wrong{_factor(got, backward.example.right(name, convention))}.'
    )
    return Lit(name, sentence, _line_where(backward, got), got)


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
    factor = _factor(got, backward.example.right(name, convention_of(backward)))
    sentence = f"{symbol} is wrong{factor}, and so {_are(wrong)} {_listed(wrong)}."
    return Lit(name, sentence, _line_of(backward, name), got)


def _latest(backward: Backward, name: str) -> np.ndarray | None:
    """What the script has in place of an array: the right one, or the one most like it."""
    note = note_of(backward, name)
    return note.value if note is not None else None


def note_of(backward: Backward, name: str, *, right: bool = False) -> Note | None:
    """The note of an array on the way: the last right one with `right`, else the likely one."""
    found = backward.computed(name)
    if right:
        found = [note for note in found if backward.conventions(name, note.value)]
    if not found:
        return None
    return found[0] if name == "da1" and not right else found[-1]


def _line_of(backward: Backward, name: str) -> int | None:
    note = note_of(backward, name)
    return note.line if note is not None else None


def _line_where(backward: Backward, got: np.ndarray | None) -> int | None:
    """The line that computed a gradient, by its value."""
    notes = [n for n in backward.notes if got is not None and n.kind != OPERAND]
    lines = [n.line for n in notes if n.value.shape == got.shape and _equal(n.value, got)]  # type: ignore[union-attr]
    return lines[0] if lines else None


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.array_equal(one, other, equal_nan=True))


def _factor(got: np.ndarray | None, expected: np.ndarray) -> str:
    """In words, the one number that a wrong array is off by, if there is one."""
    size = float(np.vdot(expected, expected))
    if got is None or got.shape != expected.shape or size < 1e-12:
        return ""
    factor = float(np.vdot(expected, got)) / size
    if abs(factor) < 1e-6 or not is_close(got, factor * expected, TOLERANCE):
        return ""
    return f": it is the right one times {factor:.6g}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"

"""One backward pass: its gradients, and the arrays that it computed on the way.

A gradient is known by its key. The arrays on the way have any name or none, so they are known by
their shape and values, in either convention: summed over the batch, or its mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assignment.checks.numpy.gradients import Batch, compared
from assignment.failure import CheckFailed

from .microscope_arrays import BETWEEN, CONVENTIONS, GRADIENTS, Example
from .microscope_judging import is_close
from .microscope_notes import OPERAND, Note, Span
from .microscope_run import MISSING, Run

TOLERANCE = 1e-4  # relative to the largest element of each array, as in the public check


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


def note_of(backward: Backward, name: str, *, right: bool = False) -> Note | None:
    """The note of an array on the way: the last right one with `right`, else the likely one."""
    found = backward.computed(name)
    if right:
        found = [note for note in found if backward.conventions(name, note.value)]
    if not found:
        return None
    return found[0] if name == "da1" and not right else found[-1]


def line_where(backward: Backward, got: np.ndarray | None) -> int | None:
    """The line that computed a gradient, by its value."""
    if got is None:
        return None
    lines = (n.line for n in backward.notes if n.kind != OPERAND and _same_numbers(n.value, got))
    return next(lines, None)


def _same_numbers(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are equal, or one is the other's transpose."""
    return any(np.array_equal(one, each, equal_nan=True) for each in (other, other.T))

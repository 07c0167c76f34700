"""Notes on how `fit` trained, by the calls that were counted while it ran."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assignment.handles import Handle, opaque_of
from grader.errors import StudentFault
from grader.sandbox.remote import StudentScript

HARDLY = 0.2  # of the training images
Note = tuple[str, str]  # id, text


@dataclass(frozen=True)
class Calls:
    """Calls of a method, rows that it was given, and rows without repeated batches."""

    calls: int
    rows: int
    distinct: int


def step_of(numpy_part: bool) -> str:
    """The method that sees each batch of a training."""
    return "backward" if numpy_part else "training_step"


def watch(student: StudentScript, model: Handle, name: str) -> None:
    """Count the calls of a method from now on."""
    with contextlib.suppress(StudentFault):  # of a class that cannot be changed
        student.ask("watch", {"ref": opaque_of(model).ref, "names": [name]})


def counted(student: StudentScript, name: str) -> Calls | None:
    """The calls since `watch`; None if they could not be counted."""
    try:
        found: Any = student.ask("watched", {})
        calls, rows, distinct = (int(number) for number in found[name])
    except (StudentFault, KeyError, TypeError, ValueError):
        return None
    return Calls(calls, rows, distinct)


def fit_notes(name: str, calls: Calls | None, images: int) -> Iterator[Note]:
    """Notes on a training that had `images` training images."""
    if calls is None:
        return
    if calls.calls == 0:
        yield (
            f"fit-without-{name.replace('_', '-')}",
            f"fit never called {name}, so the network learned in another way or not at all",
        )
    elif calls.rows and calls.distinct < HARDLY * images:
        yield (
            "fit-ignores-data",
            f"fit gave {name} {calls.distinct:,} of {images:,} training images, in "
            f"{calls.calls:,} calls (repeated batches do not count)",
        )


def saw_all(calls: Calls | None, images: int, epochs: int) -> bool:
    """Whether an epoch trained on all images, as far as is known."""
    return calls is not None and calls.rows >= 0.9 * images * epochs

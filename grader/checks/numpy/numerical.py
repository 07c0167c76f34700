"""A note on a backward that tries weights instead of using the chain rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.handles import Handle, opaque_of
from grader.checks.context import Context
from grader.errors import StudentFault
from grader.rules import RubricSection

INPUTS, HIDDEN, OUTPUTS, IMAGES = 12, 6, 3, 2
# With 99 weights, trying each takes 99 or more; loops over images and units take far less.
MANY = 60


def note_numerical_backward(section: RubricSection, context: Context) -> None:
    """Note a backward that runs the network once or more for each weight.

    Such gradients are right, and fast enough if they are clever, so no mark depends on it.
    """
    try:
        found = _uses(section, context)
        uses = max(int(found["calls"]), int(found["products"]))
        is_complex = bool(found["complex"])
    except (StudentFault, KeyError, TypeError, ValueError):
        return
    if not is_complex and uses < MANY:
        return
    weights = (INPUTS + 1) * HIDDEN + (HIDDEN + 1) * OUTPUTS
    how = (
        f"one backward pass of a network with {weights} weights and {IMAGES} images took "
        f"{found['products']} products with W1 and {found['calls']} calls of the script's functions"
    )
    if is_complex:
        context.note("complex-step", section.script, f"backward uses complex weights: {how}")
    else:
        context.note("numerical-backward", section.script, f"backward tries weights: {how}")


def _uses(section: RubricSection, context: Context) -> dict[str, Any]:
    student, rng = context.student(section), context.rng(section)
    net = student.module.NumpyANN(INPUTS, HIDDEN, OUTPUTS, 0)
    if not isinstance(net, Handle):
        return {}
    for name, shape in (("W1", (INPUTS, HIDDEN)), ("W2", (HIDDEN, OUTPUTS))):
        setattr(net, name, rng.standard_normal(shape))
    for name, size in (("b1", HIDDEN), ("b2", OUTPUTS)):
        setattr(net, name, np.zeros(size))
    arguments = {
        "ref": opaque_of(net).ref,
        "X": rng.random((IMAGES, INPUTS)),
        "Y": np.eye(OUTPUTS)[rng.integers(OUTPUTS, size=IMAGES)],
    }
    found: dict[str, Any] = student.ask("count_backward", arguments)
    return found

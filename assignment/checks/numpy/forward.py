"""1.5 forward: the four steps that it keeps and the probabilities that it returns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assignment.checks.numpy.cases import ForwardBatch, ForwardCase, network_with
from assignment.expect import RETURN_MISSING, CheckFailed, expect_array
from assignment.handles import Handle, Module, attributes

TOLERANCE = 1e-4
HINTS = {
    "z1": "the product of the images and the first weights, plus the first bias.",
    "a1": "your relu of z1.",
    "z2": "the product of a1 and the second weights, plus the second bias.",
    "a2": "the softmax of z2, over the classes.",
}


def check_forward(module: Module, cases: Sequence[ForwardCase]) -> None:
    """1.5.

    Raises CheckFailed unless forward returns the right probabilities and keeps its steps.
    """
    for case in cases:
        net = network_with(module, case.parameters)
        for batch in case.batches:  # a second call must not remember the first
            expect_forward(net, net.forward(batch.X), batch, large=case.large)


def expect_forward(net: Handle, a2: object, right: ForwardBatch, *, large: bool) -> None:
    """Raises CheckFailed unless all four steps and the returned value are right."""
    hints = dict(HINTS)
    kept = kept_steps(net, a2)
    # if a2 is right, z1 and z2 were right when a1 and a2 were computed from them
    if not large and _agrees(kept["a2"], right.a2, TOLERANCE):
        for name in ("z1", "z2"):
            if not _agrees(kept[name], getattr(right, name), 0.05):  # more than rounding
                hints[name] = (
                    "a2 is right, so this was overwritten afterwards: two names can refer to the "
                    "same array."
                )
    for name, hint in hints.items():
        suffix = " (large logits)" if large else ""
        expect_step(f"self.{name}{suffix}", kept[name], getattr(right, name), hint)
    expect_step("what forward returns", a2, right.a2, "return the probabilities, self.a2.")


def kept_steps(net: Handle, returned: object) -> dict[str, object]:
    """What forward kept of its four steps. Raises CheckFailed if one is missing."""
    try:
        return dict(zip(HINTS, attributes(net, tuple(HINTS)), strict=True))
    except Exception:  # the first that is missing is named
        return {name: kept_step(net, name, returned) for name in HINTS}


def kept_step(net: Handle, name: str, returned: object) -> object:
    """What forward kept under a name. Raises CheckFailed if there is nothing."""
    try:
        return getattr(net, name)
    except Exception as error:
        nothing = "" if returned is not None else ", and forward returned None"
        raise CheckFailed(
            f"self.{name} does not exist after forward{nothing}",
            kind="wrong-type" if nothing else "",
            hint=RETURN_MISSING if nothing else "keep all four steps on self.",
        ) from error


def expect_step(name: str, got: object, expected: np.ndarray, hint: str) -> None:
    """Raises CheckFailed unless one step is right, to TOLERANCE.

    Small values may be off by the float32 rounding of the largest value.
    """
    absolute = 5e-6 * float(np.abs(expected).max())
    expect_array(name, got, expected, tolerance=TOLERANCE, absolute=absolute, hint=hint)


def _agrees(got: object, expected: np.ndarray, tolerance: float) -> bool:
    try:
        expect_array("", got, expected, tolerance=tolerance)
    except CheckFailed:
        return False
    return True

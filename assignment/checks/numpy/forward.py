"""1.5 forward: the four steps that it keeps and the probabilities that it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from assignment.checks.numpy.cases import ForwardBatch, ForwardCase, network_with
from assignment.expect import RETURN_MISSING, CheckFailed, expect_array
from assignment.handles import Handle, Module, attributes, set_attributes

TOLERANCE = 1e-4
HINTS = {
    "z1": "the product of the images and the first weights, plus the first bias.",
    "a1": "your relu of z1.",
    "z2": "the product of a1 and the second weights, plus the second bias.",
    "a2": "the softmax of z2, over the classes.",
}

OVERWRITTEN = "so this was overwritten afterwards: two names can refer to the same array."


def check_forward(module: Module, cases: Sequence[ForwardCase]) -> None:
    """1.5.

    Raises CheckFailed unless forward returns the right probabilities and keeps its steps.
    """
    for case in cases:
        net = network_with(module, case.parameters)
        for batch in case.batches:  # a second call must not remember the first
            expect_forward(module, net, net.forward(batch.X), case, batch)


def expect_forward(
    module: Module, net: Handle, a2: object, case: ForwardCase, right: ForwardBatch
) -> None:
    """Raises CheckFailed unless all four steps and the returned value are right."""
    kept = kept_steps(net, a2)
    suffix = " (large logits)" if case.large else ""
    for name, hint in HINTS.items():
        try:
            expect_step(f"self.{name}{suffix}", kept[name], getattr(right, name), hint)
        except CheckFailed as failure:
            explained = explanation(module, name, kept, case, right)
            if name in ("z1", "z2") and not explained and _ignores(net, f"W{name[1]}", name, right):
                explained = (
                    f"forward does not use self.W{name[1]} as it is now. Does it read a copy, which "
                    "__init__ or an earlier call has made?"
                )
            failure.hints = (explained,) if explained else failure.hints
            raise
    expect_step("what forward returns", a2, right.a2, "return the probabilities, self.a2.")


def explanation(
    module: Module,
    name: str,
    kept: Mapping[str, object],
    case: ForwardCase,
    right: ForwardBatch,
) -> str:
    """What to do about a wrong step, the first in the order of HINTS; "" if nothing more is known."""
    got = kept[name]
    if not isinstance(got, np.ndarray) or got.dtype.kind not in "fiu":
        return ""
    if name == "a2":
        return _of_softmax(module, got, case, right)
    expected: np.ndarray = getattr(right, name)
    # if a2 is right, z1 and z2 were right when a1 and a2 were computed from them
    is_right_later = name != "a1" and not case.large and _agrees(kept["a2"], right.a2)
    if is_right_later and not _agrees(got, expected, 0.05):  # more than rounding
        return f"a2 is right, {_of_kept(name, got, case, right)}"
    b1 = case.parameters["b1"]
    if name == "z1" and got.shape == expected.shape and _agrees((got - b1) * 255, expected - b1):
        return "the images are divided by 255; their pixels lie between 0 and 1 already."
    return ""


def _ignores(net: Handle, weights: str, name: str, right: ForwardBatch) -> bool:
    """Whether other weights leave a step as it is."""
    try:
        before, now = attributes(net, (name, weights))
        set_attributes(net, {weights: now + 1})
        net.forward(right.X)
        (after,) = attributes(net, (name,))
        return np.array_equal(before, after)
    except Exception:  # of whatever kind the answer is
        return False


def _of_kept(name: str, got: np.ndarray, case: ForwardCase, right: ForwardBatch) -> str:
    """How the step that is kept differs from the one that was computed with."""
    expected: np.ndarray = getattr(right, name)
    function, after = {"z1": ("relu", right.a1), "z2": ("softmax", right.a2)}[name]
    if got.size != expected.size:
        return OVERWRITTEN
    values = got.reshape(expected.shape)
    if got.shape != expected.shape and _agrees(values, expected):
        return (
            f"and so are the values of self.{name}: only its shape is another. No squeeze or reshape "
            "is needed."
        )
    if _agrees(values + case.parameters[f"b{name[1]}"], expected):
        return f"but self.{name} is kept without its bias: add it before {function} is called."
    if _agrees(got, after):
        return (
            f"but self.{name} holds what comes after {function}: keep the product plus bias under a "
            "name of its own. Two names can refer to the same array, which is overwritten then."
        )
    return OVERWRITTEN


def _of_softmax(module: Module, got: np.ndarray, case: ForwardCase, right: ForwardBatch) -> str:
    try:
        of_z2, twice = module.softmax(right.z2), module.softmax(right.a2)
    except Exception:  # the example was changed
        return ""
    if case.large and not _agrees(of_z2, right.a2):
        return (
            "softmax of 1.1 itself fails for these logits: it was given right, so undo your changes "
            "there."
        )
    if not case.large and _agrees(got, twice):
        return "this is the softmax of a softmax: call it once, on self.z2."
    return ""


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


def _agrees(got: object, expected: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    try:
        expect_array("", got, expected, tolerance=tolerance)
    except CheckFailed:
        return False
    return True

"""Diagnose 1.5 by its biases, hidden activation and output function, and 1.6 by its parts.

The parts of 1.6 are the starting value, the way back to the hidden layer, the products and the
divisions by n.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from typing import Any

import numpy as np

from assignment.checks.numpy.cases import NAMES
from assignment.handles import Handle, Module, as_array
from grader.errors import StudentError, StudentFault
from grader.feedback.diagnosis.comparing import Diagnosis, close, fewest
from grader.feedback.misconceptions import Formula, Pass, choices
from grader.oracle.gradients import Point, away_from_kinks
from grader.oracle.networks import network_at, reference_at, reference_gradients

UNSTABLE = "forward-softmax-unstable"
# a product of matrices that does not fit, or an array that meets its own transpose
TRANSPOSED = (
    r"ValueError: (?:.*matmul|.*not aligned"
    r"|operands could not be broadcast .* \((\d+),(\d+)\) \(\2,\1\))"
)
IN_ONE = ("backward-gate-in-one",)
STEPS = ("z1", "a1", "z2", "a2")
Forms = list[tuple[np.ndarray, Diagnosis]]


def _square(rng: np.random.Generator) -> Point:
    """A point at which a transposed factor or a wrong axis gives an answer instead of an error."""
    return away_from_kinks(rng, n=5, d=5, h=5, k=5)


def forward(module: Module, rng: np.random.Generator) -> Diagnosis:
    """1.5"""
    point = _square(rng)
    net = network_at(module, point)
    returned = as_array(net.forward.observe(point.X)[0])
    right = reference_at(point, point.X)
    found = _forward_variant(point, _attribute(net, "a2"))
    if found is None:
        found = _forward_variant(point, returned)
    if found != ():
        large: Diagnosis = ()
        with contextlib.suppress(StudentError):
            large = _for_large_logits(module, rng) if found else ()
        return (*(found or ()), *(name for name in large if name == UNSTABLE))
    if any(not close(_attribute(net, name), getattr(right, name)) for name in STEPS):
        return ("forward-not-kept",)
    if not close(returned, right.a2):
        return ("forward-returns-logits",) if isinstance(returned, np.ndarray) else ()
    return _for_large_logits(module, rng)


def _forward_variant(point: Point, a2: Any) -> Diagnosis | None:
    """The fewest mistakes that explain this a2; None if nothing does."""
    fitting: list[Diagnosis] = []
    biases = choices("1.5", "bias")
    for (first, one), (hidden, two), (second, three) in itertools.product(
        biases, choices("1.5", "hidden"), biases
    ):
        z2 = second(hidden(first(point.X @ point.W1, point.b1)) @ point.W2, point.b2)
        fitting += [
            (*one, *two, *three, *four)
            for output, four in choices("1.5", "output")
            if close(a2, output(z2))
        ]
    return fewest(fitting)


def _attribute(net: Handle, name: str) -> Any:
    try:
        return as_array(getattr(net, name))
    except StudentFault:
        return None


def _for_large_logits(module: Module, rng: np.random.Generator) -> Diagnosis:
    small = away_from_kinks(rng, n=5, d=4, h=6, k=3)
    large = Point(1000 * small.W1, small.b1, 10 * small.W2, small.b2, small.X, small.Y)
    answer = as_array(network_at(module, large).forward.observe(large.X)[0])
    if not isinstance(answer, np.ndarray) or not np.isfinite(answer.astype(np.float64)).all():
        return (UNSTABLE,)
    right = close(answer, reference_at(large, large.X).a2)
    return () if right else ("forward-clips-logits",)


def backward(module: Module, rng: np.random.Generator) -> Diagnosis:
    """1.6"""
    point = _square(rng)
    net = network_at(module, point)
    net.forward(point.X)
    answer = net.backward.observe(point.X, point.Y)[0]
    if not isinstance(answer, dict) or not set(NAMES) <= answer.keys():
        return ("backward-missing-key",) if isinstance(answer, dict) else ()
    gradients = {name: as_array(answer[name]) for name in NAMES}
    found = _backward_variant(point, gradients) or ()
    if any(not close(_attribute(net, name), getattr(point, name)) for name in NAMES):
        return ("backward-changes-weights", *found)
    if not found and _raises_for_other_sizes(module, rng, a_transpose_cures=True):
        return ("backward-not-transposed",)
    if found in (("backward-mixed-scale",), ("backward-divided-twice",)):
        return found if _is_scaled_by_n(module, rng) else ()
    if found == ("backward-no-relu-gate",) and _raises_for_other_sizes(module, rng):
        return ("backward-gate-on-wrong-layer",)  # without any gate, every size would work
    # a gate in the wrong place is not missing as well
    moved = "backward-gate-on-wrong-layer" in found
    return tuple(name for name in found if not (moved and name == "backward-no-relu-gate"))


def _for_other_sizes(module: Module, rng: np.random.Generator) -> tuple[Point, Any]:
    """A point at which all sizes differ, and what backward returns there."""
    point = away_from_kinks(rng, n=4, d=3, h=5, k=6)
    net = network_at(module, point)
    net.forward(point.X)
    return point, net.backward.observe(point.X, point.Y)[0]


def _raises_for_other_sizes(
    module: Module, rng: np.random.Generator, *, a_transpose_cures: bool = False
) -> bool:
    """Whether backward raises ValueError, as for mismatched shapes, if all sizes differ.

    With `a_transpose_cures`, only where a transposed factor can be the reason.
    """
    try:
        _for_other_sizes(module, rng)
    except StudentError as fault:
        shapes = "ValueError" if not a_transpose_cures else TRANSPOSED
        return re.match(shapes, fault.exception) is not None
    return False


def _is_scaled_by_n(module: Module, rng: np.random.Generator) -> bool:
    """Whether right gradients are multiplied by n or divided by it, where all sizes differ."""
    try:
        point, answer = _for_other_sizes(module, rng)
        n, mean = len(point.X), reference_gradients(point)
        return all(
            any(close(as_array(answer[name]), mean[name] * factor) for factor in (n, 1, 1 / n))
            for name in NAMES
        )
    except (StudentError, KeyError, TypeError):
        return False


def _backward_variant(point: Point, gradients: dict[str, Any]) -> Diagnosis | None:
    """The fewest mistakes that explain these gradients; None if nothing does."""
    twin = reference_at(point, point.X)
    p = Pass(
        point.X, point.Y, point.W1, point.W2, twin.z1, twin.a1, twin.z2, twin.a2, answer=gradients
    )
    # the second layer's gradients depend on the start alone, and few starts explain them
    starts = [
        (dz2, started)
        for start, started in choices("1.6", "start")
        if _explains_second_layer(p, dz2 := start(p))
    ]
    slots = (choices("1.6", slot) for slot in ("way", "gate"))
    fitting = []
    for (dz2, started), (way, went), (gate, gated) in itertools.product(starts, *slots):
        da1 = way(p, dz2)
        # without a mistake in the gate itself, it may be left out for one of the two gradients
        found = _gradient_mistakes(p, dz2, gate(p, da1), None if gated else da1)
        if found is not None:
            fitting.append((*started, *went, *gated, *found))
    return fewest(fitting)


def _explains_second_layer(p: Pass, dz2: np.ndarray) -> bool:
    """Whether some form explains the gradients of W2 and b2, which come from dz2."""
    forms = _second_layer(p, dz2)
    return all(_explained(p.answer[name], forms[name], len(p.X)) for name in forms)


def _second_layer(p: Pass, dz2: np.ndarray) -> dict[str, Forms]:
    return {
        "W2": [
            form for left, ids in choices("1.6", "input") for form in _products(left(p), dz2, ids)
        ],
        "b2": [(form(dz2), ids) for form, ids in choices("1.6", "sum")],
    }


def _gradient_mistakes(
    p: Pass, dz2: np.ndarray, dz1: np.ndarray, da1: np.ndarray | None
) -> Diagnosis | None:
    """Further mistakes of gradients from dz2 and dz1; None if these do not explain all four.

    One of those of the first layer may come from `da1`, before ReLU's slope.
    """
    forms: dict[str, Forms] = {
        "W1": _products(p.X, dz1, ()),
        "b1": [(form(dz1), ids) for form, ids in choices("1.6", "sum")],
        **_second_layer(p, dz2),
    }
    if da1 is not None:
        forms["W1"] += _products(p.X, da1, IN_ONE)
        forms["b1"] += [(form(da1), (*IN_ONE, *ids)) for form, ids in choices("1.6", "sum")]
    explained = [_explained(p.answer[name], forms[name], len(p.X)) for name in NAMES]
    found = [one for one in explained if one is not None]
    if len(found) < len(NAMES) or all(IN_ONE[0] in ids for ids, _ in found[:2]):
        return None
    # a bias gradient that is not summed over the images has no scale of its own
    summed = [ids for _, ids in choices("1.6", "sum")]
    divisions = [times for ids, times in found if not ids or ids not in summed]
    scale = next((ids for is_wrong, ids in choices("1.6", "scale") if is_wrong(divisions)), ())
    return (*(name for ids, _ in found for name in ids), *scale)


def _products(left: np.ndarray, right: np.ndarray, mistakes: Diagnosis) -> Forms:
    return [(form(left, right), (*mistakes, *ids)) for form, ids in choices("1.6", "product")]


def _explained(answer: Any, forms: Forms, n: int) -> tuple[Diagnosis, int] | None:
    """The mistakes of the first form that matches, and how often it was divided by n."""
    signs: list[tuple[Formula, Diagnosis]] = choices("1.6", "sign")
    for (sign, turned), (form, ids), times in itertools.product(signs, forms, (0, 1, 2)):
        # a form that is zero everywhere explains nothing
        if form.any() and close(answer, sign(form) / n**times):
            return (*turned, *ids), times
    return None

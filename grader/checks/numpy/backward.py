"""1.6 as the grader asks it: in an order that nobody can predict, and within a time limit."""

from __future__ import annotations

import numpy as np

from assignment.checks.numpy.backward import REMARKS, answers, constants_of
from assignment.checks.numpy.gradients import Batch, compared, expect_gradients
from assignment.expect import CheckFailed
from assignment.handles import Module
from grader.checks.numpy.cases import LARGE_TOLERANCE, backward_cases, drawn_once, large_point
from grader.errors import TimedOut
from grader.oracle.gradients import Point
from grader.oracle.networks import network_at, reference_gradients


def check_backward(module: Module, rng: np.random.Generator, full_size_seconds: float) -> str:
    """1.6: a remark on the convention that the gradients keep to.

    Raises CheckFailed unless all four gradients are right, for every batch and in time.
    """
    cases = drawn_once(backward_cases, rng)
    point = large_point(rng, 256, 784, 128, 10)
    found: dict[int, list[Batch]] = {}
    for number in map(int, rng.permutation(len(cases) + 1)):
        if number < len(cases):
            found[number] = answers(module, cases[number])
        else:
            found[number] = [answer_in_time(module, point, full_size_seconds)]
    batches = [batch for number in sorted(found) for batch in found[number]]
    return REMARKS[expect_gradients(batches, constants_of(module))]


def answer_in_time(module: Module, point: Point, seconds: float) -> Batch:
    """The gradients of a batch of the real size, compared with the right ones.

    Raises CheckFailed for gradients by finite differences: two losses for each of 100,000
    parameters would take minutes.
    """
    net = network_at(module, point, np.float32)
    X, Y = point.X.astype(np.float32), point.Y.astype(np.float32)
    net.forward.within(seconds, X)
    try:
        gradients = net.backward.within(seconds, X, Y)
    except TimedOut as slow:
        raise CheckFailed(
            f"backward took longer than {seconds:g} s for a batch of {len(X)}",
            "a few milliseconds",
            hint="matrix products give all gradients at once; trying each parameter does not.",
        ) from slow
    return compared(gradients, reference_gradients(point), len(X), LARGE_TOLERANCE)

"""1.6 backward: four gradients, in either of the right conventions, for one batch after another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assignment.checks.numpy.cases import NAMES, BackwardCase, network_with
from assignment.checks.numpy.factors import NO_CONSTANTS, Constants
from assignment.checks.numpy.gradients import Batch, compared, expect_gradients
from assignment.expect import CheckFailed
from assignment.handles import Handle, Module, as_number, attributes, owner_of

REMARKS = {
    "sum": "(summed over the batch)",
    "mean": "(mean over the batch: LEARNING_RATE can be about BATCH_SIZE times as large)",
}


def check_backward(module: Module, cases: Sequence[BackwardCase]) -> str:
    """1.6: a remark on the convention that the gradients keep to.

    Raises CheckFailed unless all four are right for every batch, and the weights unchanged.
    """
    found = [batch for case in cases for batch in answers(module, case)]
    return REMARKS[expect_gradients(found, constants_of(module))]


def constants_of(module: Module) -> Constants:
    """The constants of the script that may be a factor in its gradients."""
    try:
        values = owner_of(module).attributes(None, ("LEARNING_RATE", "BATCH_SIZE"))
    except Exception:  # one was deleted
        return NO_CONSTANTS
    return Constants(*map(as_number, values))


def answers(module: Module, case: BackwardCase) -> list[Batch]:
    """The gradients of a network for its batches, compared with the right ones.

    Raises CheckFailed if backward changes the weights.
    """
    net = network_with(module, case.parameters)
    found = []
    for batch in case.batches:  # the later ones fail for code that keeps anything from the first
        net.forward(batch.X)
        gradients = net.backward(batch.X, batch.y_true)
        found.append(compared(gradients, batch.gradients, len(batch.X), case.tolerance))
        expect_weights(net, case.parameters)
    return found


def expect_weights(net: Handle, parameters: dict[str, np.ndarray]) -> None:
    """Raises CheckFailed if backward changed the parameters of a network."""
    for name, now in zip(NAMES, attributes(net, NAMES), strict=True):
        if isinstance(now, np.ndarray) and now.shape == (1, *parameters[name].shape):
            now = now[0]  # a bias as a row, which forward may have made of it
        if not isinstance(now, np.ndarray) or not np.array_equal(now, parameters[name]):
            raise CheckFailed(
                f"self.{name} was changed by backward",
                "no change",
                kind="backward-changes-weights",
                hint="backward returns the gradients; update takes the step.",
            )

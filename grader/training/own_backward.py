"""Does a network of part 1 learn by its own backward? A few steps of update say so.

The grader takes the steps itself: from weights of its own choosing, on images that it draws, by the
given rule θ ← θ - α ∂L/∂θ with the gradients that the student's backward returns. The loss must
fall on other images. So must the part of it that labels decide, measured against all other labels:
shrinking the weights, for example, lowers the loss of a fresh network without any learning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from assignment.failure import raised_in_words
from assignment.handles import Handle, Module, as_array
from grader.errors import StudentFault, TimedOut
from utils import to_one_hot

NAMES = ("W1", "b1", "W2", "b2")
CLASSES = 10
TRIALS = 3  # networks, each of which must learn: a constant direction can be downhill by luck
STEP, MEASURED = 20, 50  # images of each class, for a step and to measure the loss
# The length of a step in the space of the weights, whose norm is about 20, and the number of steps.
# The first is enough for right gradients; the others are for those that are only partly right.
LENGTHS = ((0.3, 10), (1.0, 10), (0.1, 40), (0.03, 100))
LOWER, CLEARER = 0.05, 0.15  # nats; right gradients: 1 and 2, constant ones: 0 ± 0.05
SECONDS = 20.0  # time limit of a call


class _NoSteps(Exception):
    """Nothing that update could follow was returned; the message says why."""


def backward_problem(
    module: Module, trained: Handle, X: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> str:
    """Why the network cannot have learned by its own backward; "" if it can.

    `X (n, 784)` and `y (n,)` are images and labels to draw batches from.
    """
    problem = ""
    for _ in range(TRIALS):
        # a network that needs what fit has set is tried as the trained one
        for net in (_fresh(module, rng), trained):
            problem = _trial(net, X, y, rng) if net is not None else "no network"
            if not problem:
                break
        if problem:
            return problem
    return ""


def _fresh(module: Module, rng: np.random.Generator) -> Handle | None:
    try:
        net: Handle = module.NumpyANN(seed=int(rng.integers(2**31)))
    except StudentFault:
        return None
    return net


def _trial(net: Handle, X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> str:
    """Why this network does not learn, "" if it does."""
    problem = ""
    try:
        start = _starting_weights(net, rng)
        for length, steps in LENGTHS:
            problem = _descent(net, start, _batches(X, y, rng), length, steps)
            if not problem:
                return ""
    except _NoSteps as reason:
        return str(reason)
    except TimedOut:  # too slow to be judged, perhaps because the machine is busy
        raise
    except StudentFault as fault:
        return f"backward gives no gradients: {raised_in_words(fault.exception) or fault.got}"
    return problem


def _starting_weights(net: Handle, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights after He et al. in the network's own shapes and types: none is 0, no unit is dead."""
    start = {}
    for name in NAMES:
        own = as_array(getattr(net, name))
        if not isinstance(own, np.ndarray) or own.ndim == 0:
            raise _NoSteps(f"self.{name} is no array")
        scale = np.sqrt(2 / own.shape[0]) if name in ("W1", "W2") else 0.0
        dtype = own.dtype if own.dtype.kind == "f" else np.dtype(np.float32)
        start[name] = np.asarray(scale * rng.standard_normal(own.shape), dtype)
    return start


def _batches(
    X: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches with as many images of one class as of another: first the one to measure on.

    Knowing how frequent classes are is worth nothing in them.
    """
    own = [rng.permutation(np.flatnonzero(y == label)) for label in range(CLASSES)]
    measured = np.concatenate([index[:MEASURED] for index in own])
    yield X[measured], to_one_hot(y[measured])
    while True:
        parts = [rng.choice(index[MEASURED:], STEP) for index in own if len(index) > MEASURED]
        drawn = rng.permutation(np.concatenate(parts))
        yield X[drawn], to_one_hot(y[drawn])


def _descent(
    net: Handle,
    start: dict[str, np.ndarray],
    batches: Iterator[tuple[np.ndarray, np.ndarray]],
    length: float,
    steps: int,
) -> str:
    """Why these steps do not lead downhill, "" if they do."""
    weights = dict(start)
    _set(net, weights)
    X, Y = next(batches)
    before, margin_before = _loss(net, X, Y)
    for _ in range(steps):
        X_batch, Y_batch = next(batches)
        net.forward.within(SECONDS, X_batch)
        gradients = _gradients(net.backward.within(SECONDS, X_batch, Y_batch), weights)
        norm = np.sqrt(sum(float(np.sum(gradient**2)) for gradient in gradients.values()))
        if not 0 < norm < np.inf:
            raise _NoSteps(
                "backward returned only zeros" if norm == 0 else "a gradient is no number"
            )
        for name, gradient in gradients.items():
            step = (length / norm * gradient).astype(weights[name].dtype)
            weights[name] = weights[name] - step
        _set(net, weights)
    after, margin_after = _loss(net, X, Y)
    if before - after >= LOWER and margin_after - margin_before >= CLEARER:
        return ""
    change = f"from {before:.3g} to {after:.3g}"
    return (
        f"{steps} steps of update with the gradients of backward took the loss of a fresh network "
        + (change if before - after < LOWER else f"{change}, for any labels alike")
    )


def _set(net: Handle, weights: dict[str, np.ndarray]) -> None:
    for name, value in weights.items():
        setattr(net, name, value)


def _gradients(answer: Any, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The four gradients in float64, in the shapes of their weights; other keys are ignored."""
    if not isinstance(answer, dict) or not set(NAMES) <= answer.keys():
        raise _NoSteps("backward did not return the four gradients")
    found = {}
    for name in NAMES:
        gradient = as_array(answer[name])
        if not isinstance(gradient, np.ndarray | np.generic | float | int):
            raise _NoSteps(f"the gradient of {name} is no array")
        try:
            values = np.asarray(gradient).astype(np.float64)
            found[name] = np.reshape(values, weights[name].shape)
        except (TypeError, ValueError):
            raise _NoSteps(f"the gradient of {name} does not fit {name}") from None
    return found


def _loss(net: Handle, X: np.ndarray, Y: np.ndarray) -> tuple[float, float]:
    """The loss, and how far it is below the mean loss of all other labels.

    Logits in place of probabilities are a mistake of 1.5, which does not keep a network from
    learning.
    """
    answer = as_array(net.forward.within(SECONDS, X))
    if (
        not isinstance(answer, np.ndarray)
        or answer.shape != Y.shape
        or answer.dtype.kind not in "fiu"
    ):
        raise _NoSteps("forward did not return probabilities")
    values = answer.astype(np.float64)
    if not np.isfinite(values).all():
        return np.inf, -np.inf
    if values.min() < 0:
        values = np.exp(values - values.max(axis=1, keepdims=True))
    probabilities = values / np.maximum(values.sum(axis=1, keepdims=True), 1e-12)
    losses = -np.log(np.maximum(probabilities, 1e-7))
    true = float(np.sum(losses * Y) / len(Y))
    others = float(np.sum(losses * (1 - Y)) / len(Y) / (Y.shape[1] - 1))
    return true, others - true

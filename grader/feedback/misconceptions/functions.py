"""Mistakes in 1.2 relu, 1.3 relu_derivative and 1.4 cross_entropy.

1.2 and 1.3 have one slot, "value": the result for `z`. A mistake with a free parameter (a slope, a
bound) reads it off the `answer` and must then explain all of it. 1.4 is `sign * sum / log(base) /
divisor`, with one slot each.
"""

from __future__ import annotations

import numpy as np

from grader.feedback.misconceptions.entry import Misconception, Slots
from grader.reference.numpy_ann import softmax

EPSILONS = (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)  # that keep a logarithm finite


def like(z: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """The answer if it has the shape of z; zeros if not."""
    return answer if answer.shape == z.shape else np.zeros_like(z)


RIGHT_FUNCTIONS: dict[str, Slots] = {
    "1.2": {"value": (lambda z, answer: np.maximum(z, 0),)},
    "1.3": {"value": (lambda z, answer: z > 0,)},
    "1.4": {
        "sum": (lambda y, p: -(y * np.log(p)).sum(),),
        "sign": (lambda: 1,),
        "base": (lambda: np.e,),
        "divisor": (lambda n, k: n,),
    },
}  # fmt: skip

FUNCTIONS = (
    # 1.2
    Misconception(
        "relu-leaky", ("1.2",),
        {"value": (
            lambda z, answer: np.where(
                z > 0, z, np.clip(answer.flat[0] / z.flat[0], 1e-12, 0.999) * z
            ),
            lambda z, answer: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        )},
    ),
    Misconception(
        "relu-absolute", ("1.2",),
        {"value": (lambda z, answer: np.abs(z),)},
    ),
    Misconception(
        "relu-negated", ("1.2",),
        {"value": (
            lambda z, answer: np.minimum(z, 0),
            lambda z, answer: -np.maximum(z, 0),
            lambda z, answer: np.maximum(-z, 0),
        )},
    ),
    Misconception(
        "relu-clipped-above", ("1.2",),
        {"value": (lambda z, answer: np.clip(z, 0, answer.max()),)},
    ),
    Misconception(
        "relu-scalar", ("1.2",),
        {"value": (
            lambda z, answer: z.max(),
            lambda z, answer: z.max(axis=0),
            lambda z, answer: z.max(axis=1),
            lambda z, answer: np.maximum(z.max(axis=0), 0),
            lambda z, answer: np.maximum(z.max(axis=1), 0),
        )},
    ),
    Misconception(
        "relu-not-zero", ("1.2",),
        {"value": (
            lambda z, answer: np.where(z > 0, z, answer.flat[0]),
            lambda z, answer: np.where(z == 0, like(z, answer), np.maximum(z, 0)),
        )},
    ),
    Misconception(
        "relu-in-place", ("1.2",),
        "z[z < 0] = 0",
    ),
    # 1.3
    Misconception(
        "drelu-one-at-zero", ("1.3",),
        {"value": (lambda z, answer: np.where(z == 0, like(z, answer), z > 0),)},
    ),
    Misconception(
        "drelu-returns-input", ("1.3",),
        {"value": (
            lambda z, answer: np.maximum(z, 0),
            lambda z, answer: z,
            lambda z, answer: np.where(z > 0, z, 1.0),
        )},
    ),
    Misconception(
        "drelu-inverted", ("1.3",),
        {"value": (lambda z, answer: (z <= 0) * 1.0, lambda z, answer: (z < 0) * 1.0)},
    ),
    Misconception(
        "drelu-scalar", ("1.3",),
        {"value": (
            lambda z, answer: z.max() > 0,
            lambda z, answer: (z > 0).any(axis=0),
            lambda z, answer: (z > 0).any(axis=1),
        )},
    ),
    Misconception(
        "drelu-in-place", ("1.3",),
        "z[:] = z > 0",
    ),
    # 1.4
    Misconception(
        "ce-sum-not-mean", ("1.4",),
        {"divisor": (lambda n, k: 1,)},
    ),
    Misconception(
        "ce-mean-over-classes", ("1.4",),
        {"divisor": (lambda n, k: n * k, lambda n, k: k)},
    ),
    Misconception(
        "ce-sign", ("1.4",),
        {"sign": (lambda: -1,)},
    ),
    Misconception(
        "ce-log-of-zero", ("1.4",),
        "np.log(y_pred)",
    ),
    Misconception(
        "ce-log-base", ("1.4",),
        {"base": (lambda: 2.0, lambda: 10.0)},
    ),
    Misconception(
        "ce-arguments-swapped", ("1.4",),
        {"sum": (lambda y, p: -(p * np.log(y + 1e-12)).sum(),)},
    ),
    Misconception(
        "ce-binary", ("1.4",),
        {"sum": (
            lambda y, p: -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(),
            lambda y, p: -((1 - y) * np.log(1 - p)).sum(),
        )},
    ),
    Misconception(
        "ce-squared-error", ("1.4",),
        {"sum": (lambda y, p: ((y - p) ** 2).sum(),)},
    ),
    Misconception(
        "ce-epsilon-too-large", ("1.4",),
        "np.log(y_pred + 1e-2)",
    ),
    Misconception(
        "ce-wrong-entries", ("1.4",),
        {"sum": (
            *(lambda y, p, e=e: -np.log(y * p + e).sum() for e in EPSILONS),
            lambda y, p: -np.log(p).sum(),
            lambda y, p: -np.log(p.max(axis=1)).sum(),
            lambda y, p: -np.log(p[:, y.argmax(axis=1)]).sum(),
            lambda y, p: -np.log(p[:, y.argmax(axis=1)]).sum() / len(y),
            lambda y, p: -(y[0] * np.log(p[0])).sum(),
            lambda y, p: -(y[-1] * np.log(p[-1])).sum(),
            lambda y, p: -(y * np.log(softmax(p))).sum(),
        )},
    ),
    Misconception(
        "ce-low-precision", ("1.4",),
        "return round(loss, 2)",
    ),
    Misconception(
        "ce-not-scalar", ("1.4",),
        "return -np.sum(y_true * np.log(p), axis=1)",
    ),
)  # fmt: skip

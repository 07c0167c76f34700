"""Mistakes in 1.5 forward and 1.6 backward.

1.5 has the slots "bias" (used in both layers), "hidden" and "output". 1.6 has "start" (dz2), "way"
(from dz2 to da1), "gate" (from da1 to dz1), "input" (of the second layer, for dW2), "product" (a
weight gradient), "sum" (a bias gradient), "sign" (of any gradient) and "scale" (how often each
gradient was divided by n).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.feedback.misconceptions.entry import Misconception, Slots
from grader.reference.numpy_ann import softmax


def relu(z: np.ndarray) -> np.ndarray:
    """1.2, any shape."""
    return np.asarray(np.maximum(z, 0))


def exp(z: np.ndarray) -> np.ndarray:
    """exp of z less the largest of each row, as a stable softmax starts."""
    return np.asarray(np.exp(z - z.max(axis=1, keepdims=True)))


@dataclass(frozen=True)
class Pass:
    """What backward can read at a point, and the `answer` to explain: four gradients by name."""

    X: np.ndarray
    Y: np.ndarray
    W1: np.ndarray
    W2: np.ndarray
    z1: np.ndarray
    a1: np.ndarray
    z2: np.ndarray
    a2: np.ndarray
    answer: dict[str, Any]


def after_its_step(p: Pass, dz2: np.ndarray) -> np.ndarray:
    """W2 - α dW2 for the learning rate α that best explains the answer's dW1, up to a factor."""
    if np.shape(p.answer["W1"]) != p.W1.shape:
        return p.W2
    dW2 = p.a1.T @ dz2
    parts = [(p.X.T @ (dz2 @ W.T * (p.z1 > 0))).ravel() for W in (p.W2, dW2)]
    (whole, step), *_ = np.linalg.lstsq(
        np.stack(parts, axis=1), np.ravel(p.answer["W1"]), rcond=None
    )
    return np.asarray(p.W2 + step / whole * dW2)


RIGHT_NETWORK: dict[str, Slots] = {
    "1.5": {"bias": (lambda z, b: z + b,), "hidden": (relu,), "output": (softmax,)},
    "1.6": {
        "start": (lambda p: p.a2 - p.Y,),
        "way": (lambda p, dz2: dz2 @ p.W2.T,),
        "gate": (lambda p, da1: da1 * (p.z1 > 0),),
        "input": (lambda p: p.a1,),
        "product": (lambda left, right: left.T @ right,),
        "sum": (lambda dz: dz.sum(axis=0),),
        "sign": (lambda gradient: gradient,),
    },
}  # fmt: skip

NETWORK = (
    # 1.5
    Misconception(
        "forward-no-bias", ("1.5",),
        {"bias": (
            lambda z, b: z,
            lambda z, b: z - b,
            lambda z, b: z + b[0],
            lambda z, b: z + b.sum(),
            lambda z, b: z + b.mean(),
        )},
    ),
    Misconception(
        "forward-no-relu", ("1.5",),
        {"hidden": (lambda z: z,)},
    ),
    Misconception(
        "forward-no-softmax", ("1.5",),
        {"output": (
            lambda z: z,
            lambda z: z / z.sum(axis=1, keepdims=True),
            np.exp,
            lambda z: np.exp(z - z.max()),
            exp,
        )},
    ),
    Misconception(
        "forward-relu-on-output", ("1.5",),
        {"output": (relu, lambda z: softmax(relu(z)))},
    ),
    Misconception(
        "forward-softmax-axis", ("1.5",),
        {"output": (
            lambda z: softmax(z.T).T,
            lambda z: np.exp(z) / np.exp(z).sum(),
            lambda z: exp(z) / exp(z).sum(),
            lambda z: np.exp(z - z.max(axis=0)) / np.exp(z - z.max(axis=0)).sum(),
            lambda z: exp(z) / exp(z).sum(axis=0),
            lambda z: np.exp(z) / np.exp(z).sum(axis=1),
            lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=1),
            lambda z: exp(z) / exp(z).sum(axis=1),
            lambda z: np.exp(z - z.max(axis=1)) / np.exp(z - z.max(axis=1)).sum(axis=1),
            lambda z: (
                np.exp(z - z.max(axis=1)) / np.exp(z - z.max(axis=1)).sum(axis=1, keepdims=True)
            ),
        )},
    ),
    Misconception(
        "forward-softmax-unstable", ("1.5",),
        "self.a2 = np.exp(self.z2) / np.exp(self.z2).sum(axis=1, keepdims=True)",
    ),
    Misconception(
        "forward-clips-logits", ("1.5",),
        "z = np.clip(self.z2, -500, 500)",
    ),
    Misconception(
        "forward-sigmoid", ("1.5",),
        {
            "hidden": (lambda z: 1 / (1 + np.exp(-z)), np.tanh),
            "output": (lambda z: 1 / (1 + np.exp(-z)), np.tanh),
        },
    ),
    Misconception(
        "forward-not-kept", ("1.5",),
        "z1 = X @ self.W1 + self.b1",
    ),
    Misconception(
        "forward-returns-logits", ("1.5",),
        "return self.z2",
    ),
    # 1.6
    Misconception(
        "backward-sign", ("1.6",),
        {"sign": (lambda gradient: -gradient,)},
    ),
    Misconception(
        "backward-no-relu-gate", ("1.6",),
        {"gate": (
            lambda p, da1: da1,
            lambda p, da1: da1 * p.a1,
            lambda p, da1: da1 * p.z1,
            lambda p, da1: da1 * p.a1 * (1 - p.a1),
            lambda p, da1: da1 * (1 - p.a1**2),
        )},
    ),
    Misconception(
        "backward-gate-in-one", ("1.6",),
        'return {"W1": X.T @ da1, "b1": dz1.sum(axis=0), …}',
    ),
    Misconception(
        "backward-batch-size", ("1.6",),
        "dz2 = (self.a2 - y_true) / BATCH_SIZE",
    ),
    Misconception(
        "backward-learning-rate", ("1.6",),
        'return {"W1": LEARNING_RATE * dW1, "b1": LEARNING_RATE * db1, …}',
    ),
    Misconception(
        "backward-gate-on-wrong-layer", ("1.6",),
        {
            "gate": (
                lambda p, da1: da1 * (da1 > 0),
                lambda p, da1: da1 * (p.z2 > 0),
                lambda p, da1: da1 * (p.X > 0),
                lambda p, da1: (da1 > 0) * 1.0,
            ),
            "way": (lambda p, dz2: (dz2 * (p.z2 > 0)) @ p.W2.T,),
            "start": (
                lambda p: (p.a2 - p.Y) * (p.z2 > 0),
                lambda p: (p.a2 - p.Y) * (p.a2 > p.Y),
            ),
        },
    ),
    Misconception(
        "backward-z1-for-a1", ("1.6",),
        {"input": (lambda p: p.z1,)},
    ),
    Misconception(
        "backward-mixed-scale", ("1.6",),
        {"scale": (lambda divisions: len(set(divisions)) > 1 and 2 not in divisions,)},
    ),
    Misconception(
        "backward-divided-twice", ("1.6",),
        {"scale": (lambda divisions: 2 in divisions,)},
    ),
    Misconception(
        "backward-bias-not-summed", ("1.6",),
        {"sum": (
            lambda dz: dz,
            lambda dz: dz.sum(axis=1),
            lambda dz: dz.sum(axis=1, keepdims=True),
            lambda dz: dz[0],
            lambda dz: dz[-1],
            lambda dz: dz.sum(),
            lambda dz: dz.mean(),
            lambda dz: np.full(dz.shape[1], dz.sum()),
            lambda dz: np.full(dz.shape[1], dz.mean()),
        ), "start": (
            lambda p: (p.a2 - p.Y) * (np.arange(len(p.X)) == 0)[:, None],
            lambda p: (p.a2 - p.Y) * (np.arange(len(p.X)) == len(p.X) - 1)[:, None],
        )},
    ),
    Misconception(
        "backward-softmax-twice", ("1.6",),
        {"start": (
            lambda p: (p.a2 - p.Y) * p.a2 * (1 - p.a2),
            lambda p: p.a2 * (p.a2 - p.Y - ((p.a2 - p.Y) * p.a2).sum(axis=1, keepdims=True)),
            lambda p: softmax(p.a2) - p.Y,
            lambda p: softmax(p.a2 - p.Y),
        )},
    ),
    Misconception(
        "backward-not-transposed", ("1.6",),
        {
            "way": (
                lambda p, dz2: dz2 @ p.W2,
                lambda p, dz2: p.W2 @ dz2,
                lambda p, dz2: p.W2.T @ dz2,
            ),
            "product": (
                lambda left, right: right.T @ left,
                lambda left, right: left @ right,
                lambda left, right: left @ right.T,
                lambda left, right: right @ left.T,
                lambda left, right: right @ left,
            ),
        },
    ),
    Misconception(
        "backward-missing-key", ("1.6",),
        'return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}',
    ),
    Misconception(
        "backward-changes-weights", ("1.6",),
        "self.W2 -= 0.1 * dW2",
    ),
    Misconception(
        "backward-wrong-weights", ("1.6",),
        {"way": (
            lambda p, dz2: dz2 @ p.W1.T,
            lambda p, dz2: dz2 @ p.W1,
            lambda p, dz2: dz2 @ np.ones_like(p.W2).T,
            lambda p, dz2: dz2 @ (p.a1.T @ dz2).T,
            lambda p, dz2: dz2 @ (p.a1.T @ dz2).T / len(dz2),
            lambda p, dz2: dz2 @ after_its_step(p, dz2).T,
            lambda p, dz2: p.X @ p.W1,
        )},
    ),
)  # fmt: skip

"""Mistakes in 1.5 forward and 1.6 backward.

1.5 has the slots "bias" (used in both layers), "hidden" and "output". 1.6 has "start" (dz2), "way" (from dz2 to da1), "gate"
(from da1 to dz1), "input" (of the second layer, which dW2 is made of), "product" (a weight gradient), "sum" (a bias
gradient), "sign" (of any gradient) and "scale" (how often each gradient was divided by n).
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


@dataclass(frozen=True)
class Pass:
    """What backward can read at a point, and the `answer` to be explained: the four gradients by their names."""

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
    """W2 - α dW2 for the learning rate α that explains the answer's dW1 best, whatever it is divided by."""
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
        "Your forward pass does not add a bias as it should. Without it every layer is tied to the origin; look at what is "
        "added after each matrix product in the handout.",
        {"bias": (lambda z, b: z, lambda z, b: z - b)},
    ),
    Misconception(
        "forward-no-relu", ("1.5",),
        "Your forward pass goes from z1 on without an activation. Two linear layers in a row are no more than one; look at "
        "what the handout puts between them.",
        {"hidden": (lambda z: z,)},
    ),
    Misconception(
        "forward-no-softmax", ("1.5",),
        "Your a2 holds numbers of any size. The last step turns each row into probabilities that add up to 1; 1.1 has it "
        "ready.",
        {"output": (
            lambda z: z,
            lambda z: z / z.sum(axis=1, keepdims=True),
            np.exp,
            lambda z: np.exp(z - z.max()),
            lambda z: np.exp(z - z.max(axis=1, keepdims=True)),
        )},
    ),
    Misconception(
        "forward-relu-on-output", ("1.5",),
        "Your forward pass applies ReLU to the output layer as well. Negative logits carry information, and cutting them off "
        "makes classes equal that are not; the activation belongs to the hidden layer.",
        {"output": (relu, lambda z: softmax(relu(z)))},
    ),
    Misconception(
        "forward-softmax-axis", ("1.5",),
        "Your softmax takes its sums or largest values along the wrong axis, or of the whole batch: the rows of a2 do not "
        "sum to 1. Each image is for itself; look at the axis, and at the shape that it leaves.",
        {"output": (
            lambda z: softmax(z.T).T,
            lambda z: np.exp(z) / np.exp(z).sum(),
            lambda z: np.exp(z - z.max(axis=1, keepdims=True)) / np.exp(z - z.max(axis=1, keepdims=True)).sum(),
            lambda z: np.exp(z - z.max(axis=0)) / np.exp(z - z.max(axis=0)).sum(),
            lambda z: np.exp(z - z.max(axis=1, keepdims=True)) / np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=0),
            lambda z: np.exp(z) / np.exp(z).sum(axis=1),
            lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=1),
            lambda z: np.exp(z - z.max(axis=1, keepdims=True)) / np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1),
            lambda z: np.exp(z - z.max(axis=1)) / np.exp(z - z.max(axis=1)).sum(axis=1),
            lambda z: np.exp(z - z.max(axis=1)) / np.exp(z - z.max(axis=1)).sum(axis=1, keepdims=True),
        )},
    ),
    Misconception(
        "forward-softmax-unstable", ("1.5",),
        "Your forward pass is right for small logits and overflows for large ones: exp(1000) is infinite. 1.1 shows what to "
        "take away first.",
        "self.a2 = np.exp(self.z2) / np.exp(self.z2).sum(axis=1, keepdims=True)",
    ),
    Misconception(
        "forward-sigmoid", ("1.5",),
        "Your forward pass uses a sigmoid or tanh where the handout has another function. Compare the activation after each "
        "layer with the formulas of 1.5.",
        {"hidden": (lambda z: 1 / (1 + np.exp(-z)), np.tanh), "output": (lambda z: 1 / (1 + np.exp(-z)), np.tanh)},
    ),
    Misconception(
        "forward-not-kept", ("1.5",),
        "Your forward pass gives the right answer but does not keep all its steps as they are: one is missing, has another "
        "name on self, or was overwritten later (two names can stand for one array). Backward has to read z1, a1, z2, a2.",
        "z1 = X @ self.W1 + self.b1",
    ),
    Misconception(
        "forward-returns-logits", ("1.5",),
        "Your forward pass keeps the right a2 but returns something else. The caller expects probabilities.",
        "return self.z2",
    ),
    # 1.6
    Misconception(
        "backward-sign", ("1.6",),
        "Your gradients point uphill: they have the wrong sign. Look at the order of the subtraction that everything starts "
        "from.",
        {"sign": (lambda gradient: -gradient,)},
    ),
    Misconception(
        "backward-no-relu-gate", ("1.6",),
        "On the way back through ReLU, your gradients of the first layer are not multiplied by its slope, but by nothing or "
        "by something else. A unit that was switched off must not learn, one that was on learns as if ReLU were not there.",
        {"gate": (lambda p, da1: da1, lambda p, da1: da1 * p.a1, lambda p, da1: da1 * p.z1)},
    ),
    Misconception(
        "backward-gate-on-wrong-layer", ("1.6",),
        "You apply the derivative of ReLU to the wrong quantity. It belongs to the hidden layer, where ReLU was applied on the "
        "way forward, and is taken at that layer's input.",
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
        "Your dW2 uses what went into the activation instead of what came out. On the way forward, look at which of the two W2 "
        "was multiplied with.",
        {"input": (lambda p: p.z1,)},
    ),
    Misconception(
        "backward-mixed-scale", ("1.6",),
        "Some of your gradients are summed over the batch and some averaged. Either is right, but one step with both moves the "
        "layers at different speeds; divide once, where all four inherit it.",
        {"scale": (lambda divisions: len(set(divisions)) > 1 and 2 not in divisions,)},
    ),
    Misconception(
        "backward-divided-twice", ("1.6",),
        "Some of your gradients are divided by the number of images twice. Look at whether you divide at the start and again "
        "at the end.",
        {"scale": (lambda divisions: 2 in divisions,)},
    ),
    Misconception(
        "backward-bias-not-summed", ("1.6",),
        "A bias gradient is not the sum over the images alone. The same bias was added to all images, so its gradient collects "
        "what all of them say, for each unit by itself.",
        {"sum": (
            lambda dz: dz,
            lambda dz: dz.sum(axis=1),
            lambda dz: dz.sum(axis=1, keepdims=True),
            lambda dz: dz[0],
            lambda dz: dz[-1],
            lambda dz: dz.sum(),
            lambda dz: dz.mean(),
        )},
    ),
    Misconception(
        "backward-softmax-twice", ("1.6",),
        "You multiply by the derivative of softmax although it is already in the start value: softmax and cross-entropy "
        "together leave a plain difference. Look again at the first line of 1.6.",
        {"start": (
            lambda p: (p.a2 - p.Y) * p.a2 * (1 - p.a2),
            lambda p: p.a2 * (p.a2 - p.Y - ((p.a2 - p.Y) * p.a2).sum(axis=1, keepdims=True)),
            lambda p: softmax(p.a2) - p.Y,
            lambda p: softmax(p.a2 - p.Y),
        )},
    ),
    Misconception(
        "backward-not-transposed", ("1.6",),
        "A matrix product has a factor the wrong way round, so a gradient is transposed or the shapes do not fit. Write the "
        "shapes under each factor: every gradient has the shape of its parameter.",
        {
            "way": (lambda p, dz2: dz2 @ p.W2, lambda p, dz2: p.W2 @ dz2, lambda p, dz2: p.W2.T @ dz2),
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
        "Your dict does not have all four gradients under the names W1, b1, W2 and b2. The update looks for exactly these "
        "keys.",
        'return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}',
    ),
    Misconception(
        "backward-changes-weights", ("1.6",),
        "Your backward changes the parameters. It is to compute gradients only; the step is taken elsewhere, and a second call "
        "must find the network as it was.",
        "self.W2 -= 0.1 * dW2",
    ),
    Misconception(
        "backward-wrong-weights", ("1.6",),
        "On the way back to the hidden layer you use another matrix than the one that led from it to the output (another "
        "layer's, a gradient, or W2 after its step). Follow dz2 back along the way the signal came.",
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

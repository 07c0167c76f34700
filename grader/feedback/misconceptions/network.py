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
        "Your forward pass does not add a bias correctly. Without one, every layer maps 0 to 0; "
        "look at what the handout adds after each matrix product.",
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
        "Your forward pass continues from z1 without an activation. Two linear layers in a row are "
        "equivalent to one; look at what the handout puts between them.",
        {"hidden": (lambda z: z,)},
    ),
    Misconception(
        "forward-no-softmax", ("1.5",),
        "Your a2 does not hold probabilities. The last step must turn each row into probabilities "
        "that add up to 1; 1.1 already provides it.",
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
        "Your forward pass applies ReLU to the output layer as well. Negative logits carry "
        "information, and cutting them off makes different classes look equal; the activation "
        "belongs to the hidden layer.",
        {"output": (relu, lambda z: softmax(relu(z)))},
    ),
    Misconception(
        "forward-softmax-axis", ("1.5",),
        "Your softmax takes its sums or maxima along the wrong axis or over the whole batch, so "
        "the rows of a2 do not sum to 1. Each image is independent of the others; check the axis "
        "and the shape that it leaves.",
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
        "Your forward pass is right for small logits but overflows for large ones: exp(1000) is "
        "infinite. 1.1 shows what to subtract first.",
        "self.a2 = np.exp(self.z2) / np.exp(self.z2).sum(axis=1, keepdims=True)",
    ),
    Misconception(
        "forward-clips-logits", ("1.5",),
        "Your forward pass is right for small logits but changes large ones before the softmax, so "
        "that different classes look equal. Nothing has to be cut off if the largest logit of each "
        "row is subtracted, as 1.1 does.",
        "z = np.clip(self.z2, -500, 500)",
    ),
    Misconception(
        "forward-sigmoid", ("1.5",),
        "Your forward pass uses a sigmoid or tanh where the handout uses another function. Compare "
        "the activation after each layer with the formulas in 1.5.",
        {
            "hidden": (lambda z: 1 / (1 + np.exp(-z)), np.tanh),
            "output": (lambda z: 1 / (1 + np.exp(-z)), np.tanh),
        },
    ),
    Misconception(
        "forward-not-kept", ("1.5",),
        "Your forward pass returns the right answer but does not keep all its steps unchanged: one "
        "is missing, has another name on self, or was overwritten later (two names can refer to "
        "the same array). Backward needs z1, a1, z2 and a2.",
        "z1 = X @ self.W1 + self.b1",
    ),
    Misconception(
        "forward-returns-logits", ("1.5",),
        "Your forward pass keeps the right a2 but returns something else. The caller expects "
        "probabilities.",
        "return self.z2",
    ),
    # 1.6
    Misconception(
        "backward-sign", ("1.6",),
        "A gradient with the wrong sign points downhill, and the update walks against it: the loss "
        "grows. The message above names the gradients that this concerns.",
        {"sign": (lambda gradient: -gradient,)},
    ),
    Misconception(
        "backward-no-relu-gate", ("1.6",),
        "On the way back through ReLU, the gradients of the first layer are not multiplied by its "
        "slope, but by nothing or by something else. A unit that was switched off must not learn; "
        "an active unit learns as if ReLU were not there.",
        {"gate": (lambda p, da1: da1, lambda p, da1: da1 * p.a1, lambda p, da1: da1 * p.z1)},
    ),
    Misconception(
        "backward-gate-in-one", ("1.6",),
        "One of the two gradients of the first layer is computed from what arrived before ReLU's "
        "slope, the other from what passed through it. Both describe the same units; a unit that "
        "was switched off learns neither weights nor bias.",
        'return {"W1": X.T @ da1, "b1": dz1.sum(axis=0), …}',
    ),
    Misconception(
        "backward-batch-size", ("1.6",),
        "Your gradients are divided by the same number whatever the batch, such as BATCH_SIZE. The "
        "last batch of an epoch is smaller, and so are the batches here.",
        "dz2 = (self.a2 - y_true) / BATCH_SIZE",
    ),
    Misconception(
        "backward-gate-on-wrong-layer", ("1.6",),
        "You apply the derivative of ReLU to the wrong quantity. It belongs to the hidden layer, "
        "where the forward pass applied ReLU, and is evaluated at that layer's input.",
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
        "Your dW2 uses the input of the activation instead of its output. Check which of the two "
        "the forward pass multiplied by W2.",
        {"input": (lambda p: p.z1,)},
    ),
    Misconception(
        "backward-mixed-scale", ("1.6",),
        "Some of your gradients are summed over the batch and others are averaged. Either is "
        "right, but mixing them makes the layers learn at different speeds; divide once, where all "
        "four gradients inherit it.",
        {"scale": (lambda divisions: len(set(divisions)) > 1 and 2 not in divisions,)},
    ),
    Misconception(
        "backward-divided-twice", ("1.6",),
        "Some of your gradients are divided by the number of images twice. Check whether you "
        "divide at the start and again at the end.",
        {"scale": (lambda divisions: 2 in divisions,)},
    ),
    Misconception(
        "backward-bias-not-summed", ("1.6",),
        "A bias gradient is not the sum over the images. The same bias was added to every image, "
        "so its gradient collects the contributions of all images, for each unit separately.",
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
        )},
    ),
    Misconception(
        "backward-softmax-twice", ("1.6",),
        "You multiply by the derivative of softmax although the starting value already includes "
        "it: softmax and cross-entropy together leave a plain difference. Look again at the first "
        "line of 1.6.",
        {"start": (
            lambda p: (p.a2 - p.Y) * p.a2 * (1 - p.a2),
            lambda p: p.a2 * (p.a2 - p.Y - ((p.a2 - p.Y) * p.a2).sum(axis=1, keepdims=True)),
            lambda p: softmax(p.a2) - p.Y,
            lambda p: softmax(p.a2 - p.Y),
        )},
    ),
    Misconception(
        "backward-not-transposed", ("1.6",),
        "A factor of a matrix product is the wrong way round, so a gradient is transposed or the "
        "shapes do not fit. Write the shapes under each factor: every gradient has the shape of "
        "its parameter.",
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
        "Your dict does not contain all four gradients under the names W1, b1, W2 and b2. The "
        "update looks for exactly these keys.",
        'return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}',
    ),
    Misconception(
        "backward-changes-weights", ("1.6",),
        "Your backward changes the parameters. It should only compute gradients: the step is taken "
        "elsewhere, and a second call must find the network unchanged.",
        "self.W2 -= 0.1 * dW2",
    ),
    Misconception(
        "backward-wrong-weights", ("1.6",),
        "On the way back to the hidden layer you use a different matrix from the one that led from "
        "it to the output (another layer's, a gradient, or W2 after its step). Trace dz2 back "
        "along the path of the forward pass.",
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

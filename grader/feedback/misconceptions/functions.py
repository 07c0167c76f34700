"""Mistakes in 1.2 relu, 1.3 relu_derivative and 1.4 cross_entropy.

1.2 and 1.3 have one slot, "value": the result for `z`. A mistake with a free parameter (a slope, a
bound) reads it off the `answer` and must then explain all of it. 1.4 is `sign * sum / log(base) /
divisor`, with one slot each.
"""

from __future__ import annotations

import numpy as np

from grader.feedback.misconceptions.entry import Misconception, Slots


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
        "Your relu lets a fraction of each negative value through, as leaky ReLU does. Plain ReLU "
        "outputs 0 for every negative input; check what your code returns for inputs below 0.",
        {"value": (
            lambda z, answer: np.where(
                z > 0, z, np.clip(answer.flat[0] / z.flat[0], 1e-12, 0.999) * z
            ),
            lambda z, answer: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        )},
    ),
    Misconception(
        "relu-absolute", ("1.2",),
        "Your relu turns negative values into positive ones, as the absolute value does. A unit "
        "with a negative input must output 0, not the same value with the opposite sign.",
        {"value": (lambda z, answer: np.abs(z),)},
    ),
    Misconception(
        "relu-negated", ("1.2",),
        "Your relu keeps the wrong half or flips the sign, so it outputs values where it should "
        "output 0. Sketch the function at -2, 0 and 2 and compare it with the handout.",
        {"value": (
            lambda z, answer: np.minimum(z, 0),
            lambda z, answer: -np.maximum(z, 0),
            lambda z, answer: np.maximum(-z, 0),
        )},
    ),
    Misconception(
        "relu-clipped-above", ("1.2",),
        "Your relu also cuts off large values. ReLU is bounded below but not above: large values "
        "must pass through unchanged.",
        {"value": (lambda z, answer: np.clip(z, 0, answer.max()),)},
    ),
    Misconception(
        "relu-scalar", ("1.2",),
        "Your relu treats the whole array as one value: it makes a single comparison or takes a "
        "single maximum. Each element needs its own; look for NumPy functions that compare element "
        "by element.",
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
        "Your relu returns another number where it should return 0, however small that is. A unit "
        "that is switched off adds exactly nothing to the next layer; check what comes back for "
        "negative numbers and for 0.",
        {"value": (
            lambda z, answer: np.where(z > 0, z, answer.flat[0]),
            lambda z, answer: np.where(z == 0, like(z, answer), np.maximum(z, 0)),
        )},
    ),
    Misconception(
        "relu-in-place", ("1.2",),
        "Your relu overwrites the array it was given. The caller still needs the old values "
        "(backward checks where z1 was positive), so leave the argument unchanged.",
        "z[z < 0] = 0",
    ),
    # 1.3
    Misconception(
        "drelu-one-at-zero", ("1.3",),
        "Your derivative is not 0 at exactly 0. The slope there is a convention, and the handout "
        "chooses 0; check whether your comparison includes equality.",
        {"value": (lambda z, answer: np.where(z == 0, like(z, answer), z > 0),)},
    ),
    Misconception(
        "drelu-returns-input", ("1.3",),
        "Your derivative returns values of z itself. A slope says how steep a function is, not how "
        "high: it is the same number for every positive input.",
        {"value": (
            lambda z, answer: np.maximum(z, 0),
            lambda z, answer: z,
            lambda z, answer: np.where(z > 0, z, 1.0),
        )},
    ),
    Misconception(
        "drelu-inverted", ("1.3",),
        "Your derivative is 1 where ReLU is flat and 0 where it rises. Reverse the condition, and "
        "check it with one positive and one negative number.",
        {"value": (lambda z, answer: (z <= 0) * 1.0, lambda z, answer: (z < 0) * 1.0)},
    ),
    Misconception(
        "drelu-scalar", ("1.3",),
        "Your derivative decides once for the whole array, or returns one number for many elements. "
        "Every element has its own slope, so the result must have the shape of z.",
        {"value": (
            lambda z, answer: z.max() > 0,
            lambda z, answer: (z > 0).any(axis=0),
            lambda z, answer: (z > 0).any(axis=1),
        )},
    ),
    Misconception(
        "drelu-in-place", ("1.3",),
        "Your derivative overwrites the array it was given, so code that reads z afterwards finds "
        "zeros and ones. Build the result in a new array.",
        "z[:] = z > 0",
    ),
    # 1.4
    Misconception(
        "ce-sum-not-mean", ("1.4",),
        "Your loss is the sum over the batch, so it doubles when every image appears twice. Only a "
        "loss per image can be compared between batches; look at the factor in front of the sum in "
        "the handout's formula.",
        {"divisor": (lambda n, k: 1,)},
    ),
    Misconception(
        "ce-mean-over-classes", ("1.4",),
        "Your loss is divided by the number of classes, instead of or in addition to the number of "
        "images. Only the true class of each image contributes; the other classes must not be "
        "counted in the mean.",
        {"divisor": (lambda n, k: n * k, lambda n, k: k)},
    ),
    Misconception(
        "ce-sign", ("1.4",),
        "Your loss has the wrong sign: better predictions make it larger. The logarithm of a "
        "probability is negative, and a loss should be positive.",
        {"sign": (lambda: -1,)},
    ),
    Misconception(
        "ce-log-of-zero", ("1.4",),
        "Your loss is right until a probability is 0 (or rounds to 0 in float32), where the "
        "logarithm is infinite. Keep the probabilities away from 0 by an amount that float32 can "
        "represent.",
        "np.log(y_pred)",
    ),
    Misconception(
        "ce-log-base", ("1.4",),
        "Your loss is right except for a constant factor: it uses a logarithm with another base. "
        "The gradient in 1.6 belongs to the natural logarithm.",
        {"base": (lambda: 2.0, lambda: 10.0)},
    ),
    Misconception(
        "ce-arguments-swapped", ("1.4",),
        "Your loss takes the logarithm of the one-hot targets and weights it with the predictions. "
        "Check which argument holds probabilities and which holds zeros and ones.",
        {"sum": (lambda y, p: -(p * np.log(y + 1e-12)).sum(),)},
    ),
    Misconception(
        "ce-binary", ("1.4",),
        "Your loss adds a term for the classes that are not true, as binary cross-entropy does. "
        "With softmax, the probability of the true class is enough; compare your code with the "
        "formula in 1.4.",
        {"sum": (
            lambda y, p: -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(),
            lambda y, p: -((1 - y) * np.log(1 - p)).sum(),
        )},
    ),
    Misconception(
        "ce-squared-error", ("1.4",),
        "Your loss is a squared difference between targets and probabilities. It contains no "
        "logarithm and barely penalises confident mistakes; 1.4 asks for a different measure.",
        {"sum": (lambda y, p: ((y - p) ** 2).sum(),)},
    ),
    Misconception(
        "ce-low-precision", ("1.4",),
        "Your loss is right to a few digits only. Rounding, or numbers of half precision, hide the "
        "small changes that a loss is there to show; keep the precision that you are given.",
        "return round(loss, 2)",
    ),
    Misconception(
        "ce-not-scalar", ("1.4",),
        "Your loss is an array with a value for every image or class. Training needs one number "
        "for the whole batch; think about how to combine the values that you have.",
        "return -np.sum(y_true * np.log(p), axis=1)",
    ),
)  # fmt: skip

"""The checks of part 1."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np

from assignment.expect import (
    RETURN_MISSING,
    CheckFailed,
    expect_array,
    expect_gradients,
    expect_unchanged,
    numerical_gradient,
)


def check_softmax(module: ModuleType) -> None:
    z = np.array([[0.0, math.log(3.0)], [1000.0, 1000.0]])
    expect_array(
        "softmax(z)", module.softmax(z), np.array([[0.25, 0.75], [0.5, 0.5]]), where={"z": z}
    )


def check_relu(module: ModuleType) -> None:
    for z in (
        np.array([[-2.0, -0.5, 0.0], [0.5, 3.0, 250.0]]),
        np.array([-1.5, 4.0], np.float32),
        np.full((2, 1, 2), -1e-3),
    ):
        before = z.copy()
        expected = np.array([value if value > 0 else 0.0 for value in z.ravel()]).reshape(z.shape)
        hint = "negative elements become 0; everything else, shape included, stays the same."
        got = module.relu(z)
        expect_unchanged("z", z, before)
        expect_array("relu(z)", got, expected, where={"z": z}, hint=hint)


def check_relu_derivative(module: ModuleType) -> None:
    for z in (np.array([[-2.0, -0.5, 0.0], [0.5, 3.0, 250.0]]), np.array([-1.5, 4.0], np.float32)):
        before = z.copy()
        expected = np.array([1.0 if value > 0 else 0.0 for value in z.ravel()]).reshape(z.shape)
        got = module.relu_derivative(z)
        expect_unchanged("z", z, before)
        hint = "the slope is 1 for positive elements and 0 for all others, including 0 itself."
        expect_array("relu_derivative(z)", got, expected, where={"z": z}, hint=hint)


def check_cross_entropy(module: ModuleType) -> None:
    two = (
        np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
        np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]]),
    )
    # the true classes have probability 1/2 and 1/4: -(ln 1/2 + ln 1/4) / 2 = 1.5 ln 2
    _expect_loss(
        module,
        *two,
        1.5 * math.log(2),
        "the loss is the mean over the images of -log(probability of the true class).",
    )
    four = np.tile(two[0], (2, 1)), np.tile(two[1], (2, 1))
    _expect_loss(
        module,
        *four,
        1.5 * math.log(2),
        "the same images twice have the same mean: divide by the number of images.",
    )
    for dtype in (np.float64, np.float32):
        y_true, y_pred = np.array([[0, 1]], dtype), np.array([[1, 0]], dtype)
        loss = _loss(module, y_true, y_pred)
        if not math.isfinite(loss) or loss < 10:
            raise CheckFailed(
                f"the loss is {loss} where the true class has probability 0 ({np.dtype(dtype)})",
                "a large finite number",
                kind="not-finite",
                hint="keep the probabilities away from 0 before the log.",
            )


def _loss(module: ModuleType, y_true: np.ndarray, y_pred: np.ndarray) -> float:
    before = y_true.copy(), y_pred.copy()
    got = module.cross_entropy(y_true, y_pred)
    if got is None:
        raise CheckFailed(
            "cross_entropy is None", "one number", kind="wrong-type", hint=RETURN_MISSING
        )
    expect_unchanged("y_true", y_true, before[0])
    expect_unchanged("y_pred", y_pred, before[1])
    if getattr(got, "size", 1) != 1:
        raise CheckFailed(
            f"cross_entropy has shape {np.shape(got)}",
            "one number",
            kind="wrong-shape",
            hint="sum over all images and classes.",
        )
    try:
        return float(np.asarray(got, np.float64).reshape(()))
    except (TypeError, ValueError):
        raise CheckFailed(
            f"cross_entropy returned {got!r}", "one number", kind="wrong-type"
        ) from None


def _expect_loss(
    module: ModuleType, y_true: np.ndarray, y_pred: np.ndarray, expected: float, hint: str
) -> None:
    got = np.float64(_loss(module, y_true, y_pred))
    expect_array(f"cross_entropy of {len(y_true)} images", got, np.asarray(expected), hint=hint)


def check_forward(module: ModuleType) -> None:
    net = module.NumpyANN(input_size=3, hidden_size=2, output_size=2)
    net.W1, net.b1 = np.array([[1.0, -1.0], [2.0, 0.0], [0.0, 1.0]]), np.array([0.0, 1.0])
    net.W2, net.b2 = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.5, math.log(3.0)])
    X = np.array([[1.0, 1.0, 0.0], [-1.0, 0.0, 0.5]])
    before = X.copy()
    a2 = net.forward(X)
    expect_unchanged("X", X, before)
    # by hand: z1 = [1+2, -1+1], [-1, 1+0.5+1];
    # softmax of two logits is 1 / (1 + exp(their difference))
    steps = {
        "z1": (np.array([[3.0, 0.0], [-1.0, 2.5]]), "z1 is X @ W1 + b1."),
        "a1": (np.array([[3.0, 0.0], [0.0, 2.5]]), "a1 is relu of z1."),
        "z2": (np.array([[3.5, math.log(3.0)], [0.5, 2.5 + math.log(3.0)]]), "z2 is a1 @ W2 + b2."),
        "a2": (
            np.array(
                [
                    [1 / (1 + 3 * math.exp(-3.5)), 3 / (3 + math.exp(3.5))],
                    [1 / (1 + 3 * math.exp(2.0)), 3 / (3 + math.exp(-2.0))],
                ]
            ),
            "a2 is softmax of z2.",
        ),
    }
    for name, (expected, hint) in steps.items():
        if not hasattr(net, name):
            raise CheckFailed(
                f"self.{name} is missing after forward",
                f"an array of shape {expected.shape}",
                hint="keep all four steps on self, because backward needs them.",
            )
        expect_array(f"self.{name}", getattr(net, name), expected, hint=hint)
    expect_array(
        "the result of forward", a2, steps["a2"][0], hint="return the probabilities, self.a2."
    )


def check_backward(module: ModuleType) -> str:
    rng = np.random.default_rng(16)
    net, X, Y = _network_away_from_kinks(module, rng, n=5, d=6, h=4, k=3)

    def loss() -> float:  # by forward, which passed its own check
        return -float(
            np.log(np.take_along_axis(net.forward(X), Y.argmax(axis=1)[:, None], axis=1)).mean()
        )

    numerical = {
        name: numerical_gradient(loss, getattr(net, name)) for name in ("W1", "b1", "W2", "b2")
    }
    before = X.copy(), Y.copy()
    net.forward(X)
    gradients = net.backward(X, Y)
    expect_unchanged("X", X, before[0])
    expect_unchanged("y_true", Y, before[1])
    if expect_gradients(gradients, numerical, len(X)) == "sum":
        return "(summed over the batch)"
    return "(mean over the batch: LEARNING_RATE can be about BATCH_SIZE times as large)"


def _network_away_from_kinks(
    module: ModuleType, rng: np.random.Generator, n: int, d: int, h: int, k: int
) -> tuple[Any, np.ndarray, np.ndarray]:
    """A float64 network and a batch with no z1 so near 0 that a numerical step crosses the kink."""
    net = module.NumpyANN(input_size=d, hidden_size=h, output_size=k)
    while True:
        net.W1, net.b1 = rng.normal(size=(d, h)), rng.normal(size=h)
        net.W2, net.b2 = rng.normal(size=(h, k)), rng.normal(size=k)
        X = rng.uniform(size=(n, d))
        if np.abs(X @ net.W1 + net.b1).min() > 1e-2:
            return net, X, np.eye(k)[rng.integers(k, size=n)]

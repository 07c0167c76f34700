"""1.2 relu, 1.3 relu_derivative and 1.4 cross_entropy."""

from __future__ import annotations

import math

import numpy as np

from assignment.expect import RETURN_MISSING, CheckFailed, expect_array
from assignment.handles import Module, as_array, as_number, type_name
from grader.reference import numpy_ann as reference

# n, k and precision of the batches that 1.4 is asked about
LOSS_BATCHES = (
    (1, 2, np.float64),
    (1, 3, np.float32),
    (1, 4, np.float64),
    (1, 5, np.float32),
    (7, 10, np.float64),
    (7, 10, np.float64),  # again, with other values
    (64, 10, np.float32),
    (33, 3, np.float32),
    (100, 12, np.float64),
)


def some_z(rng: np.random.Generator) -> list[np.ndarray]:
    """Arrays of unusual shapes with zeros, tiny and large values, in both precisions."""
    n, k = rng.integers(2, 9, size=2)
    mixed = rng.normal(scale=3, size=(n, k))
    mixed[rng.integers(n), rng.integers(k)] = 0.0
    return [
        mixed,
        -mixed,  # of the same shape: no state may be left from the call before
        mixed.astype(np.float32),
        rng.normal(size=(1, k)),
        -rng.uniform(0.1, 9, size=n),
        rng.uniform(1e3, 1e6, size=(n, 1)) * rng.choice([-1.0, 1.0], size=(n, 1)),
        np.array([[0.0, -1e-6, 1e-6, -0.0, 1e-12, -1e-12, 1e-30, -1e-30]], np.float32),
        np.zeros((1, 1)),
        rng.normal(size=(2, 3, k)).astype(np.float32),
        rng.normal(size=(140, 150)),  # larger than a batch of 64 or 128 and a layer of 128
    ]


def check_relu(module: Module, rng: np.random.Generator) -> None:
    """1.2. Raises CheckFailed unless positive elements are kept and all others become 0."""
    for z in some_z(rng):
        hint = "negative elements become 0, all others stay, and the shape does not change."
        # 0 is exact, and what is kept is exact except for the rounding of (z + |z|) / 2
        expect_array(
            "relu(z)", module.relu(z), reference.relu(z), absolute=0, where={"z": z}, hint=hint
        )


def check_relu_derivative(module: Module, rng: np.random.Generator) -> None:
    """1.3. Raises CheckFailed unless the slope is 1 for positive elements and 0 for all others."""
    for z in some_z(rng):
        hint = "the slope is 1 for positive elements and 0 for all others, including 0 itself."
        expected = reference.relu_derivative(z)
        got = module.relu_derivative(z)
        expect_array("relu_derivative(z)", got, expected, where={"z": z}, hint=hint)


def check_cross_entropy(module: Module, rng: np.random.Generator) -> None:
    """1.4.

    Raises CheckFailed unless the loss is the mean of -log(probability of the true class).
    """
    epsilon = own_epsilon(module)
    for n, k, dtype in LOSS_BATCHES:
        _expect_loss(module, rng, n, k, dtype, epsilon)
    for float_type in (np.float64, np.float32):
        expect_loss_at_zero(module, float_type)
    certain = np.array([[1.0, 0.0], [0.5, 0.5]])
    loss = one_number(module.cross_entropy(np.eye(2), certain))
    expect_array(
        "the loss of a certain and an undecided image",
        np.float64(loss),
        np.asarray(np.log(2) / 2),
        tolerance=1e-4,
        absolute=1e-4 + 3 * epsilon,
        hint="every image counts in the mean, including those without a loss.",
    )


def _expect_loss(
    module: Module, rng: np.random.Generator, n: int, k: int, dtype: type, epsilon: float
) -> None:
    """Raises CheckFailed unless the loss of a random batch is right."""
    classes = rng.integers(k, size=n)
    y_true: np.ndarray = np.eye(k)[classes].astype(dtype)
    y_pred = rng.dirichlet(np.full(k, 5.0), size=n) * 0.9 + 0.1 / k
    y_pred[0, classes[0]] = 5e-3  # small, and still far above anything that is added or clipped to
    y_pred[-1, classes[-1]] = 20  # confident of the right class: 0.95 and more
    y_pred /= y_pred.sum(axis=1, keepdims=True)
    loss = one_number(module.cross_entropy(y_true, y_pred.astype(dtype)))
    # float32 is good to 1e-6 here, float16 to 1e-3; adding epsilon to p moves its log by epsilon /
    # p
    moved = 1.1 * epsilon * float(np.mean(1 / y_pred[np.arange(n), classes]))
    expect_array(
        f"the loss of {n} image{'s' if n > 1 else ''} and {k} classes",
        np.float64(loss),
        np.asarray(reference.cross_entropy(y_true, y_pred)),
        tolerance=2e-5,
        absolute=5e-5 + moved,
        hint="the mean over the images of -log(probability of the true class).",
    )


def own_epsilon(module: Module) -> float:
    """What the answer adds to probabilities or clips them to, found from its loss at 0.

    At most 1e-4 is right; 0 for anything larger.
    """
    loss = one_number(module.cross_entropy(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])))
    return math.exp(-loss) if loss >= -math.log(1.01e-4) else 0.0


def expect_loss_at_zero(module: Module, dtype: type) -> None:
    """Raises CheckFailed unless a true class with probability 0 gives a large, finite loss.

    Any such loss is right, but it must enter the mean as any other does.
    """
    y_true: np.ndarray = np.array([[0, 1], [1, 0]], dtype)
    one, both = (
        one_number(module.cross_entropy(y_true, np.array(y_pred, dtype)))
        for y_pred in ([[1, 0], [1, 0]], [[1, 0], [0, 1]])
    )
    # 4.5 is below half of -log(1e-4), and nothing above 1e-4 may be clipped
    if not math.isfinite(one) or one < 4.5:
        raise CheckFailed(
            f"the loss is {one:.6g} where one of two true classes has probability 0 "
            f"({np.dtype(dtype)})",
            "a large finite number",
            kind="" if math.isfinite(one) else "not-finite",
            hint="keep the probabilities away from 0 before taking the logarithm.",
        )
    expect_array(
        "the loss of two images whose true classes have probability 0",
        np.float64(both),
        np.asarray(2 * one),
        tolerance=1e-2,
        hint="a mean has no upper bound: two such images out of two lose twice as much as one.",
    )


def one_number(value: object) -> float:
    """The loss as a float, whatever numeric type it has. Raises CheckFailed for anything else."""
    number = as_number(value)
    if number is None and isinstance(array := as_array(value), np.ndarray):
        raise CheckFailed(
            f"cross_entropy has shape {array.shape}",
            "one number",
            kind="wrong-shape",
            hint="the loss is the mean over the images.",
        )
    if number is None:
        what = "is None" if value is None else f"returned a {type_name(value)}"
        raise CheckFailed(
            f"cross_entropy {what}",
            "one number",
            kind="wrong-type",
            hint=RETURN_MISSING if value is None else "",
        )
    return number

"""Sections 1.2 to 1.7: the network in NumPy, on inputs drawn anew for every marking.

Tolerances: float64 answers may differ from ours by rounding alone, 1e-9 of the values at most for sums of some hundred
terms; float32 has 1e-7 an operation, and 1e-4 leaves room for any order of summing. A wrong formula is off
by far more than either.
"""

import math

import numpy as np
import pytest

from grader.gradients import NAMES, Point, away_from_kinks
from grader.marking import Marking
from grader.protocol import Tensor
from grader.reference import numpy_ann as reference
from grader.rubric import Section
from grader.student import Remote, Student
from grader.training import expect_bar
from utils import Wrong, expect_array, expect_gradients, to_one_hot

TOLERANCE: dict[type, float] = {np.float64: 1e-9, np.float32: 1e-4}


def some_z(rng: np.random.Generator) -> list[np.ndarray]:
    """Arrays of odd shapes with zeros, tiny and large values, in both precisions."""
    n, k = rng.integers(2, 9, size=2)
    mixed = rng.normal(scale=3, size=(n, k))
    mixed[rng.integers(n), rng.integers(k)] = 0.0
    return [
        mixed,
        mixed.astype(np.float32),
        rng.normal(size=(1, k)),
        -rng.uniform(0.1, 9, size=n),
        rng.uniform(1e3, 1e6, size=(n, 1)) * rng.choice([-1.0, 1.0], size=(n, 1)),
        np.array([[0.0, -1e-6, 1e-6, -0.0]], np.float32),
        rng.normal(size=(2, 3, k)).astype(np.float32),
    ]


@pytest.mark.section("1.2")
def test_relu_keeps_what_is_positive_and_nothing_else(student: Student, rng: np.random.Generator) -> None:
    for z in some_z(rng):
        hint = "negative elements become 0, all others stay, and the shape does not change."
        expect_array("relu(z)", student.relu(z), reference.relu(z), where={"z": z}, hint=hint)


@pytest.mark.section("1.3")
def test_relu_derivative_is_one_where_positive_and_zero_elsewhere(student: Student, rng: np.random.Generator) -> None:
    for z in some_z(rng):
        hint = "the slope is 1 for positive elements and 0 for all others, 0 itself included."
        got = student.relu_derivative(z)
        expect_array("relu_derivative(z)", got, reference.relu_derivative(z), where={"z": z}, hint=hint)


@pytest.mark.section("1.4")
def test_cross_entropy_is_the_mean_of_minus_log_probability(student: Student, rng: np.random.Generator) -> None:
    for n, k, dtype in ((1, 2, np.float64), (7, 10, np.float64), (64, 10, np.float32), (33, 3, np.float32)):
        y_true = np.eye(k)[rng.integers(k, size=n)].astype(dtype)
        y_pred = rng.dirichlet(np.full(k, 5.0), size=n) * 0.9 + 0.1 / k  # away from 0, where an added 1e-7 would show
        loss = one_number(student.cross_entropy(y_true, y_pred.astype(dtype)))
        expected = reference.cross_entropy(y_true, y_pred)
        expect_array(f"the loss of {n} images and {k} classes", np.float64(loss), np.asarray(expected), tolerance=1e-4,
                     hint="the mean over the images of -log(probability of the true class).")  # fmt: skip
    for float_type in (np.float64, np.float32):
        y_true, y_pred = np.array([[0, 1], [1, 0]], float_type), np.array([[1, 0], [1, 0]], float_type)
        loss = one_number(student.cross_entropy(y_true, y_pred))
        if not math.isfinite(loss) or loss < 2:
            raise Wrong(f"the loss is {loss} where a true class has probability 0 ({np.dtype(float_type)}), expected a large "
                        "finite number.", kind="not-finite", hint="keep the probabilities away from 0 before the log.")  # fmt: skip


def one_number(value: object) -> float:
    """The loss as a float, whatever type of number carries it."""
    if isinstance(value, Tensor):
        value = value.array
    if isinstance(value, np.ndarray):
        if value.size != 1:
            raise Wrong(f"cross_entropy has shape {value.shape}, expected one number.", kind="wrong-shape")
        value = value.reshape(-1)[0]
    if isinstance(value, bool | str) or value is None or not isinstance(value, int | float | np.generic):
        name = value.opaque.type_name if isinstance(value, Remote) else type(value).__name__
        raise Wrong(f"cross_entropy returned a {name}, expected one number.", kind="wrong-type",
                    hint="is a return statement missing?" if value is None else "")  # fmt: skip
    return float(value)


def network_at(student: Student, point: Point, dtype: type) -> Remote:
    """The student's network with a point's parameters."""
    d, h = point.W1.shape
    net: Remote = student.NumpyANN(input_size=d, hidden_size=h, output_size=len(point.b2), seed=1)
    for name in NAMES:
        setattr(net, name, getattr(point, name).astype(dtype))
    return net


def reference_at(point: Point, X: np.ndarray) -> reference.NumpyANN:
    """The reference with a point's parameters, after a forward pass."""
    twin = reference.NumpyANN(len(point.W1), len(point.b1), len(point.b2))
    for name in NAMES:
        setattr(twin, name, getattr(point, name))
    twin.forward(X)
    return twin


@pytest.mark.section("1.5")
def test_forward_gives_probabilities_and_keeps_its_four_steps(student: Student, rng: np.random.Generator) -> None:
    cases: tuple[tuple[int, int, int, int, type, float], ...] = (  # n, d, h, k, precision, size of the weights
        (1, 3, 2, 2, np.float64, 1),
        (5, 784, 128, 10, np.float32, 0.1),
        (8, 6, 5, 3, np.float32, 1),
        (4, 2, 7, 4, np.float64, 300),
    )
    for n, d, h, k, dtype, scale in cases:
        X = rng.uniform(size=(n, d))
        W1, b1, W2, b2 = (scale * rng.normal(size=size) for size in ((d, h), h, (h, k), k))
        point = Point(W1, b1, W2, b2, X, np.eye(k)[[0] * n])
        net = network_at(student, point, dtype)
        for images in (X, X[::-1].copy()):  # a second call must not remember the first
            a2 = net.forward(images.astype(dtype))
            expect_forward(net, a2, point, images, TOLERANCE[dtype], large=scale > 1)


def expect_forward(net: Remote, a2: object, point: Point, X: np.ndarray, tolerance: float, *, large: bool) -> None:
    """Raises Wrong unless all four steps and what was returned are right."""
    twin = reference_at(point, X)
    hints = {"z1": "X @ W1 + b1.", "a1": "relu of z1.", "z2": "a1 @ W2 + b2.", "a2": "softmax of z2, over the classes."}
    for name, hint in hints.items():
        try:
            kept = getattr(net, name)
        except Exception as error:
            raise Wrong(f"self.{name} is not there after forward.", hint="keep all four steps on self.") from error
        suffix = " (large logits)" if large else ""
        expect_array(f"self.{name}{suffix}", kept, getattr(twin, name), tolerance=tolerance, hint=hint)
    expect_array("what forward returns", a2, twin.a2, tolerance=tolerance, hint="return the probabilities, self.a2.")


@pytest.mark.section("1.6")
def test_backward_agrees_with_numerical_gradients(student: Student, rng: np.random.Generator) -> None:
    for n, d, h, k in ((5, 6, 4, 3), (1, 3, 5, 2), (8, 4, 3, 10)):
        point = away_from_kinks(rng, n, d, h, k)
        expect_backward(student, point, point.gradients(), np.float64, tolerance=1e-6)
    n, d, h, k = 48, 784, 128, 10  # the real size, against the reference's formulas
    Y = to_one_hot(rng.integers(k, size=n)).astype(np.float64)
    point = Point(
        rng.normal(scale=0.05, size=(d, h)), rng.normal(size=h), rng.normal(scale=0.1, size=(h, k)), rng.normal(size=k),
        rng.uniform(size=(n, d)), Y,
    )  # fmt: skip
    twin = reference_at(point, point.X)
    mean = {name: gradient / n for name, gradient in twin.backward(point.X, Y).items()}
    expect_backward(student, point, mean, np.float32, tolerance=2e-3)  # a float32 sum may decide a kink differently


def expect_backward(
    student: Student, point: Point, mean: dict[str, np.ndarray], dtype: type, *, tolerance: float
) -> None:
    """Raises Wrong unless the four gradients are right under one batch convention and the weights are as they were."""
    net = network_at(student, point, dtype)
    net.forward(point.X.astype(dtype))
    gradients = net.backward(point.X.astype(dtype), point.Y.astype(dtype))
    expect_gradients(gradients, mean, len(point.X), tolerance)
    for name in NAMES:
        before = getattr(point, name).astype(dtype)
        if not np.array_equal(np.asarray(getattr(net, name)), before):
            raise Wrong(f"self.{name} was changed by backward, expected it to stay.", kind="backward-changes-weights",
                        hint="backward gives the gradients; update takes the step.")  # fmt: skip


@pytest.mark.section("1.7")
def test_training_reaches_the_bar(marking: Marking, section: Section) -> None:
    expect_bar(marking.run_of("numpy_ann"), section)

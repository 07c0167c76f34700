"""Sections 1.2 to 1.7: the network in NumPy, on inputs drawn anew for every marking.

Tolerances: a right answer may compute in float32 throughout, whatever it is given: 1e-7 an operation, and 1e-4 leaves room
for any order of summing some hundred terms. A wrong formula is off by far more.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from assignment.expect import RETURN_MISSING, CheckFailed, expect_array, expect_gradients
from grader.checks.context import Context
from grader.errors import TimedOut
from grader.oracle.gradients import NAMES, Point, away_from_kinks
from grader.oracle.networks import network_at, reference_at
from grader.reference import numpy_ann as reference
from grader.rubric import RubricSection
from grader.sandbox.remote import Module, Remote, as_array, as_number, type_name
from grader.training.run import expect_bar
from utils import to_one_hot

TOLERANCE = 1e-4


def some_z(rng: np.random.Generator) -> list[np.ndarray]:
    """Arrays of odd shapes with zeros, tiny and large values, in both precisions."""
    n, k = rng.integers(2, 9, size=2)
    mixed = rng.normal(scale=3, size=(n, k))
    mixed[rng.integers(n), rng.integers(k)] = 0.0
    return [
        mixed,
        -mixed,  # of the same shape: nothing may be left over from the call before
        mixed.astype(np.float32),
        rng.normal(size=(1, k)),
        -rng.uniform(0.1, 9, size=n),
        rng.uniform(1e3, 1e6, size=(n, 1)) * rng.choice([-1.0, 1.0], size=(n, 1)),
        np.array([[0.0, -1e-6, 1e-6, -0.0, 1e-12, -1e-12, 1e-30, -1e-30]], np.float32),
        np.zeros((1, 1)),
        rng.normal(size=(2, 3, k)).astype(np.float32),
        rng.normal(size=(140, 150)),  # larger than a batch of 64 or 128 and a layer of 128
    ]


def test_relu_keeps_what_is_positive_and_nothing_else(
    section: RubricSection, context: Context
) -> None:
    module, rng = context.module(section), context.rng(section)
    for z in some_z(rng):
        hint = "negative elements become 0, all others stay, and the shape does not change."
        # 0 is exact, and what is kept is exact but for the rounding of (z + |z|) / 2
        expect_array(
            "relu(z)", module.relu(z), reference.relu(z), absolute=0, where={"z": z}, hint=hint
        )


def test_relu_derivative_is_one_where_positive_and_zero_elsewhere(
    section: RubricSection, context: Context
) -> None:
    module, rng = context.module(section), context.rng(section)
    for z in some_z(rng):
        hint = "the slope is 1 for positive elements and 0 for all others, 0 itself included."
        got = module.relu_derivative(z)
        expect_array(
            "relu_derivative(z)", got, reference.relu_derivative(z), where={"z": z}, hint=hint
        )


def test_cross_entropy_is_the_mean_of_minus_log_probability(
    section: RubricSection, context: Context
) -> None:
    module, rng = context.module(section), context.rng(section)
    epsilon = own_epsilon(module)
    for n, k, dtype in (
        (1, 2, np.float64),
        (1, 3, np.float32),
        (1, 4, np.float64),
        (1, 5, np.float32),
        (7, 10, np.float64),
        (7, 10, np.float64),  # again, with other values
        (64, 10, np.float32),
        (33, 3, np.float32),
        (100, 12, np.float64),
    ):
        classes = rng.integers(k, size=n)
        y_true = np.eye(k)[classes].astype(dtype)
        y_pred = rng.dirichlet(np.full(k, 5.0), size=n) * 0.9 + 0.1 / k
        y_pred[0, classes[0]] = 5e-3  # small, and still far above what may be added or clipped to
        y_pred[-1, classes[-1]] = 20  # sure of the right class: 0.95 and more
        y_pred /= y_pred.sum(axis=1, keepdims=True)
        loss = one_number(module.cross_entropy(y_true, y_pred.astype(dtype)))
        # float32 is good to 1e-6 here, float16 to 1e-3; what is added to p moves its logarithm by epsilon / p
        moved = 1.1 * epsilon * float(np.mean(1 / y_pred[np.arange(n), classes]))
        name = f"the loss of {n} image{'s' if n > 1 else ''} and {k} classes"
        expect_array(
            name,
            np.float64(loss),
            np.asarray(reference.cross_entropy(y_true, y_pred)),
            tolerance=2e-5,
            absolute=5e-5 + moved,
            hint="the mean over the images of -log(probability of the true class).",
        )
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
        hint="every image counts in the mean, those without a loss too.",
    )


def own_epsilon(module: Module) -> float:
    """What the answer adds to probabilities or clips them to, read off its loss where one is 0; at most 1e-4 is right."""
    loss = one_number(module.cross_entropy(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])))
    return math.exp(-loss) if loss >= -math.log(1.01e-4) else 0.0


def expect_loss_at_zero(module: Module, dtype: type) -> None:
    """Raises CheckFailed unless a true class with probability 0 gives a large finite loss, whichever, that is averaged as any other."""
    y_true: np.ndarray = np.array([[0, 1], [1, 0]], dtype)
    one, both = (
        one_number(module.cross_entropy(y_true, np.array(y_pred, dtype)))
        for y_pred in ([[1, 0], [1, 0]], [[1, 0], [0, 1]])
    )
    kept_away = "keep the probabilities away from 0 before the log."
    if (
        not math.isfinite(one) or one < 4.5
    ):  # half of -log(1e-4), above which nothing may be clipped
        raise CheckFailed(
            f"the loss is {one:.6g} where one of two true classes has probability 0 ({np.dtype(dtype)})",
            "a large finite number",
            kind="" if math.isfinite(one) else "not-finite",
            hint=kept_away,
        )
    expect_array(
        "the loss of two images whose true classes have probability 0",
        np.float64(both),
        np.asarray(2 * one),
        tolerance=1e-2,
        hint="a mean has no upper bound: twice as much, if one more image is wrong.",
    )


def one_number(value: object) -> float:
    """The loss as a float, whatever type of number carries it."""
    number = as_number(value)
    if number is None and isinstance(array := as_array(value), np.ndarray):
        raise CheckFailed(
            f"cross_entropy has shape {array.shape}",
            "one number",
            kind="wrong-shape",
            hint="the mean over the images.",
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


def clear_point(rng: np.random.Generator, n: int, d: int, h: int, k: int, scale: float) -> Point:
    """A random point; for large weights one whose largest logits stand clear, so that rounding cannot turn a probability."""
    while True:
        X = rng.uniform(size=(n, d))
        W1, b1, W2, b2 = (scale * rng.normal(size=size) for size in ((d, h), h, (h, k), k))
        point = Point(W1, b1, W2, b2, X, np.eye(k)[[0] * n])
        largest = np.sort(reference_at(point, X).z2, axis=1)[:, -2:]
        if scale <= 1 or np.ptp(largest, axis=1).min() > 1e-2 * np.abs(largest).max():
            return point


def test_forward_gives_probabilities_and_keeps_its_four_steps(
    section: RubricSection, context: Context
) -> None:
    module, rng = context.module(section), context.rng(section)
    cases: tuple[
        tuple[int, int, int, int, type, float], ...
    ] = (  # n, d, h, k, precision, size of the weights
        (1, 3, 2, 2, np.float64, 1),
        (5, 784, 128, 10, np.float32, 0.1),
        (8, 6, 5, 3, np.float32, 1),
        (70, 800, 140, 12, np.float32, 0.1),
        (4, 2, 7, 4, np.float64, 300),
    )
    for n, d, h, k, dtype, scale in cases:
        point = clear_point(rng, n, d, h, k, scale)
        X = point.X
        net = network_at(module, point, dtype)
        for images in (X, X[::-1].copy()):  # a second call must not remember the first
            a2 = net.forward(images.astype(dtype))
            expect_forward(net, a2, point, images, large=scale > 1)


def expect_forward(net: Remote, a2: object, point: Point, X: np.ndarray, *, large: bool) -> None:
    """Raises CheckFailed unless all four steps and what was returned are right."""
    twin = reference_at(point, X)
    hints = {
        "z1": "X @ W1 + b1.",
        "a1": "relu of z1.",
        "z2": "a1 @ W2 + b2.",
        "a2": "softmax of z2, over the classes.",
    }
    kept = {name: kept_step(net, name, a2) for name in hints}
    if not large and _agrees(
        kept["a2"], twin.a2, TOLERANCE
    ):  # so z1 and z2 were right when a1 and a2 were made of them
        for name in ("z1", "z2"):
            if not _agrees(kept[name], getattr(twin, name), 0.05):  # more than rounding
                hints[name] = (
                    "a2 is right, so it was overwritten afterwards: two names can stand for one array."
                )
    for name, hint in hints.items():
        suffix = " (large logits)" if large else ""
        expect_step(f"self.{name}{suffix}", kept[name], getattr(twin, name), hint)
    expect_step("what forward returns", a2, twin.a2, "return the probabilities, self.a2.")


def kept_step(net: Remote, name: str, returned: object) -> object:
    """What forward kept under a name. Raises CheckFailed where there is nothing."""
    try:
        return getattr(net, name)
    except Exception as error:
        nothing = "" if returned is not None else ", and forward returned None"
        raise CheckFailed(
            f"self.{name} is not there after forward{nothing}",
            kind="wrong-type" if nothing else "",
            hint=RETURN_MISSING if nothing else "keep all four steps on self.",
        ) from error


def expect_step(name: str, got: object, expected: np.ndarray, hint: str) -> None:
    """Raises CheckFailed unless one step is right: to TOLERANCE, and where values are small, to rounding in float32 of the largest."""
    absolute = 5e-6 * float(np.abs(expected).max())
    expect_array(name, got, expected, tolerance=TOLERANCE, absolute=absolute, hint=hint)


def _agrees(got: object, expected: np.ndarray, tolerance: float) -> bool:
    try:
        expect_array("", got, expected, tolerance=tolerance)
    except CheckFailed:
        return False
    return True


def test_backward_agrees_with_numerical_gradients(section: RubricSection, context: Context) -> None:
    module, rng = context.module(section), context.rng(section)
    conventions: dict[int, str] = {}

    def numerical(n: int, d: int, h: int, k: int) -> None:
        point = away_from_kinks(rng, n, d, h, k)
        conventions[n] = expect_backward(
            module, point, Point.gradients, np.float64, tolerance=TOLERANCE
        )

    def at_the_kink() -> None:  # where the slope is 0 by convention: a blank image and no bias
        point = away_from_kinks(rng, 5, 6, 4, 3)
        X = np.concatenate([point.X, np.zeros((2, 6))])
        at_zero = Point(
            point.W1, np.zeros(4), point.W2, point.b2, X, np.eye(3)[[0, 1, 2, 0, 1, 2, 0]]
        )
        expect_backward(module, at_zero, reference_gradients, np.float64, tolerance=TOLERANCE)

    def large(n: int, d: int, h: int, k: int) -> None:  # against the reference's formulas
        conventions[n] = expect_backward(
            module, large_point(rng, n, d, h, k), reference_gradients, np.float32, tolerance=2e-3
        )

    cases = [
        lambda: numerical(5, 6, 4, 3),
        lambda: numerical(1, 3, 5, 2),
        lambda: numerical(8, 4, 3, 10),
        at_the_kink,
        lambda: large(70, 800, 140, 12),
        lambda: expect_speed(
            module, large_point(rng, 256, 784, 128, 10), context.rubric.limits.full_size_seconds
        ),
    ]
    for number in rng.permutation(len(cases)):  # in an order that nobody can foresee
        cases[number]()
    del conventions[1]  # for one image the two are the same
    if len(set(conventions.values())) > 1:
        found = ", ".join(f"the {conventions[n]} for {n} images" for n in sorted(conventions))
        raise CheckFailed(
            f"the convention changes with the batch: {found}",
            kind="backward-mixed-scale",
            hint="sum over the batch or take the mean, always the same.",
        )


def large_point(rng: np.random.Generator, n: int, d: int, h: int, k: int) -> Point:
    """Weights and images as large as in training, or larger.

    X, W1 and b1 are whole multiples of powers of 2, which float32 adds up without rounding in any order, and b1 lies half a
    step beside the sums: so no z1 is 0, and none can fall on another side of the kink in float32.
    """
    W1 = np.round(rng.normal(scale=0.05, size=(d, h)) * 256) / 256
    b1 = np.round(rng.normal(size=h) * 256) / 256 + 2.0**-13
    X = rng.integers(17, size=(n, d)) / 16
    W2, b2 = rng.normal(scale=0.1, size=(h, k)), rng.normal(size=k)
    return Point(W1, b1, W2, b2, X, to_one_hot(rng.integers(k, size=n), k).astype(np.float64))


def expect_speed(module: Module, point: Point, seconds: float) -> None:
    """Raises CheckFailed for gradients that are found by trying: two losses for each of 100,000 parameters take minutes."""
    net = network_at(module, point, np.float32)
    X, Y = point.X.astype(np.float32), point.Y.astype(np.float32)
    net.forward.within(seconds, X)
    try:
        found = net.backward.within(seconds, X, Y)
    except TimedOut as slow:
        raise CheckFailed(
            f"backward of a batch of {len(X)} took longer than {seconds:g} s",
            "some milliseconds",
            hint="matrix products give all gradients at once; trying each parameter does not.",
        ) from slow
    expect_gradients(found, reference_gradients(point), len(X), 2e-3)


def reference_gradients(point: Point) -> dict[str, np.ndarray]:
    """The gradients of the mean loss by the reference's formulas."""
    twin = reference_at(point, point.X)
    return {
        name: gradient / len(point.X) for name, gradient in twin.backward(point.X, point.Y).items()
    }


def expect_backward(
    module: Module,
    point: Point,
    gradients: Callable[[Point], dict[str, np.ndarray]],
    dtype: type,
    *,
    tolerance: float,
) -> str:
    """The batch convention. Raises CheckFailed unless the gradients of two batches are right, and the weights as they were."""
    net = network_at(module, point, dtype)
    batches = [point, replace(point, X=point.X[::-1], Y=np.roll(point.Y, 1, axis=1))]
    if len(point.X) > 1:
        batches.append(replace(point, X=point.X[:-1], Y=point.Y[:-1]))
    convention = ""
    for batch in batches:  # of the others, nothing may be left over from the first
        X: np.ndarray = batch.X.astype(dtype)
        Y: np.ndarray = batch.Y.astype(dtype)
        net.forward(X)
        found = expect_gradients(net.backward(X, Y), gradients(batch), len(X), tolerance)
        convention = convention or found
        for name in NAMES:
            before = getattr(point, name).astype(dtype)
            now = getattr(net, name)
            if not isinstance(now, np.ndarray) or not np.array_equal(now, before):
                raise CheckFailed(
                    f"self.{name} was changed by backward",
                    "it to stay",
                    kind="backward-changes-weights",
                    hint="backward gives the gradients; update takes the step.",
                )
    return convention


def test_training_reaches_the_bar(section: RubricSection, context: Context) -> str:
    return expect_bar(context.run(section), section, context.rubric.training)

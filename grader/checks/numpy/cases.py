"""Draws the cases of part 1, with their answers: by the reference, or as numerical gradients.

The same functions draw the hidden cases, from the marking's seed, and the public ones, which are
small enough to ship. Inputs have three decimals, so that the public file stays short.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from assignment.checks.numpy.cases import (
    ArrayCase,
    BackwardBatch,
    BackwardCase,
    Cases,
    ForwardBatch,
    ForwardCase,
    LossCase,
)
from grader.oracle.gradients import Point, away_from_kinks
from grader.oracle.networks import parameters_of, reference_at, reference_gradients
from grader.reference import numpy_ann as reference
from utils import to_one_hot

TOLERANCE = 1e-4
LARGE_TOLERANCE = 2e-3  # of sums of some hundred terms in float32
SMALLEST_GRADIENT = 0.05  # of the largest element of each: smaller ones are all rounding


@dataclass(frozen=True)
class Sizes:
    """How large the cases are.

    `arrays` are shapes for relu; `losses` n, k and precision; `forwards` n, d, h, k, precision and
    scale of the weights; `backward` n, d, h, k of the large batch.
    """

    arrays: tuple[tuple[int, ...], ...]
    losses: tuple[tuple[int, int, type], ...]
    forwards: tuple[tuple[int, int, int, int, type, float], ...]
    backward: tuple[int, int, int, int]


HIDDEN = Sizes(
    arrays=((140, 150),),  # larger than a batch of 64 or 128 and a layer of 128
    losses=(
        (1, 2, np.float64), (1, 3, np.float32), (1, 4, np.float64), (1, 5, np.float32),
        (7, 10, np.float64), (7, 10, np.float64),  # again, with other values
        (64, 10, np.float32), (33, 3, np.float32), (100, 12, np.float64),
    ),
    forwards=(
        (1, 3, 4, 2, np.float64, 1), (5, 784, 128, 10, np.float32, 0.1),
        (8, 6, 5, 3, np.float32, 1), (70, 800, 140, 12, np.float32, 0.1),
        (4, 2, 7, 4, np.float64, 300),
    ),
    backward=(70, 800, 140, 12),
)  # fmt: skip
PUBLIC = Sizes(
    arrays=((130, 2),),
    losses=(
        (1, 2, np.float64), (1, 3, np.float32), (1, 4, np.float64), (1, 5, np.float32),
        (7, 10, np.float64), (7, 10, np.float64), (70, 3, np.float32), (6, 12, np.float64),
    ),
    forwards=(
        (1, 3, 4, 2, np.float64, 1), (8, 6, 5, 3, np.float32, 1), (66, 4, 3, 2, np.float32, 0.1),
        (3, 4, 5, 12, np.float64, 1), (4, 2, 7, 3, np.float64, 300),
    ),
    backward=(66, 4, 3, 5),
)  # fmt: skip


T = TypeVar("T")


def drawn_once(draw_some: Callable[[np.random.Generator], T], rng: np.random.Generator) -> T:
    """What a function draws, computed once for all submissions that a process marks with one seed.

    `rng` goes on as if the function had drawn from it.
    """
    cases: T
    cases, rng.bit_generator.state = _drawn(draw_some, json.dumps(rng.bit_generator.state))
    return cases


@lru_cache(maxsize=32)
def _drawn(draw_some: Callable[[np.random.Generator], T], state: str) -> tuple[T, Any]:
    rng = np.random.default_rng()
    rng.bit_generator.state = json.loads(state)
    return draw_some(rng), rng.bit_generator.state


def draw(rng: np.random.Generator, sizes: Sizes = HIDDEN) -> Cases:
    """Cases of all sections."""
    return Cases(
        softmax=softmax_cases(rng),
        relu=relu_cases(rng, sizes),
        relu_derivative=derivative_cases(rng, sizes),
        cross_entropy=loss_cases(rng, sizes),
        forward=forward_cases(rng, sizes),
        backward=backward_cases(rng, sizes),
    )


def some_z(rng: np.random.Generator, sizes: Sizes) -> list[np.ndarray]:
    """Arrays of unusual shapes with zeros, tiny and large values, in both precisions."""
    n, k = rng.choice(np.arange(2, 9), size=2, replace=False)
    mixed = np.round(rng.normal(scale=3, size=(n, k)), 3)
    mixed[0, 0], mixed[-1, -1] = -1.5, 2.5
    mixed[rng.integers(1, n), 0], mixed[0, -1] = 0.0, -0.0
    huge = np.round(rng.uniform(1e3, 1e6, size=(n, 1)), 1)
    tiny = [[0.0, -1e-6, 1e-6, -0.0, 1e-12, -1e-12, 1e-15, -1e-15]]
    return [
        mixed,
        -mixed,  # of the same shape: no state may be left from the call before
        mixed.astype(np.float32),
        np.round(rng.normal(size=(1, k)), 3),
        -np.round(rng.uniform(0.1, 9, size=n), 3),
        huge * rng.choice([-1.0, 1.0], size=(n, 1)),
        np.array([[-1e6], [1e6]], np.float32),
        np.array(tiny, np.float32),
        np.array(tiny),
        np.zeros((1, 1)),
        np.full((2, 1, 2), -1e-3),
        np.round(rng.normal(size=(2, 3, k)), 3).astype(np.float32),
        *(np.round(rng.normal(size=shape), 1) for shape in sizes.arrays),
    ]


def relu_cases(rng: np.random.Generator, sizes: Sizes = HIDDEN) -> tuple[ArrayCase, ...]:
    """1.2"""
    return tuple(ArrayCase(z, reference.relu(z)) for z in some_z(rng, sizes))


def derivative_cases(rng: np.random.Generator, sizes: Sizes = HIDDEN) -> tuple[ArrayCase, ...]:
    """1.3"""
    return tuple(ArrayCase(z, reference.relu_derivative(z)) for z in some_z(rng, sizes))


def softmax_cases(rng: np.random.Generator) -> tuple[ArrayCase, ...]:
    """1.1: ordinary logits, ties, large ones of either sign, and levels far apart in one batch."""
    tied = rng.integers(-8, 9, size=(4, 5)) / 4
    tied[:, -1] = tied[:, 0] = tied.max(axis=1)
    levels = np.array([[1024.0], [-1024.0], [0.0], [3.0]])
    return tuple(
        ArrayCase(z, reference.softmax(z.astype(np.float64)))
        for z in (
            np.round(rng.normal(size=(3, 4)), 3),
            np.round(rng.normal(size=(1, 6)), 3).astype(np.float32),
            tied,
            tied + levels,
            (tied + levels).astype(np.float32),
            np.array([[0.0, 1000.0, -1000.0]]),
        )
    )


def loss_cases(rng: np.random.Generator, sizes: Sizes = HIDDEN) -> tuple[LossCase, ...]:
    """1.4. What is expected where a probability is 0 depends on the answer, so no case has that."""
    certain = np.array([[1.0, 0.0], [0.5, 0.5]])
    return (
        *(_loss_case(rng, n, k, dtype) for n, k, dtype in sizes.losses),
        LossCase(np.eye(2), certain, float(np.log(2) / 2), 3.0),
    )


def _loss_case(rng: np.random.Generator, n: int, k: int, dtype: type) -> LossCase:
    classes = rng.integers(k, size=n)
    y_pred = rng.dirichlet(np.full(k, 5.0), size=n) * 0.9 + 0.1 / k
    y_pred[0, classes[0]] = 5e-3  # small, and still far above anything that is added or clipped to
    y_pred[-1, classes[-1]] = 20  # confident of the right class: 0.95 and more
    y_pred = np.round(y_pred / y_pred.sum(axis=1, keepdims=True), 4)
    largest = y_pred.argmax(axis=1)
    y_pred[np.arange(n), largest] += 1 - y_pred.sum(axis=1)  # what the rounding took
    y_pred = np.round(y_pred, 4)
    y_true: np.ndarray = np.eye(k)[classes].astype(dtype)
    return LossCase(
        y_true,
        y_pred.astype(dtype),
        reference.cross_entropy(y_true, y_pred),
        # adding ε to p moves its logarithm by ε / p
        float(np.mean(1 / y_pred[np.arange(n), classes])),
    )


def forward_cases(rng: np.random.Generator, sizes: Sizes = HIDDEN) -> tuple[ForwardCase, ...]:
    """1.5"""
    drawn = [
        _forward_case(clear_point(rng, n, d, h, k, scale), dtype, large=scale > 1)
        for n, d, h, k, dtype, scale in sizes.forwards
    ]
    exact = [
        _forward_case(exact_point(rng, 5, 4, 3, 6), np.float32),
        _forward_case(exact_point(rng, 6, 3, 5, 4, level=2048), np.float32, large=True),
        _forward_case(exact_point(rng, 6, 3, 5, 4, level=2048), np.float64, large=True),
    ]
    return (*drawn, *exact)


def _forward_case(point: Point, dtype: type, *, large: bool = False) -> ForwardCase:
    batches = []
    for X in (point.X, point.X[:5][::-1].copy()):
        twin = reference_at(point, X)
        batches.append(ForwardBatch(X.astype(dtype), twin.z1, twin.a1, twin.z2, twin.a2))
    return ForwardCase(parameters_of(point, dtype), tuple(batches), large)


def clear_point(rng: np.random.Generator, n: int, d: int, h: int, k: int, scale: float) -> Point:
    """A random point. Every image has units that are on, so that a missing b1 shows in a2.

    For large weights the two largest logits are far apart, so that rounding cannot change a
    probability.
    """
    while True:
        X = np.round(rng.uniform(size=(n, d)), 3)
        W1, b1, W2, b2 = (
            np.round(scale * rng.normal(size=size), 3) for size in ((d, h), h, (h, k), k)
        )
        point = Point(W1, b1, W2, b2, X, np.eye(k)[[0] * n])
        twin = reference_at(point, X)
        if not (twin.z1 > 0).any(axis=1).all():
            continue
        largest = np.sort(twin.z2, axis=1)[:, -2:]
        if scale <= 1 or np.ptp(largest, axis=1).min() > 1e-2 * np.abs(largest).max():
            return point


def exact_point(
    rng: np.random.Generator, n: int, d: int, h: int, k: int, level: float = 0
) -> Point:
    """A point whose steps are exact in float32, so that nothing hides behind rounding.

    In every row two logits are equal, the largest ones in some. With a `level`, the logits of
    different images lie that far apart, above 0 and below.
    """
    X = rng.integers(5, size=(n, d)) / 4
    W1, b1, W2, b2 = (rng.integers(-6, 7, size=size) / 4 for size in ((d, h), h, (h, k), k))
    W2[:, -1], b2[-1] = W2[:, 0], b2[0]
    b2[[0, -1]] += 3
    if level:
        X[:2, 0] = 0, 1
        W1[:, 0], W1[0, 0], b1[0] = 0, level, 0
        W2[0], b2 = 1, b2 - level / 2
    return Point(W1, b1, W2, b2, X, np.eye(k)[[0] * n])


def backward_cases(rng: np.random.Generator, sizes: Sizes = HIDDEN) -> tuple[BackwardCase, ...]:
    """1.6: numerical gradients, images at the kink, gradients far above 1, and a large batch."""
    return (
        *(_numerical_case(rng, *size) for size in ((5, 6, 4, 3), (1, 3, 5, 2), (8, 4, 3, 10))),
        _kink_case(rng),
        _steep_case(rng, hidden=0.05, output=60),
        _steep_case(rng, hidden=40, output=0.05),
        _large_case(rng, sizes.backward),
    )


def batches_of(point: Point) -> list[Point]:
    """The batch of a point, the same images in another order, and one image less."""
    found = [point, replace(point, X=point.X[::-1], Y=np.roll(point.Y, 1, axis=1))]
    if len(point.X) > 1:
        found.append(replace(point, X=point.X[:-1], Y=point.Y[:-1]))
    return found


def _case(point: Point, gradients: Any, dtype: type, tolerance: float) -> BackwardCase:
    return BackwardCase(
        parameters_of(point, dtype),
        tuple(
            BackwardBatch(batch.X.astype(dtype), batch.Y.astype(dtype), gradients(batch))
            for batch in batches_of(point)
        ),
        tolerance,
    )


def _shows_all(case: BackwardCase, smallest: float = SMALLEST_GRADIENT) -> bool:
    """Whether no gradient is so small that anything would pass as right."""
    return all(
        np.abs(gradient).max() > smallest
        for batch in case.batches
        for gradient in batch.gradients.values()
    )


def _numerical_case(rng: np.random.Generator, n: int, d: int, h: int, k: int) -> BackwardCase:
    while True:
        point = rounded(away_from_kinks(rng, n, d, h, k, margin=2e-2))
        case = _case(point, Point.gradients, np.float64, TOLERANCE)
        if _shows_all(case):
            return case


def rounded(point: Point) -> Point:
    """The point with three decimals, which moves its z1 by less than 0.01."""
    return replace(point, **{name: np.round(value, 3) for name, value in vars(point).items()})


def _kink_case(rng: np.random.Generator) -> BackwardCase:
    """Two images with z1 = 0, one of them blank: there the slope is 0 by convention."""
    while True:
        point = rounded(away_from_kinks(rng, 5, 6, 4, 3, margin=2e-2))
        point.W1[1] = -point.W1[0]  # equal pixels there cancel
        X = np.concatenate([point.X, np.zeros((2, 6))])
        X[-1, :2] = 0.5
        Y = np.eye(3)[[0, 1, 2, 0, 1, 2, 0]]
        at_zero = Point(point.W1, np.zeros(4), point.W2, point.b2, X, Y)
        case = _case(at_zero, reference_gradients, np.float64, TOLERANCE)
        if _shows_all(case):
            return case


def _steep_case(rng: np.random.Generator, hidden: float, output: float) -> BackwardCase:
    """Gradients far above 1, which whoever clips gradients clips.

    `hidden` is the scale of W1 and b1, `output` that of W2: one of them is large. No probability is
    close to 0, so the chain rule through the logarithm, with 1 / p or 1 / (p + ε), agrees.
    """
    steep = ("W2",) if hidden > output else ("W1", "b1")
    while True:
        W1, b1, W2, b2 = (
            np.round(scale * rng.normal(size=size), 3)
            for scale, size in ((hidden, (4, 5)), (hidden, 5), (output, (5, 2)), (1, 2))
        )
        X = np.round(rng.uniform(size=(3, 4)), 3)
        point = Point(W1, b1, W2, b2, X, np.eye(2)[rng.integers(2, size=3)])
        twin = reference_at(point, X)
        if twin.a2.min() < 0.01 or np.abs(twin.z1).min() < 1e-3:
            continue
        case = _case(point, reference_gradients, np.float64, TOLERANCE)
        first = case.batches[0].gradients
        if _shows_all(case, 5e-3) and min(np.abs(first[name]).max() for name in steep) > 12:
            return case


def _large_case(rng: np.random.Generator, size: tuple[int, int, int, int]) -> BackwardCase:
    while True:
        point = large_point(rng, *size)
        case = _case(point, reference_gradients, np.float32, LARGE_TOLERANCE)
        if _shows_all(case, smallest=2e-3):
            return case


def large_point(rng: np.random.Generator, n: int, d: int, h: int, k: int) -> Point:
    """A point with weights and images as large as in training, or larger.

    X, W1 and b1 are whole multiples of powers of 2, which float32 adds without rounding in any
    order, and b1 lies half a step beside the sums. So no z1 is 0, and none can cross the kink in
    float32.
    """
    W1 = np.round(rng.normal(scale=0.05, size=(d, h)) * 256) / 256
    b1 = np.round(rng.normal(size=h) * 256) / 256 + 2.0**-13
    X = rng.integers(17, size=(n, d)) / 16
    W2, b2 = np.round(rng.normal(scale=0.1, size=(h, k)), 3), np.round(rng.normal(size=k), 3)
    return Point(W1, b1, W2, b2, X, to_one_hot(rng.integers(k, size=n), k).astype(np.float64))

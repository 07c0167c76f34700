"""Four gradients compared: the conventions, what is said of wrong ones, and where it points."""

import itertools
import re
from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
import pytest

from assignment.checks.numpy.cases import NAMES
from assignment.checks.numpy.factors import Constants
from assignment.checks.numpy.gradients import PLACES, Batch, compared, expect_gradients
from assignment.expect import CheckFailed
from grader.oracle.gradients import numerical_gradient
from tests.support import sampled


def test_numerical_gradient_of_a_cubic() -> None:
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    before = x.copy()
    gradient = numerical_gradient(lambda: float((x**3).sum()), x)
    assert np.allclose(gradient, 3 * before**2, atol=1e-8)
    assert np.array_equal(x, before)


def judged(gradients: object, n: int = 8) -> str:
    """The convention of gradients for one batch of n images whose mean gradients are MEAN."""
    return expect_gradients([compared(gradients, MEAN, n, 1e-5)])


MEAN = {
    "W1": np.array([[1.0, 2.0]]),
    "b1": np.array([3.0, 1.0]),
    "W2": np.array([[4.0], [5.0]]),
    "b2": np.array([6.0]),
}


@pytest.mark.parametrize("factor", [1.0, 8.0])
def test_both_batch_conventions_are_right(factor: float) -> None:
    judged({name: factor * value for name, value in MEAN.items()})


def test_bias_gradients_may_be_rows_and_keys_may_be_more() -> None:
    judged({**MEAN, "b1": MEAN["b1"][None], "b2": MEAN["b2"][None], "X": 1})


@pytest.mark.parametrize(("change", "message", "hint"), [
    ({"W1": 8 * MEAN["W1"]}, "W1 is right .sum over the batch.*; b1 is right .mean", "summed"),
    ({"W1": 3 * MEAN["W1"]}, "W1 is wrong .the mean's gradient times 3.; b1 is right", ""),
    ({"W1": MEAN["W1"].T}, "has shape .2, 1., expected .1, 2., that of W1", "it is transposed"),
    ({"b1": np.ones((8, 2))}, "has shape .8, 2., expected .2,., that of b1", "sum over the images"),
    ({"W2": np.full((2, 1), np.nan)}, "not finite", ""),
    ({"W2": None}, "is None", ""),
    ({"W2": MEAN["W2"].tolist()}, "is a list, expected an array", "without tolist"),
])  # fmt: skip
def test_wrong_gradients_are_told_apart(change: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(CheckFailed, match=message) as caught:
        judged({**MEAN, **change})
    assert hint in "".join(caught.value.hints)


def test_a_missing_key_and_no_dict_are_named() -> None:
    with pytest.raises(CheckFailed, match="key 'W2' is missing, got W1, b1, expected"):
        judged({"W1": MEAN["W1"], "b1": MEAN["b1"]})
    with pytest.raises(CheckFailed, match="returned a tuple, expected a dict"):
        judged((1, 2))


# the ways in which each gradient may come, as a function of the right sum and of n
WAYS = {
    "sum": lambda g, n: g,
    "mean": lambda g, n: g / n,
    "negated": lambda g, n: -g,
    "twice as large": lambda g, n: 2 * g,
    "divided by 64": lambda g, n: g / 64,
    "divided twice": lambda g, n: g / n**2,
    "zeros": lambda g, n: 0 * g,
    "nonsense": lambda g, n: np.roll(g.ravel(), 1).reshape(g.shape) + 0.5,
    "transposed": lambda g, n: g.T if g.ndim == 2 else g[:, None],
}
MORE = {
    "times 0.01": lambda g, n: 0.01 * g,
    "divided by 3 or 9": lambda g, n: g / (3 if n == 5 else 9),
}
SIZES = ((5, 6, 4, 3), (7, 4, 5, 2))  # n, d, h, k


def batches(ways: Mapping[str, str]) -> list[Batch]:
    """Two batches of random gradients, each changed in its way."""
    rng = np.random.default_rng(3)
    found = []
    for n, d, h, k in SIZES:
        shapes = {"W1": (d, h), "b1": (h,), "W2": (h, k), "b2": (k,)}
        mean = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        answer = {name: {**WAYS, **MORE}[ways[name]](n * mean[name], n) for name in NAMES}
        found.append(compared(answer, mean, n, 1e-4))
    return found


def pointed_at(hint: str) -> set[str]:
    """The gradients that a hint asks to look at: those that a wrong place would make wrong."""
    found: set[str] = set()
    hint = re.sub(r"[\w, ]+ fits?, so dz2 is not the cause; ", "", hint)
    for names, place in PLACES.items():
        if place in hint:
            found |= names
            hint = hint.replace(place, "")
    if "all four have" in hint:
        found |= set(NAMES)
    return found | set(re.findall(r"\b[Wb][12]\b", hint))


@pytest.mark.parametrize(("second", "first"), sampled(product(WAYS, WAYS), every=4))
def test_hints_never_point_at_a_gradient_that_is_right(first: str, second: str) -> None:
    for third, fourth in itertools.product(WAYS, repeat=2):
        ways = dict(zip(NAMES, (first, second, third, fourth), strict=True))
        if set(ways.values()) in ({"sum"}, {"mean"}):
            assert expect_gradients(batches(ways)) == first
            continue
        with pytest.raises(CheckFailed) as caught:
            expect_gradients(batches(ways))
        failure = caught.value
        right = {name for name, way in ways.items() if way in ("sum", "mean")}
        hint = " ".join(failure.hints)
        assert not pointed_at(hint) & right, (ways, hint)
        told = re.findall(r"([Wb][12]) is right", failure.got)
        assert not told or set(told) == right
        counts = [sum(way == convention for way in ways.values()) for convention in ("sum", "mean")]
        assert sum(failure.parts.values()) == max(counts) < 4
        for name, entries in failure.wrong.items():
            assert entries.wrong.any() == (name not in right)


@pytest.mark.parametrize(("ways", "hint"), [
    (("sum", "sum", "negated", "sum"), "the sign of W2 is wrong."),
    (("negated",) * 4, "all four have the wrong sign: look at the subtraction that they start from."),
    (("divided by 64",) * 4,
     "W1, b1, W2 and b2: divided by 64 whatever the batch; this batch has 5 images: "
     "divide by len(X)."),
    (("sum", "sum", "twice as large", "sum"), "right but for a factor: W2 times 2."),
    (("nonsense", "nonsense", "sum", "sum"),
     "W2 and b2 fit, so dz2 is not the cause; look at the way from dz2 back through W2, then "
     "through ReLU at z1."),
    (("zeros", "mean", "mean", "mean"),
     "b1, W2 and b2 fit, so dz2 is not the cause; look at the matrix product for W1."),
    (("mean", "mean", "sum", "sum"),
     "some gradients are summed over the batch and some averaged; keep to one for all four."),
    (("zeros",) * 4, "look at dz2 = a2 - y_true, which all four depend on."),
    (("divided twice", "mean", "mean", "mean"), "W1: divided by the number of images twice."),
    (("times 0.01",) * 4,
     "W1, b1, W2 and b2: times 0.01 whatever the batch. Is that a learning rate? update multiplies "
     "by it, so leave it out here."),
    (("divided by 3 or 9",) * 4,
     "W1, b1, W2 and b2: right but for a factor that changes from batch to batch. Which number does "
     "backward divide by? The images of this batch are len(X)."),
])  # fmt: skip
def test_hints_by_what_is_wrong(ways: tuple[str, ...], hint: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        expect_gradients(batches(dict(zip(NAMES, ways, strict=True))))
    assert caught.value.hints == (hint,)


def test_the_first_wrong_part_of_large_arrays_is_kept() -> None:
    mean = {name: np.ones((30, 40) if name[0] == "W" else 40) for name in NAMES}
    wrong = mean["W1"].copy()
    wrong[20, 39] = 2
    with pytest.raises(CheckFailed) as caught:
        expect_gradients([compared({**mean, "W1": wrong}, mean, 8, 1e-4)])
    entries = caught.value.wrong["W1"]
    assert (entries.shape, entries.origin, entries.wrong.shape) == ((30, 40), (14, 28), (12, 12))
    assert np.argwhere(entries.wrong).tolist() == [[6, 11]]
    assert entries.got is None


def test_a_factor_is_told_in_the_convention_of_the_right_gradients() -> None:
    sums = {name: 8 * gradient for name, gradient in MEAN.items()}
    with pytest.raises(CheckFailed, match=r"W2 is wrong .the sum's gradient times -3\.?"):
        judged({**sums, "W2": -3 * sums["W2"]})


@pytest.mark.parametrize("of", ["sum", "mean"])
def test_a_gradient_divided_by_the_number_of_classes_is_called_so(of: str) -> None:
    found = []
    rng = np.random.default_rng(4)
    for n, d, h, k in SIZES:
        shapes = {"W1": (d, h), "b1": (h,), "W2": (h, k), "b2": (k,)}
        mean = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        factor = n if of == "sum" else 1
        answer = {name: factor * value / (k if "W" in name else 1) for name, value in mean.items()}
        found.append(compared(answer, mean, n, 1e-4))
    with pytest.raises(CheckFailed) as caught:
        expect_gradients(found)
    assert "W1 and W2: divided by the number of classes." in "".join(caught.value.hints)


def divided(by: Callable[[int, int, int, int], float]) -> list[Batch]:
    """Two batches of random gradients, the sums divided by a function of n, d, h and k."""
    return [
        {name: compared({name: n * one.mean / by(n, d, h, k) for name, one in batch.items()},
                        {name: one.mean for name, one in batch.items()}, n, 1e-4)[name]
         for name in NAMES}
        for (n, d, h, k), batch in zip(SIZES, batches(dict.fromkeys(NAMES, "sum")), strict=True)
    ]  # fmt: skip


@pytest.mark.parametrize(("by", "hint", "kind"), [
    (lambda n, d, h, k: d, "divided by 6, the number of pixels; this batch has 5 images: divide by",
     "backward-batch-size"),
    (lambda n, d, h, k: h, "divided by 4, the number of hidden units;", "backward-batch-size"),
    (lambda n, d, h, k: n * k, "divided by 15, that is images times classes;", ""),
    (lambda n, d, h, k: n * d, "divided by 30, that is images times pixels;", ""),
    (lambda n, d, h, k: 100, "times 0.01 whatever the batch", "backward-learning-rate"),
    (lambda n, d, h, k: 128, "divided by 128 whatever the batch", "backward-batch-size"),
    (lambda n, d, h, k: 1 / 0.03, "times 0.03 whatever the batch", "backward-learning-rate"),
    (lambda n, d, h, k: 2, "right but for a factor", ""),
])  # fmt: skip
def test_a_factor_is_named_after_what_it_is_in_every_batch(
    by: Callable[[int, int, int, int], float], hint: str, kind: str
) -> None:
    with pytest.raises(CheckFailed) as caught:
        expect_gradients(divided(by), Constants(learning_rate=0.03))
    assert hint in "".join(caught.value.hints)
    assert caught.value.kind == kind


def test_a_batch_size_of_100_is_no_learning_rate() -> None:
    with pytest.raises(CheckFailed) as caught:
        expect_gradients(divided(lambda n, d, h, k: 100), Constants(batch_size=100))
    assert caught.value.kind == "backward-batch-size"


@pytest.mark.parametrize(("sizes", "said"), [((8, 8), True), ((8, 7), False), ((8,), False)])
def test_gradients_wrong_in_some_batches_of_a_size_depend_on_the_numbers(
    sizes: tuple[int, ...], said: bool
) -> None:
    wrong = {name: value + 1 for name, value in MEAN.items()}
    found = [compared(MEAN if i else wrong, MEAN, n, 1e-5) for i, n in enumerate(sizes)]
    with pytest.raises(CheckFailed) as caught:
        expect_gradients(found)
    assert ("so it depends on the numbers" in "".join(caught.value.hints)) == said

"""Which misconception a failing answer shows: the student's code is asked again, and its answer compared with what each
mistake of the catalogue would give on the same inputs. Source code is never read.

A mistake that comes alone explains an answer better than two together, so of all predictions that fit the one with the
fewest mistakes is taken. Predictions are compared in float64, to 1e-5 of the largest value: right answers in float32 are
that close to them, and different formulas are far apart on random inputs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from grader.errors import Raised, StudentFault
from grader.gradients import NAMES, Point, away_from_kinks
from grader.networks import network_at
from grader.protocol import Opaque
from grader.reference.numpy_ann import softmax
from grader.student import Remote, RemoteCallable, Student, as_array

GENERAL = ("wrong-shape", "wrong-type", "not-finite", "changes-input", "raises")
Diagnosis = tuple[str, ...]


def diagnose(section: str, student: Student, feedback: str, rng: np.random.Generator) -> Diagnosis:
    """The ids of the mistakes that a failing section shows; () where none is recognised."""
    if section in _BY_SECTION:
        try:
            return _BY_SECTION[section](student, rng)
        except StudentFault as fault:
            return _of_exception(section, fault)
        except Exception:  # an answer that no prediction can be compared with
            return ()
    return _of_words(feedback)


def _of_exception(section: str, fault: StudentFault) -> Diagnosis:
    """What an exception tells: an array where one number was expected, or shapes that do not fit."""
    if not isinstance(fault, Raised):
        return ()
    if "truth value of an array" in fault.feedback:
        return {"1.2": ("relu-scalar",), "1.3": ("drelu-scalar",)}.get(section, ())
    shapes = ("matmul", "not aligned", "broadcast", "operand has a mismatch")
    if section == "1.6" and any(word in fault.feedback for word in shapes):
        return ("backward-not-transposed",)
    return ()


def _of_words(feedback: str) -> Diagnosis:
    """What torch's own messages tell."""
    cut = ("does not require grad", "object has no attribute 'backward'")
    return ("torch-loss-detached",) if any(words in feedback for words in cut) else ()


def _close(answer: Any, expected: np.ndarray) -> bool:
    """Whether an answer has the values of a prediction; a bias may be a row."""
    if not isinstance(answer, np.ndarray | np.generic) or answer.dtype.kind not in "fiub":
        return False
    answer = np.asarray(answer)
    if answer.shape == (1, *expected.shape):
        answer = answer[0]
    if answer.shape != expected.shape or not np.isfinite(answer.astype(np.float64)).all():
        return False
    largest = np.abs(expected).max(initial=1e-12)
    return bool(np.abs(answer.astype(np.float64) - expected).max(initial=0) <= 1e-5 * largest)


def _is_one_number(answer: Any) -> bool:
    return isinstance(answer, int | float | np.generic) or (isinstance(answer, np.ndarray) and answer.size == 1)


# --- 1.2 and 1.3: element by element

# Some mistakes have a free number, the slope or the bound; it is read off the answer, and must then explain all of it.
Formula = Callable[[np.ndarray, np.ndarray], Iterable[np.ndarray]]
_RELU: dict[str, Formula] = {
    "relu-absolute": lambda z, answer: [np.abs(z)],
    "relu-negated": lambda z, answer: [np.minimum(z, 0), -np.maximum(z, 0), np.maximum(-z, 0)],
    "relu-leaky": lambda z, answer: [np.where(z > 0, z, s * z) for s in [answer.flat[0] / z.flat[0]] if 1e-6 < s < 1],
    "relu-clipped-above": lambda z, answer: [np.clip(z, 0, top) for top in [answer.max()] if 0 < top < z.max()],
    "relu-in-place": lambda z, answer: [np.maximum(z, 0)],
}
_DRELU: dict[str, Formula] = {
    "drelu-one-at-zero": lambda z, answer: [(z >= 0) * 1.0],
    "drelu-returns-input": lambda z, answer: [np.maximum(z, 0), z, np.where(z > 0, z, 1.0)],
    "drelu-inverted": lambda z, answer: [(z <= 0) * 1.0, (z < 0) * 1.0],
    "drelu-in-place": lambda z, answer: [(z > 0) * 1.0],
}


def _elementwise(function: RemoteCallable, formulas: dict[str, Formula], prefix: str) -> Diagnosis:
    z = np.array([[-3.0, -0.4, 0.0, 0.7], [2.5, 300.0, -150.0, 9.0]])
    answer, (after,) = function.observe(z.copy())
    answer = as_array(answer)
    if _is_one_number(answer):
        return (f"{prefix}-scalar",)
    if not isinstance(answer, np.ndarray) or answer.shape != z.shape:
        return ()
    in_place = f"{prefix}-in-place"
    found = [name for name, formula in formulas.items() if any(_close(answer, wrong) for wrong in formula(z, answer))]
    if np.array_equal(after, z):
        return tuple(name for name in found if name != in_place)[:1]
    return (in_place, *(name for name in found if name != in_place))


# --- 1.4: a loss, its sign, its logarithm and what it is divided by


def _cross_entropy(student: Student, rng: np.random.Generator) -> Diagnosis:
    function: RemoteCallable = student.cross_entropy
    inputs = [_targets_and_probabilities(rng, n, k) for n, k in ((7, 4), (3, 6))]
    answers = [_number(function.observe(*pair)[0]) for pair in inputs]
    if any(isinstance(answer, np.ndarray) for answer in answers):
        return ("ce-not-scalar",)
    if any(answer is None for answer in answers):
        return ()
    numbers = np.array(answers, np.float64)
    if np.isfinite(numbers).all():
        for (name, formula), factors in itertools.product(_LOSSES, _loss_factors()):
            predicted = [formula(*pair) * factors.of(*pair[0].shape) for pair in inputs]
            if np.allclose(numbers, predicted, rtol=1e-5):
                # of another formula, the divisor does not matter
                return (name,) if name else factors.ids or _at_zero(function)
        # swapped, all terms but those of the true class are the logarithm of the same epsilon
        ratio = numbers / np.array([float((p * (1 - y)).sum()) / len(y) for y, p in inputs])
        if np.allclose(ratio, ratio[0], rtol=1e-3) and abs(ratio[0]) > 4:
            return ("ce-arguments-swapped",)
        return ()
    return ("ce-arguments-swapped",)


class _Factors:
    """What a right sum is multiplied with, and the ids of what is wrong about it."""

    def __init__(self, sign: int, base: float, over: str):
        self.sign, self.base, self.over = sign, base, over
        names = {
            "n": (),
            "1": ("ce-sum-not-mean",),
            "nk": ("ce-mean-over-classes",),
            "k": ("ce-sum-not-mean", "ce-mean-over-classes"),
        }
        self.ids: Diagnosis = (
            *(("ce-sign",) if sign < 0 else ()),
            *(("ce-log-base",) if base != np.e else ()),
            *names[over],
        )

    def of(self, n: int, k: int) -> float:
        """The factor for n images and k classes."""
        divisor = {"n": n, "1": 1, "nk": n * k, "k": k}[self.over]
        return float(self.sign / np.log(self.base) / divisor)


def _loss_factors() -> Iterator[_Factors]:
    """All combinations, those with the fewest mistakes first."""
    every = [_Factors(s, b, o) for s, b, o in itertools.product((1, -1), (np.e, 2.0, 10.0), ("n", "1", "nk", "k"))]
    return iter(sorted(every, key=lambda factors: len(factors.ids)))


# sums over all images and classes; "" is the right formula
_LOSSES: tuple[tuple[str, Callable[[np.ndarray, np.ndarray], float]], ...] = (
    ("", lambda y, p: -float((y * np.log(p)).sum())),
    ("ce-binary", lambda y, p: -float((y * np.log(p) + (1 - y) * np.log(1 - p)).sum())),
    ("ce-squared-error", lambda y, p: float(((y - p) ** 2).sum())),
    ("ce-squared-error", lambda y, p: float(((y - p) ** 2).sum()) / 2),
)


def _targets_and_probabilities(rng: np.random.Generator, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    return np.eye(k)[rng.integers(k, size=n)], rng.dirichlet(np.full(k, 5.0), size=n) * 0.9 + 0.1 / k


def _number(answer: Any) -> float | np.ndarray | None:
    answer = as_array(answer)
    if isinstance(answer, np.ndarray):
        return float(answer.reshape(-1)[0]) if answer.size == 1 else answer
    if isinstance(answer, Remote | Opaque):
        return answer.opaque.number if isinstance(answer, Remote) else answer.number
    return float(answer) if isinstance(answer, int | float | np.number) and not isinstance(answer, bool) else None


def _at_zero(function: RemoteCallable) -> Diagnosis:
    for dtype in (np.float64, np.float32):
        answer = _number(function.observe(np.array([[0, 1]], dtype), np.array([[1, 0]], dtype))[0])
        if isinstance(answer, float) and not np.isfinite(answer):
            return ("ce-log-of-zero",)
    return ()


# --- 1.5: biases, the hidden activation, the output function


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-z)))


def _identity(z: np.ndarray) -> np.ndarray:
    return z


def _rectify(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(z, 0))


_BIASES: dict[tuple[int, int], Diagnosis] = {
    (1, 1): (),
    **dict.fromkeys([(0, 0), (0, 1), (1, 0)], ("forward-no-bias",)),
}
_HIDDEN: tuple[tuple[Callable[[np.ndarray], np.ndarray], Diagnosis], ...] = (
    (_rectify, ()), (_identity, ("forward-no-relu",)), (_sigmoid, ("forward-sigmoid",)),
)  # fmt: skip
_OUTPUT: tuple[tuple[Callable[[np.ndarray], np.ndarray], Diagnosis], ...] = (
    (softmax, ()),
    (_identity, ("forward-no-softmax",)),
    (lambda z: softmax(_rectify(z)), ("forward-relu-on-output",)),
    (_rectify, ("forward-relu-on-output",)),
    (lambda z: softmax(z.T).T, ("forward-softmax-axis",)),
    (_sigmoid, ("forward-sigmoid",)),
    (
        lambda z: np.exp(z - z.max(axis=1, keepdims=True)) / np.exp(z - z.max(axis=1, keepdims=True)).sum(),
        ("forward-softmax-axis",),
    ),
    (lambda z: np.exp(z) / np.exp(z).sum(), ("forward-softmax-axis",)),
)


def _forward(student: Student, rng: np.random.Generator) -> Diagnosis:
    point = away_from_kinks(rng, n=5, d=4, h=6, k=3)
    net = network_at(student, point)
    returned = as_array(net.forward.observe(point.X)[0])
    kept = {name: _kept(net, name) for name in ("z1", "a1", "z2", "a2")}
    if _is_missing(kept["a2"]):
        found = _forward_variant(point, returned)
        return ("forward-not-kept",) if found == () else found or ()
    found = _forward_variant(point, kept["a2"])
    if found is None:
        return ()
    if found:
        return found
    if not _close(returned, np.asarray(kept["a2"])):
        return ("forward-returns-logits",)
    if any(not _close(kept[name], value) for name, value in _steps(point).items()):
        return ("forward-not-kept",)
    return _for_large_logits(student, rng)


def _forward_variant(point: Point, a2: Any) -> Diagnosis | None:
    """The mistakes of the variant with the fewest that gives this a2; None where none does."""
    fitting: list[Diagnosis] = []
    for biases, hidden, output in itertools.product(_BIASES.items(), _HIDDEN, _OUTPUT):
        (first, second), ids = biases
        a1 = hidden[0](point.X @ point.W1 + first * point.b1)
        if _close(a2, output[0](a1 @ point.W2 + second * point.b2)):
            fitting.append(tuple(dict.fromkeys((*ids, *hidden[1], *output[1]))))
    return _fewest(fitting)


def _fewest(fitting: list[Diagnosis]) -> Diagnosis | None:
    return min(fitting, key=lambda ids: len(ids)) if fitting else None


def _steps(point: Point) -> dict[str, np.ndarray]:
    z1 = point.X @ point.W1 + point.b1
    z2 = _rectify(z1) @ point.W2 + point.b2
    return {"z1": z1, "a1": _rectify(z1), "z2": z2, "a2": softmax(z2)}


def _kept(net: Remote, name: str) -> Any:
    try:
        return as_array(getattr(net, name))
    except StudentFault:
        return None


def _is_missing(value: Any) -> bool:
    return not isinstance(value, np.ndarray)


def _for_large_logits(student: Student, rng: np.random.Generator) -> Diagnosis:
    small = away_from_kinks(rng, n=5, d=4, h=6, k=3)
    large = Point(1000 * small.W1, small.b1, 10 * small.W2, small.b2, small.X, small.Y)
    answer = as_array(network_at(student, large).forward.observe(large.X)[0])
    finite = isinstance(answer, np.ndarray) and np.isfinite(answer.astype(np.float64)).all()
    return () if finite else ("forward-softmax-unstable",)


# --- 1.6: where it starts, how it gets to the hidden layer, which products, which scale


def _backward(student: Student, rng: np.random.Generator) -> Diagnosis:
    point = away_from_kinks(rng, n=5, d=5, h=5, k=5)  # square: a transposed factor gives an answer rather than an error
    net = network_at(student, point)
    net.forward(point.X)
    try:
        answer = net.backward.observe(point.X, point.Y)[0]
    except StudentFault as fault:
        return _of_exception("1.6", fault)
    if not isinstance(answer, dict) or not set(NAMES) <= answer.keys():
        return ("backward-missing-key",) if isinstance(answer, dict) else ()
    gradients = {name: as_array(answer[name]) for name in NAMES}
    if any(not _close(_kept(net, name), getattr(point, name)) for name in NAMES):
        return ("backward-changes-weights",)
    return _backward_variant(point, gradients) or ()


def _backward_variant(point: Point, gradients: dict[str, Any]) -> Diagnosis | None:
    fitting: list[Diagnosis] = []
    steps = _steps(point)
    for (dz2, start), (da1, way), (gate, gating) in itertools.product(
        _starts(point, steps), _ways(point), _gates(steps)
    ):
        dz1 = gate(da1(dz2))
        wanted = {
            "W1": _products(point.X, dz1), "b1": _sums(dz1),
            "W2": [*_products(steps["a1"], dz2), (steps["z1"].T @ dz2, ("backward-z1-for-a1",))], "b2": _sums(dz2),
        }  # fmt: skip
        explained = [_explained(gradients[name], forms, len(point.X)) for name, forms in wanted.items()]
        if all(one is not None for one in explained):
            ids = [one for one in explained if one is not None]
            scale = _scale_mistakes({one[1] for one in ids})
            found = (*start, *way, *gating, *(name for one in ids for name in one[0]), *scale)
            fitting.append(tuple(dict.fromkeys(found)))
    return _fewest(fitting)


def _starts(point: Point, steps: dict[str, np.ndarray]) -> list[tuple[np.ndarray, Diagnosis]]:
    a2, difference = steps["a2"], steps["a2"] - point.Y
    jacobian = a2 * (difference - (difference * a2).sum(axis=1, keepdims=True))
    return [
        (difference, ()),
        (-difference, ("backward-sign",)),
        (difference * a2 * (1 - a2), ("backward-softmax-twice",)),
        (jacobian, ("backward-softmax-twice",)),
        (softmax(a2) - point.Y, ("backward-softmax-twice",)),
        (difference * (steps["z2"] > 0), ("backward-gate-on-wrong-layer",)),
    ]


def _ways(point: Point) -> list[tuple[Callable[[np.ndarray], np.ndarray], Diagnosis]]:
    return [
        (lambda dz2: dz2 @ point.W2.T, ()),
        (lambda dz2: dz2 @ point.W2, ("backward-not-transposed",)),
        (lambda dz2: dz2 @ point.W1.T, ("backward-wrong-weights",)),
        (lambda dz2: dz2 @ point.W1, ("backward-wrong-weights",)),
        (lambda dz2: dz2 @ np.ones_like(point.W2).T, ("backward-wrong-weights",)),
        (lambda dz2: dz2 @ (_steps(point)["a1"].T @ dz2).T, ("backward-wrong-weights",)),
    ]


def _gates(steps: dict[str, np.ndarray]) -> list[tuple[Callable[[np.ndarray], np.ndarray], Diagnosis]]:
    return [
        (lambda da1: da1 * (steps["z1"] > 0), ()),
        (_identity, ("backward-no-relu-gate",)),
        (lambda da1: da1 * (da1 > 0), ("backward-gate-on-wrong-layer",)),
        (lambda da1: da1 * (steps["z2"] > 0), ("backward-gate-on-wrong-layer",)),
    ]


def _products(left: np.ndarray, right: np.ndarray) -> list[tuple[np.ndarray, Diagnosis]]:
    transposed = ("backward-not-transposed",)
    return [
        (left.T @ right, ()),
        (right.T @ left, transposed),
        (left @ right, transposed),
        (left @ right.T, transposed),
    ]


def _sums(dz: np.ndarray) -> list[tuple[np.ndarray, Diagnosis]]:
    wrong = ("backward-bias-not-summed",)
    return [
        (dz.sum(axis=0), ()),
        (dz, wrong),
        (dz.sum(axis=1), wrong),
        (dz.sum(axis=1, keepdims=True), wrong),
        (dz[0], wrong),
    ]


def _explained(answer: Any, forms: list[tuple[np.ndarray, Diagnosis]], n: int) -> tuple[Diagnosis, int] | None:
    """The mistakes of the first form that fits, and how often it was divided by n: 0, 1, or 2 times."""
    for form, ids in forms:
        for times in (0, 1, 2):
            if _close(answer, form / n**times):
                return ids, times
    return None


def _scale_mistakes(divisions: set[int]) -> Diagnosis:
    if 2 in divisions:
        return ("backward-divided-twice",)
    return ("backward-mixed-scale",) if len(divisions) > 1 else ()


_BY_SECTION: dict[str, Callable[[Student, np.random.Generator], Diagnosis]] = {
    "1.2": lambda student, rng: _elementwise(student.relu, _RELU, "relu"),
    "1.3": lambda student, rng: _elementwise(student.relu_derivative, _DRELU, "drelu"),
    "1.4": _cross_entropy,
    "1.5": _forward,
    "1.6": _backward,
}

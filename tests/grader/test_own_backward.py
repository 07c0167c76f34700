"""1.7 asks for a network that learns by its own backward, whatever else `fit` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from assignment.handles import LocalScript
from grader.errors import StudentError
from grader.oracle.gradients import NAMES
from grader.reference import numpy_ann as reference
from grader.training.own_backward import backward_problem
from tests.support import mark_here, sampled, script_with, write_submission
from utils import load_fashion_mnist

DATA = load_fashion_mnist(train_size=10)
Gradients = dict[str, Any]
Backward = Callable[[Any, np.ndarray, np.ndarray], Gradients]


def right(net: Any, X: np.ndarray, Y: np.ndarray) -> Gradients:
    return reference.NumpyANN.backward(net, X, Y)


def problem_of(backward: Backward, seed: int = 0, **changes: Any) -> str:
    """The problem of a network with this backward, `changes` being other names of the script."""

    class NumpyANN(reference.NumpyANN):
        pass

    NumpyANN.backward = backward
    script = ModuleType("numpy_ann")
    vars(script).update({"NumpyANN": NumpyANN, **changes})
    module = LocalScript(script).module
    with np.errstate(all="ignore"):
        return backward_problem(
            module,
            module.NumpyANN(seed=1),
            DATA.X_val,
            DATA.y_val,
            np.random.default_rng(seed),
        )


def scaled(factor: float) -> Backward:
    return lambda net, X, Y: {
        name: factor * gradient for name, gradient in right(net, X, Y).items()
    }


def changed(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Backward:
    return lambda net, X, Y: right(net, X, Y) | {name: change(np.array(right(net, X, Y)[name]))}


def only(name: str) -> Backward:
    return lambda net, X, Y: {
        other: gradient * (other == name) for other, gradient in right(net, X, Y).items()
    }


def without_gate(net: Any, X: np.ndarray, Y: np.ndarray) -> Gradients:
    dz1 = (net.a2 - Y) @ net.W2.T
    return right(net, X, Y) | {"W1": X.T @ dz1, "b1": dz1.sum(axis=0)}


HONEST: dict[str, Backward] = {
    "sum": right,
    "mean": lambda net, X, Y: scaled(1 / len(X))(net, X, Y),
    "float16": lambda net, X, Y: {k: g.astype(np.float16) for k, g in right(net, X, Y).items()},
    "extra keys": lambda net, X, Y: {**right(net, X, Y), "dz2": net.a2 - Y, "loss": None},
    "rows": lambda net, X, Y: {k: np.atleast_2d(g) for k, g in right(net, X, Y).items()},
    "clipped": lambda net, X, Y: {k: np.clip(g, -0.01, 0.01) for k, g in right(net, X, Y).items()},
    "signs": lambda net, X, Y: {k: np.sign(g) for k, g in right(net, X, Y).items()},
    "tiny": scaled(1e-12),
    "huge": scaled(1e9),
}
PARTLY_RIGHT: dict[str, Backward] = {
    "no gate": without_gate,
    "only W1": only("W1"),
    "only W2": only("W2"),
    "b1 negated": changed("b1", lambda g: -g),
    "b2 negated": changed("b2", lambda g: -g),
    "W1 mixed scale": changed("W1", lambda g: g / 64),
    "b2 of ones": changed("b2", np.ones_like),
}


def constant(net: Any, X: np.ndarray, Y: np.ndarray) -> Gradients:
    rng = np.random.default_rng(7)
    return {name: rng.normal(size=getattr(net, name).shape) for name in NAMES}


def to_uniform(net: Any, X: np.ndarray, Y: np.ndarray) -> Gradients:
    return right(net, X, np.full_like(Y, 0.1))


def raising(net: Any, X: np.ndarray, Y: np.ndarray) -> Gradients:
    raise StudentError("as its worker reports it")


WRONG: dict[str, Backward] = {
    "zeros": scaled(0),
    "uphill": scaled(-1),
    "constant": constant,
    "ones": lambda net, X, Y: {name: np.ones(getattr(net, name).shape) for name in NAMES},
    "weight decay": lambda net, X, Y: {name: getattr(net, name) for name in NAMES},
    "guessing": to_uniform,
    "other labels": lambda net, X, Y: right(net, X, np.roll(Y, 1, axis=1)),
    "shuffled labels": lambda net, X, Y: right(net, X, Y[::-1]),
    "not a number": scaled(np.nan),
    "only b2": only("b2"),
    "raises": raising,
    "none": lambda net, X, Y: None,
    "empty": lambda net, X, Y: {},
    "texts": lambda net, X, Y: dict.fromkeys(NAMES, "W"),
    "one number": lambda net, X, Y: dict.fromkeys(NAMES, 1.0),
}


@pytest.mark.parametrize("how", HONEST)
@pytest.mark.parametrize("seed", range(3))
def test_right_gradients_learn_for_every_seed(how: str, seed: int) -> None:
    assert problem_of(HONEST[how], seed) == ""


@pytest.mark.parametrize("how", PARTLY_RIGHT)
def test_partly_right_gradients_that_learn_are_accepted(how: str) -> None:
    assert problem_of(PARTLY_RIGHT[how]) == ""


@pytest.mark.parametrize("how", sampled(WRONG, every=3))
def test_what_is_no_gradient_does_not_learn(how: str) -> None:
    assert problem_of(WRONG[how]) != ""


@pytest.mark.parametrize("scale", [0.0, 1e-6, 100.0])
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_the_students_own_start_does_not_matter(scale: float, dtype: type) -> None:
    class NumpyANN(reference.NumpyANN):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            for name in NAMES:
                setattr(self, name, (scale * getattr(self, name)).astype(dtype))
            self.b1 = np.full(self.b1.shape, -100, dtype)  # every unit is off

    assert problem_of(right, NumpyANN=NumpyANN) == ""


def test_a_network_that_needs_fit_is_tried_as_trained() -> None:
    def needs_fit(net: Any, X: np.ndarray, Y: np.ndarray) -> Gradients:
        if not hasattr(net, "fitted"):
            raise StudentError("as its worker reports it")
        return right(net, X, Y)

    class NumpyANN(reference.NumpyANN):
        backward = needs_fit

    trained = NumpyANN(seed=1)
    trained.fitted = True
    script = ModuleType("numpy_ann")
    script.NumpyANN = NumpyANN
    owner = LocalScript(script)
    trained_handle = owner._answer(trained)
    rng = np.random.default_rng(0)
    assert backward_problem(owner.module, trained_handle, DATA.X_val, DATA.y_val, rng) == ""


OTHER_WAY = """        X, Y = X_train, y_train
        A = np.maximum(X @ self.W1 + self.b1, 0)
        self.W2 = np.linalg.solve(A.T @ A + np.eye(A.shape[1]), A.T @ Y).astype(np.float32) * 10
        return History([1.0], [1.0], [0.8], [0.8])
        history = History()
"""


@pytest.mark.parametrize(
    "gradients", sampled(["0 * getattr(self, name)", "np.ones_like(getattr(self, name))"], every=2)
)
def test_an_accuracy_reached_in_another_way_earns_nothing(tmp_path: Path, gradients: str) -> None:
    source = script_with("numpy_ann", {"1.6": f"return {{name: {gradients} for name in {NAMES}}}"})
    source = source.replace("        history = History()\n", OTHER_WAY, 1)
    work = write_submission(tmp_path / "work", numpy_ann=source)
    result = mark_here(work, ["1.7"], train_size=5000)["1.7"]
    assert result.diagnosis == ("train-without-backward",)
    assert "test accuracy of 7" in result.verdict.got or "test accuracy of 8" in result.verdict.got

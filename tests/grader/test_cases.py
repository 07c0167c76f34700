"""The hidden cases of part 1 are drawn once for a seed, and are the same as if drawn every time."""

from __future__ import annotations

import pickle
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from assignment.failure import CheckFailed
from assignment.handles import LocalScript
from grader.checks import numpy as checks
from grader.checks.numpy import cases
from grader.reference import numpy_ann as reference

DRAWS = [
    cases.relu_cases, cases.derivative_cases, cases.loss_cases,
    cases.forward_cases, cases.backward_cases,
]  # fmt: skip


@pytest.mark.parametrize("draw", DRAWS, ids=lambda draw: draw.__name__)
def test_they_are_those_that_are_drawn_every_time(draw: Any) -> None:
    for seed in (1, 2, 1):
        mine, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
        mine.normal(size=3), theirs.normal(size=3)
        assert pickle.dumps(cases.drawn_once(draw, mine)) == pickle.dumps(draw(theirs))
        assert mine.bit_generator.state == theirs.bit_generator.state


def test_a_missing_bias_shows_in_the_probabilities_of_every_image() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        for case in cases.forward_cases(rng)[:3]:
            assert all((batch.a1 > 0).any(axis=1).all() for batch in case.batches)


def test_a_softmax_that_overflows_is_blamed_in_forward() -> None:
    module = ModuleType("numpy_ann")
    vars(module).update(vars(reference))
    own = type("NumpyANN", (reference.NumpyANN,), {})
    exec(
        "def softmax(z):\n    e = np.exp(z)\n    return e / e.sum(axis=1, keepdims=True)\n"
        "def forward(self, X):\n"
        "    self.z1 = X @ self.W1 + self.b1\n    self.a1 = relu(self.z1)\n"
        "    self.z2 = self.a1 @ self.W2 + self.b2\n    self.a2 = softmax(self.z2)\n"
        "    return self.a2\n",
        vars(module),
    )
    own.forward = module.forward  # type: ignore[attr-defined]
    module.NumpyANN = own  # type: ignore[attr-defined]
    with pytest.raises(CheckFailed) as caught, np.errstate(all="ignore"):
        checks.check_forward(LocalScript(module).module, np.random.default_rng(1))
    assert caught.value.hints[0].startswith("softmax of 1.1 itself fails")


def spoiling() -> ModuleType:
    """Part 1 by one that overwrites all that it is given, after computing the right answer."""
    module = ModuleType("numpy_ann")
    vars(module).update(vars(reference))

    def spoil(function: Any, skipped: int = 0) -> Any:
        def called(*args: Any) -> Any:
            result = function(*args)
            for array in args[skipped:]:
                array *= 0
            return result

        return called

    class NumpyANN(reference.NumpyANN):
        forward = spoil(reference.NumpyANN.forward, 1)

        def backward(self, X: Any, Y: Any) -> Any:
            found = super().backward(X, Y)
            for array in (self.W1, self.b1, self.W2, self.b2, X, Y):
                array *= 0
            return found

    for name in ("relu", "relu_derivative", "cross_entropy"):
        setattr(module, name, spoil(getattr(reference, name)))
    module.NumpyANN = NumpyANN  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize("check", [
    checks.check_relu, checks.check_relu_derivative, checks.check_cross_entropy,
    checks.check_forward, lambda module, rng: checks.check_backward(module, rng, 30.0),
])  # fmt: skip
def test_what_one_submission_does_to_them_reaches_no_other(check: Any) -> None:
    with pytest.raises(CheckFailed):
        check(LocalScript(spoiling()).module, np.random.default_rng(5))
    check(LocalScript(reference).module, np.random.default_rng(5))

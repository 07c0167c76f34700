"""The checks of part 1 in the student's own process: quick, harmless, and at the right place."""

import time
import types

import numpy as np
import pytest

from assignment.checks.numpy import speed
from assignment.checks.numpy.cases import public_cases
from assignment.expect import CheckFailed
from assignment.handles import LocalScript
from assignment.parts import PARTS
from assignment.section_checks import Outcome, run_checks
from tests.support import script_with


def module_with(sections: dict[str, str], after: str = "") -> types.ModuleType:
    module = types.ModuleType("numpy_ann")
    source = script_with("numpy_ann", sections, after=after)
    exec(compile(source, "numpy_ann.py", "exec"), vars(module))
    return module


def outcomes(sections: dict[str, str], after: str = "") -> dict[str, Outcome]:
    found = run_checks(PARTS["numpy_ann"], module_with(sections, after))
    return {outcome.check.number: outcome for outcome in found}


def test_all_checks_of_part_1_take_less_than_a_second() -> None:
    started = time.process_time()
    assert {outcome.status for outcome in outcomes({}).values()} == {"passed"}
    assert time.process_time() - started < 1


BY_DIFFERENCES = """
r = {}
for name in ("W1", "b1", "W2", "b2"):
    p = getattr(self, name)
    r[name] = np.zeros(p.shape)
    for i in np.ndindex(p.shape):
        old = p[i]
        losses = []
        for step in (0, -1e-6):
            p[i] = old + step
            losses.append(cross_entropy(y_true, self.forward(X)))
        p[i] = old
        r[name][i] = (losses[0] - losses[1]) / 1e-6
return r"""
BY_LOOPS = """
d = self.a2 - y_true
g = (d @ self.W2.T) * (self.z1 > 0)
W1 = np.zeros(self.W1.shape)
for i in range(len(X)):
    for j in range(W1.shape[0]):
        for k in range(W1.shape[1]):
            W1[j, k] += X[i, j] * g[i, k]
            W1[j, k] -= 0 * X[i, j] * g[i, k]
return dict(W1=W1, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))"""


@pytest.mark.parametrize(("code", "message"), [
    (BY_DIFFERENCES, "times forward"),
    (BY_LOOPS, "would take about|times forward"),  # the latter on a busy machine
])  # fmt: skip
def test_a_slow_backward_is_found_without_waiting_for_it(code: str, message: str) -> None:
    module = LocalScript(module_with({"1.6": code})).module
    started = time.process_time()
    with pytest.raises(CheckFailed, match=message):
        speed.expect_quick(module)
    assert time.process_time() - started < 3


def test_a_loop_over_images_is_quick_enough() -> None:
    code = """
r = {name: np.zeros(getattr(self, name).shape) for name in ("W1", "b1", "W2", "b2")}
for x, y, z1, a1, a2 in zip(X, y_true, self.z1, self.a1, self.a2):
    d = a2 - y
    g = (self.W2 @ d) * (z1 > 0)
    for name, value in dict(W1=np.outer(x, g), b1=g, W2=np.outer(a1, d), b2=d).items():
        r[name] += value
return r"""
    speed.expect_quick(LocalScript(module_with({"1.6": code})).module)


@pytest.mark.parametrize(("sections", "number", "message"), [
    ({"1.2": "z[z < 0] = 0\nreturn z"}, "1.2", "z was changed in place"),
    ({"1.4": "y_pred += 1e-12\nreturn -np.sum(y_true * np.log(y_pred)) / len(y_true)"},
     "1.4", "y_pred was changed in place"),
    ({"1.5": "X -= X.mean()\nreturn X"}, "1.5", "X was changed in place"),
    ({"1.6": "y_true -= self.a2\nreturn {}"}, "1.6", "y_true was changed in place"),
])  # fmt: skip
def test_a_changed_argument_is_blamed_where_it_happens(
    sections: dict[str, str], number: str, message: str
) -> None:
    found = outcomes(sections)[number]
    assert found.failure is not None
    assert found.failure.got == message
    assert found.failure.kind == "changes-input"


def test_weights_changed_in_place_are_found_and_spoil_no_case() -> None:
    before = [case.parameters["W1"].copy() for case in public_cases().backward]
    step = "self.W1 -= 0.1\nd = self.a2 - y_true\nreturn dict(W1=d, b1=d, W2=d, b2=d)"
    found = outcomes({"1.6": step})["1.6"].failure
    assert found is not None
    assert found.kind == "backward-changes-weights"
    after = [case.parameters["W1"] for case in public_cases().backward]
    assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))


def test_forward_may_keep_biases_as_rows() -> None:
    rows = """self.b1, self.b2 = self.b1.reshape(1, -1), self.b2.reshape(1, -1)
self.z1 = X @ self.W1 + self.b1
self.a1 = relu(self.z1)
self.z2 = self.a1 @ self.W2 + self.b2
self.a2 = softmax(self.z2)
return self.a2"""
    assert {outcome.status for outcome in outcomes({"1.5": rows}).values()} == {"passed"}


def test_a_changed_argument_of_softmax_is_named() -> None:
    softmax = "def softmax(z):\n    z -= z.max(axis=1, keepdims=True)\n    return np.exp(z)\n"
    failure = outcomes({}, after=softmax)["1.1"].failure
    assert failure is not None
    assert failure.got == "z was changed in place"


def test_a_softmax_without_its_maximum_is_found() -> None:
    softmax = "def softmax(z):\n    e = np.exp({})\n    return e / e.sum(axis=1, keepdims=True)\n"
    for argument in ("z", "np.clip(z, -500, 500)", "z - z.max()"):
        found = outcomes({}, after=softmax.format(argument))
        assert found["1.1"].status == "failed", argument
        assert found["1.5"].status == "waiting"


@pytest.mark.parametrize(("code", "hint"), [
    ("return -np.sum(y_true * np.log(y_pred + 1e-12), axis=1)", "by their mean"),
    ("return -y_true * np.log(y_pred + 1e-12)", "a sum over its classes; then their mean"),
    ("return -np.sum(y_true * np.log(y_pred + 1e-12))", "the sum over the 7 images"),
    ("return np.sum(y_true * np.log(y_pred + 1e-12)) / len(y_true)", "the sign is wrong"),
    ("return -np.mean(y_true * np.log(y_pred + 1e-12))", "the number of classes"),
    ("return -np.sum(y_true * np.log(y_pred + 1e-12)) / 64", "divided by 64; this batch has 1"),
    ("return -np.mean(np.sum(y_true * np.log(y_pred + 1e-12), 1)) / 2", "the right loss times 0.5"),
    ("return -np.sum(y_true * np.log(y_pred + 1e-2)) / len(y_true)", "0.01 is added"),
    ("return -np.sum(y_true * np.log(np.maximum(y_pred, 1e-3))) / len(y_true)", "raised to it"),
    ("return np.sum(np.nan_to_num(-y_true * np.log(y_pred))) / len(y_true)", "np.nan_to_num"),
])  # fmt: skip
def test_hints_of_the_loss_lead_to_the_mean(code: str, hint: str) -> None:
    failure = outcomes({"1.4": code})["1.4"].failure
    assert failure is not None
    assert hint in " ".join(failure.hints)


LOGGED = """self.losses = [cross_entropy(y_true, self.a2)]
print(f"{self.losses[-1]:.3f}", file=sys.stderr)
d = self.a2 - y_true
g = (d @ self.W2.T) * relu_derivative(self.z1)
return dict(W1=X.T @ g, b1=g.sum(axis=0), W2=self.a1.T @ d, b2=d.sum(axis=0))"""


@pytest.mark.parametrize(("sections", "number", "remark"), [
    ({"1.2": "z[z < 0] = 0\nreturn z", "1.3": "return np.sign(relu(z))"}, "1.3", "waits for 1.2"),
    ({"1.2": "return np.abs(z)", "1.3": "return np.sign(z)"}, "1.3", ""),
    ({"1.4": "raise NotImplementedError('TODO 1.4')", "1.6": LOGGED}, "1.6", "waits for 1.4"),
    ({"1.4": "return -np.sum(y_true * y_pred, axis=1)", "1.6": LOGGED}, "1.6", "waits for 1.4"),
    ({"1.4": "return -np.sum(y_true * y_pred)", "1.6": LOGGED}, "1.6", ""),
])  # fmt: skip
def test_a_section_waits_for_a_wrong_one_that_it_calls(
    sections: dict[str, str], number: str, remark: str
) -> None:
    found = outcomes(sections)[number]
    if remark:
        assert (found.status, found.remark) == ("waiting", remark)
    else:
        assert found.status != "waiting"


def test_frames_of_the_checks_are_not_the_students_own() -> None:
    found = outcomes({"1.5": "return X @ X"})["1.5"]
    assert "checks" not in found.error
    assert "handles" not in found.error

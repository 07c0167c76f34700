"""A right section may use what a wrong one keeps on self, and keep its weights as it likes."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from assignment.answers import set_attribute
from assignment.parts import PARTS
from assignment.section_checks import run_checks
from grader.report.text import feedback
from grader.results import Status
from tests.support import mark_here, script_with, write_submission

KEEPS = """self.m = len(X)
self.cache = {}
self.z1 = X @ self.W1
self.a1 = relu(self.z1)
self.z2 = self.a1 @ self.W2 + self.b2
self.a2 = softmax(self.z2)
self.X = X
return self.a2"""
USES = """self.cache["dz2"] = (self.a2 - y_true) / self.m
dz1 = (self.cache["dz2"] @ self.W2.T) * relu_derivative(self.z1)
return {"W1": self.X.T @ dz1, "b1": dz1.sum(0), "W2": self.a1.T @ self.cache["dz2"],
        "b2": self.cache["dz2"].sum(0)}"""


@pytest.mark.parametrize(
    ("forward", "backward", "failed"),
    [
        (KEEPS, USES, ["1.5"]),
        (KEEPS, USES.replace("self.m", "self.n"), ["1.5", "1.6"]),
        (f"self.m = 5\n{KEEPS}".replace("self.m = len(X)\n", ""), USES, ["1.5", "1.6"]),
        # it is run for attributes alone: one that never ends costs nothing else
        pytest.param("while True:\n    pass", None, ["1.5"], marks=pytest.mark.exhaustive),
    ],
)
def test_a_right_backward_may_use_what_a_wrong_forward_keeps(
    tmp_path: Path, forward: str, backward: str | None, failed: list[str]
) -> None:
    sections = {"1.5": forward} | ({"1.6": backward} if backward else {})
    work = write_submission(tmp_path / "work", sections)
    results = mark_here(work, ["1.5", "1.6"], call_seconds=3)
    assert [n for n, result in results.items() if result.status is not Status.PASSED] == failed


@pytest.mark.parametrize("loss", ["raise NotImplementedError('TODO')", "return None"])
def test_a_right_backward_may_keep_a_loss_that_is_wrong(tmp_path: Path, loss: str) -> None:
    keeps = f"""loss = cross_entropy(y_pred=self.a2, y_true=y_true)
self.losses = [*getattr(self, "losses", []), float(f"{{loss:.3f}}")]
self.m = len(X)
{USES.replace("self.X.T", "X.T").replace('self.cache["dz2"]', "d")}"""
    work = write_submission(tmp_path / "work", {"1.4": loss, "1.6": keeps})
    results = mark_here(work, ["1.4", "1.6"])
    assert results["1.4"].status is Status.FAILED
    assert results["1.6"].status is Status.PASSED, feedback(results["1.6"])


def test_a_right_step_may_use_the_layers_that_a_wrong_forward_has(tmp_path: Path) -> None:
    """For a penalty on their weights."""
    wrong = "return F.softmax(self.output(F.relu(self.hidden2(F.relu(self.hidden1(X))))), dim=1)"
    step = """penalty = 1e-4 * sum(layer.weight.pow(2).sum() for layer in (self.hidden1, self.output))
optimizer.zero_grad()
loss = F.cross_entropy(self(X_batch), y_batch) + penalty
loss.backward()
optimizer.step()
return loss.item()"""
    work = write_submission(tmp_path / "work", {"2.2": wrong, "2.3": step})
    results = mark_here(work, ["2.2", "2.3"])
    assert [n for n, result in results.items() if result.status is not Status.PASSED] == ["2.2"]


KEPT_TWICE = {
    "dict": ("self.params = {name: getattr(self, name) for name in NAMES}", "self.params"),
    "list of pairs": (
        "self.layers = [(self.W1, self.b1), (self.W2, self.b2)]",
        "dict(zip(NAMES, [one for layer in self.layers for one in layer]))",
    ),
    "object of the script": (
        "self.first, self.second = Layer(self.W1, self.b1), Layer(self.W2, self.b2)",
        "dict(zip(NAMES, [self.first.W, self.first.b, self.second.W, self.second.b]))",
    ),
}
AROUND = """NAMES = ("W1", "b1", "W2", "b2")
class Layer:
    def __init__(self, W, b):
        self.W, self.b = W, b
"""


def kept_twice(how: str) -> str:
    """Part 1 with the weights kept in a second place, from which forward and backward read them."""
    line, read = KEPT_TWICE[how]
    source = script_with(
        "numpy_ann",
        {
            "1.5": f"""p = {read}
self.z1 = X @ p["W1"] + p["b1"]
self.a1 = relu(self.z1)
self.z2 = self.a1 @ p["W2"] + p["b2"]
self.a2 = softmax(self.z2)
return self.a2""",
            "1.6": f"""d = self.a2 - y_true
g = (d @ ({read})["W2"].T) * relu_derivative(self.z1)
return dict(W1=X.T @ g, b1=g.sum(axis=0), W2=self.a1.T @ d, b2=d.sum(axis=0))""",
        },
        after=AROUND,
    )
    last = "        self.b2 = np.zeros(output_size, np.float32)\n"
    assert last in source
    return source.replace(last, f"{last}        {line}\n", 1)


@pytest.mark.parametrize("how", KEPT_TWICE)
def test_weights_may_be_kept_in_two_places(how: str) -> None:
    module = ModuleType("numpy_ann")
    exec(compile(kept_twice(how), "numpy_ann.py", "exec"), vars(module))
    found = run_checks(PARTS["numpy_ann"], module)
    assert {outcome.check.number: outcome.status for outcome in found if outcome.lines} == {}


def test_weights_that_are_read_from_a_copy_are_said_to_be_unused() -> None:
    copied = kept_twice("dict").replace("getattr(self, name)", "getattr(self, name).copy()", 1)
    module = ModuleType("numpy_ann")
    exec(compile(copied, "numpy_ann.py", "exec"), vars(module))
    found = {outcome.check.number: outcome for outcome in run_checks(PARTS["numpy_ann"], module)}
    assert any("forward does not use self.W1 as it is now" in line for line in found["1.5"].lines)


@pytest.mark.parametrize("is_read_only", [False, True])
def test_weights_in_two_places_are_marked_right_and_train(
    tmp_path: Path, is_read_only: bool
) -> None:
    source = kept_twice("dict")
    if is_read_only:  # self.W1 is a property without a setter
        source = source.replace("        self.W1 = ", "        W1 = ")
        for name in ("b1", "W2", "b2"):
            source = source.replace(f"        self.{name} = ", f"        {name} = ", 1)
        source = source.replace(
            "self.params = {name: getattr(self, name) for name in NAMES}",
            "self.params = dict(W1=W1, b1=b1, W2=W2, b2=b2)",
        )
        source += """
for name in NAMES:
    setattr(NumpyANN, name, property(lambda self, name=name: self.params[name]))
"""
    work = write_submission(tmp_path / "work", numpy_ann=source)
    results = mark_here(work, ["1.5", "1.6", "1.7"], train_size=5000)
    for number in ("1.5", "1.6"):
        assert results[number].status is Status.PASSED, feedback(results[number])
    assert "train-without-backward" not in results["1.7"].diagnosis


def test_whatever_else_a_network_holds_does_no_harm() -> None:
    network = SimpleNamespace(W1=np.zeros(2), deep=[])
    network.itself = {"me": network}
    for _ in range(5000):
        network.deep = [network.deep]
    set_attribute(network, "W1", np.ones(2))
    assert network.W1.tolist() == [1, 1]

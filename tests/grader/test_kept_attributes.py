"""A right section may use what a wrong one keeps on self."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.results import Status
from tests.support import mark_here, write_submission

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

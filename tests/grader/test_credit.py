"""Partial credit in 1.6: for which gradients, how it is told and shown, and how to switch it off."""

import itertools
import json
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assignment.checks.numpy.cases import NAMES
from assignment.handles import LocalScript
from grader.checks.numpy import check_backward
from grader.errors import CheckFailed
from grader.feedback.diagnosis import network
from grader.feedback.misconceptions import CATALOGUE
from grader.marking.marking import Marking
from grader.options import Options
from grader.report.results_json import results
from grader.report.terminal import line
from grader.report.text import feedback
from grader.results import Report
from grader.rubric import load_rubric
from grader.submission.reading import open_submission
from tests.support import mark_here, points, sampled, script_with, write_submission

START = "n = len(X)\nd = self.a2 - y_true\na = d @ self.W2.T\ng = a * (self.z1 > 0)\n"
RIGHT = {"W1": "X.T @ g", "b1": "g.sum(0)", "W2": "self.a1.T @ d", "b2": "d.sum(0)"}


def backward(**changed: str) -> str:
    parts = ", ".join(f"{name}={changed.get(name, right)}" for name, right in RIGHT.items())
    return f"{START}return dict({parts})"


@pytest.mark.parametrize(("code", "share"), sampled([
    (backward(W1="0 * X.T @ g"), 0.75),
    (backward(W1="-X.T @ g", W2="-self.a1.T @ d"), 0.5),
    (backward(W1="X.T @ a", b1="a.sum(0)", W2="self.W2"), 0.25),
    (backward(W1="X.T @ g / n", b1="g.sum(0) / n"), 0.5),  # two of each convention
    (backward(W1="X.T @ g / n"), 0.75),
    (backward(W1="(X.T @ g).T"), 0.75),
    (backward(b1="None"), 0.75),
    (backward(b2="float('nan') * d.sum(0)"), 0.75),
    ("d = self.a2 - y_true\nreturn dict(b2=d.sum(0))", 0.25),
    (f"return dict({', '.join(f'{n}=0 * self.{n}' for n in RIGHT)})", 0),
    (f"return dict({', '.join(f'{n}=self.{n}.copy()' for n in RIGHT)})", 0),
    (f"return dict({', '.join(f'{n}=np.ones_like(self.{n})' for n in RIGHT)})", 0),
    (f"return dict({', '.join(f'{n}=0.01 + 0 * self.{n}' for n in RIGHT)})", 0),
    ("self.W1 = self.W1 - 0.1\n" + backward(W1="0"), 0),
    ("self.W2 *= 1.01\n" + backward(), 0),
    ("X *= 1.01\n" + backward(W1="0"), 0),
    (backward(W1="X @ g"), 0),  # raises
    ("if len(X) == 8:\n    1 / 0\n" + backward(W1="0"), 0),
    (backward(W1="X.T @ g * (n != 8)", W2="self.a1.T @ d * (n < 60)"), 0.5),  # not in every case
], every=4))  # fmt: skip
def test_each_gradient_that_is_right_everywhere_earns_a_quarter(
    tmp_path: Path, code: str, share: float
) -> None:
    result = mark_here(write_submission(tmp_path / "ada", {"1.6": code}), ["1.6"])["1.6"]
    assert result.status == "failed"
    assert result.points == share * points("1.6"), feedback(result)


def test_a_late_backward_earns_nothing(tmp_path: Path) -> None:
    code = "import time\nif len(X) == 256:\n    time.sleep(60)\n" + backward(W1="0")
    rubric = load_rubric()
    rubric = replace(rubric, limits=replace(rubric.limits, full_size_seconds=0.5))
    work = open_submission(write_submission(tmp_path / "ada", {"1.6": code}))
    result = Marking(work, rubric, Options(seed=0, only=("1.6",))).mark_all()["1.6"]
    assert (result.status, result.points) == ("failed", 0)


def test_one_line_in_the_rubric_switches_it_off(tmp_path: Path) -> None:
    rubric = load_rubric()
    sections = tuple(replace(section, credit="all or nothing") for section in rubric.sections)
    work = open_submission(write_submission(tmp_path / "ada", {"1.6": backward(W1="0")}))
    marking = Marking(work, replace(rubric, sections=sections), Options(seed=0, only=("1.6",)))
    result = marking.mark_all()["1.6"]
    assert (result.status, result.points, result.verdict.notes) == ("failed", 0, ())


def test_partial_points_are_told_and_shown_everywhere(tmp_path: Path) -> None:
    folder = write_submission(tmp_path / "ada", {"1.6": backward(W2="-self.a1.T @ d")})
    marking = Marking(open_submission(folder), load_rubric(), Options(seed=0, only=("1.6",)))
    marking.mark_all()
    report = marking.report()
    (result,) = report.sections
    assert "W1, b1 and b2 are right in every case and earn 75% of the points." in feedback(result)
    assert "10.5/14" in line(result)
    (test,) = results(report)["tests"]
    assert (test["score"], test["max_score"], test["status"]) == (10.5, 14, "failed")
    assert results(report)["score"] == 10.5
    assert Report.from_json(report.to_json()) == report
    assert report.exit_status == 1
    json.dumps(results(report))


def test_the_picture_is_of_the_run_that_the_words_are_about(tmp_path: Path) -> None:
    """A leaky relu beside it is replaced for both."""
    leaky = "return np.where(z > 0, z, 0.01 * z)"
    sections = {"1.2": leaky, "1.6": backward(W2="-self.a1.T @ d")}
    result = mark_here(write_submission(tmp_path / "ada", sections), ["1.2", "1.6"])["1.6"]
    wrong = {entry.name: np.array(entry.wrong).any() for entry in result.comparisons}
    assert wrong == {"W1": False, "b1": False, "W2": True, "b2": False}
    assert "W1 is right (sum over the batch); b1 is right" in result.verdict.got


# the gradients that the advice of each id speaks of; the others name none
SPEAKS_OF = {
    "backward-no-relu-gate": {"W1", "b1"},
    "backward-z1-for-a1": {"W2"},
    "backward-softmax-twice": set(NAMES),
    "backward-wrong-weights": {"W1", "b1"},
    "backward-batch-size": set(NAMES),
}
WAYS = {
    "W1": ("X.T @ g", "-X.T @ g", "2 * X.T @ g", "X.T @ g / n", "0 * X.T @ g", "X.T @ a",
           "(X.T @ g).T.reshape(self.W1.shape)"),
    "b1": ("g.sum(0)", "-g.sum(0)", "2 * g.sum(0)", "g.sum(0) / n", "0 * g.sum(0)", "a.sum(0)"),
    "W2": ("self.a1.T @ d", "-self.a1.T @ d", "self.a1.T @ d / n", "self.z1.T @ d"),
    "b2": ("d.sum(0)", "-d.sum(0)", "d.sum(0) / n", "d[0]"),
}  # fmt: skip


def test_advice_never_speaks_of_a_gradient_that_is_right() -> None:
    combinations = list(itertools.product(*WAYS.values()))
    rng = np.random.default_rng(0)
    for number in rng.choice(len(combinations), 15, replace=False):
        ways = dict(zip(WAYS, combinations[number], strict=True))
        module = types.ModuleType("numpy_ann")
        exec(script_with("numpy_ann", {"1.6": backward(**ways)}), vars(module))
        handle = LocalScript(module).module
        try:
            check_backward(handle, np.random.default_rng(1), 8)
        except CheckFailed as failure:
            right = {name for name in NAMES if f"{name} is right" in failure.got}
        else:
            continue
        with np.errstate(all="ignore"):  # as the runner has it
            ids = network.backward(handle, np.random.default_rng(1))
        for name in ids:
            assert not SPEAKS_OF.get(name, set()) & right, (ways, ids)


def test_no_other_advice_on_backward_names_a_gradient() -> None:
    for name, entry in CATALOGUE.items():
        if "1.6" in entry.sections and name not in SPEAKS_OF:
            told = " ".join(entry.hints)
            assert not any(word in told for word in ("dW1", "dW2", "db1", "db2")), name

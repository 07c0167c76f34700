"""Other graders and ours mark the same submissions and must agree on every verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import graders
from benchmarks.peers import checks, environments
from benchmarks.peers.assignment import FUNCTIONS, SUBMISSIONS, PeerSubmission, Verdict
from benchmarks.peers.environments import Unavailable, python_with
from benchmarks.peers.grading import check_of
from benchmarks.peers.scripts import PlainPytest
from tests.benchmarks.test_benchmarks import bench


def is_right(name: str, namespace: dict[str, Any]) -> bool:
    """Whether the written form of a function's check, which knows NumPy alone, accepts it."""
    alone: dict[str, Any] = {"np": np}
    exec(check_of(name), alone)
    try:
        alone[f"check_{name}"](namespace[name])
    except Exception:
        return False
    return True


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize("name", SUBMISSIONS)
def test_the_common_tests_find_a_submission_as_it_is_said_to_be(name: str) -> None:
    namespace: dict[str, Any] = {}
    exec(SUBMISSIONS[name].script, namespace)
    assert (
        tuple(is_right(function, namespace) for function in FUNCTIONS.values())
        == SUBMISSIONS[name].verdict
    )


def test_there_are_ten_submissions_and_each_function_is_sometimes_wrong() -> None:
    assert len(SUBMISSIONS) == 10
    assert sum(all(work.verdict) for work in SUBMISSIONS.values()) == 4
    for verdicts in zip(*(work.verdict for work in SUBMISSIONS.values()), strict=True):
        assert set(verdicts) == {True, False}
    assert all(hasattr(checks, f"check_{name}") for name in FUNCTIONS.values())


@pytest.mark.exhaustive
def test_plain_pytest_and_ours_agree_and_are_compared(tmp_path: Path) -> None:
    status, output = bench("graders", "--quick", "--output", tmp_path)
    assert status == 0, output
    section = json.loads((tmp_path / "RESULTS.json").read_text())["sections"]["graders"]
    submissions, parts = section["tables"]
    rows = {row[0]: row for row in submissions["rows"]}
    assert [*rows] == ["plain pytest", "ours, `batch --jobs 1`", "ours, `grade` for each"]
    assert rows["plain pytest"][3]["median"] == rows["ours, `batch --jobs 1`"][4]["median"] == 1
    assert [row[-1] for row in rows.values()] == ["none", "sandbox", "sandbox"]
    assert parts["title"] == "Our batch of 3, seconds"
    assert len(section["goals"]) == 2


def test_a_grader_that_finds_otherwise_has_no_figures(tmp_path: Path) -> None:
    right = SUBMISSIONS["right"]
    unfair = PeerSubmission(
        right.relu, right.relu_derivative, right.cross_entropy, (True, False, True)
    )
    grader = PlainPytest({"right": unfair}, tmp_path, Path(sys.executable))
    grader.write()
    with pytest.raises(
        RuntimeError,
        match=r"plain pytest finds 'right' \(True, True, True\), expected \(True, False, True\)",
    ):
        grader.mark()


def test_a_submission_that_a_grader_lost_is_no_agreement(tmp_path: Path) -> None:
    class Forgetful(PlainPytest):
        def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
            return {}

    grader = Forgetful({"stub": SUBMISSIONS["stub"]}, tmp_path, Path(sys.executable))
    grader.write()
    with pytest.raises(RuntimeError, match="finds 'stub' None"):
        grader.mark()


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would be run to install; only folders are made."""
    run: list[list[str]] = []

    def pretend(command: list[str], **_: object) -> None:
        run.append(command)
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True)

    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    monkeypatch.setattr(subprocess, "run", pretend)
    return run


def test_an_environment_is_made_once_and_anew_when_a_pin_changes(commands: list[list[str]]) -> None:
    first = python_with(("check50==3.5.0", "numpy==2.0"))
    assert commands[1][-2:] == ["check50==3.5.0", "numpy==2.0"]
    assert python_with(("check50==3.5.0", "numpy==2.0")) == first
    assert len(commands) == 2
    python_with(("check50==3.5.0", "numpy==2.1"))
    assert len(commands) == 4


def gives_up(error: Exception) -> Callable[..., None]:
    def run(command: list[str], **_: object) -> None:
        raise error

    return run


@pytest.mark.parametrize(("error", "message"), [
    (subprocess.CalledProcessError(1, "", stderr="a warning\nERROR: no such version\n"),
     "ERROR: no such version"),
    (OSError("no room"), "no room"),
])  # fmt: skip
def test_what_cannot_be_installed_is_left_out_with_its_reason(
    commands: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    error: Exception,
    message: str,
) -> None:
    monkeypatch.setattr(subprocess, "run", gives_up(error))
    with pytest.raises(Unavailable, match=message):
        python_with(("check50==3.5.0",))
    monkeypatch.setattr(graders, "GRADERS", (PlainPytest,))
    assert graders._ready({}, tmp_path, quick=False) == (
        {},
        [f"Not measured: plain pytest ({message})."],
    )

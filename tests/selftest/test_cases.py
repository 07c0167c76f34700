"""Cheats earn nothing at any sandbox level, and the self-test notices if they do."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import CannotGrade
from grader.marking.marking import Marking
from grader.options import Options
from grader.results import Status
from grader.rubric import load_rubric
from grader.selftest import cases as selftest
from grader.submission.reading import Submission
from tests.support import run

CHEATS = {path.stem: path for path in sorted(selftest.CHEATS.glob("*.py"))}
RUBRIC = selftest.narrow(load_rubric())


@pytest.fixture(scope="module")
def traps() -> Iterator[selftest.Traps]:
    with selftest.Traps() as set_traps:
        yield set_traps


# torch's import, limits of time and trainings are the same at both levels, and slow
SLOW = ("torch_p", "plot", "endless", "takes_memory", "complex", "late", "loads", "remembers",
        "odd_pred", "random_features", "invents", "sleeps", "trains_and")  # fmt: skip
BOTH = [name for name in CHEATS if not name.startswith(SLOW)]
# up to 20 s each; others try the same limits
SLOWEST = (
    "trains_and_sleeps", "sleeps_in_calls", "sleeps_in_predict", "shares_memory", "complex_steps",
    "takes_memory", "endless_loop",
)  # fmt: skip
QUICK = [name for name in CHEATS if name not in SLOWEST]
OTHERS = [
    *((name, "bubblewrap") for number, name in enumerate(QUICK) if number % 4),
    *((name, "bubblewrap") for name in SLOWEST),
    *((name, "user") for number, name in enumerate(BOTH) if number % 20 != 1),
]
LEVELS = [
    *((name, "bubblewrap") for name in QUICK[::4]),
    *((name, "user") for name in BOTH[1::20]),
    *(pytest.param(name, level, marks=pytest.mark.exhaustive) for name, level in OTHERS),
]


@pytest.mark.parametrize(("name", "level"), LEVELS)
def test_cheats_earn_what_they_should(name: str, level: str, traps: selftest.Traps) -> None:
    outcome = selftest.try_case(selftest.read_cheat(CHEATS[name], RUBRIC), RUBRIC, level, traps)
    assert outcome.problem == ""


def test_there_are_enough_cheats() -> None:
    assert len(CHEATS) >= 25


def test_the_self_test_sees_a_leak_without_a_sandbox(traps: selftest.Traps) -> None:
    case = selftest.read_cheat(CHEATS["reads_the_machine"], RUBRIC)
    assert (
        "read or did something forbidden" in selftest.try_case(case, RUBRIC, "none", traps).problem
    )


def test_the_self_test_sees_marks_that_were_not_earned(traps: selftest.Traps) -> None:
    case = selftest.read_cheat(CHEATS["exits_at_import"], RUBRIC)
    honest = replace(case, submission=selftest.open_submission(selftest.REFERENCE), asked=("1.2",))
    assert "earned 1.2" in selftest.try_case(honest, RUBRIC, "auto", traps).problem


@pytest.mark.parametrize("level", ["bubblewrap", "user"])
def test_the_sandbox_holds_and_older_processes_do_not_count(level: str) -> None:
    with subprocess.Popen(
        ["sleep", "60"]
    ) as other:  # as the processes of a pool that is getting ready
        outcomes = list(selftest.try_sandbox(level))
        other.kill()
    assert [(outcome.name, outcome.problem) for outcome in outcomes] == [
        ("the reference", ""),
        ("the escapes", ""),
    ]


def test_escapes_are_seen_without_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other cheats would spring the traps of tests that run at the same time.
    name = "reads_the_environment.py"
    (tmp_path / name).write_bytes((selftest.CHEATS / name).read_bytes())
    monkeypatch.setattr(selftest, "CHEATS", tmp_path)
    problem = list(selftest.try_sandbox("none"))[1].problem
    for found in (
        "read or did something forbidden: RuntimeError: LEAK",
        "/grader-selftest-secret",
        "rubric.toml",
    ):
        assert found in problem


def test_the_quick_form_passes_as_a_command() -> None:
    ran = run("-P", "-m", "grader", "selftest", "--quick")
    assert ran.returncode == 0, ran.stdout
    assert "NOT" not in ran.stdout
    assert "exits_in_a_call" in ran.stdout


@pytest.mark.parametrize("explains", [True, False])
def test_a_mistake_is_diagnosed_only_on_request(explains: bool) -> None:
    source = b"import numpy as np\ndef relu(z):\n    return np.abs(z)\n"
    submission = Submission("wrong", {"numpy_ann": source}, {}, {})
    marking = Marking(
        submission, load_rubric(), Options(seed=0, only=("1.2",), sandbox="none"), explains=explains
    )
    (result,) = marking.mark_all().values()
    assert result.status is Status.FAILED
    assert result.diagnosis == (("relu-absolute",) if explains else ())


def test_a_cheat_without_expectation_is_refused(tmp_path: Path) -> None:
    cheat = tmp_path / "cheat.py"
    cheat.write_text("# script: numpy_ann\n")
    with pytest.raises(CannotGrade, match="does not say"):
        selftest.read_cheat(cheat, RUBRIC)

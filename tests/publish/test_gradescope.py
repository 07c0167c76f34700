"""What the Gradescope zip holds, its options, what students see, and the rehearsal in its image."""

import json
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.errors import CannotGrade
from grader.publish.autograder import attempt_of
from grader.publish.gradescope import (
    Settings,
    entries,
    packed_settings,
    requirements,
    torch_requirements,
    write_zip,
)
from grader.report.results_json import for_platform
from grader.rubric import load_rubric, parse_rubric
from grader.sandbox.levels import choose
from tests.publish.support import configure
from tests.support import ROOT, RUBRIC, points, run

SHELL = ("setup.sh", "run_autograder")


def test_the_zip_holds_the_grader_its_data_and_nothing_else(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        names = set(packed.namelist())
    assert {name for name in names if "/" not in name} == {
        "setup.sh",
        "run_autograder",
        "autograder.json",
        "fallback.json",
        "constraints.txt",
        "requirements.txt",
        "utils.py",
    }
    assert {name.partition("/")[0] for name in names if "/" in name} == {
        "grader",
        "data",
        "assignment",
        "inspection",
    }
    assert sorted(name for name in names if name.startswith("data/")) == sorted(
        f"data/FashionMNIST/raw/{part}-ubyte.gz"
        for part in (
            "train-images-idx3",
            "train-labels-idx1",
            "t10k-images-idx3",
            "t10k-labels-idx1",
        )
    )
    assert {"assignment/hints.toml", "assignment/checks/numpy/public_cases.json"} <= names
    tracked = subprocess.run(
        ["git", "ls-files", "grader", "inspection"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    needed = {
        name
        for name in tracked
        if not name.endswith("py.typed") and not name.startswith("grader/publish/files/")
    }
    assert needed <= names
    assert not [
        name for name in names if "__pycache__" in name or name.endswith((".pyc", "-ubyte"))
    ]


def test_the_two_scripts_alone_may_be_executed(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        modes = {entry.filename: entry.external_attr >> 16 for entry in packed.infolist()}
    assert {name for name, mode in modes.items() if mode & 0o111} == set(SHELL)
    assert all(stat.S_ISREG(mode) for mode in modes.values())


def test_the_same_files_make_the_same_zip(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        arguments = json.loads(packed.read("autograder.json"))["arguments"]
    (seed,) = (int(a.removeprefix("--seed=")) for a in arguments if a.startswith("--seed="))
    again = write_zip(tmp_path / "again.zip", Settings(seed=seed))
    assert again.read_bytes() == archive.read_bytes()


def test_every_zip_has_a_seed_of_its_own() -> None:
    seeds = {
        argument
        for _ in range(3)
        for argument in packed_settings(Settings())["arguments"]
        if argument.startswith("--seed=")
    }
    assert len(seeds) == 3


@pytest.mark.parametrize(("metadata", "attempt"), [
    ({"previous_submissions": []}, 1),
    ({"previous_submissions": [{"score": "3"}, {"score": "4"}]}, 3),
    ({}, 1), ({"previous_submissions": 7}, 1), ([], 1), (None, 1),
])  # fmt: skip
def test_the_attempt_is_read_from_the_platforms_metadata(
    tmp_path: Path, metadata: Any, attempt: int
) -> None:
    if metadata is not None:
        (tmp_path / "submission_metadata.json").write_text(json.dumps(metadata))
    assert attempt_of(tmp_path) == attempt


@pytest.mark.parametrize("name", SHELL)
def test_the_shell_scripts_are_bash(name: str) -> None:
    script = ROOT / "grader" / "publish" / "files" / name
    assert subprocess.run(["bash", "-n", script], capture_output=True, text=True).stderr == ""
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    assert b"\r" not in script.read_bytes()


def test_every_package_that_is_asked_for_is_pinned(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        pinned = {
            line.partition("==")[0].lower()
            for line in packed.read("constraints.txt").decode().splitlines()
        }
        asked = packed.read("requirements.txt").decode().split()
    assert {"numpy", "torch", "pytest", "nbformat"} <= {line.partition(">")[0] for line in asked}
    assert {line.partition(">")[0] for line in asked} <= pinned
    assert not {"mypy", "ruff", "scikit-learn"} & {line.partition(">")[0] for line in asked}


def test_torch_alone_comes_from_an_index_that_is_named() -> None:
    index, *packages = torch_requirements("https://example.org/cpu").splitlines()
    assert index == "--index-url https://example.org/cpu"
    assert [package.partition(">")[0] for package in packages] == ["torch", "torchvision"]
    assert set(packages) < set(requirements("grader"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--visible", "sometimes"],
            "--visible is 'sometimes', expected one of visible, after_due_date, after_published",
        ),
        (
            ["--sandbox", "docker"],
            "--sandbox is 'docker', expected one of auto, bubblewrap, user, none",
        ),
        (["--minutes", "60"], "--minutes is 60, expected a whole number from 2 to 40"),
        (
            ["--torch-index", "https://a.example --pre"],
            "expected an address that starts with https://",
        ),
        (["--out", "autograder"], "--out is autograder, expected the name of a .zip file"),
    ],
)
def test_a_wrong_option_is_one_line_and_status_2(
    tmp_path: Path, options: list[str], message: str
) -> None:
    ran = run(
        "-P",
        "-m",
        "grader",
        "publish",
        "gradescope",
        "--out",
        "x.zip",
        *options,
        cwd=tmp_path,
        PYTHONPATH=str(ROOT),
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: ")
    assert ran.stderr.count("\n") == 1
    assert message in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("minutes", "seconds"), [(10, 450), (40, 1800)])
def test_the_calls_of_a_submission_end_before_the_platform_ends_it(
    minutes: int, seconds: int
) -> None:
    files = dict(entries(Settings(minutes=minutes)))
    rubric = parse_rubric(files["grader/rubric.toml"].decode(), "rubric.toml")
    assert rubric.limits.submission_seconds == seconds
    assert rubric.sections == load_rubric().sections


def test_sandbox_none_is_explicit_and_warns(tmp_path: Path) -> None:
    ran = run(
        "-P",
        "-m",
        "grader",
        "publish",
        "gradescope",
        "--out",
        tmp_path / "x.zip",
        "--sandbox",
        "none",
    )
    assert ran.returncode == 0
    assert ran.stderr.count("\n") == 1
    assert "write its own results.json" in ran.stderr
    assert "--sandbox=auto" in packed_settings(Settings())["arguments"]
    assert choose("auto").level != "none"


def test_options_reach_the_marking() -> None:
    packed = packed_settings(
        Settings(audit=True, skip_training=True, sandbox="user", minutes=10, seed=7)
    )
    assert packed["arguments"] == [
        "--sandbox=user",
        "--device=cpu",
        "--seed=7",
        "--skip-training",
        "--audit",
    ]
    assert packed["minutes"] == 9
    assert packed["leaderboard"] is False  # nothing trained, nothing to compare


def content(
    *tests: tuple[str, str, list[str]], accuracy: dict[str, float] | None = None
) -> dict[str, Any]:
    """A results.json of `grade`: number, outcome and diagnosis of some sections."""
    return {
        "score": 12.0,
        "max_score": RUBRIC.max_score,
        "output": f"12 of {RUBRIC.max_score} points.",
        "tests": [
            {
                "number": number,
                "status": "failed" if outcome == "failed" else "passed",
                "output": outcome,
                "extra_data": {"outcome": outcome, "diagnosis": diagnosis, "seconds": 10.5},
            }
            for number, outcome, diagnosis in tests
        ],
        "extra_data": {"accuracy": accuracy or {}},
    }


@pytest.mark.parametrize("when", ["after_published", "after_due_date", "hidden"])
def test_unwritten_sections_are_shown_before_wrong_ones(when: str) -> None:
    graded = content(
        ("0.1", "failed", []),
        ("1.2", "failed", ["not-written"]),
        ("1.3", "failed", ["drelu-scalar"]),
        ("1.4", "passed", []),
        ("2.1", "failed", ["syntax-error"]),
        ("3.6", "grader error", []),
    )
    shown = for_platform(graded, visibility=when, leaderboard=True)
    assert {test["number"]: test["visibility"] for test in shown["tests"]} == {
        "0.1": "visible",
        "1.2": "visible",
        "1.3": when,
        "1.4": when,
        "2.1": "visible",
        "3.6": when,
    }
    assert shown["stdout_visibility"] == "hidden"
    assert "12" not in shown["output"].replace(
        "1.2", ""
    )  # the line above all sections must not give the marks away
    assert "Not written or unreadable: 1.2, 2.1." in shown["output"]
    assert "Grader error in 3.6: not your code" in shown["output"]
    assert (shown["score"], shown["max_score"]) == (12, RUBRIC.max_score)


def test_full_visibility_shows_the_marks_too() -> None:
    shown = for_platform(content(("1.3", "passed", [])), visibility="visible", leaderboard=True)
    assert shown["output"] == "12 of 100 points."
    unread = {**content(), "score": 0, "output": "submission holds none of the checklist's files"}
    assert for_platform(unread, visibility="hidden", leaderboard=True)["output"] == unread["output"]


TRAINED = [(section.number, "passed", []) for section in load_rubric().sections if section.training]


def test_the_leaderboard_has_accuracies_and_total_training_time() -> None:
    accuracy = {"numpy_ann": 0.8779, "pytorch_ann": 0.885, "pytorch_cnn": 0.91234}
    shown = for_platform(
        content(*TRAINED, accuracy=accuracy), visibility="hidden", leaderboard=True
    )
    assert shown["leaderboard"] == [
        {"name": "numpy_ann (%)", "value": 87.79},
        {"name": "pytorch_ann (%)", "value": 88.5},
        {"name": "pytorch_cnn (%)", "value": 91.23},
        {"name": "training (s)", "value": 31.5, "order": "asc"},
    ]
    assert "leaderboard" not in for_platform(
        content(*TRAINED, accuracy=accuracy), visibility="hidden", leaderboard=False
    )


def test_a_training_that_failed_at_once_is_not_the_fastest() -> None:
    shown = for_platform(
        content(*TRAINED, accuracy={"numpy_ann": 0.8}), visibility="hidden", leaderboard=True
    )
    assert [column["name"] for column in shown["leaderboard"]] == ["numpy_ann (%)"]
    assert "leaderboard" not in for_platform(
        content(*TRAINED), visibility="hidden", leaderboard=True
    )


def test_setup_stops_without_python(autograder: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "env"):  # what is not among these is not there
        (tools / name).symlink_to(str(shutil.which(name)))
    (tools / "apt-get").write_text("#!/bin/sh\necho apt-get $* >&2\ntest $1 = update\n")
    (tools / "apt-get").chmod(0o755)
    environment = {"PATH": str(tools), "AUTOGRADER_ROOT": str(autograder)}
    ran = subprocess.run(
        [autograder / "source" / "setup.sh"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert ran.returncode == 1
    assert "apt-get install -q -y --no-install-recommends python3 python3-venv" in ran.stderr
    assert ran.stderr.splitlines()[-1].startswith("error: no Python 3.11 or newer")


def rehearse(
    autograder: Path, monkeypatch: pytest.MonkeyPatch, *contents: dict[str, Any] | None
) -> list[list[str]]:
    """The arguments with which the rehearsal calls a grader that returns these results."""
    from grader.publish import autograder as module

    called: list[list[str]] = []

    def grade(
        submission: Path, results: Path, arguments: list[str], *, seconds: float
    ) -> dict[str, Any] | None:
        assert submission == module.REFERENCE
        called.append(arguments)
        return contents[len(called) - 1]

    monkeypatch.setattr(module, "grade", grade)
    assert module.rehearse(autograder) == 0
    return called


EVERY_POINT = {**content(), "score": points(), "max_score": points()}


def test_the_rehearsal_marks_and_trains_the_reference(
    autograder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = content(accuracy={"numpy_ann": 0.5, "pytorch_ann": 0.5, "pytorch_cnn": 0.5})
    marked, trained = rehearse(autograder, monkeypatch, EVERY_POINT, reached)
    assert "--skip-training" in marked
    assert {"--only=1.7,2.6,3.6", "--train-size=200", "--sandbox=auto"} <= set(trained)
    configure(autograder, arguments=["--sandbox=auto", "--skip-training"])
    assert rehearse(autograder, monkeypatch, EVERY_POINT) == [["--sandbox=auto", "--skip-training"]]


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ([content()], "the reference solution loses points here"),
        ([None], "the grader ended without results"),
        # Ubuntu 22.04's release candidate of Python 3.11 passes every section but has no optimizers
        (
            [EVERY_POINT, content(accuracy={"numpy_ann": 0.5})],
            "cannot be trained here: pytorch_ann.py, pytorch_cnn.py;",
        ),
    ],
)
def test_an_image_that_cannot_mark_is_not_built(
    autograder: Path,
    monkeypatch: pytest.MonkeyPatch,
    contents: list[dict[str, Any] | None],
    message: str,
) -> None:
    with pytest.raises(CannotGrade, match=message):
        rehearse(autograder, monkeypatch, *contents)

"""The checks of Python, its packages and the GPU."""

from pathlib import Path
from typing import Any

import pytest

from grader.doctor import software
from grader.doctor.findings import State
from tests.doctor.support import WELL, by_name


def test_an_old_python_is_named_with_what_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert software.python().state is State.GOOD
    monkeypatch.setattr("platform.python_version", lambda: "3.10.4")
    found = software.python()
    assert found.prevents
    assert "3.10.4" in found.words
    assert "expected >=3.11" in found.words


@pytest.mark.parametrize(
    ("answers", "name", "words"),
    [
        (
            WELL | {"torch": None, "torch error": "OSError: libc10.so\x1b[2J"},
            "torch",
            "cannot be imported: OSError: libc10.so",
        ),
        (WELL | {"torch": "2.1.0"}, "torch", "2.1.0, expected >=2.11"),
        (WELL | {"numpy": "1.26.4"}, "numpy", "1.26.4, expected >=2.0"),
        (
            {"problem": "importing it takes too long"},
            "torchvision",
            "cannot be imported: importing it takes too long",
        ),
    ],
)
def test_packages_that_are_old_or_broken_prevent_marking(
    answers: dict[str, Any], name: str, words: str
) -> None:
    assert not any(finding.prevents for finding in software.packages(WELL))
    found = by_name(software.packages(answers))[name]
    assert found.prevents
    assert found.words.startswith(words)
    assert "\x1b" not in found.words
    assert found.fix.startswith("pip install")


def test_a_torch_that_hangs_or_crashes_is_a_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(software, "_ASK", "import os; os._exit(3) # %s")
    assert "without an answer" in software.ask_torch()["problem"]
    monkeypatch.setattr(software, "_ASK", "import time; time.sleep(60) # %s")
    monkeypatch.setattr(software, "TORCH_SECONDS", 0.5)
    assert "more than 0.5 s" in software.ask_torch()["problem"]


def test_a_missing_or_old_package_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert software.other_packages().state is State.GOOD
    wanted = [
        *software.requirements(),
        software.Requirement("no-such-package>=1"),
        software.Requirement("rich>=999"),
    ]
    monkeypatch.setattr(software, "requirements", lambda: wanted)
    found = software.other_packages()
    assert found.prevents
    assert found.words.startswith("no-such-package is not installed; rich is ")


@pytest.mark.parametrize(
    ("files", "answers", "state", "words"),
    [
        ([], WELL, State.ABSENT, "none: parts 2 and 3 train on the CPU"),
        (["nvidia0"], WELL, State.BAD, "torch was built without CUDA"),
        (
            ["nvidia0"],
            WELL | {"built for CUDA": "13.0"},
            State.BAD,
            "its CUDA 13.0 finds no device",
        ),
        (
            ["nvidia0"],
            WELL
            | {"built for CUDA": "13.0", "devices": ["X"], "device error": "RuntimeError: busy"},
            State.BAD,
            "busy",
        ),
        (["nvidia0"], {"torch": None}, State.BAD, "torch cannot be imported"),
        (
            ["nvidia0"],
            WELL | {"built for CUDA": "13.0", "devices": ["NVIDIA X"]},
            State.GOOD,
            "NVIDIA X: --device cuda",
        ),
        ([], WELL | {"mps": True}, State.GOOD, "--device mps"),
    ],
)
def test_no_gpu_finding_prevents_marking(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    files: list[str],
    answers: dict[str, Any],
    state: State,
    words: str,
) -> None:
    for name in files:
        (tmp_path / name).touch()
    monkeypatch.setattr(
        software, "DEVICE_FILES", (str(tmp_path / "nvidiactl"), str(tmp_path / "nvidia0"))
    )
    found = software.gpu(answers)
    assert found.state is state
    assert words in found.words
    assert not found.prevents

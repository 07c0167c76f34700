"""The doctor as a command."""

import argparse
import re
import subprocess
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.commands import doctor as command
from grader.doctor import software
from grader.doctor.findings import Finding, State
from grader.errors import CannotGrade
from grader.sandbox import levels as sandbox
from tests.doctor.support import WELL
from tests.support import run


def test_the_status_says_whether_submissions_can_be_marked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = [
        Finding("GPU", State.BAD, "no driver", needed=False),
        Finding("dask", State.ABSENT, "not installed"),
    ]
    monkeypatch.setattr(command, "examine", lambda data_dir, class_size: iter(findings))
    assert command.run(argparse.Namespace(data_dir=None, class_size=1)) == 0
    assert capsys.readouterr().out.endswith("\nSubmissions can be marked here\n")
    findings.append(Finding("data", State.BAD, "missing"))
    assert command.run(argparse.Namespace(data_dir=None, class_size=1)) == 1
    assert capsys.readouterr().out.endswith("\nSubmissions cannot be marked here: data\n")


def test_missing_data_gives_status_1_and_the_fix(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(software, "ask_torch", lambda: WELL)
    assert main(["doctor", "--data-dir", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert f"To fix it: python utils.py --download --data-dir {tmp_path}" in printed
    assert "Submissions cannot be marked here: " in printed


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """The command, run in a folder with another torch.py; Python lists its imports."""
    folder = tmp_path_factory.mktemp("here")
    (folder / "torch.py").write_text("raise SystemExit('from the wrong folder')")
    return run("-P", "-X", "importtime", "-m", "grader", "doctor", cwd=folder)


def test_the_command_says_what_this_machine_has(ran: subprocess.CompletedProcess[str]) -> None:
    lines = ran.stdout.splitlines()
    prevented = [
        one for one in lines if one.startswith("✗") and one.split()[1] not in ("GPU", "this")
    ]
    assert ran.returncode == (1 if prevented else 0), ran.stdout
    names = (
        "Python",
        "sandbox",
        "numpy",
        "torch",
        "torchvision",
        "GPU",
        "data",
        "temporary",
        "memory",
        "cores",
        "browser",
    )
    assert set(names) <= {one.split()[1] for one in lines if len(one.split()) > 1}
    assert any(
        re.match(r"✓  torch +\d", one) for one in lines
    )  # these tests need it, so it is there


def test_the_command_agrees_with_the_sandbox_of_this_machine(
    ran: subprocess.CompletedProcess[str],
) -> None:
    try:
        assert (
            f"✓  sandbox              auto takes {sandbox.choose('auto').words}"
            in ran.stdout.splitlines()
        )
    except CannotGrade:
        assert ran.returncode == 1


def test_torch_is_imported_in_another_process_alone(ran: subprocess.CompletedProcess[str]) -> None:
    imported = {one.rpartition("|")[2].strip() for one in ran.stderr.splitlines()}
    assert "grader.doctor.software" in imported
    assert not imported & {"torch", "torchvision", "dask", "distributed", "pandas"}


def test_a_class_of_nobody_is_refused_before_anything_is_examined(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["doctor", "--class-size", "0"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: --class-size is 0, expected a whole number from 1")

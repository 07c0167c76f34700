"""The doctor: each check on a machine that lacks something, and the command as it is run."""

import argparse
import gzip
import os
import re
import subprocess
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.__main__ import main
from grader.commands import doctor as command
from grader.doctor import machine, software
from grader.doctor.findings import Finding, State, line
from grader.errors import CannotGrade
from grader.sandbox import levels as sandbox
from tests.support import run

WELL = {
    "numpy": "2.4.6",
    "torch": "2.12.1+cu130",
    "torchvision": "0.27.1",
    "devices": [],
    "mps": False,
    "built for CUDA": "",
}


def by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_an_old_python_is_named_with_what_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert software.python().state is State.GOOD
    monkeypatch.setattr("platform.python_version", lambda: "3.10.4")
    found = software.python()
    assert found.prevents
    assert "3.10.4" in found.words
    assert "expected >=3.11" in found.words


@pytest.mark.parametrize(("lacks", "taken", "prevents"), [
    ({}, "bubblewrap", False),
    ({"bubblewrap": "bubblewrap is not installed"}, "user", False),
    ({"bubblewrap": "bubblewrap is not installed", "user": "needs Linux"}, None, True),
])  # fmt: skip
def test_the_chosen_sandbox_and_why_others_are_unavailable(
    monkeypatch: pytest.MonkeyPatch, lacks: dict[str, str], taken: str | None, prevents: bool
) -> None:
    monkeypatch.setattr(sandbox, "why_unavailable", lambda level: lacks.get(level, ""))
    found = by_name(machine.sandboxes())
    assert found["sandbox"].prevents == prevents
    assert found["sandbox"].words.startswith(
        f"auto takes {taken}" if taken else "this machine has no sandbox"
    )
    for level, reason in lacks.items():
        assert found[f"sandbox {level}"].words == reason
        assert not found[f"sandbox {level}"].prevents
    if lacks:
        assert found["sandbox bubblewrap"].fix == "apt install bubblewrap"


@pytest.mark.parametrize(("answers", "name", "words"), [
    (WELL | {"torch": None, "torch error": "OSError: libc10.so\x1b[2J"}, "torch", "cannot be imported: OSError: libc10.so"),
    (WELL | {"torch": "2.1.0"}, "torch", "2.1.0, expected >=2.11"),
    (WELL | {"numpy": "1.26.4"}, "numpy", "1.26.4, expected >=2.0"),
    ({"problem": "importing it takes too long"}, "torchvision", "cannot be imported: importing it takes too long"),
])  # fmt: skip
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


@pytest.mark.parametrize(("files", "answers", "state", "words"), [
    ([], WELL, State.ABSENT, "none: parts 2 and 3 train on the CPU"),
    (["nvidia0"], WELL, State.BAD, "torch was built without CUDA"),
    (["nvidia0"], WELL | {"built for CUDA": "13.0"}, State.BAD, "its CUDA 13.0 finds no device"),
    (["nvidia0"], WELL | {"built for CUDA": "13.0", "devices": ["X"], "device error": "RuntimeError: busy"}, State.BAD, "busy"),
    (["nvidia0"], {"torch": None}, State.BAD, "torch cannot be imported"),
    (["nvidia0"], WELL | {"built for CUDA": "13.0", "devices": ["NVIDIA X"]}, State.GOOD, "NVIDIA X: --device cuda"),
    ([], WELL | {"mps": True}, State.GOOD, "--device mps"),
])  # fmt: skip
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


def test_data_that_is_missing_or_altered_prevents_marking(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert machine.data().state is State.GOOD
    missing = machine.data(str(tmp_path))
    assert missing.prevents
    assert missing.words.startswith(
        f"{tmp_path}/FashionMNIST/raw/train-images-idx3-ubyte.gz is missing"
    )
    assert missing.fix == f"python utils.py --download --data-dir {tmp_path}"
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"not an image"))
    assert "was altered" in machine.data(str(tmp_path)).words


def test_data_with_another_checksum_prevents_marking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [file._replace(sha256="0" * 64) for file in machine.IDX_FILES["FashionMNIST"]]
    monkeypatch.setattr(machine, "IDX_FILES", {"FashionMNIST": files})
    assert (
        "train-images-idx3-ubyte was altered: SHA-256 c59f468a2f67…, expected 000000000000…"
        in machine.data().words
    )


def test_a_full_or_closed_temporary_folder_prevents_marking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not any(finding.prevents for finding in machine.disk())
    monkeypatch.setattr("shutil.disk_usage", lambda folder: types.SimpleNamespace(free=20_000_000))
    found = by_name(machine.disk())
    assert found["temporary folder"].prevents
    assert "0.0 GB free, expected 0.5 GB" in found["temporary folder"].words
    assert found["this folder"].state is State.BAD
    assert not found["this folder"].prevents
    monkeypatch.undo()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "may not be written to" in by_name(machine.disk())["temporary folder"].words


@pytest.mark.parametrize(("available", "limit", "words", "prevents"), [
    (8_000_000, None, "8.2 GB free: 4 at once", False),
    (8_000_000, "max", "8.2 GB free: 4 at once", False),
    (8_000_000, "4000000000", "3.0 GB free: 1 at once", False),
    (8_000_000, "2000000000", "1.0 GB free, a marking with training takes 1.7 GB", True),
    (900_000, None, "0.9 GB free, a marking with training takes 1.7 GB", True),
])  # fmt: skip
def test_memory_counts_markings_within_a_containers_limit(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    available: int,
    limit: str | None,
    words: str,
    prevents: bool,
) -> None:
    (tmp_path / "meminfo").write_text(f"MemTotal: 99999999 kB\nMemAvailable:  {available} kB\n")
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    if limit is not None:
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        (tmp_path / "memory.current").write_text("1000000000\n")
    found = machine.memory()
    assert found.words.startswith(words)
    assert found.prevents == prevents


def test_cores_are_those_that_this_process_may_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    assert machine.cores().words.startswith("8: as many markings at once")
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert machine.cores().words == "1: one marking at a time"


def test_what_is_optional_is_absent_and_prevents_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    found = by_name(machine.optional())
    assert set(found) == {"dask", "distributed", "Slurm", "browser"}
    assert all(finding.state is State.ABSENT and not finding.prevents for finding in found.values())
    assert found["dask"].fix == machine.CLUSTER
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert by_name(machine.optional())["browser"].words == "/usr/bin/firefox"


def test_a_finding_is_one_line_in_every_encoding() -> None:
    found = Finding("data", State.BAD, "a\nb\x1b[2J", "python utils.py --download")
    assert (
        line(found, "utf-8")
        == "✗  data                 a b�[2J. To fix it: python utils.py --download"
    )
    assert line(found, "ascii").startswith("NO data ")
    assert line(Finding("GPU", State.ABSENT, "none"), "latin-1").startswith("-- GPU ")


def test_the_status_says_whether_submissions_can_be_marked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = [
        Finding("GPU", State.BAD, "no driver", needed=False),
        Finding("dask", State.ABSENT, "not installed"),
    ]
    monkeypatch.setattr(command, "examine", lambda data_dir: iter(findings))
    assert command.run(argparse.Namespace(data_dir=None)) == 0
    assert capsys.readouterr().out.endswith("\nSubmissions can be marked here\n")
    findings.append(Finding("data", State.BAD, "missing"))
    assert command.run(argparse.Namespace(data_dir=None)) == 1
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
    """The command as it is run, in a folder that would have it import something else; Python lists what it imports."""
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

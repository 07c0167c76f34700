"""The checks of sandbox, data, disk, memory, cores and optional software."""

import gzip
import os
import types
from dataclasses import replace
from pathlib import Path

import pytest

from grader import cores
from grader.doctor import machine
from grader.doctor.findings import State
from grader.rubric import load_rubric
from grader.sandbox import bubblewrap
from grader.sandbox import levels as sandbox
from tests.doctor.support import by_name


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
        assert found["sandbox bubblewrap"].fix == bubblewrap.INSTALL


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


@pytest.mark.parametrize(("available", "limit", "words"), [
    (8_000_000, None, "8.2 GB free: 1 at once"),
    (8_000_000, "max", "8.2 GB free: 1 at once"),
    (8_000_000, "4000000000", "3.0 GB free, a marking takes at most 4.2 GB"),
    (8_000_000, "2000000000", "1.0 GB free, a marking takes at most 4.2 GB"),
    (900_000, None, "0.9 GB free, a marking takes at most 4.2 GB"),
])  # fmt: skip
def test_memory_counts_markings_within_a_containers_limit(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    available: int,
    limit: str | None,
    words: str,
) -> None:
    (tmp_path / "meminfo").write_text(f"MemTotal: 99999999 kB\nMemAvailable:  {available} kB\n")
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    if limit is not None:
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        (tmp_path / "memory.current").write_text("1000000000\n")
    found = machine.memory()
    assert found.words.startswith(words)
    assert not found.prevents


def test_cores_are_those_that_this_process_may_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(cores, "CPU_LIMIT", tmp_path / "cpu.max")
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


def test_the_longest_time_of_a_batch_follows_from_the_rubric() -> None:
    limits = replace(load_rubric().limits, submission_seconds=1200)
    found = machine.longest_time(limits, 101, 2)
    assert "101 submissions, 2 at once, take at most 25.5 hours" in found.words
    assert "at most 30 minutes" in found.words
    assert not found.prevents

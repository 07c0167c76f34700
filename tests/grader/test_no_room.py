"""A full disk ends a command with one line: which folder, how much is free, what to set."""

import contextlib
import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import REFERENCE, __main__
from grader.commands import report
from grader.errors import FULL, NoRoom, expecting_room
from tests.classroom.support import batch, make_class, markings, rows
from tests.support import run

ADVICE = "TMPDIR=/a/folder/with/room"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for 300 kB, on a disk of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def expect_one_line(errors: str, folder: Path) -> None:
    line = errors.splitlines()[-1]
    assert line.startswith(f"error: there is no room in {folder}")
    assert "MB are free" in line
    assert "Traceback" not in errors


@pytest.mark.parametrize("level", ["bubblewrap", "user"])
def test_a_full_temporary_folder_ends_a_marking(small: Path, level: str) -> None:
    ran = run(
        "-P", "-m", "grader", "grade", REFERENCE, "--only", "1.2,1.3", "--sandbox", level,
        TMPDIR=str(small),
    )  # fmt: skip
    assert ran.returncode == 2
    expect_one_line(ran.stderr, small)
    assert ADVICE in ran.stderr
    assert "passed" not in ran.stdout
    assert list(small.iterdir()) == []


def test_a_full_temporary_folder_ends_a_pytest_run(small: Path) -> None:
    ran = run(
        "-P", "-m", "pytest", "grader/", "--submission", REFERENCE, "-k", "relu",
        TMPDIR=str(small),
    )  # fmt: skip
    assert ran.returncode == 2
    assert f"there is no room in {small}" in ran.stdout + ran.stderr


def test_a_full_temporary_folder_ends_a_batch_and_loses_nothing(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = tmp_path / "g.db"
    submissions = make_class(tmp_path / "class", "ada bob cat")
    assert batch(submissions, book, "--only=ada").returncode == 0
    before = rows(book, "select work, result from marks")
    monkeypatch.setenv("TMPDIR", str(small))
    ran = batch(submissions, book)
    assert ran.returncode == 2
    expect_one_line(ran.stderr, small)
    assert rows(book, "select work, result from marks") == before
    monkeypatch.delenv("TMPDIR")
    assert batch(submissions, book).returncode == 0
    assert markings(book) == [1, 1, 1]


def test_a_full_disk_of_the_gradebook(small: Path, tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada bob cat")
    (small / "ballast").write_bytes(bytes(100_000))
    ran = batch(submissions, small / "g.db")
    assert ran.returncode == 2
    expect_one_line(ran.stderr, small)
    (small / "ballast").unlink()


@pytest.mark.exhaustive
def test_a_full_disk_of_the_results(small: Path) -> None:
    with contextlib.suppress(OSError), (small / "ballast").open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
    for option, file in (("--results", "results.json"), ("--html", "page.html")):
        ran = run(
            "-P", "-m", "grader", "grade", REFERENCE, "--only", "1.2", option, small / file
        )  # fmt: skip
        assert ran.returncode == 2, option
        expect_one_line(ran.stderr, small)
        assert "or write to another folder" in ran.stderr


@pytest.mark.parametrize("number", FULL)
def test_every_kind_of_full_disk_is_one_line(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> int:
        raise OSError(number, os.strerror(number), "/etc/hostname")

    monkeypatch.setattr(report, "run", full)
    assert __main__.main(["report", "g.db", "--out", "x"]) == 2
    expect_one_line(capsys.readouterr().err, Path("/etc"))


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), expecting_room(tmp_path):
        raise PermissionError(errno.EACCES, "no")
    with pytest.raises(NoRoom, match="no room in"), expecting_room(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")

"""Folders of owners that were killed are removed by the next run; nothing else is."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.sandbox import temporary
from grader.sandbox.temporary import MARK, NEW, OWNER, PREFIXES, TemporaryFolder, remove_abandoned
from tests.support import ROOT

HOLD = """
import sys, time
from pathlib import Path
from grader.sandbox.temporary import TemporaryFolder
folder = TemporaryFolder(sys.argv[1], Path(sys.argv[2]))
(folder.path / "sub").mkdir(mode=0o300)
print(folder.path, flush=True)
time.sleep(600)
"""
MANY = """
import sys
from pathlib import Path
from grader.sandbox import temporary
for _ in range(60):
    temporary._swept.clear()
    with temporary.TemporaryFolder("submission-", Path(sys.argv[1])) as folder:
        (folder.path / "mine").write_text("mine")
        temporary.remove_abandoned(Path(sys.argv[1]))
        assert (folder.path / "mine").read_text() == "mine"
"""


def started(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_a_killed_owner_leaves_is_removed(tmp_path: Path, prefix: str) -> None:
    owner = started(HOLD, prefix, tmp_path)
    assert owner.stdout is not None
    folder = Path(owner.stdout.readline().strip())
    remove_abandoned(tmp_path)
    assert folder.is_dir()  # the owner lives
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    assert folder.is_dir()
    with TemporaryFolder(prefix, tmp_path) as ours:
        assert list(tmp_path.iterdir()) == [ours.path]
    assert list(tmp_path.iterdir()) == []


def test_runs_at_the_same_time_leave_each_others_folders_alone(tmp_path: Path) -> None:
    runs = [started(MANY, tmp_path) for _ in range(4)]
    for run in runs:
        run.communicate(timeout=120)
    assert [run.returncode for run in runs] == [0] * 4
    assert list(tmp_path.iterdir()) == []


def foreign_file(folder: Path) -> None:
    (folder / OWNER).write_text("somebody else's")


def linked_file(folder: Path) -> None:
    target = folder.parent / "target"
    target.write_bytes(MARK)
    (folder / OWNER).symlink_to(target)


def pipe(folder: Path) -> None:
    os.mkfifo(folder / OWNER)


def no_file(folder: Path) -> None:
    (folder / "thesis.txt").write_text("x")
    os.utime(folder, (0, 0))


def just_made(folder: Path) -> None:
    pass


def of_another_user(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    (folder / OWNER).write_bytes(MARK)
    os.chown(folder / OWNER, 65534, 65534)
    os.chown(folder, 65534, 65534)


def file_of_another_user(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    (folder / OWNER).write_bytes(MARK)
    os.chown(folder / OWNER, 65534, 65534)


NOT_OURS: list[Callable[[Path], None]] = [
    foreign_file, linked_file, pipe, no_file, just_made, of_another_user, file_of_another_user,
]  # fmt: skip


@pytest.mark.parametrize("made", NOT_OURS)
def test_folders_named_alike_stay(tmp_path: Path, made: Callable[[Path], None]) -> None:
    folder = tmp_path / "submission-abc"
    folder.mkdir()
    made(folder)
    before = sorted(folder.iterdir())
    remove_abandoned(tmp_path)
    assert sorted(folder.iterdir()) == before


def test_links_named_alike_stay(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / OWNER).write_bytes(MARK)
    (tmp_path / "submission-abc").symlink_to(target)
    remove_abandoned(tmp_path)
    assert (target / OWNER).exists()
    assert (tmp_path / "submission-abc").is_symlink()


def test_an_old_empty_folder_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "marking-abc"
    folder.mkdir()
    os.utime(folder, (0, time.time() - NEW - 60))
    remove_abandoned(tmp_path)
    assert not folder.exists()


def test_an_own_folder_stays_until_it_is_removed(tmp_path: Path) -> None:
    folder = TemporaryFolder("fetch-", tmp_path)
    temporary.remove_abandoned(tmp_path)
    assert folder.path.is_dir()
    folder.remove()
    folder.remove()
    assert not folder.path.exists()


@pytest.mark.parametrize("step", ["mkdir", "rename"])
def test_nothing_is_left_if_it_is_interrupted_while_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    original = getattr(Path, step)

    def interrupted(path: Path, *arguments: object, **options: object) -> None:
        original(path, *arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        TemporaryFolder("submission-", tmp_path)
    assert list(tmp_path.iterdir()) == []

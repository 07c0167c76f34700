"""Files are written completely, and devices, pipes and links are never replaced."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assignment.files import (
    can_be_written,
    put_in_place,
    temporary_neighbour,
    write_atomically,
)
from tests.support import ROOT


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_atomically(tmp_path / "new", b"content")
    assert (tmp_path / "new").read_bytes() == b"content"
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert len(list(tmp_path.iterdir())) == 2


def test_an_existing_file_keeps_mode_and_owner(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"before")
    path.chmod(0o640)
    owner = (12345, 54321) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(path, *owner)
    write_atomically(path, b"after")
    after = path.stat()
    assert (path.read_bytes(), stat.S_IMODE(after.st_mode)) == (b"after", 0o640)
    assert (after.st_uid, after.st_gid) == owner


@pytest.mark.parametrize("target_exists", [True, False])
def test_a_link_is_followed(tmp_path: Path, target_exists: bool) -> None:
    target, link = tmp_path / "elsewhere" / "target", tmp_path / "link"
    target.parent.mkdir()
    if target_exists:
        target.write_bytes(b"stale")
    link.symlink_to(target)
    write_atomically(link, b"fresh")
    assert link.is_symlink()
    assert target.read_bytes() == b"fresh"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_atomically(pipe, b"x" * 200_000)
    reader.join(timeout=10)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert got == [b"x" * 200_000]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
def test_a_device_is_written_to(tmp_path: Path) -> None:
    device = tmp_path / "null"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        device.write_bytes(b"")
    except PermissionError:
        pytest.skip("this machine lets nobody make or use device nodes")
    write_atomically(device, b"content")
    assert stat.S_ISCHR(device.stat().st_mode)
    assert device.stat().st_rdev == os.makedev(1, 3)


@pytest.mark.parametrize("into_a_file", [True, False])
def test_standard_output_is_written_to(tmp_path: Path, into_a_file: bool) -> None:
    code = (
        "from pathlib import Path\nfrom assignment.files import write_atomically\nprint('before')\n"
        "write_atomically(Path('/dev/stdout'), b'between\\n')\nprint('after')"
    )
    with (tmp_path / "out").open("wb") as stream:
        ran = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            stdout=stream if into_a_file else subprocess.PIPE,
        )
    out = (tmp_path / "out").read_bytes() if into_a_file else ran.stdout
    assert out == b"before\nbetween\nafter\n"


@pytest.mark.parametrize("name", ["results", "html"])
def test_grade_leaves_devices_alone(tmp_path: Path, name: str) -> None:
    """As root this once replaced /dev/null by a file; here a pipe stands for it."""
    pipe, got = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    command = [sys.executable, "-P", "-m", "grader", "grade", "grader/reference", "--only=1.2"]
    command.append("--sandbox=none")  # about outputs, and tried on macOS too
    ran = subprocess.run([*command, f"--{name}={pipe}"], cwd=ROOT, capture_output=True, timeout=60)
    reader.join(timeout=10)
    assert ran.returncode == 0, ran.stderr
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert got[0].rstrip().endswith(b"}" if name == "results" else b"</html>")


def test_what_cannot_be_written_is_known_beforehand(tmp_path: Path) -> None:
    assert can_be_written(tmp_path / "new")
    assert can_be_written(Path(os.devnull))
    assert not can_be_written(tmp_path)
    assert not can_be_written(tmp_path / "missing" / "new")


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"before")
    with pytest.raises(TypeError):
        write_atomically(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["old"]


def test_a_finished_neighbour_takes_the_place_of_a_link_s_target(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("stale")
    target.chmod(0o600)
    link.symlink_to(target)
    with temporary_neighbour(link) as temporary:
        temporary.write_text("fresh")
        put_in_place(temporary, link)
    assert link.is_symlink()
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("fresh", 0o600)
    assert len(list(tmp_path.iterdir())) == 2

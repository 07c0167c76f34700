"""Where this user may create a control group, the kernel limits a worker's memory.

The files imitate the kernel's; `test_the_kernel_kills_a_process_above_the_limit` needs real ones.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox import cgroup


def groups(tmp_path: Path, own: str, controllers: dict[str, str]) -> tuple[Path, Path]:
    """A mount and a /proc/self/cgroup; `controllers` are those that each group passes on."""
    mount = tmp_path / "cgroup"
    for name, passed in controllers.items():
        (mount / name).mkdir(parents=True, exist_ok=True)
        (mount / name / "cgroup.subtree_control").write_text(passed + "\n")
    (tmp_path / "own").write_text(f"1:cpu:/elsewhere\n0::{own}\n")
    return mount, tmp_path / "own"


def test_a_session_of_systemd_gets_a_group_beside_its_own(tmp_path: Path) -> None:
    mount, own = groups(
        tmp_path, "/app/term.scope", {"": "cpu memory", "app": "memory pids", "app/term.scope": ""}
    )
    assert cgroup.hold(1234, 5_000_000, mount, own) is not None
    [made] = (mount / "app").glob("submission-*")
    assert (made / "memory.max").read_text() == "5000000"
    assert (made / "cgroup.procs").read_text() == "1234"


@pytest.mark.parametrize("own", ["/app/term.scope", "/../../etc", ""])
def test_without_a_controller_of_memory_nothing_is_made(tmp_path: Path, own: str) -> None:
    mount, file = groups(tmp_path, own, {"": "cpu", "app": "cpu pids", "app/term.scope": ""})
    assert cgroup.hold(1234, 5_000_000, mount, file) is None
    assert not list(tmp_path.rglob("submission-*"))


def test_a_machine_without_groups_has_none(tmp_path: Path) -> None:
    assert cgroup.hold(1234, 5_000_000, tmp_path, tmp_path / "none") is None


def test_the_kernels_counter_tells_that_memory_ran_out(tmp_path: Path) -> None:
    (tmp_path / "memory.events").write_text("low 0\nmax 31\noom 1\noom_kill 2\n")
    assert cgroup.ControlGroup(tmp_path).ran_out
    (tmp_path / "memory.events").write_text("low 0\nmax 31\noom 1\noom_kill 0\n")
    assert not cgroup.ControlGroup(tmp_path).ran_out
    assert not cgroup.ControlGroup(tmp_path / "gone").ran_out


def test_the_kernel_kills_a_process_above_the_limit() -> None:
    greedy = subprocess.Popen(
        [sys.executable, "-c", "input(); x = [bytearray(10**7) for _ in range(40)]; input()"],
        stdin=subprocess.PIPE,
    )
    group = cgroup.hold(greedy.pid, 100_000_000)
    if group is None:
        greedy.communicate(b"\n\n")
        pytest.skip("this user cannot make a control group here")
    greedy.communicate(b"\n")
    assert (greedy.returncode, group.ran_out) == (-9, True)
    group.remove()

"""A control group (cgroup v2) for a worker: the kernel itself then holds the memory of all that it starts.

Few machines let a user make one: a systemd session does, a container rarely. Elsewhere process.py looks now and then.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")


class Group:
    """A control group with a limit of memory in bytes, which one process is put into, and all that it starts with it."""

    def __init__(self, path: Path):
        self._path = path

    @property
    def ran_out(self) -> bool:
        """Whether the kernel ended a process of it for lack of memory."""
        with contextlib.suppress(OSError):
            events = dict(
                line.split() for line in (self._path / "memory.events").read_text().splitlines()
            )
            return int(events.get("oom_kill", 0)) > 0
        return False

    def remove(self) -> None:
        """End what is left in it, and the group. May be called twice."""
        with contextlib.suppress(OSError):
            (self._path / "cgroup.kill").write_text("1")
        for _ in range(50):  # a killed process takes a moment to leave
            with contextlib.suppress(OSError):
                self._path.rmdir()
            if not self._path.exists():
                return
            time.sleep(0.01)


def hold(
    pid: int, memory_bytes: int, mount: Path = MOUNT, own: Path = Path("/proc/self/cgroup")
) -> Group | None:
    """Put a process into a new group with this much memory; None where this user cannot make one."""
    for parent in _may_have_children(mount, own):
        path = parent / f"submission-{secrets.token_hex(8)}"
        try:
            path.mkdir()
        except OSError:
            continue
        try:
            (path / "memory.max").write_text(str(memory_bytes))
            with contextlib.suppress(OSError):  # where there is no swap
                (path / "memory.swap.max").write_text("0")
            (path / "memory.oom.group").write_text(
                "1"
            )  # all of the worker ends, not what the kernel likes least
            (path / "cgroup.procs").write_text(str(pid))
        except OSError:
            Group(path).remove()
            continue
        return Group(path)
    return None


def _may_have_children(mount: Path, own: Path) -> list[Path]:
    """The groups that this process is in, innermost first, whose children may have limits of memory."""
    try:
        lines = [line.split(":", 2) for line in own.read_text().splitlines()]
    except OSError:
        return []
    relative = next((path.lstrip("/") for number, _, path in lines if number == "0"), None)
    if relative is None:
        return []
    groups = [mount / relative, *(mount / relative).parents]
    return [group for group in groups if group.is_relative_to(mount) and _gives_memory(group)]


def _gives_memory(group: Path) -> bool:
    try:
        return "memory" in (group / "cgroup.subtree_control").read_text().split() and os.access(
            group, os.W_OK
        )
    except OSError:
        return False

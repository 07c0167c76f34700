"""A control group (cgroup v2) for a worker, with which the kernel itself limits its memory.

Few machines let a user make one: a systemd session does, a container rarely. Elsewhere process.py
polls the memory.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")


class ControlGroup:
    """A control group with a memory limit, which holds a process and everything that it starts."""

    def __init__(self, path: Path):
        self._path = path

    @property
    def ran_out(self) -> bool:
        """Whether the kernel killed a process in it for exceeding the limit."""
        with contextlib.suppress(OSError):
            events = dict(
                line.split() for line in (self._path / "memory.events").read_text().splitlines()
            )
            return int(events.get("oom_kill", 0)) > 0
        return False

    def remove(self) -> None:
        """Kill what is left in it, and remove the group. May be called twice."""
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
) -> ControlGroup | None:
    """A new group with this memory limit around the process; None where this user may not."""
    for parent in _possible_parents(mount, own):
        path = parent / f"submission-{secrets.token_hex(8)}"
        try:
            path.mkdir()
        except OSError:
            continue
        try:
            (path / "memory.max").write_text(str(memory_bytes))
            with contextlib.suppress(OSError):  # where there is no swap
                (path / "memory.swap.max").write_text("0")
            # Kill the whole worker, not one process of the kernel's choice.
            (path / "memory.oom.group").write_text("1")
            (path / "cgroup.procs").write_text(str(pid))
        except OSError:
            ControlGroup(path).remove()
            continue
        return ControlGroup(path)
    return None


def _possible_parents(mount: Path, own: Path) -> list[Path]:
    """The groups around this process, innermost first, whose children may have memory limits."""
    try:
        lines = [line.split(":", 2) for line in own.read_text().splitlines()]
    except OSError:
        return []
    relative = next((path.lstrip("/") for number, _, path in lines if number == "0"), None)
    if relative is None:
        return []
    groups = [mount / relative, *(mount / relative).parents]
    return [group for group in groups if group.is_relative_to(mount) and _passes_on_memory(group)]


def _passes_on_memory(group: Path) -> bool:
    try:
        return "memory" in (group / "cgroup.subtree_control").read_text().split() and os.access(
            group, os.W_OK
        )
    except OSError:
        return False

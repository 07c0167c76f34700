"""The descendants of a process, from /proc: their memory, and killing all of them.

Read directly rather than with psutil, whose children() reads the whole process table, 3 to 14 times
as long per poll, and whose cheap memory figures count mapped libraries.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

HAS_PROC = sys.platform == "linux"


def descendants(pid: int) -> list[int]:
    """The pids of all descendants of a process; [] where there is no /proc."""
    found: list[int] = []
    waiting = [pid]
    while waiting and HAS_PROC:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    with contextlib.suppress(OSError):  # it has ended
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            with contextlib.suppress(OSError):
                children += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return children


def _read(path: str) -> bytes:
    """What a file of /proc says. Half a dozen are read at each call of a worker: pathlib and
    buffered files would take four times as long. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        content = part = os.read(descriptor, 1 << 16)
        while len(part) == 1 << 16:
            part = os.read(descriptor, 1 << 16)
            content += part
        return content
    finally:
        os.close(descriptor)


def memory(pids: list[int]) -> int:
    """Bytes of anonymous, shared and swapped memory of processes; mapped files do not count."""
    return sum(_memory(pid) for pid in pids)


def _memory(pid: int) -> int:
    try:
        lines = _read(f"/proc/{pid}/status").splitlines()
    except OSError:
        return 0
    return sum(
        1024 * int(line.split()[1])
        for line in lines
        if line.startswith((b"RssAnon:", b"RssShmem:", b"VmSwap:"))
    )


def address_space(pid: int) -> int:
    """Bytes of a process's address space, as RLIMIT_AS counts them. Raises OSError if it ended."""
    pages = int(_read(f"/proc/{pid}/statm").split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def processor_wait(pid: int) -> float:
    """Seconds that a process was ready to run and waited for a processor; 0 if unknown."""
    try:
        return int(_read(f"/proc/{pid}/schedstat").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def processor_time(pids: list[int]) -> float:
    """Seconds of processor time that processes have used; what has ended is not counted."""
    return sum(map(_processor_time, pids))


def _processor_time(pid: int) -> float:
    try:
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0


def kill_descendants(pid: int, *, spared: int = 0) -> None:
    """Kill all descendants of a process except the spared one, and any that they fork meanwhile."""
    for _ in range(100):  # each pass stops all before it kills any, so their number falls
        pids = [one for one in descendants(pid) if one != spared]
        if not pids:
            return
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for one in pids:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(one, number)
        if all(is_ended(one) for one in pids):
            return
        time.sleep(0.002)


def is_ended(pid: int) -> bool:
    """Whether a process is gone or a zombie."""
    try:
        return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[0] in (b"Z", b"X")
    except OSError:
        return True

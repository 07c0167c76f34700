"""The first lines of a process for student code: give up what such code must not have, then serve.

Started as `python worker/entry.py FD`, with a JSON object to read there, made by sandbox/levels.py:
    limits      {"NPROC": 64, …}, for resource.setrlimit; 0 stands for "as it is"
    info        a pipe to write the worker's number to, after leaving a guard behind that ends the worker and all that it starts
                with the grader; null for no guard (bubblewrap is one)
    readable    paths to leave readable, where Landlock is to close all others; null for no Landlock
    listable    folders whose names alone may be read, likewise: imports look through them
    writable    paths to leave writable, likewise
    seccomp     a BPF program in base64, or null
    search      folders to import packages from
    arguments   what forkserver.main takes; null to end when all this is done
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_SET_PDEATHSIG, _SET_SECCOMP, _SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS = (
    1,
    22,
    36,
    38,
)  # linux/prctl.h
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = (
    444,
    445,
    446,
)  # Landlock's system calls, the same on every architecture
_READ_FILE, _READ_FOLDER, _EXECUTE = 1 << 2, 1 << 3, 1 << 0  # linux/landlock.h
_ALL_OF_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights on files each version knows
_FILE_RIGHTS = (
    _EXECUTE | 1 << 1 | _READ_FILE | 1 << 14 | 1 << 15
)  # the rights that a rule for a file may have


def confine(settings: dict[str, Any]) -> None:
    """Take away, in this process and all that it starts, what the settings say. Raises OSError where that fails."""
    for name, value in settings["limits"].items():
        if value:
            _limit(getattr(resource, f"RLIMIT_{name}"), value)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux" or not (settings["readable"] or settings["seccomp"]):
        return
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if settings["readable"]:
        _landlock(
            libc,
            {
                _READ_FILE | _READ_FOLDER: settings["readable"],
                _READ_FOLDER: settings["listable"],
                ~_EXECUTE: settings["writable"],
            },
        )
    if settings["seccomp"]:
        _seccomp(libc, base64.b64decode(settings["seccomp"]))


def leave_guard(info: int) -> None:
    """Go on as a child of this process, whose number is written to `info`. The process itself waits, and ends with the grader.

    The worker and what it starts are a process group of their own, which one signal ends as a whole: with the worker, however
    that ended, and with the grader.
    """
    prctl = _prctl()
    worker = os.fork()
    if not worker:
        os.setpgid(0, 0)
        os.close(info)
        prctl(_SET_PDEATHSIG, signal.SIGKILL)
        prctl(
            _SET_CHILD_SUBREAPER, 1
        )  # orphans stay below the worker, where they are found and ended
        return
    with contextlib.suppress(OSError):  # whichever comes first; it may be past that already
        os.setpgid(worker, worker)
    os.write(info, json.dumps({"child-pid": worker}).encode())
    os.close(info)
    signal.signal(signal.SIGTERM, lambda *_: _end_group(worker))
    prctl(_SET_PDEATHSIG, signal.SIGTERM)
    if hasattr(
        os, "waitid"
    ):  # its number stays taken until it is waited for, so that no other group can have got it
        os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
        _end_group(worker)
    status = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    os._exit(status if status >= 0 else 128 - status)


def _end_group(leader: int) -> None:
    with contextlib.suppress(OSError):  # PermissionError where all that is left of it has ended
        os.killpg(leader, signal.SIGKILL)


def _prctl() -> Callable[[int, int], object]:
    if sys.platform != "linux":
        return lambda option, value: None
    import ctypes

    libc = ctypes.CDLL(None)
    return lambda option, value: libc.prctl(option, value, 0, 0, 0)


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _checked(result: int) -> int:
    import ctypes

    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def landlock_version(libc: Any) -> int:
    """Which Landlock the kernel has; 0 for none."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, 0, 1)))


def _landlock(libc: Any, allowed: dict[int, Iterable[str]]) -> None:
    """Close the file system but for the paths of each right; TCP and signals to processes outside too, where the kernel can."""
    version = landlock_version(libc)
    rights = (1 << _ALL_OF_ABI.get(version, 16)) - 1
    network = 0b11 if version >= 4 else 0  # bind and connect
    scopes = 0b11 if version >= 6 else 0  # abstract sockets and signals
    attributes = struct.pack("=QQQ", rights, network, scopes)[
        : 24 if version >= 6 else 16 if version >= 4 else 8
    ]
    ruleset = _checked(libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0))
    for right, paths in allowed.items():
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                _allow(libc, ruleset, path, right & rights)
    _checked(libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _allow(libc: Any, ruleset: int, path: str, rights: int) -> None:
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not Path(path).is_dir():
        rights &= _FILE_RIGHTS
    try:
        _checked(libc.syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, beneath), 0))
    finally:
        os.close(beneath)


def _seccomp(libc: Any, program: bytes) -> None:
    import ctypes

    instructions = ctypes.create_string_buffer(program, len(program))
    filter_program = struct.pack(
        "HxxxxxxP", len(program) // 8, ctypes.addressof(instructions)
    )  # struct sock_fprog
    _checked(libc.prctl(_SET_SECCOMP, 2, filter_program, 0, 0))


def main() -> None:
    """Confine, then serve."""
    with os.fdopen(int(sys.argv[1]), "rb") as stream:
        settings = json.load(stream)
    if settings["info"] is not None:
        leave_guard(settings["info"])
    confine(settings)
    if settings["arguments"] is None:
        return
    import site

    site.setquit()  # `exit()` belongs to what a script may expect; the rest of `site` is left out
    sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
    sys.path += settings["search"]
    from worker import forkserver  # the folder of this file, as a package of its own

    forkserver.main(*settings["arguments"])


if __name__ == "__main__":
    main()

"""The first code of a process for student code: give up all rights it must not have, then serve.

Started as `python worker/entry.py FD`, with a JSON object to read there, made by sandbox/launch.py:
    limits      {"NPROC": 64, …}, for resource.setrlimit; 0 for no change
    info        a pipe to write the worker's pid to, after leaving a guard behind that kills the
                worker's process group when the worker or the grader ends; null for no guard
                (bubblewrap does the same)
    readable    the only paths that Landlock leaves readable; null for no Landlock
    listable    folders that Landlock lets imports list, but not read
    writable    the only paths that Landlock leaves writable
    seccomp     a BPF program in base64, or null
    worker_seccomp  another, which the fork server adds to each worker, or null
    ctypes      a descriptor of _ctypes, where the sandbox hides its file; ALREADY_LOADED in a
                process that a template forked; null where it is not hidden
    close       a descriptor to close first, or null
    search      folders to import packages from
    arguments   the first of forkserver.main
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

# linux/prctl.h
_SET_PDEATHSIG, _SET_SECCOMP, _SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS = 1, 22, 36, 38
# Landlock's system calls, the same on every architecture
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_FOLDER, _EXECUTE = 1 << 2, 1 << 3, 1 << 0  # linux/landlock.h
_ALL_OF_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # number of file rights in each version
ALREADY_LOADED = -1
# the rights that a rule for a file, not a folder, may have
_FILE_RIGHTS = _EXECUTE | 1 << 1 | _READ_FILE | 1 << 14 | 1 << 15


def confine(settings: dict[str, Any]) -> None:
    """Confine this process and all that it starts. Raises OSError where that fails."""
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
        filter_adder(libc, base64.b64decode(settings["seccomp"]))()


def leave_guard(info: int) -> None:
    """Return in a child, the worker; this process stays behind as its guard.

    The guard writes the worker's pid to `info`. The worker leads a process group, which the guard
    kills as soon as the worker has ended, in whatever way, or the grader has.
    """
    prctl = _prctl()
    worker = os.fork()
    if not worker:
        os.setpgid(0, 0)
        os.close(info)
        prctl(_SET_PDEATHSIG, signal.SIGKILL)
        prctl(_SET_CHILD_SUBREAPER, 1)  # orphans stay below the worker, where they are found
        return
    with contextlib.suppress(OSError):  # the child does the same: whichever is first
        os.setpgid(worker, worker)
    os.write(info, json.dumps({"child-pid": worker}).encode())
    os.close(info)
    signal.signal(signal.SIGTERM, lambda *_: _kill_group(worker))
    prctl(_SET_PDEATHSIG, signal.SIGTERM)
    if hasattr(os, "waitid"):
        # Not reaped yet, so that no other process group can have its number.
        os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
        _kill_group(worker)
    status = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    os._exit(status if status >= 0 else 128 - status)


def _kill_group(leader: int) -> None:
    with contextlib.suppress(OSError):  # PermissionError where only zombies are left
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
    """The kernel's version of Landlock; 0 for none."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, 0, 1)))


def _landlock(libc: Any, allowed: dict[int, Iterable[str]]) -> None:
    """Close the file system except the paths given for each right.

    Newer kernels also deny TCP, and signals and abstract sockets to processes outside.
    """
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


def filter_adder(libc: Any, program: bytes) -> Callable[[], None]:
    """What adds a seccomp filter, a BPF program, to a process. It raises OSError where that fails.

    It can be called where ctypes can no longer be imported.
    """
    import ctypes

    instructions = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog
    filter_program = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))

    def add() -> None:
        if libc.prctl(_SET_SECCOMP, 2, filter_program, 0, 0) < 0:
            raise OSError(ctypes.get_errno(), f"no filter of {len(instructions)} bytes")

    return add


def main() -> None:
    """Confine, then serve."""
    with os.fdopen(int(sys.argv[1]), "rb") as stream:
        settings = json.load(stream)
    if settings["close"] is not None:
        os.close(settings["close"])
    if settings["info"] is not None:
        leave_guard(settings["info"])
    confine(settings)
    import site

    site.setquit()  # scripts may call `exit()`; the rest of `site` is left out
    sys.path[:0] = [str(Path(__file__).absolute().parent.parent)]
    sys.path += settings["search"]
    from worker import forkserver  # the folder of this file, as a package of its own

    forkserver.main(*settings["arguments"], settings["worker_seccomp"], settings["ctypes"])


if __name__ == "__main__":
    main()

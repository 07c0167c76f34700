"""The process that imports packages once, from which fork servers of many submissions are forked.

Only for Linux, as `python template_process.py CONTROL SETTINGS`, by templates.py; CONTROL is a
socket and SETTINGS a JSON object: `search` folders to import packages from, the top-level names
`visible` there, modules of the standard library that are `hidden`, and the `modules` to import. It
imports what the sandbox of a submission would let it import, holds nothing of any submission, and
runs nothing of it: a message is one letter, and what it refers to is read only by the process that
is forked for it.

b"f" with descriptors forks a process, and is answered by its pid. The first descriptor holds a JSON
object (see `_Job`), the others are those that the process gets. b"w" and a pid is answered by the
exit status of that process, which must have ended; it is negative for a signal.

The forked process gives up all that it has of this one but memory, enters the namespaces of a
sandbox or becomes the user of a submission, and goes on as a fresh interpreter would that runs
worker/entry.py.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, TypedDict

# linux/sched.h
_NAMESPACES = {
    "user": 0x10000000,
    "mnt": 0x20000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "ipc": 0x8000000,
    "uts": 0x4000000,
    "cgroup": 0x2000000,
}
_SET_DUMPABLE, _CAPBSET_DROP, _CAP_AMBIENT, _AMBIENT_CLEAR_ALL = 4, 24, 47, 4  # linux/prctl.h
_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
MOST_DESCRIPTORS = 16
_ASIDE = 200  # descriptors are kept from this number on until their own numbers are free


class _Job(TypedDict):
    """What a forked process is told."""

    numbers: list[int]  # under which it gets the other descriptors
    output: int  # the one of them for its stderr
    command: list[str]  # of the interpreter that it stands for: Python, options, script, arguments
    executes: bool  # the command, which is then that of another program
    environment: dict[str, str]
    cwd: str
    user: int | None  # uid and gid, where root marks
    closed: list[str]  # for mount_namespace.cover, where the user cannot reach the files
    paths: list[str]
    sandbox: int | None  # a descriptor of the process whose namespaces it enters
    identity: int  # uid and gid in those
    scratch: list[str]  # the folder there whose mount options are set, and these options


class _Visible:
    """Finds the packages that a submission sees, and no others from their folders."""

    def __init__(self, search: Sequence[str], names: Sequence[str]):
        self.search, self.names = search, frozenset(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a top-level module that is visible, else None."""
        if path is None and fullname in self.names:
            return PathFinder.find_spec(fullname, self.search, target)
        return None


def main() -> None:
    """Import, then fork on request, until the socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = json.loads(sys.argv[2])
    finder = _Visible(settings["search"], settings["visible"])
    sys.meta_path.append(finder)
    hidden = settings["hidden"]
    sys.modules |= dict.fromkeys(hidden)
    gc.disable()  # a quarter faster; nothing would be found
    for name in settings["modules"]:
        # A missing module is reported when a script imports it.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    sys.meta_path.remove(finder)
    for name in hidden:
        del sys.modules[name]
    gc.freeze()  # the forked processes never write to these objects' pages
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 5, MOST_DESCRIPTORS)
        if not message:
            return
        if message[:1] == b"w":
            _, status = os.waitpid(struct.unpack("=i", message[1:])[0], 0)
            control.sendall(struct.pack("=i", os.waitstatus_to_exitcode(status)))
            continue
        with warnings.catch_warnings():
            # Python 3.12 warns of NumPy's threads, which NumPy itself handles at a fork.
            warnings.simplefilter("ignore")
            pid = os.fork()
        if not pid:
            _become_worker(descriptors)
        for number in descriptors:
            os.close(number)
        control.sendall(struct.pack("=i", pid))


def _become_worker(descriptors: list[int]) -> NoReturn:
    """Run the command of a job as a process of its own would."""
    try:
        with os.fdopen(os.dup(descriptors[0]), "rb") as stream:
            job: _Job = json.load(stream)
        import ctypes  # after the packages, which must not find it where it is hidden

        _keep_descriptors(descriptors[1:], job["numbers"])
        os.dup2(job["output"], 2)
        os.close(job["output"])
        os.setsid()
        libc = ctypes.CDLL(None, use_errno=True)
        if job["user"] is not None:
            _drop_groups(job)
        if job["sandbox"] is not None:
            _enter(libc, job)
            os.close(job["sandbox"])
        elif job["user"] is not None:
            os.setresgid(*[job["user"]] * 3)
            os.setresuid(*[job["user"]] * 3)
        # The kernel clears it with the identity, which a program that is started sets again.
        _checked(libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0))
        os.chdir(job["cwd"])
        if job["executes"]:
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
                signal.signal(number, signal.SIG_DFL)
            os.execve(job["command"][0], job["command"], job["environment"])
        _forget(job)
        gc.enable()
        main_module = ModuleType("__main__")
        vars(main_module).update(__file__=sys.argv[0], __cached__=None)
        sys.modules["__main__"] = main_module
        source = Path(sys.argv[0]).read_bytes()
        exec(compile(source, sys.argv[0], "exec"), vars(main_module))
        os._exit(0)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(2, f"{type(error).__name__}: {error}\n".encode("utf-8", "replace"))
    finally:
        os._exit(1)  # whatever happens, it never continues as the template


def _keep_descriptors(descriptors: list[int], numbers: list[int]) -> None:
    """Give the descriptors their numbers, and close all others but 0 to 2."""
    first = max([_ASIDE, *(number + 1 for number in (*descriptors, *numbers))])
    for aside, number in enumerate(descriptors, start=first):
        os.dup2(number, aside)
    os.closerange(3, first)
    for aside, number in enumerate(numbers, start=first):
        os.dup2(aside, number)
    os.closerange(first, first + len(numbers))


def _drop_groups(job: _Job) -> None:
    """Give up root's groups, after making the files reachable that the user needs."""
    if job["sandbox"] is None and job["closed"]:
        with _beside("mount_namespace") as mount_namespace:
            mount_namespace.cover(job["closed"], job["paths"])
    os.setgroups([])


@contextlib.contextmanager
def _beside(name: str) -> Iterator[Any]:
    """A module of this folder, which is forgotten afterwards with all that it imports."""
    before = set(sys.modules)
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    try:
        yield importlib.import_module(name)
    finally:
        del sys.path[0]
        for other in set(sys.modules) - before:
            del sys.modules[other]


def _enter(libc: Any, job: _Job) -> None:
    """Enter all namespaces of a process, under the user there, without any capability.

    The kernel lets root in, and the user who started the sandbox. A new pid namespace holds only
    for processes that are forked later. Raises OSError.
    """
    sandbox, identity = job["sandbox"], job["identity"]
    assert sandbox is not None
    pid = _pid_of(sandbox)
    kinds = 0
    for name, kind in _NAMESPACES.items():
        theirs, ours = (Path(f"/proc/{one}/ns/{name}").stat() for one in (pid, "self"))
        if (theirs.st_dev, theirs.st_ino) != (ours.st_dev, ours.st_ino):
            kinds |= kind
        elif name != "cgroup":  # which bubblewrap leaves out where it cannot be had
            raise OSError(f"the sandbox has no {name} namespace of its own")
    if job["scratch"]:
        with _beside("scratch_options") as scratch_options:
            scratch_options.enter(pid, None)
            scratch_options.remount(*job["scratch"])
    _checked(libc.setns(sandbox, kinds))
    os.setresgid(identity, identity, identity)
    os.setresuid(identity, identity, identity)
    for capability in range(64):
        if libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break  # the kernel knows no more of them
    _checked(libc.prctl(_CAP_AMBIENT, _AMBIENT_CLEAR_ALL, 0, 0, 0))
    none = struct.pack("=6I", *[0] * 6)
    _checked(libc.capset(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), none))


def _pid_of(descriptor: int) -> int:
    """The pid of a process from its descriptor. Raises OSError if it has ended."""
    for line in Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "Pid" and int(value) > 0:
            return int(value)
    raise OSError("the sandbox has ended")


def _checked(result: int) -> None:
    if result < 0:
        import ctypes

        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _forget(job: _Job) -> None:
    """Make the interpreter's own state that of a fresh one, which runs the job's command."""
    sys.orig_argv[:] = job["command"]
    script = next(i for i, word in enumerate(job["command"]) if word.endswith("entry.py"))
    sys.argv[:] = job["command"][script:]
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.path_importer_cache.clear()
    for name in ("random", "numpy.random"):
        if name in sys.modules:  # its state would be the same for every submission
            sys.modules[name].seed()


if __name__ == "__main__":
    main()

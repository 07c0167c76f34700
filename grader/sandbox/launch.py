"""Starting a worker process: what every sandbox level has in common.

bubblewrap.py and plain.py each build the command for their levels; the process is started here,
under the worker's own user where root marks.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Protocol

from grader import GRADER
from grader.sandbox.templates import Forked, Template
from grader.sandbox.visible_paths import visible_paths

# For --device cuda; a machine with more than eight GPUs shows a worker the first eight.
DEVICE_FILES = (
    "/dev/nvidiactl",
    "/dev/nvidia-uvm",
    "/dev/nvidia-uvm-tools",
    "/dev/nvidia-modeset",
    *(f"/dev/nvidia{number}" for number in range(8)),
)
FIRST_UID = 0x70000000  # far above the user ids that real accounts have
NOBODY = 65534  # mapped in every user namespace


@dataclass
class LaunchSpec:
    """A worker to start: its folder with `code` and `scratch`, packages, limits, and a socket."""

    folder: Path
    ours: Path  # the folder of our own files, as in Workdir
    packages: tuple[str, ...]
    limits: dict[str, int]  # for setrlimit
    scratch_bytes: int
    cuda: bool
    environment: dict[str, str]
    control: int  # descriptor of the socket over which it is told to fork
    preloaded: tuple[str, ...] = ()  # modules to import before any fork
    user: int | None = field(init=False, default=None)  # uid and gid, where root marks


class Child(Protocol):
    """A process of ours: a subprocess.Popen, or one that a template forked."""

    pid: int
    stderr: IO[bytes] | None

    def poll(self) -> int | None:
        """The exit status; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, when it has ended. Raises subprocess.TimeoutExpired."""


@dataclass
class Started:
    """A started worker: the process that was started, and the pid of the worker inside it.

    `holder` is the process that holds the namespaces which the worker entered, if it did.
    """

    process: Child
    pid: int
    holder: Started | None = None

    def end(self) -> None:
        """Kill it and its holder, and wait for both."""
        if self.process.poll() is None:
            for group in (self.pid, self.process.pid):  # its own process group, and its guard's
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, signal.SIGKILL)
            self.process.wait()
        if self.holder is not None:
            self.holder.discard()

    def discard(self) -> None:
        """Kill it and its holder, and close its stderr, which nobody reads."""
        self.end()
        if self.process.stderr is not None:
            self.process.stderr.close()


def is_root() -> bool:
    """Whether the grader runs as root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def become_fresh_user(spec: LaunchSpec) -> None:
    """Give the worker a uid of its own, and that user read access to its folder. Only for root."""
    spec.user = _fresh_user()
    hand_over(spec.folder, spec.user)
    os.chown(spec.folder / "scratch", spec.user, spec.user)


def hand_over(folder: Path, user: int) -> None:
    """Give a user read access to a folder and all that is in it. Only for root."""
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():  # to our own files
            continue
        os.chown(path, 0, user)
        path.chmod(0o750 if path.is_dir() else 0o640)


def _fresh_user() -> int:
    """An unused uid, which isolates workers from each other; "nobody" where few are mapped."""
    uid = FIRST_UID + secrets.randbelow(1 << 24)
    try:
        ranges = [
            tuple(map(int, line.split()))
            for line in Path("/proc/self/uid_map").read_text().splitlines()
        ]
    except OSError:
        return uid
    return uid if any(first <= uid < first + count for first, _, count in ranges) else NOBODY


def entry_command(spec: LaunchSpec, code: str, settings_fd: int) -> list[str]:
    """The command for worker/entry.py: Python, isolated from the user's site and environment."""
    python = str(visible_paths(spec.packages).python)
    entry = f"{code}/worker/entry.py"
    return [python, "-I", "-S", "-B", "-X", "utf8", entry, str(settings_fd)]


def settings_file(spec: LaunchSpec, scratch: str, **overrides: Any) -> int:
    """A descriptor to read the settings of worker/entry.py from, as JSON."""
    settings = {
        "limits": spec.limits,
        "info": None,
        "readable": None,
        "listable": None,
        "writable": None,
        "seccomp": None,
        "worker_seccomp": None,
        "ctypes": None,
        "close": None,
        "search": visible_paths(spec.packages).search,
        "arguments": [spec.control, scratch, spec.preloaded],
    } | overrides
    return descriptor_of(json.dumps(settings).encode())


def descriptor_of(content: bytes) -> int:
    """A descriptor to read the content from; on a command line every user could see it."""
    with tempfile.TemporaryFile() as stream:
        stream.write(content)
        stream.seek(0)
        return os.dup(stream.fileno())


def spawn(
    spec: LaunchSpec,
    command: list[str],
    *,
    pass_fds: tuple[int, ...],
    cwd: str = "/",
    also: Sequence[Path] = (),
    template: Template | None = None,
) -> Child:
    """The started process, as the worker's user.

    Where that user cannot reach the files it needs, root starts mount_namespace.py instead, which
    makes them reachable, switches to the user and runs the command, or has a template do the same,
    without another interpreter. `also` are files that the command itself needs.
    """
    credentials: dict[str, Any] = {}
    if spec.user is not None:
        closed, paths = _unreachable(spec, also)
        if closed and template is not None:
            return fork(
                template, spec, command, pass_fds=pass_fds, cwd=cwd, also=also, executes=True
            )
        if closed:
            command = _in_mount_namespace(spec.user, closed, paths, command)
        else:
            credentials = {"user": spec.user, "group": spec.user, "extra_groups": []}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=pass_fds,
        cwd=cwd,
        env=spec.environment,
        start_new_session=True,
        **credentials,
    )


def fork(
    template: Template,
    spec: LaunchSpec,
    command: list[str],
    *,
    pass_fds: tuple[int, ...],
    cwd: str = "/",
    sandbox: int | None = None,
    identity: int = 0,
    scratch: tuple[str, ...] = (),
    also: Sequence[Path] = (),
    executes: bool = False,
) -> Forked:
    """The same from a template, which has imported the packages.

    The process stands for an interpreter that runs the command, worker/entry.py, unless it
    `executes` it.

    It enters the namespaces of the process with the descriptor `sandbox`, if given, and has the
    uid and gid `identity` there. `scratch` are a folder there and new options of its mount. Raises
    templates.Unavailable.
    """
    needs = spec.user is not None and sandbox is None
    closed, paths = _unreachable(spec, also) if needs else ([], [])
    output = max(pass_fds, default=2) + 1  # any number that is free there
    job = {
        "numbers": [*pass_fds, output],
        "output": output,
        "command": command,
        "executes": executes,
        "environment": spec.environment if sandbox is None else {**spec.environment, "PWD": cwd},
        "cwd": cwd,
        "user": spec.user,
        "closed": closed,
        "paths": paths,
        "sandbox": sandbox,
        "identity": identity,
        "scratch": scratch,
    }
    job_fd = descriptor_of(json.dumps(job).encode())
    try:
        return template.fork(job_fd, pass_fds)
    finally:
        os.close(job_fd)


def _unreachable(spec: LaunchSpec, also: Sequence[Path] = ()) -> tuple[list[str], list[str]]:
    """The folders that are closed to the worker's user, and the paths in them that it needs."""
    needed = [spec.folder, spec.ours, *also, *visible_paths(spec.packages).everything]
    closed = _closed_folders(needed)
    return closed, [
        str(path) for path in needed if any(path.is_relative_to(folder) for folder in closed)
    ]


def _closed_folders(paths: list[Path]) -> list[str]:
    """The topmost parent folders of these paths that other users may not enter."""
    return sorted(filter(None, {_closed_folder(path.parent) for path in paths}))


@lru_cache(maxsize=256)  # 60 paths for each worker, nearly all of them the same for all
def _closed_folder(folder: Path) -> str:
    """The topmost of a folder and its parents that other users may not enter; "" for none."""
    parents = [*reversed(folder.parents), folder]
    return next((str(one) for one in parents if not one.stat().st_mode & 0o001), "")


def _in_mount_namespace(
    user: int, closed: list[str], paths: list[str], command: list[str]
) -> list[str]:
    settings = json.dumps({"closed": closed, "paths": paths, "user": user})
    script = str(GRADER / "sandbox" / "mount_namespace.py")
    return [sys.executable, "-I", "-S", "-B", script, settings, *command]


def wait_for_pid(process: Child, info_fd: int) -> Started:
    """The process with the worker's pid, which bubblewrap or entry.py's guard writes to a pipe.

    Raises RuntimeError, with what the process wrote to stderr, where no pid arrives.
    """
    with os.fdopen(info_fd, "rb") as stream:
        info = stream.read(10_000)
    try:
        return Started(process, int(json.loads(info)["child-pid"]))
    except (ValueError, KeyError):
        process.wait(timeout=10)
        assert process.stderr is not None
        with process.stderr as stream:
            reason = stream.read().decode("utf-8", "replace").strip()[-1000:]
        raise RuntimeError(f"the sandbox did not start: {reason}") from None

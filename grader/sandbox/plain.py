"""The levels `user` and `none`: a worker without namespaces.

At level `user`, worker/entry.py confines itself with Landlock and seccomp before it runs any code
of the submission; root also gives every worker a uid of its own. At level `none` only the resource
limits remain.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

from grader.sandbox import seccomp
from grader.sandbox.launch import (
    DEVICE_FILES,
    Child,
    LaunchSpec,
    Started,
    entry_command,
    fork,
    settings_file,
    spawn,
    wait_for_pid,
)
from grader.sandbox.templates import Template
from grader.sandbox.visible_paths import VisiblePaths, visible_paths
from grader.worker import entry

HARMLESS = (
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)


def start(spec: LaunchSpec, template: Template | None, *, confined: bool) -> Started:
    """The started worker, forked from a template if there is one.

    Raises RuntimeError where it does not come up, and templates.Unavailable.
    """
    code, scratch = spec.folder / "code", spec.folder / "scratch"
    read_fd, info_fd = os.pipe()
    settings: dict[str, Any] = {"info": info_fd}
    if confined:
        settings |= _confinement(spec, code, scratch)
    settings_fd = settings_file(spec, str(scratch), **settings)
    command = entry_command(spec, str(code), settings_fd)
    fds = (spec.control, settings_fd, info_fd)
    here = str(code) if spec.user is None else "/"
    process: Child
    try:
        if template is not None:
            process = fork(template, spec, command, pass_fds=fds, cwd=here)
        else:
            process = spawn(spec, command, pass_fds=fds, cwd=here)
    finally:
        os.close(settings_fd)
        os.close(info_fd)
    return wait_for_pid(process, read_fd)


def landlock_version() -> int:
    """The kernel's version of Landlock, 0 for none."""
    return entry.landlock_version(ctypes.CDLL(None)) if sys.platform == "linux" else 0


def _confinement(spec: LaunchSpec, code: Path, scratch: Path) -> dict[str, Any]:
    """Settings for the seccomp filter and Landlock, as far as this machine has them."""
    settings: dict[str, Any] = {
        "seccomp": seccomp.in_base64(seccomp.program()),
        "worker_seccomp": seccomp.in_base64(seccomp.worker_program()),
    }
    if landlock_version():
        visible = visible_paths(spec.packages)
        links = spec.folder / "packages"
        cuda = (*DEVICE_FILES, "/sys", "/proc") if spec.cuda else ()
        readable = [code, spec.ours, links, *HARMLESS, *cuda, *_readable(visible)]
        listable = {str(path.parent) for path in visible.hidden if path.is_dir()}
        settings["readable"] = [*map(str, readable)]
        settings["listable"] = sorted(listable)
        settings["search"] = [str(_link_packages(links, visible.packages))]
        settings["writable"] = [str(scratch), "/dev/null", *(DEVICE_FILES if spec.cuda else ())]
    return settings


def _link_packages(folder: Path, packages: tuple[Path, ...]) -> Path:
    """A folder of links to the allowed packages, to import from.

    In site-packages itself a forbidden package would exist but be closed, and its import would
    raise PermissionError instead of ImportError.
    """
    folder.mkdir()
    for path in packages:
        (folder / path.name).symlink_to(path)
    return folder


def _readable(visible: VisiblePaths) -> list[Path]:
    """The visible paths one by one: Landlock cannot close part of an open folder again.

    Hidden single files stay open: worker/entry.py needs ctypes, which cannot be hidden from a
    process that has it already.
    """
    hidden = tuple(path for path in visible.hidden if path.is_dir())
    trees = [path for tree in visible.trees for path in _without(tree, hidden)]
    return [visible.python, *trees, *visible.packages]


def _without(path: Path, hidden: tuple[Path, ...]) -> list[Path]:
    """The path, or where it contains hidden folders, everything in it beside those."""
    if path in hidden:
        return []
    if not any(path in other.parents for other in hidden):
        return [path]
    return [part for child in sorted(path.iterdir()) for part in _without(child, hidden)]

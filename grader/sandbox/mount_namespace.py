"""Makes files in a closed home folder, such as the interpreter, reachable for a worker's own user.

Only for root, as `python mount_namespace.py SETTINGS COMMAND…`. In a new mount namespace, which
ends with the process, each closed folder is covered by an empty one, and the paths that the worker
may see are mounted back in their places. Then the process gives up root and runs the command.

SETTINGS is a JSON object: `closed` folders, `paths` to mount back, `user` the uid and gid to use.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

_NEW_MOUNTS = 0x20000  # CLONE_NEWNS, linux/sched.h
_NOSUID, _NODEV, _BIND, _RECURSIVE, _PRIVATE = 2, 4, 4096, 16384, 1 << 18  # linux/mount.h
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    _checked(_libc.mount(source.encode(), target.encode(), kind.encode(), flags, options.encode()))


def cover(closed: list[str], paths: list[str]) -> None:
    """Hide everything in the closed folders except these paths, for this process alone."""
    _checked(_libc.unshare(_NEW_MOUNTS))
    _mount("none", "/", "", _RECURSIVE | _PRIVATE)
    # Opened inside the new namespace: descriptors of another one cannot be mounted.
    descriptors = {path: os.open(path, os.O_PATH) for path in paths}
    for folder in closed:
        _mount("tmpfs", folder, "tmpfs", _NOSUID | _NODEV, "mode=0755,size=1m")
    for path, descriptor in descriptors.items():
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            Path(path).mkdir(parents=True, exist_ok=True)
        else:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).touch()
        _mount(f"/proc/self/fd/{descriptor}", path, "", _BIND | _RECURSIVE)
        os.close(descriptor)


def main() -> None:
    """Cover the closed folders, become the user, run the command."""
    settings, command = json.loads(sys.argv[1]), sys.argv[2:]
    cover(settings["closed"], settings["paths"])
    os.setgroups([])
    os.setgid(settings["user"])
    os.setuid(settings["user"])
    os.execv(command[0], command)


if __name__ == "__main__":
    main()

"""Makes an interpreter reachable that lies in a closed home folder, for a worker that runs as nobody in particular.

Only for root, as `python veil.py SETTINGS COMMAND…`: in a mount namespace of its own, which ends with the process, each closed
folder is covered by an empty one, and the paths that the worker may see are put back in their places. Then root's rights
are given up and the command takes over.

SETTINGS, a JSON object: `closed` folders, `paths` to put back, `user` the uid and gid to become.
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


def draw(closed: list[str], paths: list[str]) -> None:
    """Cover the closed folders but for these paths, in this process's own view of the file system."""
    _checked(_libc.unshare(_NEW_MOUNTS))
    _mount("none", "/", "", _RECURSIVE | _PRIVATE)
    descriptors = {
        path: os.open(path, os.O_PATH) for path in paths
    }  # now: of another namespace they could not be mounted
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
    """Draw the veil, become the user, run the command."""
    settings, command = json.loads(sys.argv[1]), sys.argv[2:]
    draw(settings["closed"], settings["paths"])
    os.setgroups([])
    os.setgid(settings["user"])
    os.setuid(settings["user"])
    os.execv(command[0], command)


if __name__ == "__main__":
    main()

"""Changes the mount options of the scratch folder inside a running sandbox of bubblewrap.

As `python scratch_options.py PID FOLDER OPTIONS [USER]`: the sandbox's process, the folder inside
it, the options of the tmpfs there, and where root marks, the user who started the sandbox.
bubblewrap offers the size of a tmpfs, but not its number of files, each of which takes memory of
the kernel. The user who creates a namespace may enter it from outside, and nobody inside may.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import sys

_NEW_MOUNTS, _NEW_USER = 0x20000, 0x10000000  # CLONE_NEWNS, CLONE_NEWUSER, linux/sched.h
_GET_USER_NAMESPACE = 0xB701  # NS_GET_USERNS, linux/nsfs.h
_NOSUID, _NODEV, _REMOUNT = 2, 4, 32  # linux/mount.h
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def enter(pid: int, user: int | None) -> None:
    """Enter the mount namespace of a process, as root or as the owner of its user namespace."""
    mounts = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    try:
        if _libc.setns(mounts, _NEW_MOUNTS) == 0:
            return
        owner = fcntl.ioctl(mounts, _GET_USER_NAMESPACE)
        if user is not None:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        _checked(_libc.setns(owner, _NEW_USER))
        os.close(owner)
        _checked(_libc.setns(mounts, _NEW_MOUNTS))
    finally:
        os.close(mounts)  # a process that a template forked goes on as the worker


def remount(folder: str, options: str) -> None:
    """Give the tmpfs that is mounted at a folder other options. Raises OSError."""
    flags = _REMOUNT | _NOSUID | _NODEV
    _checked(_libc.mount(b"none", folder.encode(), b"tmpfs", flags, options.encode()))


def main() -> None:
    """Enter, and remount."""
    pid, folder, options, *user = sys.argv[1:]
    enter(int(pid), int(user[0]) if user else None)
    remount(folder, options)


if __name__ == "__main__":
    main()

"""Folders that a command writes again and again, without losing what somebody put there."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from grader.errors import HandoutError


def replace(made: Path, folder: Path, manifest: str) -> None:
    """Put the folder `made` in the place of `folder`, with a manifest of its files.

    The old one is moved beside `made` first: if this is interrupted, no half of it stays, which the
    next call would refuse.
    """
    written = {name: digest(path) for name, path in files_in(made).items()}
    (made / manifest).write_text(json.dumps(written, indent=0) + "\n", encoding="utf-8")
    old = made.with_name(f"{made.name}-before")
    if folder.exists():
        folder.rename(old)
    made.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def refuse_foreign_files(
    folder: Path, manifest: str, what: str, is_left_over: Callable[[str, dict[str, str]], bool]
) -> None:
    """Raises HandoutError if a folder holds anything that an earlier call did not write.

    `what` names what the command writes, "handout"; `is_left_over` says of a file, by its name and
    the hashes of what was written, whether it comes from using the folder.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise HandoutError(f"{folder} is not a folder, expected an earlier {what}, or nothing")
    written = _read_manifest(folder / manifest)
    foreign = [
        name
        for name, path in files_in(folder).items()
        if written.get(name) != digest(path) and name != manifest
        if not is_left_over(name, written)
    ]
    if foreign:
        more = f" and {len(foreign) - 5} more" if len(foreign) > 5 else ""
        raise HandoutError(
            f"{folder} holds files that this command did not write, or that were changed since:"
            f" {', '.join(foreign[:5])}{more}. Move them away, or choose another --out"
        )


def files_in(folder: Path) -> dict[str, Path]:
    """All that is not a folder, links included, by its name in `folder`."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }


def digest(path: Path) -> str:
    """The hash of a regular file; "" for a link, a pipe and the like."""
    if path.is_symlink() or not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_manifest(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}  # without a manifest, every file counts as foreign

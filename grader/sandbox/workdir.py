"""The folder of a worker: `code` with our files and the scripts, and an empty `scratch`."""

from __future__ import annotations

import contextlib
import marshal
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

import assignment
from grader import GRADER
from grader.errors import expecting_room
from grader.sandbox.temporary import OWNER, TemporaryFolder

WORKER = GRADER / "worker"
ASSIGNMENT = Path(assignment.__file__).parent
UTILS = ASSIGNMENT.parent / "utils.py"  # importing it would import NumPy
SHARED = (
    "__init__.py",
    "answers.py",
    "imports.py",
    "sources.py",
    "statements.py",
)  # what the worker needs of it, besides observing/
MAX_FILES = 10_000  # in `scratch`
UNCOUNTABLE = 1 << 62  # bytes: too many files, or folders that cannot be listed


class Workdir:
    """Created for the workers of one submission, and removed with them.

    Our own files are those of all submissions, in the folder `ours`. In `code`, links lead to them;
    with `mounted`, there are empty places to mount them on.
    """

    def __init__(self, scripts: Mapping[str, bytes], *, mounted: bool = False):
        self.ours = _our_files(WORKER, tempfile.gettempdir(), os.getpid()).path
        self._temporary = TemporaryFolder("submission-")
        self.folder = self._temporary.path
        try:
            with expecting_room(self.folder.parent):
                self._fill(scripts, mounted)
        except BaseException:
            self.remove()
            raise

    def write(self, scripts: Mapping[str, bytes]) -> None:
        """Write scripts to `code`, in place of those of the same name."""
        for name, source in scripts.items():
            (self.folder / "code" / name).write_bytes(source)

    def _fill(self, scripts: Mapping[str, bytes], mounted: bool) -> None:
        (self.folder / "scratch").mkdir()
        code = self.folder / "code"
        code.mkdir()
        self.write(scripts)
        for path in self.ours.iterdir():
            place = code / path.name
            if path.name == OWNER:
                continue
            if not mounted:
                place.symlink_to(path)
            elif path.is_dir():
                place.mkdir()
            else:
                place.touch()

    def scratch_bytes(self) -> int:
        """Bytes of the files in `scratch`; 0 with bubblewrap, which mounts a tmpfs instead."""
        held = count = 0
        waiting = [str(self.folder / "scratch")]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as entries:
                    for entry in entries:
                        count += 1
                        if count > MAX_FILES:
                            return UNCOUNTABLE
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        with contextlib.suppress(OSError):
                            held += entry.stat(follow_symlinks=False).st_size
            except (FileNotFoundError, NotADirectoryError):  # removed meanwhile
                continue
            except OSError:  # too deep for a path, or made unreadable
                return UNCOUNTABLE
        return held

    def remove(self) -> None:
        """Delete it with everything in it. May be called twice."""
        self._temporary.remove()

    def __enter__(self) -> Workdir:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


@cache
def _our_files(worker: Path, temporary: str, owner: int) -> TemporaryFolder:
    """The files of ours that workers need, which they may read only. No right answer is among them.

    One copy for all submissions that a process marks: it has a hundred files.
    """
    made = TemporaryFolder("worker-")
    folder = made.path
    with expecting_room(folder.parent):
        _copy([UTILS], folder)
        _copy(sorted(worker.glob("*.py")), folder / "worker")
        _copy([ASSIGNMENT / name for name in SHARED], folder / "assignment")
        observing = sorted((ASSIGNMENT / "observing").glob("*.py"))
        _copy(observing, folder / "assignment" / "observing")
        for path in folder.rglob("*"):
            if path.name != OWNER:
                path.chmod(0o755 if path.is_dir() else 0o644)
        folder.chmod(0o711)
    return made


def _copy(paths: list[Path], folder: Path) -> None:
    """Copy modules of ours into a folder, with their bytecode."""
    cache_folder = folder / "__pycache__"
    cache_folder.mkdir(parents=True)
    for path in paths:
        shutil.copyfile(path, folder / path.name)
        (cache_folder / f"{path.stem}.{sys.implementation.cache_tag}.pyc").write_bytes(
            _compiled(path)
        )


def _compiled(path: Path) -> bytes:
    """The .pyc of a module of ours, so that no worker compiles it: an eighth of its start-up time.

    Unchecked (PEP 552), because the copied source has another modification time.
    """
    code = SourceFileLoader(path.stem, str(path)).get_code(path.stem)
    return (
        MAGIC_NUMBER
        + (1).to_bytes(4, "little")
        + source_hash(path.read_bytes())
        + marshal.dumps(code)
    )

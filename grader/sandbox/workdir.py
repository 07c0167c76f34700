"""The folder of a worker: `code` with our files and the scripts, and an empty `scratch`."""

from __future__ import annotations

import contextlib
import marshal
import os
import shutil
import sys
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

import assignment
import utils
from grader import GRADER
from grader.errors import expecting_room
from grader.sandbox.temporary import TemporaryFolder

WORKER = GRADER / "worker"
ASSIGNMENT = Path(assignment.__file__).parent
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
    """Created for the workers of one submission, and removed with them."""

    def __init__(self, scripts: dict[str, bytes]):
        self._temporary = TemporaryFolder("submission-")
        self.folder = self._temporary.path
        try:
            with expecting_room(self.folder.parent):
                self._fill(scripts)
        except BaseException:
            self.remove()
            raise

    def _fill(self, scripts: dict[str, bytes]) -> None:
        (self.folder / "scratch").mkdir()
        code = self.folder / "code"
        code.mkdir()
        for name, source in scripts.items():
            (code / name).write_bytes(source)
        # Ours last, so that a submission cannot replace them. No right answer is among them.
        _copy([Path(utils.__file__)], code)
        _copy(sorted(WORKER.glob("*.py")), code / "worker")
        _copy([ASSIGNMENT / name for name in SHARED], code / "assignment")
        _copy(sorted((ASSIGNMENT / "observing").glob("*.py")), code / "assignment" / "observing")

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


def _copy(paths: list[Path], folder: Path) -> None:
    """Copy modules of ours into a folder, with their bytecode."""
    cache_folder = folder / "__pycache__"
    cache_folder.mkdir(parents=True)
    for path in paths:
        shutil.copyfile(path, folder / path.name)
        (cache_folder / f"{path.stem}.{sys.implementation.cache_tag}.pyc").write_bytes(
            _compiled(path)
        )


@cache
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

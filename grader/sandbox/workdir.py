"""The folder that a worker runs in: our files and the submission's scripts in `code`, and an empty `scratch`."""

from __future__ import annotations

import contextlib
import marshal
import os
import secrets
import shutil
import sys
import tempfile
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

import utils
from grader import GRADER

WORKER = GRADER / "worker"
MAX_FILES = 10_000  # in `scratch`
UNTOLD = 1 << 62  # bytes, of more files than that, or of folders that cannot be looked through


class Workdir:
    """Made for the workers of one submission, and removed with them."""

    def __init__(self, scripts: dict[str, bytes]):
        self.folder = Path(tempfile.mkdtemp(prefix="submission-")).resolve()
        try:
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
        # last: a submission cannot put its own in their place; substitutes/ stays here, where no script can read it
        _copy([Path(utils.__file__)], code)
        _copy(sorted(WORKER.glob("*.py")), code / "worker")

    def scratch_bytes(self) -> int:
        """What the files in `scratch` hold; behind bubblewrap's walls there are none, its scratch folder being another."""
        held = count = 0
        waiting = [str(self.folder / "scratch")]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as entries:
                    for entry in entries:
                        count += 1
                        if count > MAX_FILES:
                            return UNTOLD
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        with contextlib.suppress(OSError):
                            held += entry.stat(follow_symlinks=False).st_size
            except (FileNotFoundError, NotADirectoryError):  # it has gone meanwhile
                continue
            except OSError:  # too deep for a path, or made so that nobody can look inside
                return UNTOLD
        return held

    def remove(self) -> None:
        """Delete it with all that was written there. May be called twice."""
        with contextlib.suppress(RecursionError):
            shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.exists():  # folders too deep for that, or closed to their owner
            with contextlib.suppress(OSError):
                _flatten(self.folder)
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Workdir:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def _copy(paths: list[Path], folder: Path) -> None:
    """Copy modules of ours into a folder, with what Python compiles them to."""
    cache_folder = folder / "__pycache__"
    cache_folder.mkdir(parents=True)
    for path in paths:
        shutil.copyfile(path, folder / path.name)
        (cache_folder / f"{path.stem}.{sys.implementation.cache_tag}.pyc").write_bytes(
            _compiled(path)
        )


@cache
def _compiled(path: Path) -> bytes:
    """A module of ours as Python keeps it beside its source, so that no worker compiles it: an eighth of its start.

    Its head says that it is not to be compared with the source, whose copy has another time (PEP 552: unchecked).
    """
    code = SourceFileLoader(path.stem, str(path)).get_code(path.stem)
    return (
        MAGIC_NUMBER
        + (1).to_bytes(4, "little")
        + source_hash(path.read_bytes())
        + marshal.dumps(code)
    )


def _flatten(top: Path) -> None:
    """Empty a folder however deep it is: what lies in its folders is moved up into it, until there is nothing left.

    Nothing here follows a link, whatever may be put in a folder's place meanwhile.
    """
    here = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        while names := os.listdir(here):  # noqa: PTH208
            for name in names:
                try:
                    os.unlink(name, dir_fd=here)
                except (
                    IsADirectoryError,
                    PermissionError,
                ):  # the latter is what a folder gives on macOS
                    _move_up(name, here)
    finally:
        os.close(here)


def _move_up(name: str, here: int) -> None:
    """Move what is in a folder to its parent `here`, and remove it."""
    if sys.platform == "linux" and os.geteuid() != 0:
        handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
        Path(f"/proc/self/fd/{handle}").chmod(0o700)
        os.close(handle)
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
    try:
        for part in os.listdir(folder):  # noqa: PTH208
            os.rename(part, secrets.token_hex(16), src_dir_fd=folder, dst_dir_fd=here)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=here)

"""New zips and folders, written completely or not at all, and never over something else."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assignment.files import put_in_place, temporary_neighbour
from grader.errors import FULL, CannotGrade


@contextmanager
def new_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip that is there when the block ends without an error.

    Raises CannotGrade if something is there already, or it cannot be written.
    """
    _expect_nothing(path, "a new file")
    with _one_line(path):
        _prepare(path)
        with temporary_neighbour(path) as temporary:
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
                yield archive
            _expect_nothing(path, "a new file")
            put_in_place(temporary, path)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which is at `path` when the block ends without an error.

    Raises CannotGrade if something is there already, or it cannot be written.
    """
    _expect_nothing(path, "a new folder")
    with _one_line(path):
        _prepare(path)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
        try:
            filled = temporary / "new"  # with the usual mode, which mkdtemp's folder has not
            filled.mkdir()
            yield filled
            _expect_nothing(path, "a new folder")
            filled.rename(path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _prepare(path: Path) -> None:
    """Make the folder of `path`, and remove there what a run that was killed left unfinished."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = re.compile(rf"\.{re.escape(path.name)}-[a-z0-9_]{{8}}")
    for entry in list(path.parent.iterdir()):
        if not unfinished.fullmatch(entry.name) or entry.is_symlink():
            continue
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _expect_nothing(path: Path, expected: str) -> None:
    if path.parent.exists() and not path.parent.is_dir():
        raise CannotGrade(
            f"{path} cannot be written: {path.parent} is a file, expected a folder or a new name"
        )
    if path.is_symlink() or path.exists():
        raise CannotGrade(f"{path} is there already, expected {expected}: nothing is overwritten")


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """Turns an OSError in the block into one line; a full disk is said elsewhere."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise
        raise CannotGrade(f"{path} cannot be written ({error.strerror or error})") from None

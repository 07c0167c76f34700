"""Open a submission: a folder, zip or tar archive with the checklist's files in one place.

Only the named files are read, as bytes, and only regular files within the size limits. Nothing is
unpacked to disk and nothing is executed.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from grader import PROJECT
from grader.errors import SubmissionError
from grader.sections import SCRIPTS
from grader.submission.archives import (
    IGNORED,
    MAX_ENTRIES,
    Metered,
    Read,
    is_ignored,
    tar_entries,
    zip_entries,
)
from grader.submission.notebooks import NotebookError, script_of_notebook

PLOTS = {name: f"{name}_train_val_metrics.png" for name in SCRIPTS if name != "numpy_ann"}
CHECKLIST = (*(f"{name}.py" for name in SCRIPTS), *PLOTS.values())
NOTEBOOKS = tuple(f"{name}.ipynb" for name in SCRIPTS)
ARCHIVES = (".zip", ".tar.gz", ".tgz")
MAX_DEPTH = 100  # of nested folders
MAX_SCRIPT = 200_000  # bytes; a script is 10,000
MAX_NOTEBOOK = 20_000_000  # bytes; outputs with pictures are large
MAX_PLOT = 20_000_000  # bytes; a plot is 50,000


@dataclass(frozen=True)
class Submission:
    """The named files of one submission; `problems` says by file name why one was not taken."""

    name: str
    scripts: dict[str, bytes]  # source of "numpy_ann" and so on
    plots: dict[str, bytes]  # by the script that draws it
    problems: dict[str, str]

    @property
    def missing(self) -> list[str]:
        """The checklist's files that are missing or were not taken."""
        present = {f"{name}.py" for name in self.scripts} | {PLOTS[name] for name in self.plots}
        return [name for name in CHECKLIST if name not in present]


def open_submission(path: Path) -> Submission:
    """The submission at `path`. Raises SubmissionError, with one line, where it cannot be read."""
    name = path.resolve().name
    with reading(str(path), path):
        if path.is_dir():
            return gather(name, str(path), folder_entries(path, only_top=path.resolve() == PROJECT))
        if not path.exists():
            raise SubmissionError(
                f"{path} does not exist, expected a folder, .zip, .tar.gz or .tgz"
            )
        if not path.is_file():
            raise SubmissionError(
                f"{path} is no regular file, expected a folder, .zip, .tar.gz or .tgz"
            )
        if not path.name.lower().endswith(ARCHIVES):
            raise SubmissionError(
                f"{path.name} is of an unknown kind, expected a folder, .zip, .tar.gz or .tgz"
            )
        with path.open("rb") as stream:
            return _unpacked(name, str(path), stream)


def open_archive(name: str, where: str, content: bytes) -> Submission:
    """The submission `name` in an archive inside another; `where` is its path, with the suffix.

    Raises SubmissionError, with one line, where it cannot be read.
    """
    with reading(where), io.BytesIO(content) as stream:
        return _unpacked(name, where, stream)


def _unpacked(name: str, where: str, stream: BinaryIO) -> Submission:
    if where.lower().endswith(".zip"):
        with zipfile.ZipFile(stream) as archive:
            return gather(name, where, zip_entries(archive))
    with gzip.open(stream) as content, tarfile.open(fileobj=Metered(content), mode="r:") as tar:
        return gather(name, where, tar_entries(tar))


@contextlib.contextmanager
def reading(where: str, path: Path | None = None) -> Iterator[None]:
    """Turns every exception in the block into a SubmissionError, whose one line names `where`."""
    try:
        yield
    except SubmissionError:
        raise
    except Exception as error:  # its reader may raise anything for a damaged archive
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, OSError) and error.filename and path and Path(error.filename) != path:
            reason += f": {Path(error.filename).name}"
        raise SubmissionError(
            f"{where} cannot be read ({reason}), expected a whole folder, .zip, .tar.gz or .tgz"
        ) from None


def gather(name: str, where: str, entries: Iterable[tuple[PurePosixPath, Read]]) -> Submission:
    """The submission `name` among files. Raises SubmissionError, which names `where`, for none."""
    places: dict[PurePosixPath, dict[str, Read]] = {}
    count = 0
    for entry, read in entries:
        if is_ignored(entry):
            continue
        count += 1
        if count > MAX_ENTRIES:
            raise SubmissionError(
                f"{where} holds more than {MAX_ENTRIES} files, expected the checklist's five"
            )
        if entry.name in CHECKLIST or entry.name in NOTEBOOKS:
            places.setdefault(entry.parent, {})[entry.name] = read
    if not places:
        raise SubmissionError(
            f"{where} holds none of the checklist's files ({', '.join(CHECKLIST)})"
        )
    if len(places) > 1:
        found = ", ".join(sorted(f"{place}/" if place.parts else "the top" for place in places))
        raise SubmissionError(
            f"{where} holds the checklist's files in more than one place ({found}), expected one"
        )
    (found_files,) = places.values()
    return _take(name, found_files)


def _take(name: str, files: dict[str, Read]) -> Submission:
    scripts: dict[str, bytes] = {}
    plots: dict[str, bytes] = {}
    problems: dict[str, str] = {}
    for script in SCRIPTS:
        forms: dict[str, bytes] = {}
        for file, read_form in ((f"{script}.py", _script), (f"{script}.ipynb", _notebook)):
            if file in files:
                try:
                    forms[file] = read_form(files[file])
                except (_TooLarge, NotebookError) as error:
                    problems[file] = str(error)
        if forms:
            # The form with fewer stubs; the script where they have as many.
            taken = min(forms, key=lambda file: forms[file].count(b'NotImplementedError("TODO'))
            scripts[script] = forms[taken]
            problems |= {
                file: f"is ignored, because {taken} is there too" for file in forms if file != taken
            }
    for script, plot in PLOTS.items():
        if plot in files:
            try:
                plots[script] = _bounded(files[plot], MAX_PLOT)
            except _TooLarge as error:
                problems[plot] = str(error)
    return Submission(name, scripts, plots, problems)


def _script(read: Read) -> bytes:
    return _bounded(read, MAX_SCRIPT)


def _notebook(read: Read) -> bytes:
    source = script_of_notebook(_bounded(read, MAX_NOTEBOOK)).encode("utf-8", "replace")
    return _bounded(lambda limit: source[:limit], MAX_SCRIPT)


class _TooLarge(Exception):
    """A file exceeds its size limit."""


def _bounded(read: Read, limit: int) -> bytes:
    content = read(limit + 1)
    if len(content) > limit:
        raise _TooLarge(f"is larger than {limit // 1000:,} kB, the limit for such a file")
    return content


def _refuse(error: OSError) -> None:
    raise error


def folder_entries(
    root: Path, *, only_top: bool = False, onerror: Callable[[OSError], None] = _refuse
) -> Iterator[tuple[PurePosixPath, Read]]:
    """Path and reader of each regular file below a folder, without links.

    Errors of unreadable folders go to `onerror`.
    """
    for folder, subfolders, names in os.walk(root, onerror=onerror):  # follows no links
        subfolders[:] = (
            [] if only_top else sorted(name for name in subfolders if name not in IGNORED)
        )
        if subfolders and len(Path(folder).relative_to(root).parts) >= MAX_DEPTH:
            subfolders.clear()
            onerror(OSError(errno.ELOOP, f"folders nested more than {MAX_DEPTH} deep", folder))
        for name in sorted(names):
            path = Path(folder, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield PurePosixPath(path.relative_to(root)), _file_reader(path)


def _file_reader(path: Path) -> Read:
    def read(limit: int) -> bytes:
        # It may have been replaced since it was listed.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as stream:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(f"{path.name} is no regular file")
            return stream.read(limit)

    return read

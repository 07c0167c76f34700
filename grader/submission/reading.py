"""Open a submission: a folder, zip or tar archive with the checklist's files in one place.

Only the files that are meant are read, as bytes, and only regular files within the size limits.
Nothing is unpacked to disk and nothing is executed.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from grader import PROJECT
from grader.errors import SubmissionError
from grader.submission.archives import ARCHIVES, OTHER_ARCHIVES, Read
from grader.submission.bounds import bounded_reading
from grader.submission.folders import folder_entries
from grader.submission.names import CHECKLIST, PLOTS, Aliases
from grader.submission.places import (
    Places,
    best_place,
    held,
    none_there,
    notes_on_others,
    places_of,
)
from grader.submission.record import Submission
from grader.submission.taking import take, take_notebook
from grader.submission.tars import open_tar, tar_entries
from grader.submission.zips import open_zip, zip_entries

MAX_ARCHIVE = 500_000_000  # bytes of an archive in a folder
MAX_INNER = 100_000_000  # bytes of an archive inside an archive
MAX_ARCHIVES = 10  # in one place, that are tried
NO_ALIASES: Aliases = {}

__all__ = ["CHECKLIST", "PLOTS", "Submission", "gather", "open_submission", "reading"]


def open_submission(path: Path, aliases: Aliases = NO_ALIASES) -> Submission:
    """The submission at `path`. Raises SubmissionError, with one line, where it cannot be read."""
    return bounded_reading(str(path), lambda: opened(path, aliases))


def opened(path: Path, aliases: Aliases) -> Submission:
    """The submission, read in this process and without limits on memory and time."""
    name = path.resolve().name
    with reading(str(path), path):
        if path.is_dir():
            only_top = path.resolve() == PROJECT
            return gather(name, str(path), folder_entries(path, only_top=only_top), aliases)
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
            return _unpacked(name, str(path), stream, aliases, depth=1)


def _unpacked(
    name: str, where: str, stream: BinaryIO, aliases: Aliases, *, depth: int
) -> Submission:
    if where.lower().endswith(".zip"):
        with open_zip(stream) as archive:
            return gather(name, where, zip_entries(archive), aliases, depth=depth)
    with open_tar(stream) as tar:
        return gather(name, where, tar_entries(tar), aliases, depth=depth)


@contextlib.contextmanager
def reading(where: str, path: Path | None = None) -> Iterator[None]:
    """Turns every exception in the block into a SubmissionError, whose one line names `where`."""
    try:
        yield
    except (SubmissionError, MemoryError):  # the second is for bounded_reading to name
        raise
    except Exception as error:  # its reader may raise anything for a damaged archive
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, OSError) and error.filename and path and Path(error.filename) != path:
            reason += f": {Path(error.filename).name}"
        raise SubmissionError(
            f"{where} cannot be read ({reason}), expected a whole folder, .zip, .tar.gz or .tgz"
        ) from None


def gather(
    name: str,
    where: str,
    entries: Iterable[tuple[PurePosixPath, Read]],
    aliases: Aliases = NO_ALIASES,
    *,
    depth: int = 2,
) -> Submission:
    """The submission `name` among files. Raises SubmissionError, which names `where`, for none.

    An archive among them is opened if they are none of the checklist's themselves; so is one inside
    it, as far as `depth` allows.
    """
    places = places_of(where, entries)
    place = best_place(where, places, aliases)
    if place is None:
        inner = _inner(name, where, places, aliases, depth)
        if inner is not None:
            return inner
    if not any(n.endswith(".py") for p in places.values() for n in held(p, aliases)):
        alone = _one_notebook(name, places, place, aliases)
        if alone is not None:
            return alone
    if place is None:
        raise none_there(where, places)
    return take(name, places, place, aliases, notes_on_others(places, place, aliases))


def _one_notebook(
    name: str, places: Places, place: PurePosixPath | None, aliases: Aliases
) -> Submission | None:
    """The submission whose scripts are all in the only notebook that is there, if it is so."""
    books = [p / n for p, files in places.items() for n in files if n.lower().endswith(".ipynb")]
    if len(books) != 1:
        return None
    where = books[0].parent if place is None else place
    return take_notebook(name, places, where, books[0], aliases)


def _inner(
    name: str, where: str, places: Places, aliases: Aliases, depth: int
) -> Submission | None:
    """The submission in the archive that holds the checklist's files; None if there is no archive.

    Raises SubmissionError if none of several holds them, or more than one.
    """
    packed = _archives(places, ARCHIVES)
    others = _archives(places, OTHER_ARCHIVES)
    if not packed and others and not _has_notebook(places):
        found_there = where if where == str(others[0]) else f"{where} holds {others[0]}, which"
        raise SubmissionError(f"{found_there} cannot be opened, expected a .zip, .tar.gz or .tgz")
    if not packed or not depth:
        return None
    found: dict[str, Submission] = {}
    failed: list[SubmissionError] = []
    for path in packed[:MAX_ARCHIVES]:
        inner = where if where == path.name else f"{where.rstrip('/')}/{path}"
        limit = MAX_ARCHIVE if depth > 1 else MAX_INNER
        try:
            with reading(inner), io.BytesIO(places[path.parent][path.name](limit)) as stream:
                found[str(path)] = _unpacked(name, inner, stream, aliases, depth=depth - 1)
        except SubmissionError as error:
            failed.append(error)
    if len(found) == 1:
        return next(iter(found.values()))
    if not found and (_has_notebook(places) or len(packed) == 1):
        if _has_notebook(places):
            return None
        raise failed[0]
    listed = ", ".join(sorted(map(str, packed)))
    raise SubmissionError(f"{where} holds several archives ({listed}), expected one")


def _archives(places: Places, endings: tuple[str, ...]) -> list[PurePosixPath]:
    return sorted(
        place / name
        for place, files in places.items()
        for name in files
        if name.lower().endswith(endings)
    )


def _has_notebook(places: Places) -> bool:
    return any(name.lower().endswith(".ipynb") for files in places.values() for name in files)

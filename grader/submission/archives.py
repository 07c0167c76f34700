"""The regular files of a zip or tar archive; anything else in an archive is refused by name.

Nothing is unpacked to disk, and reading stops at the limits, so that no archive bomb fills memory.
"""

from __future__ import annotations

import gzip
import io
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from grader.errors import SubmissionError

MAX_ENTRIES = 10_000  # files in a folder or archive
MAX_IGNORED = 100_000  # files of environments and caches in a tar archive
MAX_UNPACKED = 500_000_000  # bytes, for a zip archive as declared in it; the data has 42 MB
MAX_READ = 64_000_000  # bytes at once: a tar archive declares the length of names and headers
MAX_HEADER = 65_536  # bytes of one tar header; tarfile takes time by their square
MAX_LONG_HEADERS = 500_000  # bytes of all headers longer than LONG_HEADER
LONG_HEADER = 4096
TOO_LARGE = (
    f"the archive unpacks to more than {MAX_UNPACKED // 10**6} MB, "
    "expected the checklist's five files"
)
ENCRYPTED = 1  # the flag bit of an encrypted zip entry
# No number in a genuine header is as long, and tarfile's search starts over at each digit.
_DIGITS = re.compile(rb"\d{40}")
IGNORED = (
    "__MACOSX", "__pycache__", ".ipynb_checkpoints", ".git", ".venv", "venv", ".env", "node_modules",
    "site-packages", ".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox", ".idea",
    ".vscode", ".vs", ".Trash", ".local",
)  # fmt: skip
ARCHIVES = (".zip", ".tar.gz", ".tgz")
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".tar.bz2", ".tar.xz")  # recognised, but not read
ENVIRONMENT = "pyvenv.cfg"  # lies in a virtual environment, whatever its name

# reads one regular file of the submission, up to a number of bytes
Read = Callable[[int], bytes]


def is_ignored(path: PurePosixPath) -> bool:
    """Whether a path belongs to a system, an editor or an environment, not the submission."""
    return any(part in IGNORED or part.startswith("._") for part in path.parts)


def zip_entries(archive: zipfile.ZipFile) -> Iterator[tuple[PurePosixPath, Read]]:
    """Path and reader of each regular file. Raises SubmissionError for a suspicious archive."""
    listed = [(_checked(entry.filename.replace("\\", "/")), entry) for entry in archive.infolist()]
    environments = {
        path.parent for path, _ in listed if path.name == ENVIRONMENT and path.parts[1:]
    }
    own = [
        (path, entry)
        for path, entry in listed
        if not entry.is_dir() and not is_ignored(path) and not environments & {*path.parents}
    ]
    if sum(entry.file_size for _, entry in own) > MAX_UNPACKED:
        raise SubmissionError(TOO_LARGE)
    names = _Names()
    for path, entry in own:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise _not_a_file(path)
        if entry.flag_bits & ENCRYPTED:
            raise SubmissionError(
                f"the archive asks for a password ({_shown(path)}), expected one without"
            )
        names.add(path)

        def read(limit: int, entry: zipfile.ZipInfo = entry) -> bytes:
            with archive.open(entry) as stream:
                return stream.read(limit)

        yield path, read


def tar_entries(archive: tarfile.TarFile) -> Iterator[tuple[PurePosixPath, Read]]:
    """Path and reader of each regular file. Raises SubmissionError for a suspicious archive."""
    names = _Names()
    count = ignored = 0
    for entry in archive:
        path = _checked(entry.name)
        if is_ignored(path):
            ignored += 1
        else:
            count += 1
        if count > MAX_ENTRIES or ignored > MAX_IGNORED:
            raise SubmissionError(
                f"the archive has more than {MAX_ENTRIES} entries, "
                "expected the checklist's five files"
            )
        if entry.isdir() or is_ignored(path):
            continue
        if not entry.isreg() or entry.issparse():
            raise _not_a_file(path)
        names.add(path)

        def read(limit: int, entry: tarfile.TarInfo = entry) -> bytes:
            if isinstance(archive.fileobj, Metered):
                archive.fileobj.listing = False
            stream = archive.extractfile(entry)
            return stream.read(limit) if stream else b""

        yield path, read


class _Names:
    """The paths seen so far. A repeated path, in any case, is refused: which one would count?"""

    def __init__(self) -> None:
        self.seen: dict[str, PurePosixPath] = {}

    def add(self, path: PurePosixPath) -> None:
        """Raises SubmissionError for a path that was added before."""
        before = self.seen.setdefault(str(path).casefold(), path)
        if before is not path:
            raise SubmissionError(
                f"the archive has both {_shown(before)} and {_shown(path)}, expected each file once"
            )


class Metered(io.BufferedIOBase):
    """The stream that gzip unpacks and tarfile reads, with limits.

    While `listing` is true, tarfile reads only headers.
    """

    def __init__(self, stream: gzip.GzipFile):
        self.stream, self.furthest, self.listing, self.long_headers = stream, 0, True, 0

    def read(self, count: int | None = -1, /) -> bytes:
        """The next `count` bytes. Raises SubmissionError beyond the limits."""
        if count is None or not 0 <= count <= MAX_READ:
            raise SubmissionError(
                f"the archive has a header of {count} bytes, expected a few hundred"
            )
        content = self.stream.read(count)
        self._note()
        if self.listing:
            self._expect_header(content)
        return content

    def _expect_header(self, content: bytes) -> None:
        self.long_headers += len(content) if len(content) > LONG_HEADER else 0
        too_long = len(content) > MAX_HEADER or self.long_headers > MAX_LONG_HEADERS
        if too_long or (len(content) > tarfile.BLOCKSIZE and _DIGITS.search(content)):
            raise SubmissionError(
                "the archive has headers that no archiving program writes, expected names and sizes"
            )

    def seek(self, position: int, whence: int = 0, /) -> int:
        """Go to a position, for which gzip unpacks everything before it."""
        if whence != 0 or position > MAX_UNPACKED:
            raise SubmissionError(TOO_LARGE)
        result = self.stream.seek(position)
        self._note()
        return result

    def tell(self) -> int:
        """The position."""
        return self.stream.tell()

    def _note(self) -> None:
        self.furthest = max(self.furthest, self.stream.tell())
        if self.furthest > MAX_UNPACKED:
            raise SubmissionError(TOO_LARGE)


def _checked(name: str) -> PurePosixPath:
    """An entry's path. Raises SubmissionError for one that points outside the archive."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or ":" in name[:3]:
        raise SubmissionError(
            f"the archive has an entry with the path {name[:100]!r}, expected paths inside it"
        )
    return path


def _not_a_file(path: PurePosixPath) -> SubmissionError:
    return SubmissionError(
        f"the archive has an entry that is no regular file ({_shown(path)}), expected only files"
    )


def _shown(path: PurePosixPath) -> str:
    return repr(str(path)[:100])

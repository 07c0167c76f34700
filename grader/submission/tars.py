"""The regular files of a tar archive packed by gzip; anything else in it is refused by name.

tarfile believes what headers say, keeps them all, and copies the global ones for each entry. So
what it reads while it looks for the next entry is limited.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from grader.errors import SubmissionError
from grader.submission.archives import (
    MAX_ENTRIES,
    MAX_IGNORED,
    MAX_UNPACKED,
    TOO_LARGE,
    TOO_MANY,
    Names,
    Read,
    checked,
    is_ignored,
    not_a_file,
)

MAX_READ = 64_000_000  # bytes at once: a tar archive declares the length of names and headers
MAX_HEADER = 65_536  # bytes of one header; tarfile takes time by their square
MAX_LONG_HEADERS = 500_000  # bytes of all headers longer than LONG_HEADER
LONG_HEADER = 4096
MAX_HEADERS = 40_000_000  # bytes of all headers of more than one block: 1,000 for 40,000 files
MAX_READS = 20  # for one entry: it has up to four headers of two parts each
MAX_GLOBAL = 20  # records of global headers; git writes one
# No number in a genuine header is as long, and tarfile's search starts over at each digit.
_DIGITS = re.compile(rb"\d{40}")


@contextlib.contextmanager
def open_tar(stream: BinaryIO) -> Iterator[tarfile.TarFile]:
    """The archive, to be read inside the block."""
    with (
        gzip.open(stream) as content,
        tarfile.open(fileobj=_Metered(content), mode="r:") as archive,
    ):
        yield archive


def tar_entries(archive: tarfile.TarFile) -> Iterator[tuple[PurePosixPath, Read]]:
    """Path and reader of each regular file. Raises SubmissionError for a suspicious archive."""
    metered = archive.fileobj
    assert isinstance(metered, _Metered)
    names = Names()
    count = ignored = 0
    for entry in archive:
        metered.reads = 0
        entry.pax_headers = {}  # or all of them would be kept
        if len(archive.pax_headers) > MAX_GLOBAL:
            raise _odd_headers()
        path = checked(entry.name)
        if is_ignored(path):
            ignored += 1
        else:
            count += 1
        if count > MAX_ENTRIES or ignored > MAX_IGNORED:
            raise SubmissionError(TOO_MANY)
        if entry.isdir() or is_ignored(path):
            continue
        if not entry.isreg() or entry.issparse():
            raise not_a_file(path)
        names.add(path)

        def read(limit: int, entry: tarfile.TarInfo = entry) -> bytes:
            metered.is_listing = False
            stream = archive.extractfile(entry)
            return stream.read(limit) if stream else b""

        yield path, read


def _odd_headers() -> SubmissionError:
    return SubmissionError(
        "the archive has headers that no archiving program writes, expected names and sizes"
    )


class _Metered(io.BufferedIOBase):
    """The stream that gzip unpacks and tarfile reads, with limits.

    While `is_listing` is true, tarfile reads only headers; `reads` counts those of one entry.
    """

    def __init__(self, stream: gzip.GzipFile):
        self.stream, self.furthest, self.is_listing, self.reads = stream, 0, True, 0
        self.headers = self.long_headers = 0

    def read(self, count: int | None = -1, /) -> bytes:
        """The next `count` bytes. Raises SubmissionError beyond the limits."""
        if count is None or not 0 <= count <= MAX_READ:
            raise SubmissionError(
                f"the archive has a header of {count} bytes, expected a few hundred"
            )
        content = self.stream.read(count)
        self._note()
        if self.is_listing:
            self._expect_header(content)
        return content

    def _expect_header(self, content: bytes) -> None:
        size = len(content)
        self.reads += 1
        self.headers += size if size > tarfile.BLOCKSIZE else 0
        self.long_headers += size if size > LONG_HEADER else 0
        too_long = size > MAX_HEADER or self.long_headers > MAX_LONG_HEADERS
        if too_long or self.headers > MAX_HEADERS or self.reads > MAX_READS:
            raise _odd_headers()
        if size > tarfile.BLOCKSIZE and _DIGITS.search(content):
            raise _odd_headers()

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

"""The regular files of a zip archive; anything else in it is refused by name.

zipfile reads the whole list of entries at once, and unpacks LZMA and bzip2 in one piece, however
large. So the list is measured before it is read, and only stored and deflated entries are unpacked.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from grader.errors import SubmissionError
from grader.submission.archives import (
    ENVIRONMENT,
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
    shown,
)

MAX_LISTED = MAX_ENTRIES + MAX_IGNORED  # entries
MAX_DIRECTORY = 300  # bytes of the list for each; the path and attributes of a file take 150
UNPACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
ENCRYPTED = 1  # the flag bit of an encrypted entry
_ENTRY = b"PK\1\2"  # begins each entry of the list


def open_zip(stream: BinaryIO, most: int = MAX_LISTED) -> zipfile.ZipFile:
    """The archive. Raises SubmissionError for one that lists more than `most` entries.

    The stream has to stay open, and is not closed with the archive.
    """
    measured = _Measured(stream, most)
    archive = zipfile.ZipFile(measured)  # it only seeks and reads
    measured.is_open = True
    return archive


class _Measured(io.BufferedIOBase):
    """The stream that zipfile reads, which counts the entries in what it reads while it opens.

    What the archive says of their number is not what zipfile goes by, so it is not asked.
    """

    def __init__(self, stream: BinaryIO, most: int):
        self.stream, self.most, self.is_open = stream, most, False

    def read(self, count: int | None = -1, /) -> bytes:
        """The next `count` bytes. Raises SubmissionError for a list of too many entries."""
        if self.is_open:
            return self.stream.read(-1 if count is None else count)
        limit = self.most * MAX_DIRECTORY
        content = self.stream.read(
            limit + 1 if count is None or count < 0 else min(count, limit + 1)
        )
        if len(content) > limit or content.count(_ENTRY) > self.most:
            raise SubmissionError(TOO_MANY)
        return content

    def seek(self, position: int, whence: int = 0, /) -> int:
        """Go to a position."""
        return self.stream.seek(position, whence)

    def tell(self) -> int:
        """The position."""
        return self.stream.tell()

    def seekable(self) -> bool:
        """That it is."""
        return True


def zip_entries(archive: zipfile.ZipFile) -> Iterator[tuple[PurePosixPath, Read]]:
    """Path and reader of each regular file. Raises SubmissionError for a suspicious archive."""
    listed = [(checked(entry.filename.replace("\\", "/")), entry) for entry in archive.infolist()]
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
    names = Names()
    for path, entry in own:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise not_a_file(path)
        names.add(path)
        yield path, zip_reader(archive, entry, path)


def zip_reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: PurePosixPath) -> Read:
    """The reader of an entry.

    It raises SubmissionError for one that is encrypted, or packed by another method than Deflate.
    """

    def read(limit: int) -> bytes:
        if entry.flag_bits & ENCRYPTED:
            raise SubmissionError(
                f"the archive asks for a password ({shown(path)}), expected one without"
            )
        if entry.compress_type not in UNPACKED:
            method = _METHODS.get(entry.compress_type, f"no. {entry.compress_type}")
            raise SubmissionError(
                f"{shown(path)} is packed by the method {method}, expected Deflate; "
                "pack it again with: zip -r work.zip FOLDER"
            )
        with archive.open(entry) as stream:
            return stream.read(limit)

    return read

"""Archives, folders and files that are made to take memory or time from whoever reads them."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image

Builder = Callable[[Path], Path]
MB = 1_000_000


def packed_by(method: int, size: int) -> Builder:
    """A zip whose numpy_ann.py unpacks to `size` bytes, and says that it has 1,000."""

    def build(folder: Path) -> Path:
        path = folder / "work.zip"
        with (
            zipfile.ZipFile(path, "w", method) as archive,
            archive.open("numpy_ann.py", "w", force_zip64=True) as stream,
        ):
            for _ in range(size // MB):
                stream.write(bytes(MB))
        content = bytearray(path.read_bytes())
        at = content.rindex(b"PK\1\2") + 24
        content[at : at + 4] = struct.pack("<L", 1000)  # so large it is, it says
        path.write_bytes(content)
        return path

    return build


def _directory_entry(name: bytes, extra: bytes = b"", size: int = 0, offset: int = 0) -> bytes:
    fields = (20, 20, 0, 0, 0, 0, 0, size, size, len(name), len(extra), 0, 0, 0, 0, offset)
    return struct.pack("<4s6H3L5H2L", b"PK\1\2", *fields) + name + extra


def _zip_end(count: int, size: int, offset: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, offset, 0)


def many_zip_entries(count: int, told: int = 1) -> Builder:
    """A zip with `count` entries in its directory, which tells of `told`."""

    def build(folder: Path) -> Path:
        names = (b"%x" % number for number in range(count))
        directory = b"".join(map(_directory_entry, names))
        path = folder / "work.zip"
        path.write_bytes(directory + _zip_end(told, len(directory), 0))
        return path

    return build


def directory_of_a_terabyte(folder: Path) -> Path:
    """A zip64 whose directory, it says, is a terabyte long."""
    size = 1 << 40
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 46, 1)
    path = folder / "work.zip"
    path.write_bytes(_directory_entry(b"") + end + locator + _zip_end(1, 0xFFFFFFFF, 0xFFFFFFFF))
    return path


def deep_zip_names(folder: Path) -> Path:
    """A zip whose 200 names have 30,000 folders each."""
    names = (b"a/" * 30_000 + b"%d" % number for number in range(200))
    directory = b"".join(map(_directory_entry, names))
    path = folder / "work.zip"
    path.write_bytes(directory + _zip_end(200, len(directory), 0))
    return path


def inner_archives(folder: Path) -> Path:
    """A zip of ten archives, each of which holds ten that unpack to 100 MB."""
    packed = gzip.compress(bytes(100 * MB), 9)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for number in range(10):
            archive.writestr(f"{number}.tgz", packed)
    path = folder / "work.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10):
            archive.writestr(f"{number}.zip", inner.getvalue())
    return path


def _gzipped(folder: Path, blocks: Callable[[Callable[[bytes], int]], None]) -> Path:
    path = folder / "work.tgz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        blocks(stream.write)
    return path


def _header(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.type, entry.size = kind, size
    return entry.tobuf(tarfile.GNU_FORMAT)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def _records(count: int, width: int = 5) -> bytes:
    """Records of an extended header, with different keys."""
    keys = (b"%x" % number for number in range(16**3, 16**3 + count))
    return b"".join(b"%d %s=\n" % (len(key) + 4, key) for key in keys)


def global_header(folder: Path) -> Path:
    """A tar whose global header of 6,000 records is copied for each of 20,000 entries."""
    records = _records(6_000)

    def blocks(write: Callable[[bytes], int]) -> None:
        write(_header("g", tarfile.XGLTYPE, len(records)) + _padded(records))
        for number in range(20_000):
            write(_header(f"{number}"))

    return _gzipped(folder, blocks)


def own_headers(folder: Path) -> Path:
    """A tar in which 40,000 ignored entries have an extended header of 450 records each."""
    records = _records(450)

    def blocks(write: Callable[[bytes], int]) -> None:
        for number in range(40_000):
            write(_header("x", tarfile.XHDTYPE, len(records)) + _padded(records))
            write(_header(f".git/{number}"))

    return _gzipped(folder, blocks)


def sparse_map(folder: Path) -> Path:
    """A tar with an old GNU sparse file whose map goes on for 400 MB."""
    entry = bytearray(_header("numpy_ann.py", tarfile.GNUTYPE_SPARSE))
    entry[386 : 386 + 96] = b"00000000001\x00" * 8
    entry[482] = 1
    entry[148:156] = b" " * 8
    entry[148:156] = b"%06o\0 " % sum(entry)
    block = (b"00000000001\x00" * 42 + b"\1").ljust(512, b"\0")

    def blocks(write: Callable[[bytes], int]) -> None:
        write(bytes(entry))
        for _ in range(8):
            write(block * 100_000)

    return _gzipped(folder, blocks)


def many_tar_entries(folder: Path) -> Path:
    """A tar of a million ignored entries."""

    def blocks(write: Callable[[bytes], int]) -> None:
        block = _header(".git/x")
        for _ in range(100):
            write(block * 10_000)

    return _gzipped(folder, blocks)


def gzip_members(folder: Path) -> Path:
    """A gzip file of 2,000,000 empty members, one after the other."""
    path = folder / "work.tgz"
    path.write_bytes(gzip.compress(b"") * 2_000_000)
    return path


def crowded_folder(folder: Path) -> Path:
    """A folder with 200,000 files, which are one file."""
    work = folder / "work"
    work.mkdir()
    (work / "0").write_bytes(b"")
    for number in range(1, 200_000):
        if number % 30_000 == 0:
            (work / str(number)).write_bytes(b"")
        else:
            (work / str(number)).hardlink_to(work / str(number - number % 30_000))
    return work


def _notebook(folder: Path, content: bytes) -> Path:
    work = folder / "work"
    work.mkdir()
    for name in ("numpy_ann", "pytorch_ann", "pytorch_cnn"):
        (work / f"{name}.ipynb").write_bytes(content)
    return work


def notebook_of_dictionaries(folder: Path) -> Path:
    """Notebooks of 19 MB whose metadata are empty dictionaries."""
    return _notebook(folder, b'{"cells": [], "metadata": [' + b"{}," * 6_300_000 + b"{}]}")


def notebook_of_100_mb(folder: Path) -> Path:
    return _notebook(folder, json.dumps({"cells": [], "x": "x" * 100 * MB}).encode())


def deep_notebook(folder: Path) -> Path:
    return _notebook(folder, b"[" * 19_000_000)


def notebook_of_quotes(folder: Path) -> Path:
    """Notebooks whose cells are quotes and brackets in random order."""
    draw = random.Random(0)
    source = "".join(draw.choice("'\"\\\n([{%!?# ") for _ in range(900_000))
    cell = {"cell_type": "code", "source": source}
    return _notebook(folder, json.dumps({"cells": [cell]}).encode())


# how to build it, and what the one line says
READ: dict[str, tuple[Builder, str]] = {
    "a zip's entry packed by LZMA": (packed_by(zipfile.ZIP_LZMA, 50 * MB), "by the method LZMA"),
    "a zip's entry packed by bzip2": (packed_by(zipfile.ZIP_BZIP2, 50 * MB), "method bzip2"),
    "a zip's entry that lies": (packed_by(zipfile.ZIP_DEFLATED, 400 * MB), "cannot be read"),
    "a million entries in a zip": (many_zip_entries(1_000_000), "more than 10,000 entries"),
    "a zip's directory of a terabyte": (directory_of_a_terabyte, "cannot be read"),
    "deep names in a zip": (deep_zip_names, "nested more than 100 deep"),
    "archives in archives": (inner_archives, "holds several archives"),
    "a tar's global header": (global_header, "no archiving program"),
    "a tar's own headers": (own_headers, "no archiving program"),
    "a tar's sparse map": (sparse_map, "no archiving program"),
    "a million entries in a tar": (many_tar_entries, "more than 10,000 entries"),
    "gzip members": (gzip_members, "cannot be read"),
    "a folder of 200,000 files": (crowded_folder, "more than 110,000 files"),
}
# they take up to 20 s each; the folder is also read among a class
LONG = (
    "a tar's own headers",
    "gzip members",
    "a folder of 200,000 files",
    "a million entries in a tar",
)
NOTEBOOKS: dict[str, Builder] = {
    "dictionaries": notebook_of_dictionaries,
    "100 MB": notebook_of_100_mb,
    "depth": deep_notebook,
    "quotes": notebook_of_quotes,
}


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", crc)


def with_chunks(chunks: list[bytes], size: tuple[int, int] = (400, 300), mode: str = "1") -> bytes:
    stream = io.BytesIO()
    """A picture of two colours as the bytes of a PNG, with more chunks after its header."""
    picture = Image.new(mode, size, "black")
    picture.paste("white", (20, 20, 300, 200))
    picture.save(stream, "PNG")
    content = stream.getvalue()
    return content[:33] + b"".join(chunks) + content[33:]


def text_chunks(count: int) -> bytes:
    """A PNG with compressed text chunks, each of a megabyte with characters of four bytes."""
    text = zlib.compress(("😀" + "{" * 900_000).encode(), 9)
    return with_chunks([_chunk(b"iTXt", b"History\0\1\0\0\0" + text)] * count)


# how to build it, and the kind of fault
PICTURES: dict[str, tuple[Callable[[], bytes], str]] = {
    "40 million pixels": (lambda: with_chunks([], (8000, 4990), "RGBA"), "plot-not-png"),
    "a billion pixels": (lambda: with_chunks([], (40_000, 25_000)), "plot-not-png"),
    "60 text chunks": (lambda: text_chunks(60), "plot-not-from-this-run"),
    "a million chunks": (lambda: with_chunks([_chunk(b"prVt", b"")] * 1_000_000), "plot-not-png"),
}

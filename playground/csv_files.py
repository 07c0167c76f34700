"""Images as CSV, as on Kaggle: a header `label,pixel1,…,pixel784`, then one line per image.

Files are read plain, as `.csv.gz`, or out of a `.zip`, recognised by their content.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from assignment.files import write_atomically
from playground.arguments import check_labels, check_pixels
from playground.errors import BadFile

SIDE = 28
PIXELS = SIDE * SIDE
HEADER = "label," + ",".join(f"pixel{number}" for number in range(1, PIXELS + 1))
MAX_BYTES = 1 << 30  # unpacked; the 60,000 training images take 133 MB
MAX_LINE = 20_000  # characters; a header of quoted names takes about 10,000
NUMBERS = [str(number) for number in range(256)]
# how pixels are named: here and in Zalando's files, in Kaggle's Digit Recognizer, by row and column
PIXEL_NAMES = (
    HEADER.split(",")[1:],
    [f"pixel{number}" for number in range(PIXELS)],
    [f"{row}x{column}" for row in range(1, SIDE + 1) for column in range(1, SIDE + 1)],
)
# what a damaged archive raises; an encrypted member raises RuntimeError
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def write_csv(path: str | Path, X: np.ndarray, y: np.ndarray) -> None:
    """Writes pixels `X (n, 784)` uint8 and labels `y (n,)` to a file atomically.

    Raises PlaygroundError if they are not pixels and labels, OSError if it cannot be written.
    """
    check_pixels(X, side=SIDE)
    check_labels(y, len(X), len(NUMBERS))
    lines = [HEADER]
    for pixels, label in zip(X, y.tolist(), strict=True):
        lines.append(f"{label}," + ",".join(map(NUMBERS.__getitem__, pixels.tobytes())))
    write_atomically(Path(path), ("\n".join(lines) + "\n").encode("ascii"))


def read_csv(path: str | Path, *, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Pixels `(n, 784)` uint8 and labels `(n,)` int64 read from a file in this format.

    A `.zip` with several CSV files is entered like a folder: `archive.zip/train.csv`. Raises
    BadFile if the file is missing, too large or malformed; the message names the line.
    """
    path = Path(path)
    try:
        with _opened(path) as stream:
            _check_header(stream.readline(MAX_LINE), path)
            table = _table(stream, path)
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise BadFile(f"{path} cannot be read ({reason}), expected a CSV file") from None
    except UnicodeDecodeError:
        raise BadFile(f"{path} is not plain text, expected a CSV file of numbers") from None
    except UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadFile(f"{path} cannot be unpacked ({reason}), expected a whole archive") from None
    labels = table[:, 0].astype(np.int64)
    if labels.max() >= classes:
        row = int(labels.argmax())
        raise BadFile(f"{path}, line {row + 2}: label {labels[row]}, expected 0 to {classes - 1}")
    return np.ascontiguousarray(table[:, 1:]), labels


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[io.TextIOWrapper]:
    """The text of a plain or packed file, without a byte order mark."""
    archive = path if path.exists() else next((p for p in path.parents if p.is_file()), path)
    with contextlib.ExitStack() as stack:
        stream: Any = stack.enter_context(archive.open("rb"))
        start = stream.peek(4)
        if start.startswith(b"PK\x03\x04"):
            packed = stack.enter_context(zipfile.ZipFile(stream))
            stream = stack.enter_context(packed.open(_member(packed, archive, path)))
        elif archive != path:
            raise BadFile(f"{archive} is not a zip archive, expected one that holds {path.name}")
        elif start.startswith(b"\x1f\x8b"):
            stream = stack.enter_context(gzip.open(stream))
        yield stack.enter_context(io.TextIOWrapper(stream, encoding="utf-8-sig"))


def _member(packed: zipfile.ZipFile, archive: Path, path: Path) -> zipfile.ZipInfo:
    """The CSV file in an archive that the path names, or the only one. Raises BadFile."""
    files = {
        info.filename: info
        for info in packed.infolist()
        if info.filename.lower().endswith(".csv") and not info.filename.startswith("__MACOSX/")
    }
    choices = " or ".join(str(archive / name) for name in files)
    if not files:
        raise BadFile(f"{archive} holds no .csv file, expected one")
    if path == archive and len(files) > 1:
        raise BadFile(f"{archive} holds {len(files)} CSV files, expected one of them: {choices}")
    wanted = next(iter(files)) if path == archive else path.relative_to(archive).as_posix()
    if wanted not in files:
        raise BadFile(f"{archive} does not hold {wanted}, expected {choices}")
    return files[wanted]


def _check_header(line: str, path: Path) -> None:
    """Raises BadFile unless the first line names the label and all pixels, quoted or not."""
    names = next(csv.reader([line]), [])
    if names and names[0].strip().lower() == "label":
        if [name.strip().lower() for name in names[1:]] in PIXEL_NAMES:
            return
        found = f"names {len(names) - 1} pixels, the last {names[-1][:40]!r}"
    elif names in PIXEL_NAMES:
        raise BadFile(
            f"{path}, line 1: names pixels but no label, expected a file with labels: the test "
            "file of a Kaggle competition has none"
        )
    else:
        found = f"starts with {line.rstrip()[:40]!r}"
    raise BadFile(f"{path}, line 1: {found}, expected label,pixel1,…,pixel{PIXELS}")


def _table(stream: io.TextIOWrapper, path: Path) -> np.ndarray:
    """The numbers below the header, `(n, 785)`."""
    place = 1  # number of the line being read

    def lines() -> Iterator[str]:
        nonlocal place
        size = 0
        # the limit holds for a packed line too, whose size is known only after it was unpacked
        for place, line in enumerate(iter(lambda: stream.readline(MAX_LINE), ""), start=2):
            size += len(line)
            if size > MAX_BYTES:
                raise BadFile(f"{path} has over {MAX_BYTES} bytes, expected at most that many")
            values = line.count(",") + 1
            if values != PIXELS + 1 and line.strip():
                raise BadFile(f"{path}, line {place}: {values} values, expected {PIXELS + 1}")
            yield line

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "loadtxt: input contained no data")
        try:
            table: np.ndarray = np.loadtxt(
                lines(), np.uint8, delimiter=",", comments=None, quotechar='"', ndmin=2
            )
        except (BadFile, UnicodeDecodeError):
            raise
        except ValueError as error:
            what = str(error).split(" to uint8")[0]
            raise BadFile(
                f"{path}, line {place}: {what}, expected integers from 0 to 255"
            ) from None
    if not len(table):
        raise BadFile(f"{path} ends after its header, expected one image per line")
    return table

"""Kaggle's CSV format: a header `label,pixel1,…,pixel784`, then one line per image."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from assignment.files import write_atomically
from playground.errors import BadFile

PIXELS = 784
HEADER = "label," + ",".join(f"pixel{number}" for number in range(1, PIXELS + 1))
MAX_BYTES = 1 << 30  # the 60,000 training images take 133 MB
NUMBERS = [str(number) for number in range(256)]


def write_csv(path: str | Path, X: np.ndarray, y: np.ndarray) -> None:
    """Writes pixels `X (n, 784)` uint8 and labels `y (n,)` to a file atomically.

    Raises OSError if it cannot be written.
    """
    lines = [HEADER]
    for pixels, label in zip(X, y.tolist(), strict=True):
        lines.append(f"{label}," + ",".join(map(NUMBERS.__getitem__, pixels.tobytes())))
    write_atomically(Path(path), ("\n".join(lines) + "\n").encode("ascii"))


def read_csv(path: Path, *, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Pixels `(n, 784)` uint8 and labels `(n,)` int64 read from a file in this format.

    Raises BadFile if it is missing, too large or malformed; the message names the line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFile(f"{path} has {path.stat().st_size} bytes, expected at most {MAX_BYTES}")
        with path.open(encoding="ascii") as stream:
            header = stream.readline(2 * len(HEADER)).rstrip("\r\n")
            if header != HEADER:
                raise BadFile(
                    f"{path}, line 1: starts with {header[:40]!r}, "
                    f"expected label,pixel1,…,pixel{PIXELS}"
                )
            table = _table(stream, path)
    except OSError as error:
        raise BadFile(f"{path} cannot be read ({error.strerror}), expected a CSV file") from None
    except UnicodeDecodeError:
        raise BadFile(f"{path} is not plain text, expected a CSV file of numbers") from None
    labels = table[:, 0].astype(np.int64)
    if labels.max() >= classes:
        row = int(labels.argmax())
        raise BadFile(f"{path}, line {row + 2}: label {labels[row]}, expected 0 to {classes - 1}")
    return np.ascontiguousarray(table[:, 1:]), labels


def _table(stream: Iterable[str], path: Path) -> np.ndarray:
    """The numbers below the header, `(n, 785)`."""
    place = 1  # number of the line being read

    def lines() -> Iterator[str]:
        nonlocal place
        for place, line in enumerate(stream, start=2):
            values = line.count(",") + 1
            if values != PIXELS + 1 and line.strip():
                raise BadFile(f"{path}, line {place}: {values} values, expected {PIXELS + 1}")
            yield line

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "loadtxt: input contained no data")
        try:
            table: np.ndarray = np.loadtxt(lines(), np.uint8, delimiter=",", comments=None, ndmin=2)
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

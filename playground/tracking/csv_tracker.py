"""Runs as three CSV tables: `epochs.csv` with the curves, `steps.csv`, `runs.csv` with settings.

All runs share the files. Rows are only appended, each group with a single write, so that
several processes can use one folder and existing rows cannot be lost.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from playground.errors import BadFile
from playground.history import History
from playground.tracking.tracker import CURVES, Tracker, newest, newest_steps

EPOCHS = ("run", "epoch", *CURVES)
STEPS = ("run", "step", "train_loss")
RUNS = ("run", "part", "name", "value")  # one row per value, because runs have different settings


class CsvTracker(Tracker):
    """Adds rows to `epochs.csv` and `steps.csv` after each epoch; `runs.csv`: start and end."""

    def __init__(self, folder: Path, run: str, configuration: Mapping[str, Any]):
        super().__init__(folder, run, configuration)
        self._add("configuration", configuration)

    def epoch(self, epoch: int, history: History) -> None:
        values = newest(history)
        append(
            self.folder / "epochs.csv",
            EPOCHS,
            [[self.run, epoch, *(values.get(name, "") for name in CURVES)]],
        )
        steps = newest_steps(history)
        if steps:
            append(self.folder / "steps.csv", STEPS, [[self.run, *step] for step in steps])

    def finish(self, summary: Mapping[str, Any]) -> None:
        self._add("summary", summary)

    def _add(self, part: str, values: Mapping[str, Any]) -> None:
        append(self.folder / "runs.csv", RUNS, [[self.run, part, *item] for item in values.items()])


def append(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Appends rows to a table, which is created with its header if needed.

    Raises BadFile if the file is another table, OSError if it cannot be written.
    """
    first = ",".join(header) + "\n"
    if not path.exists():
        _begin(path, first)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    with path.open("r+b") as stream:
        _lock(stream)  # or the end of the file is that of half a row
        begins = stream.readline(len(first) + 1)
        if begins != first.encode():
            raise BadFile(
                f"{path} starts with {begins[:40]!r}, expected {first.strip()}: "
                "choose another folder"
            )
        stream.seek(-1, os.SEEK_END)
        truncated = stream.read(1) != b"\n"  # by a full disk: new rows start on a new line
        with path.open("ab", buffering=0) as end:
            end.write((b"\n" if truncated else b"") + text.getvalue().encode())


def _lock(stream: IO[bytes]) -> None:
    """Waits until no other process appends; does nothing on Windows, which has no such lock."""
    with suppress(ImportError):
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX)


def _begin(path: Path, first: str) -> None:
    """Creates the file with its header; the hard link fails if another process was faster."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(first)
        Path(temporary).chmod(0o644)
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink()

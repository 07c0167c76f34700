"""Connections to the SQLite file of a gradebook: to write it, or to read it and leave it as it is.

SQLite's write-ahead log needs files beside the gradebook, for a reader too. Where these cannot be
written (a backup, a USB stick, a share), a gradebook that nobody has open is read without them.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


def to_write(path: Path) -> sqlite3.Connection:
    """A connection that keeps what a transaction has committed, whatever ends the process."""
    connection = _connected(str(path))
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")  # a commit survives a power cut
    return connection


def to_read(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, and keeps no other process from writing."""
    if _can_be_written(path):
        connection = _connected(str(path))  # one in mode=ro would leave its files there
    elif Path(f"{path}-wal").exists():
        connection = _connected(f"{path.absolute().as_uri()}?mode=ro")
    else:
        connection = _connected(f"{path.absolute().as_uri()}?mode=ro&immutable=1")
    only_read(connection)
    return connection


def only_read(connection: sqlite3.Connection) -> None:
    """Refuse all later changes."""
    connection.execute("pragma query_only = on")


def copied(source: sqlite3.Connection) -> sqlite3.Connection:
    """A copy that can be changed; it is gone when it is closed. Closes the source."""
    copy = _connected("")  # a temporary file of SQLite's own
    source.backup(copy)
    source.close()
    return copy


def _connected(name: str) -> sqlite3.Connection:
    return sqlite3.connect(name, timeout=10, isolation_level=None, uri=name.startswith("file:"))


def _can_be_written(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)

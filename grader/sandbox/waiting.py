"""Waits for a descriptor, whatever its number: select.select knows those below 1,024 only."""

from __future__ import annotations

import select
from typing import IO


def readable(descriptor: int | IO[bytes], seconds: float | None) -> bool:
    """Whether it can be read, or has ended, within some seconds; None: without end."""
    return _ready(descriptor, select.POLLIN, seconds)


def writable(descriptor: int | IO[bytes], seconds: float | None) -> bool:
    """Whether it can be written to, or its other end is closed, within some seconds."""
    return _ready(descriptor, select.POLLOUT, seconds)


def _ready(descriptor: int | IO[bytes], event: int, seconds: float | None) -> bool:
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(None if seconds is None else 1000 * seconds))

"""The output of a process, of which the end is kept."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from typing import IO


class Output:
    """Reads a stream in its own thread, so that no pipe fills up; keeps the last `size` bytes."""

    def __init__(self, stream: IO[bytes], size: int):
        self.size = size
        self.chunks: deque[bytes] = deque()
        self._reader = threading.Thread(target=self._drain, args=(stream,), daemon=True)
        self._reader.start()

    def _drain(self, stream: IO[bytes]) -> None:
        kept = 0
        with contextlib.suppress(ValueError, OSError):
            while chunk := os.read(stream.fileno(), 65536):
                self.chunks.append(chunk)
                kept += len(chunk)
                while kept - len(self.chunks[0]) >= self.size:
                    kept -= len(self.chunks.popleft())
        stream.close()

    def text(self) -> str:
        """The kept end of the output."""
        return b"".join(list(self.chunks))[-self.size :].decode("utf-8", "replace")

    def close(self) -> None:
        """Wait up to a second for the end of the stream, once the process has ended."""
        self._reader.join(timeout=1)

"""What a process prints, of which the end is kept."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from typing import IO


class Output:
    """Reads a stream to its end in a thread of its own, so that nobody waits for a full pipe; the last `size` bytes stay."""

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
        """What was kept, as text."""
        return b"".join(list(self.chunks))[-self.size :].decode("utf-8", "replace")

    def close(self) -> None:
        """Wait a moment for the end, of a process that has ended."""
        self._reader.join(timeout=1)

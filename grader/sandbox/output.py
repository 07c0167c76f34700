"""The output of a process, of which the end is kept."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from typing import IO

from grader.sandbox.waiting import readable

DRAIN_TIMEOUT = 1.0  # seconds to wait for output that is in the pipe already


class Output:
    """Reads a stream in its own thread, so that no pipe fills up; keeps the last `size` bytes."""

    def __init__(self, stream: IO[bytes], size: int):
        self.size, self._stream = size, stream
        self.chunks: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def _drain(self) -> None:
        kept = 0
        with contextlib.suppress(ValueError, OSError):
            while readable(self._stream, None):
                with self._lock:
                    chunk = os.read(self._stream.fileno(), 65536)
                    if not chunk:
                        break
                    self.chunks.append(chunk)
                    kept += len(chunk)
                    while kept - len(self.chunks[0]) >= self.size:
                        kept -= len(self.chunks.popleft())
        self._stream.close()

    def text(self) -> str:
        """The kept end of the output so far, as text."""
        deadline = time.monotonic() + DRAIN_TIMEOUT
        while self._has_more() and time.monotonic() < deadline:
            time.sleep(0.001)
        with self._lock:
            return b"".join(self.chunks)[-self.size :].decode("utf-8", "replace")

    def _has_more(self) -> bool:
        """Whether the pipe holds output that the thread has not read yet."""
        with contextlib.suppress(ValueError, OSError):  # closed
            return self._reader.is_alive() and readable(self._stream, 0)
        return False

    def close(self) -> None:
        """Wait up to a second for the end of the stream, once the process has ended."""
        self._reader.join(timeout=1)

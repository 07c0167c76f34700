"""Standard output in the browser: sent to the page in pieces, and bounded."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

INTERVAL = 0.1  # seconds between two pieces; the page draws each
MAX_TEXT = 50_000  # characters of one run; a page with more becomes slow
LEFT_OUT = "\n… more was printed; the rest is left out.\n"


class Output(io.TextIOBase):
    """Takes the place of standard output and standard error during one run."""

    encoding = "utf-8"

    def __init__(self, send: Callable[[str], None]):
        self._send = send
        self._waiting: list[str] = []
        self._length = 0
        self._sent_at = float("-inf")

    def writable(self) -> bool:
        """True."""
        return True

    def write(self, text: str) -> int:
        """Keep a text, and send what is kept if it is time; returns the text's length."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        text = str.__str__(text)  # a subclass may say anything of itself
        left = MAX_TEXT - self._length
        self._length += len(text)
        if left > 0:
            self._waiting.append(text if len(text) <= left else text[:left] + LEFT_OUT)
            if time.perf_counter() - self._sent_at >= INTERVAL:
                self.send()
        return len(text)

    def send(self) -> None:
        """Send what is kept."""
        if self._waiting:
            self._send("".join(self._waiting))
            self._waiting.clear()
            self._sent_at = time.perf_counter()

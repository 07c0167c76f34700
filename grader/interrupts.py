"""Signals that end the program as Ctrl-C does."""

from __future__ import annotations

from types import FrameType


def interrupt(number: int, frame: FrameType | None) -> None:
    """A signal handler that ends the program as Ctrl-C does, so that the workers are ended too."""
    raise KeyboardInterrupt

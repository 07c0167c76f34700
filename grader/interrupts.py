"""Signals that end the program as Ctrl-C does, and processes that end with the program."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def interrupt(number: int, frame: FrameType | None) -> None:
    """A signal handler that ends the program as Ctrl-C does, so that the workers are ended too."""
    raise KeyboardInterrupt


def end_with_parent() -> None:
    """Set up a process of a pool: it ends with its parent, and ignores Ctrl-C.

    Ctrl-C reaches every process of a terminal: the parent ends its pool itself.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == 1:  # the parent ended before this line
            sys.exit(1)

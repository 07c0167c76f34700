"""Marks and colours that the console can show."""

from __future__ import annotations

import io
import os
import sys


def _coloured(text: str, code: int) -> str:
    return (
        f"\x1b[{code}m{text}\x1b[0m"
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        else text
    )


def marks() -> tuple[str, str, str]:
    """A tick, a cross and a dot, or what a plain console can show of them."""
    try:
        "✓✗·".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(
                    errors="replace"
                )  # whatever else is printed must not raise either
        return "ok", "NO", "--"
    return _coloured("✓", 32), _coloured("✗", 31), "·"

"""Marks for passed, failed and open sections, in what the console can show."""

from __future__ import annotations

import io
import os
import sys


def _coloured(text: str, code: int) -> str:
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return f"\x1b[{code}m{text}\x1b[0m" if coloured else text


def marks() -> tuple[str, str, str]:
    """A tick, a cross and a dot, or plain letters where the console cannot show them."""
    try:
        "✓✗·".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # nothing printed later may raise either
        return "ok", "NO", "--"
    return _coloured("✓", 32), _coloured("✗", 31), "·"

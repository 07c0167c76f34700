"""Text from a submission made safe to show: no control characters, bounded length."""

from __future__ import annotations

import unicodedata

MAX_FEEDBACK = 4000  # characters of one section's feedback


def plain(text: str, limit: int = MAX_FEEDBACK) -> str:
    """The text without terminal control sequences, directional marks and lone surrogates; line ends and tabs stay."""
    cut = text if len(text) <= limit else f"{text[:limit]} … (cut)"
    if cut.isprintable():  # the usual case, a hundred times as fast
        return cut
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co") else "�"
        for c in cut
    )


def one_line(text: str) -> str:
    """The text on one line, safe to show: file names can hold anything."""
    return " ".join(plain(text).split())


def first_line(text: str, limit: int) -> str:
    """The line that says most in one: the last of an error with its lines, the first of anything else."""
    lines = [line for line in plain(text).splitlines() if line.strip()] or [""]
    line = lines[-1] if len(lines) > 1 and ", line " in lines[0] else lines[0]
    return line if len(line) <= limit else f"{line[: limit - 1]}…"

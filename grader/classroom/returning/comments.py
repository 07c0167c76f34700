"""Feedback inside a file of a given kind, for platforms that keep the name of the student's own."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import PurePosixPath

from grader.classroom.returning.feedback import Feedback
from grader.sections import SCRIPTS
from grader.submission.names import slot

PAGE = "feedback.html"
_PAGES, _TEXTS = (".html", ".htm"), (".txt", ".md")
_TARS = (".tar.gz", ".tgz")
# What a student can open best comes first.
KINDS = (*_PAGES, ".zip", *_TARS, ".py", ".ipynb", *_TEXTS)


def rank(name: str) -> tuple[int, int, str] | None:
    """How useful a file of this name is, the smallest first; None if it cannot hold feedback.

    >>> best = min(["b.png", "pytorch_ann.py", "numpy_ann.py"], key=lambda name: rank(name) or (99,))
    >>> best, rank("plot.png")
    ('numpy_ann.py', None)
    """
    kind = next((i for i, ending in enumerate(KINDS) if name.lower().endswith(ending)), None)
    if kind is None:
        return None
    script = PurePosixPath(slot(name)).stem
    return kind, SCRIPTS.index(script) if script in SCRIPTS else len(SCRIPTS), name


def file_with(feedback: Feedback, name: str) -> bytes:
    """The content of a file called `name` that holds the feedback; `rank` must know it."""
    ending = name.lower()
    if ending.endswith(_PAGES):
        return feedback.page()
    if ending.endswith(".zip"):
        return _zip(feedback.page())
    if ending.endswith(_TARS):
        return _tar(feedback.page())
    if ending.endswith(".ipynb"):
        return _notebook(feedback.lines())
    if ending.endswith(".py"):
        return _script(feedback, PurePosixPath(slot(name)).stem)
    return _encoded(feedback.lines())


def _script(feedback: Feedback, script: str) -> bytes:
    """The feedback as comments, then the student's own script as it was handed in.

    The first two lines are ours: there, a comment could name another encoding.
    """
    own = feedback.script(script).removeprefix(b"\xef\xbb\xbf")
    below = ["", "Your script follows as you handed it in."] if own else []
    comments = [f"# {line}".rstrip() for line in ["Feedback", "", *feedback.lines(), *below]]
    return _encoded([*comments, "", ""]) + own if own else _encoded(comments)


def _notebook(lines: list[str]) -> bytes:
    """A notebook whose one cell shows the lines as they are."""
    fence = "`" * (1 + max((len(run) for line in lines for run in _backticks(line)), default=2))
    cell = {
        "cell_type": "markdown",
        "id": "feedback",
        "metadata": {},
        "source": "\n".join(["# Feedback", f"{fence}text", *lines, fence]),
    }
    book = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1).encode()


def _backticks(line: str) -> list[str]:
    """The runs of backticks in a line, of which a longer one ends a block."""
    return "".join(c if c == "`" else " " for c in line).split() or [""]


def _zip(page: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(PAGE, page)
    return stream.getvalue()


def _tar(page: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        entry = tarfile.TarInfo(PAGE)
        entry.size = len(page)
        archive.addfile(entry, io.BytesIO(page))
    return stream.getvalue()


def _encoded(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")

"""Reads a submission in a process of its own, with limits on memory and time.

The readers of archives, folders and notebooks know their own limits. These are for what they do not
know: whatever a submission makes them do, it costs itself, and the rest of the class is read.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from grader.errors import SubmissionError
from grader.submission.copied_process import answer_of_copy
from grader.submission.record import Submission, read_as

Reader = Callable[[], Submission]
MEMORY = 1_000_000_000  # bytes, in addition to what this process has
SECONDS = 30  # of processor time; a submission takes a twentieth of one
OVER = "takes too much memory or time to read"
TIMEOUT = 300.0  # seconds until the process is ended in any case; a slow disk takes some


def bounded_reading(where: str, read: Reader) -> Submission:
    """What `read` returns. Raises SubmissionError, which names `where`, beyond the limits."""

    def answer() -> dict[str, Any]:
        try:
            return _encoded(read())
        except SubmissionError as error:
            return {"problem": str(error)}

    # a group: with the process that parses, if one runs
    content = answer_of_copy(answer, memory=MEMORY, seconds=SECONDS, timeout=TIMEOUT, leads=True)
    return _submission(where, content)


def _encoded(submission: Submission) -> dict[str, Any]:
    return {
        "name": submission.name,
        "scripts": _in_base64(submission.scripts),
        "plots": _in_base64(submission.plots),
        "how": submission.how_read(),
    }


def _in_base64(files: dict[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


def _submission(where: str, content: bytes) -> Submission:
    try:
        answer = json.loads(content)
    except ValueError:
        raise SubmissionError(
            f"{where} {OVER} (more than {MEMORY / 1e9:.0f} GB or {SECONDS} s), "
            "expected the checklist's five files alone"
        ) from None
    if "problem" in answer:
        raise SubmissionError(answer["problem"])
    scripts, plots = (
        {name: base64.b64decode(text) for name, text in answer[kind].items()}
        for kind in ("scripts", "plots")
    )
    return read_as(answer["name"], scripts, plots, answer["how"])

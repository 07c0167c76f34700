"""Parses code that was handed in, in a process of its own (parse_worker.py)."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from grader.submission import parse_worker
from grader.submission.copied_process import answer_of_copy

TIMEOUT = 60.0  # seconds; a request takes a twentieth of one


def ask(op: str, **arguments: Any) -> dict[str, Any]:
    """The answer of parse_worker's function `op`; empty where the code broke the parser."""
    content = answer_of_copy(
        partial(parse_worker.answer, op, arguments),
        memory=parse_worker.MEMORY,
        seconds=parse_worker.SECONDS,
        timeout=TIMEOUT,
    )
    try:
        answer: dict[str, Any] = json.loads(content)
    except ValueError:
        return {}
    return answer

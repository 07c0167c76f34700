"""Reads submissions in a copy of this process, with limits on memory and time.

The readers of archives, folders and notebooks know their own limits. These are for what they do not
know: whatever a submission makes them do, it costs itself, and the rest of the class is read.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from functools import partial
from itertools import islice
from typing import Any

from grader.errors import SubmissionError
from grader.submission.copied_process import answers_of_copy
from grader.submission.record import Submission, read_as

Reader = Callable[[], Submission]
MEMORY = 1_000_000_000  # bytes, in addition to what this process has
SECONDS = 30  # of processor time; a submission takes a twentieth of one
OVER = "takes too much memory or time to read"
TIMEOUT = 300.0  # seconds until the process is ended in any case; a slow disk takes some
GROUP = 50  # submissions that one copy reads


def bounded_reading(where: str, read: Reader) -> Submission:
    """What `read` returns. Raises SubmissionError, which names `where`, beyond the limits."""
    with closing(_answers([read])) as answers:
        answer = next(answers, None)
    if answer is None:
        raise SubmissionError(
            f"{where} {OVER} (more than {MEMORY / 1e9:.0f} GB or {SECONDS} s), "
            "expected the checklist's five files alone"
        )
    if "problem" in answer:
        raise SubmissionError(answer["problem"])
    return _decoded(answer)


def bounded_readings(
    readings: Iterable[tuple[str, Reader]],
) -> Generator[Submission | SubmissionError]:
    """What `bounded_reading` returns or raises for each, in turn.

    A copy takes longer than most readings, so it reads many; whatever it cannot read is read again,
    alone: what is said of a submission never depends on those before it.
    """
    left = deque(readings)
    while left:
        group = [read for _, read in islice(left, GROUP)]
        read_whole = 0
        with closing(_answers(group)) as answers:
            for answer in answers:
                if "problem" in answer:
                    break
                read_whole += 1
                left.popleft()
                yield _decoded(answer)
        if read_whole < len(group):
            try:
                yield bounded_reading(*left.popleft())
            except SubmissionError as error:
                yield error


def _answers(readers: list[Reader]) -> Generator[dict[str, Any]]:
    """What the readers return, encoded, or their problems, until one exceeds the limits."""

    def answer(read: Reader) -> dict[str, Any]:
        try:
            return _encoded(read())
        except SubmissionError as error:
            return {"problem": str(error)}

    contents = answers_of_copy(
        [partial(answer, read) for read in readers],
        memory=MEMORY,
        seconds=SECONDS,
        timeout=TIMEOUT,
        leads=True,  # with the process that parses, if one runs
    )
    with closing(contents):
        yield from map(json.loads, contents)


def _encoded(submission: Submission) -> dict[str, Any]:
    return {
        "name": submission.name,
        "scripts": _in_base64(submission.scripts),
        "plots": _in_base64(submission.plots),
        "how": submission.how_read(),
    }


def _in_base64(files: dict[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


def _decoded(answer: dict[str, Any]) -> Submission:
    scripts, plots = (
        {name: base64.b64decode(text) for name, text in answer[kind].items()}
        for kind in ("scripts", "plots")
    )
    return read_as(answer["name"], scripts, plots, answer["how"])

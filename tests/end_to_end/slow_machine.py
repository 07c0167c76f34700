"""Marks the reference on a slowed machine, to see that no time limit is felt.

    python -m tests.end_to_end.slow_machine [SLOWER] [ARGUMENTS OF GRADE]

One processor is shared with busy loops, so that the marking gets 1/SLOWER of it (default: 3).
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader import REFERENCE

BUSY = [sys.executable, "-c", "while True: pass"]


@contextlib.contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Run that many busy loops on the processors of this process."""
    loops = [subprocess.Popen(BUSY) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def mark_slowly(
    slower: int, *arguments: str, submission: Path = REFERENCE
) -> tuple[dict[str, Any], float]:
    """The results of a submission, marked on 1/slower of one processor, and seconds."""
    before = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.json")
        command = [sys.executable, "-P", "-m", "grader", "grade", str(submission)]
        os.sched_setaffinity(0, {max(before)})  # inherited by everything that is started
        started = time.monotonic()
        try:
            with busy_loops(slower - 1):
                subprocess.run([*command, f"--results={results}", *arguments], check=False)
        finally:
            os.sched_setaffinity(0, before)
        return json.loads(results.read_text()), time.monotonic() - started


def main() -> None:
    slower = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    content, seconds = mark_slowly(slower, *sys.argv[2:])
    notes = content["extra_data"]["notes"]
    print(f"{content['score']:g} of {content['max_score']:g} points in {seconds:.0f} s; {notes=}")


if __name__ == "__main__":
    main()

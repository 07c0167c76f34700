"""The process that parses a script and changes it: one request in, one answer out, as JSON.

A parser can be made to take all memory, to take minutes, or to crash. Here that ends this process
alone. Nothing of the script runs. Started by variants.py as `python -I -S worker.py`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

SECONDS = 6  # of processor time; a script of 200 lines takes half of one


def main() -> None:
    """Answer the request on standard input."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from grader.submission.parse_worker import limit_process

    limit_process(SECONDS)
    asked = json.load(sys.stdin)
    sys.path.append(asked["search"])
    from grader.variants.making import make

    try:
        found = make(**asked["request"])
    except RecursionError:
        found = []
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()

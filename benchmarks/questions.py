"""Measures what questions cost a class beside its marking; prints seconds and their ratio as JSON.

    python -m benchmarks.questions [--class-size 6] [--jobs 2] [--count 5]

Marks a class of right submissions with `grader batch`, as whole, then asks about it with
`grader questions --gradebook`, on the same machine with as many processes. Both are whole commands.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.batch import write_class
from benchmarks.timing import ROOT, environment


def seconds(*arguments: str | Path) -> float:
    """Wall time of a command of the grader. Raises RuntimeError if it could not do its work."""
    command = [sys.executable, "-P", "-m", "grader", *map(str, arguments)]
    started = time.perf_counter()
    status = subprocess.run(command, cwd=ROOT, env=environment()).returncode
    if status > 1:
        raise RuntimeError(f"{' '.join(command)} ended with {status}")
    return time.perf_counter() - started


def main() -> int:
    """Prints the measurements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--class-size", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--count", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_class(folder / "class", given.class_size)
        gradebook = [f"--gradebook={folder / 'grades.db'}", f"--jobs={given.jobs}"]
        marking = seconds("batch", folder / "class", *gradebook, "--seed=1")
        asking = seconds(
            "questions", *gradebook, f"--out={folder / 'out'}", f"--count={given.count}"
        )
    found = {"marking": round(marking, 1), "asking": round(asking, 1)}
    print(json.dumps(found | {"ratio": round(asking / marking, 3)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Measures whether endless loops hold up a class; prints seconds and their ratio as JSON.

    python -m benchmarks.endless [--good 30] [--endless 5] [--jobs 2] [--sections all]
    [--train-size 2000] [--without-putting-off]

Runs `grader batch` twice over right submissions, the second time with endless ones among them, and
measures the seconds until the last right submission is done, test of the sandbox included; then the
batch is stopped. On a machine that does other things too, `share` says more: the seconds that all
processes spent on right and endless submissions until then, by those that they spent on right ones.
The first endless one hangs in a section check, the next in its training, and so on. With
`--without-putting-off`, endless ones keep their place until their budgets are spent.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.batch import write_class
from benchmarks.timing import ROOT, environment

HANGING = "\ndef relu(z):\n    while True:\n        pass\n"
TRAINING = (
    "\ndef _fit(self, *args, **settings):\n    while True:\n        pass\nNumpyANN.fit = _fit\n"
)
PATIENT = """
import sys
from grader.classroom import scheduling
scheduling.FIRST = scheduling.SHORTEST = 1e9
from grader.__main__ import main
raise SystemExit(main())
"""


def make(folder: Path, good: int, endless: int) -> None:
    """Writes a class in which the endless submissions are spread evenly."""
    write_class(folder, good + endless)
    step = (good + endless) / endless if endless else 1.0
    for number in range(endless):
        own = folder / f"student{int((number + 0.5) * step):05}"
        with (own / "numpy_ann.py").open("a") as script:
            script.write(TRAINING if number % 2 else HANGING)
        own.rename(own.with_name(f"{own.name}x"))


def seconds_until_good_are_done(
    folder: Path, good: int, given: argparse.Namespace
) -> tuple[float, float]:
    """Seconds until the last right submission is done, and the share; the batch is then stopped."""
    begin = ["-c", PATIENT] if given.without_putting_off else ["-m", "grader"]
    command = [sys.executable, "-P", *begin, "batch", str(folder / "class")]
    command += [f"--gradebook={folder / 'grades.db'}", f"--jobs={given.jobs}", "--seed=1"]
    command += [f"--train-size={given.train_size}"] if given.train_size else ["--skip-training"]
    command += [] if given.sections == "all" else [f"--sections={given.sections}"]
    started, spent, lost = 0.0, [], 0.0
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment()
    ) as batch:
        assert batch.stderr is not None
        for line in batch.stderr:
            if line.startswith(("note:", "seed:")):  # the last lines before the first task
                started = time.perf_counter()
            print(line, end="", file=sys.stderr)
            if marked := re.match(r"\[\d+/\d+\] student\d+: [\d.]+ of .*?(\d+) s\b", line):
                spent.append(float(marked[1]))
            elif ended := re.search(r"not done after (\d+) s", line):
                lost += float(ended[1])
            if len(spent) == good:
                break
        taken = time.perf_counter() - started
        batch.send_signal(signal.SIGTERM)
        batch.stderr.read()
    if len(spent) < good:
        raise RuntimeError(f"{len(spent)} of {good} right submissions were marked")
    return taken, 1 + lost / max(sum(spent), 1)


def main() -> int:
    """Prints the measurements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--good", type=int, default=30)
    parser.add_argument("--endless", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--sections", default="all")
    parser.add_argument("--train-size", type=int)
    parser.add_argument("--without-putting-off", action="store_true")
    given = parser.parse_args()
    taken = []
    for endless in (0, given.endless):
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder) / "class", given.good, endless)
            taken.append(seconds_until_good_are_done(Path(folder), given.good, given))
    (alone, _), (beside, share) = taken
    found = {"alone": alone, "beside": beside, "ratio": beside / alone, "share": share}
    print(json.dumps({**vars(given), **found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

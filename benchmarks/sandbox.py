"""The cost of the sandbox: starting a worker at each level, and passing arrays through the pipe.

    .venv/bin/python -P benchmarks/sandbox.py [--repeats 20]

Start-up is compared with a plain interpreter that imports NumPy. Prints minimum and median; only
ratios within one run are meaningful.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from grader.errors import CannotGrade
from grader.rubric import load_rubric
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import Sandbox, choose
from grader.sandbox.process import Process
from grader.sandbox.visible_paths import visible_paths

SCRIPT = {"numpy_ann.py": b"def relu(z):\n    return None\n"}
LIMITS = load_rubric().limits
MEGABYTES = 169  # size of the training images in float32


def bare() -> float:
    """Seconds for an interpreter to import NumPy and exit."""
    started = time.perf_counter()
    search = visible_paths(("numpy",)).search
    code = f"import sys; sys.path += {search!r}; import numpy"
    subprocess.run([str(visible_paths(("numpy",)).python), "-I", "-S", "-c", code], check=True)
    return time.perf_counter() - started


def ready(sandbox: Sandbox) -> float:
    """Seconds until a new worker has answered its first request."""
    started = time.perf_counter()
    server = ForkServer(SCRIPT, LIMITS, sandbox, packages=("numpy",))
    process = Process(server, "numpy_ann")
    process.call("hello", {}, 60)
    taken = time.perf_counter() - started
    process.close()
    server.close()
    return taken


def forked(server: ForkServer) -> float:
    """The same for a worker of a running fork server."""
    started = time.perf_counter()
    process = Process(server, "numpy_ann")
    process.call("hello", {}, 60)
    taken = time.perf_counter() - started
    process.close()
    return taken


def calls(sandbox: Sandbox, X: np.ndarray, count: int) -> float:
    """Seconds per call with one array as argument and no result."""
    server = ForkServer(SCRIPT, LIMITS, sandbox, packages=("numpy",))
    process = Process(server, "numpy_ann")
    process.call("load", {"script": "numpy_ann"}, 60)
    started = time.perf_counter()
    for _ in range(count):
        process.call(
            "call", {"ref": None, "name": "relu", "args": [X], "kwargs": {}, "echo": False}, 60
        )
    taken = (time.perf_counter() - started) / count
    process.close()
    server.close()
    return taken


def repeat(measure: Callable[[], float], repeats: int) -> tuple[float, float]:
    """Minimum and median of repeated measurements."""
    figures = [measure() for _ in range(repeats)]
    return min(figures), statistics.median(figures)


def main() -> int:
    """Measures every sandbox level available on this machine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--repeats",
        type=int,
        default=20,
        metavar="N",
        help="number of measurements of each kind (default: 20)",
    )
    repeats = parser.parse_args().repeats
    base = repeat(bare, repeats)
    print(
        f"{'':<12} {'start, ms':>18} {'÷ plain':>13} {'fork, ms':>9} {'small call, ms':>15} "
        f"{'images in, MB/s':>16}"
    )
    print(f"{'plain Python':<12} {1e3 * base[0]:8.0f} / {1e3 * base[1]:6.0f}")
    for level in ("none", "user", "bubblewrap"):
        try:
            sandbox = choose(level)
        except CannotGrade as error:
            print(f"{level:<12} {error}")
            continue
        best, median = repeat(lambda sandbox=sandbox: ready(sandbox), repeats)  # type: ignore[misc]
        server = ForkServer(SCRIPT, LIMITS, sandbox, packages=("numpy",))
        # the first fork is left out: it waits for the server's imports
        forks = [forked(server) for _ in range(repeats + 1)][1:]
        server.close()
        small = calls(sandbox, np.ones((8, 8)), 200)
        large = calls(sandbox, np.ones((54_000, 784), np.float32), 3)
        start = f"{level:<12} {1e3 * best:8.0f} / {1e3 * median:6.0f} {median / base[1]:12.2f}x"
        print(
            f"{start} {1e3 * statistics.median(forks):9.1f} {1e3 * small:15.2f} "
            f"{MEGABYTES / large:16.0f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

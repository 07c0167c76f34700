"""Recall, precision and time of the similarity search in synthetic classes with planted copies.

    OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.similarity [--size 300] [--copies 12]

The classes are generated (classroom.py): the results are suited for comparing versions, but do not
predict those for a real class.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import Counter

from benchmarks.classroom import Classroom, classroom
from benchmarks.copying import WAYS
from grader.similarity.comparing import compare


def measure(drawn: Classroom) -> tuple[set[frozenset[str]], float]:
    """The pairs of students that are listed or have an equal script, and the seconds taken."""
    started = time.perf_counter()
    comparison = compare(drawn.works, drawn.earlier)
    seconds = time.perf_counter() - started
    equal = {
        frozenset(pair)
        for group in comparison.equal
        for pair in itertools.combinations(group.members + group.earlier, 2)
    }
    return equal | {frozenset((pair.a, pair.b)) for pair in comparison.pairs}, seconds


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "–"


def main() -> int:
    """Generates classes, compares the submissions of each and prints the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--size", type=int, default=300, metavar="N", help="students in the class (default: 300)"
    )
    parser.add_argument(
        "--copies", type=int, default=12, metavar="N", help="number of copies (default: 12)"
    )
    parser.add_argument(
        "--earlier",
        type=int,
        default=0,
        metavar="N",
        help="submissions from earlier years (default: 0)",
    )
    parser.add_argument(
        "--classes", type=int, default=3, metavar="N", help="number of classes (default: 3)"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="N",
        help="random seed of the first class (default: 1)",
    )
    options = parser.parse_args()
    planted, found = Counter[str](), Counter[str]()
    false = 0
    print(f"{'class':>5} {'listed':>7} {'copies found':>13} {'honest':>7} {'seconds':>8}")
    for seed in range(options.seed, options.seed + options.classes):
        drawn = classroom(options.size, options.copies, seed=seed, earlier=options.earlier)
        listed, seconds = measure(drawn)
        hits = listed & drawn.copies.keys()
        false += len(listed - hits)
        planted.update(drawn.copies.values())
        found.update(drawn.copies[pair] for pair in hits)
        print(
            f"{seed:>5} {len(listed):>7} {len(hits):>5} of {options.copies:<4} "
            f"{len(listed - hits):>7} {seconds:>8.1f}"
        )
    print(
        f"\nrecall {_share(found.total(), planted.total())}, precision "
        f"{_share(found.total(), found.total() + false)}\n"
    )
    for way in WAYS:
        print(f"{way:<38} {found[way]} of {planted[way]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

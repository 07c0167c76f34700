"""With k of 30 works equal: are all k found as one group, and do no honest pairs enter by them?

    OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.similarity_equal [--seeds 5]

Each class is generated (classroom.py), then k of its works become copies of one of them. The pairs
of different works are compared with those of two honest classes: the 31 - k different works alone,
and the 30 before anybody copied. A second table counts how often honest scripts are equal.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchmarks.classroom import classroom, student, write
from benchmarks.copying import recommented, renamed
from grader.sections import SCRIPTS
from grader.similarity.comparing import ClassComparison, compare
from grader.similarity.equal import digests, equal_groups, looks

SIZE = 30
EQUAL = (2, 4, 8, 12, 20, 30)
WAYS = {"byte for byte": (), "other comments": (recommented,), "other names": (renamed,)}
PARTS = {
    "everything": None,
    "1.2 to 1.6": ("1.2", "1.3", "1.4", "1.5", "1.6"),
    "1.2 to 1.5": ("1.2", "1.3", "1.4", "1.5"),
    "1.2 to 1.4": ("1.2", "1.3", "1.4"),
    "1.2 and 1.3": ("1.2", "1.3"),
}  # the sections that a student of the second table has written

Works = dict[str, dict[str, bytes]]


@dataclass(frozen=True)
class Outcome:
    """What was found in a class with k equal works."""

    groups: int  # sets of people with an equal work among them; one is right
    found: int  # equal works in it
    pairs: int  # listed pairs of different works
    new_to_different: int  # of them, not listed among the different works alone
    new_to_honest: int  # of them, not listed before anybody copied


def with_equal(works: Works, count: int, way: str, seed: int) -> tuple[Works, list[str]]:
    """The class after `count` of it handed in the work of one of them, and who they are."""
    rng = random.Random(seed)
    who = sorted(rng.sample(sorted(works), count))
    changed = {one: dict(work) for one, work in works.items()}
    for one in who[1:]:
        for script in SCRIPTS:
            text = works[who[0]][script].decode()
            for disguise in WAYS[way]:
                text = disguise(text, script, rng)
            changed[one][script] = text.encode()
    return changed, who


def outcome(works: Works, count: int, way: str, seed: int) -> Outcome:
    """Compare a class with `count` equal works, the different works alone, and the honest class."""
    copied, who = with_equal(works, count, way, seed)
    comparison = compare(copied)
    different = {one: work for one, work in copied.items() if one not in who[1:]}
    groups = [group for group in comparison.equal if set(group.members) & set(who)]
    listed = _listed(comparison)
    return Outcome(
        len({group.members for group in groups}),
        max((len(set(group.members) & set(who)) for group in groups), default=0),
        len(listed),
        len(listed - _listed(compare(different))),
        len(listed - _listed(compare(works))),
    )


def _listed(comparison: ClassComparison) -> set[frozenset[str]]:
    return {frozenset((pair.a, pair.b)) for pair in comparison.pairs}


def honest_groups(size: int, seed: int, sections: tuple[str, ...] | None) -> Counter[int]:
    """How many honest students of a class share numpy_ann.py with others, by lines of own code.

    They keep the handout's hyperparameters, so that only their answers can tell them apart.
    """
    rng = random.Random(seed)
    works = []
    for _ in range(size):
        author = student(random.Random(rng.random()))
        written = {key: code for key, code in author.sections.items() if key in (sections or [key])}
        own: Mapping[str, bytes] = write(replace(author, values={}, sections=written))
        works.append({"numpy_ann": own["numpy_ann"]})
    ids = [str(number) for number in range(size)]
    shared = Counter[int]()
    for group in equal_groups(ids, ids, looks((work, digests(work)) for work in works), size):
        shared[group.own_lines] += len(group.members)
    return shared


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--seeds", type=int, default=5, metavar="N", help="number of classes (default: 5)"
    )
    seeds = range(1, parser.parse_args().seeds + 1)
    classes = {seed: classroom(SIZE, 0, seed=seed).works for seed in seeds}
    print(f"{SIZE} works, k of them equal; {len(seeds)} classes of each kind, sums over them\n")
    print(f"{'equal':<16} {'k':>3} {'groups':>7} {'found':>9} {'pairs':>6} "
          f"{'not among different':>20} {'not before copying':>19}")  # fmt: skip
    for way in WAYS:
        for count in EQUAL:
            rows = [outcome(classes[seed], count, way, seed) for seed in seeds]
            found = f"{sum(row.found for row in rows)}/{count * len(rows)}"
            print(
                f"{way:<16} {count:>3} {sum(row.groups for row in rows):>7} {found:>9} "
                f"{sum(row.pairs for row in rows):>6} "
                f"{sum(row.new_to_different for row in rows):>20} "
                f"{sum(row.new_to_honest for row in rows):>19}"
            )
    print(f"\nHonest students whose numpy_ann.py equals another's but for names, of {len(seeds)} "
          "classes of 300\n")  # fmt: skip
    print(f"{'written':<12} {'students':>9}  by lines of own code")
    for part, sections in PARTS.items():
        shared = sum((honest_groups(300, seed, sections) for seed in seeds), Counter[int]())
        lines = ", ".join(f"{lines}: {shared[lines]}" for lines in sorted(shared))
        print(f"{part:<12} {shared.total():>9}  {lines or '–'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How many mistakes can be put into right code, by id: `python -m tests.exam.table [COUNT]`.

Of the reference and COUNT right submissions that are written differently (default: 40), every
section that passes is given every mistake of its own, and each is proved by marking. Sections with
the same code are proved once; of the two training steps of a submission, one is asked.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from grader.exam.finding import TRANSFORMED, WRAPPED, Changed, with_mistake
from grader.exam.recipes import of_section
from grader.marking.one_script import ScriptBench
from grader.results import Status
from grader.rubric import load_rubric
from grader.sections import BY_NUMBER, SCRIPTS
from grader.submission.record import Submission
from tests.exam.written_differently import COUNT, codes, submission
from tests.support import script_with

SECTIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "2.3", "3.3")
SEED = 5


@dataclass(frozen=True)
class Row:
    """What became of one mistake in one submission: `how` is "" where no change gives it."""

    name: str
    section: str
    id: str
    how: str
    seconds: float


def rows(
    name: str,
    scripts: dict[str, str],
    sections: tuple[str, ...] = SECTIONS,
    only: frozenset[str] = frozenset(),
) -> Iterator[Row]:
    """Every mistake of these sections in one submission, proved; `only` these ids, if any."""
    rubric = load_rubric()
    content = {script: source.encode() for script, source in scripts.items()}
    with ScriptBench(Submission(name, content, {}, {}), rubric) as bench:
        passed: dict[str, list[str]] = {}
        for section in sections:
            script = BY_NUMBER[section].script
            if script not in passed:
                numbers = [one.number for one in bench.sections(script)]
                verdicts = bench.mark(script, content[script], numbers, SEED)
                passed[script] = [n for n in numbers if verdicts[n].status is Status.PASSED]
            if section not in passed[script]:
                print(f"{name}: {section} does not pass", flush=True)
                continue
            for recipe in of_section(section):
                if only and recipe.id not in only:
                    continue
                started = time.perf_counter()
                found = with_mistake(
                    bench, Changed(content[script]), recipe, section, passed[script],
                    seed=SEED, rng=Random(SEED),
                )  # fmt: skip
                how = found.mistakes[0].how if found else ""
                yield Row(name, section, recipe.id, how, time.perf_counter() - started)


def main(count: int = COUNT) -> None:
    """Print a line for each mistake that could not be put in, and the table."""
    found: list[Row] = []
    proved: dict[tuple[str, str], list[Row]] = {}
    everyone = [("reference", dict[str, str](), {s: script_with(s, {}) for s in SCRIPTS})]
    everyone += [(f"no. {n}", codes(n), submission(n)) for n in range(count)]
    for number, (name, own, scripts) in enumerate(everyone):
        asked = [one for one in SECTIONS if one != ("3.3" if number % 2 else "2.3") or not number]
        new = tuple(one for one in asked if (one, own.get(one, "")) not in proved)
        for row in rows(name, scripts, new):
            proved.setdefault((row.section, own.get(row.section, "")), []).append(row)
            if row.how != TRANSFORMED:
                print(f"{row.name}: {row.section} {row.id} {row.how or 'none'}", flush=True)
        found += [row for one in asked for row in proved.get((one, own.get(one, "")), [])]
        print(f"{name}: {summary(found)}", flush=True)
    by_id: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in found:
        by_id[row.section, row.id][row.how] += 1
    for (section, id), how in sorted(by_id.items()):  # noqa: A001
        total = how.total()
        print(f"{section} {id:32} {how[TRANSFORMED] / total:5.0%} {how[WRAPPED]:3} {how['']:3}")
    different = sum(map(len, proved.values()))
    print(f"{len(everyone)} submissions, {different} different; {summary(found)}")


def summary(found: list[Row]) -> str:
    """The shares of all mistakes that were put in."""
    how = Counter(row.how for row in found)
    seconds = sum(row.seconds for row in found) / len(found)
    return (
        f"{len(found)} mistakes: {how[TRANSFORMED] / len(found):.1%} by transformation, "
        f"{how[WRAPPED] / len(found):.1%} by a wrapper, {how[''] / len(found):.1%} not; "
        f"{seconds:.1f} s each"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

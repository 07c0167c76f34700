"""Trains right answers in full through the grader: python -m tests.end_to_end.full_trainings [FOLDER ...]

Takes every script in the folders, named `ANYTHING__pytorch_cnn.py` after the script that it is, and
then right specimens from tests/specimens in turn, as many of each part as there are. Prints for each
the test accuracy, the seconds of `fit` and of the marking, and what failed. With 20 on two cores
this takes half an hour. No test of the default suite.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.marking.marking import Marking
from grader.options import Options
from grader.results import Status
from grader.rubric import load_rubric
from grader.sections import SCRIPTS, SECTIONS
from grader.submission.reading import open_submission
from tests.support import ROOT, script_with, write_submission


@dataclass(frozen=True)
class Case:
    """A script to train, under a name to print."""

    name: str
    script: str
    source: str


def cases_in(folder: Path) -> Iterator[Case]:
    """The scripts in a folder."""
    for path in sorted(folder.glob("*__*.py")):
        name, _, script = path.stem.rpartition("__")
        if script in SCRIPTS:
            yield Case(name, script, path.read_text(encoding="utf-8"))


def specimens() -> Iterator[Case]:
    """Right specimens, one of each part in turn; within a part, one of each section in turn."""
    content = (ROOT / "tests" / "specimens" / "right.toml").read_text(encoding="utf-8")
    parts: dict[str, dict[str, list[Case]]] = {}
    for right in tomllib.loads(content)["right"]:
        number = right["section"]
        script = SCRIPTS[int(number[0]) - 1]
        source = script_with(script, {number: right["code"], **right.get("others", {})})
        case = Case(f"{number} {right['style']}", script, source)
        parts.setdefault(script, {}).setdefault(number, []).append(case)
    yield from in_turn([list(in_turn(list(sections.values()))) for sections in parts.values()])


def in_turn(lists: list[list[Case]]) -> Iterator[Case]:
    """The first of every list, then the second of every list, and so on."""
    for row in itertools.zip_longest(*lists):
        yield from (case for case in row if case is not None)


def line(case: Case, *, seed: int, train_size: int | None) -> str:
    """What a full training of a case came to."""
    numbers = [s.number for s in SECTIONS if s.script == case.script and not s.stands_alone]
    with tempfile.TemporaryDirectory() as folder:
        work = write_submission(Path(folder, "work"), **{case.script: case.source})
        options = Options(seed=seed, only=tuple(numbers), train_size=train_size)
        marking = Marking(open_submission(work), load_rubric(), options)
        started = time.perf_counter()
        results = marking.mark_all()
        seconds, report = time.perf_counter() - started, marking.report()
    wrong = [
        f"{number} {' '.join(result.diagnosis)}: {result.verdict.got}"
        for number, result in results.items()
        if result.status is not Status.PASSED
    ]
    accuracy = report.accuracy.get(case.script)
    reached = "      –" if accuracy is None else f"{accuracy:7.2%}"
    fit = next((result.seconds for n, result in results.items() if n.endswith((".6", ".7"))), 0.0)
    notes = [f"note {note.id}: {note.text}" for note in report.notes]
    said = " | ".join([*wrong, *notes]) or "all right"
    return f"{case.script:<12} {case.name:<44} {reached} {fit:8.1f} {seconds:8.1f}  {said}"


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--count", type=int, default=20, help="cases in all (default: 20)")
    parser.add_argument("--script", choices=SCRIPTS, help="only cases of this script")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--train-size", type=int, help="a trial on fewer images")
    arguments = parser.parse_args()
    found = itertools.chain(*(cases_in(folder) for folder in arguments.folders), specimens())
    chosen = (case for case in found if arguments.script in (None, case.script))
    print(f"{'script':<12} {'case':<44} {'acc.':>7} {'train s':>8} {'mark s':>8}  outcome")
    for case in itertools.islice(chosen, arguments.count):
        print(line(case, seed=arguments.seed, train_size=arguments.train_size), flush=True)


if __name__ == "__main__":
    main()

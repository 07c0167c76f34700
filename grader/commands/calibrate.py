"""`grader calibrate`: accuracies over seeds against the bars, and the chance of missing each."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from grader import REFERENCE
from grader.commands.arguments import SANDBOX_HELP
from grader.errors import CannotGrade

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.marking.marking import Marking
    from grader.options import Options
    from grader.rubric import Rubric
    from grader.submission.reading import Submission

MOST_SEEDS = 10_000  # these take weeks
# options of a marking that a calibration does not have
NOT_HERE = {
    "only": None, "skip_training": False, "audit": False, "attempt": None, "data_dir": None,
    "seed": None,
}  # fmt: skip


def add(commands: Any) -> None:
    """Add this command to the command line."""
    calibrate = commands.add_parser(
        "calibrate",
        description="Train a submission with several seeds, and print mean accuracy, "
        "standard deviation and the chance of missing each bar.",
    )
    calibrate.add_argument(
        "submission", nargs="?", default=str(REFERENCE), help="default: the reference"
    )
    calibrate.add_argument(
        "--seeds", default="10", metavar="N", help="trainings of each script (default: 10)"
    )
    calibrate.add_argument("--first-seed", default="0", metavar="N", help="default: 0")
    calibrate.add_argument(
        "--train-size", metavar="N", help="train on fewer images (default: 54000)"
    )
    calibrate.add_argument(
        "--device", default="cpu", metavar="NAME", help="cpu, cuda or mps (default: cpu)"
    )
    calibrate.add_argument("--sandbox", default="auto", metavar="LEVEL", help=SANDBOX_HELP)
    calibrate.add_argument(
        "--write",
        type=Path,
        metavar="FILE",
        help="write the table between the markers in this document",
    )
    calibrate.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train and print the table; returns 0.

    Raises CannotGrade for wrong options, and for a submission that cannot be trained.
    """
    from assignment.data import DataError
    from assignment.expect import CheckFailed
    from assignment.files import write_atomically
    from grader.commands.settings import expect_writable, read_options, whole_number
    from grader.errors import StudentFault
    from grader.rubric import load_rubric
    from grader.submission.reading import open_submission

    rubric = load_rubric()
    seeds = whole_number("--seeds", options.seeds, 1, MOST_SEEDS)
    first = whole_number("--first-seed", options.first_seed, 0, 2**62)
    how = read_options((NOT_HERE | vars(options)).__getitem__, rubric, seed=first)
    if options.write is not None:
        _with_table(options.write, "")
        expect_writable(options.write)
    try:
        measured = calibrate(open_submission(Path(options.submission)), rubric, how, seeds)
    except (StudentFault, CheckFailed, DataError, ValueError) as error:
        raise CannotGrade(f"the submission cannot be trained: {error}") from None
    text = table(measured)
    print(text)
    if options.write is not None:
        write_atomically(options.write, _with_table(options.write, text).encode())
    return 0


def _with_table(path: Path, text: str) -> str:
    """The document with the table. Raises CannotGrade if it has no place for one."""
    try:
        return replace_table(path.read_text(encoding="utf-8"), text)
    except OSError as error:
        why = error.strerror or str(error)
    except ValueError as error:  # also for bytes that are not UTF-8
        why = str(error)
    raise CannotGrade(
        f"--write cannot put the table into {path} ({why}), expected a document with the two lines "
        f"{BEGIN} and {END}"
    )


class Calibration(NamedTuple):
    """Test accuracies of one script over seeds, against its bar."""

    script: str
    bar: float
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean accuracy."""
        return sum(self.accuracies) / len(self.accuracies)

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation over seeds; None for a single one."""
        from statistics import stdev

        return stdev(self.accuracies) if len(self.accuracies) > 1 else None

    @property
    def chance_of_failing(self) -> float | None:
        """The chance that one training misses the bar, if accuracies are normally distributed.

        None for a single seed, which says nothing about others.
        """
        if self.deviation is None:
            return None
        if self.deviation == 0:
            return float(self.mean < self.bar)
        return 0.5 * math.erfc((self.mean - self.bar) / (self.deviation * math.sqrt(2)))


def calibrate(
    submission: Submission, rubric: Rubric, options: Options, seeds: int
) -> list[Calibration]:
    """Train every script of a submission with `seeds` seeds, starting with the one in `options`.

    Raises StudentFault or CheckFailed.
    """
    from dataclasses import replace

    from grader.marking.marking import Marking
    from grader.sections import SCRIPTS

    limits = replace(rubric.limits, submission_seconds=math.inf)  # which is meant for one run
    marking = Marking(submission, replace(rubric, limits=limits), replace(options, only=()))
    try:
        return [
            _calibrate(marking, script, seeds) for script in SCRIPTS if script in submission.scripts
        ]
    finally:
        marking.close()


def _calibrate(marking: Marking, script: str, seeds: int) -> Calibration:
    from grader.training.run import train

    options = marking.options
    runs = [
        train(
            marking.students[script],
            seconds=marking.rubric.limits.train_seconds[script],
            seed=options.seed + number,
            device=options.device,
            data_dir=options.data_dir,
            train_size=options.train_size,
        )
        for number in range(seeds)
    ]
    return Calibration(script, marking.rubric.bars[script], tuple(run.accuracy for run in runs))


def table(calibrations: list[Calibration]) -> str:
    """The measurements as a Markdown table."""
    head = (
        "| script | bar | mean | standard deviation | lowest | chance of missing the bar | seeds |"
    )
    rows = [
        f"| {c.script} | {c.bar:.0%} | {c.mean:.2%} | {_percent(c.deviation)} | {min(c.accuracies):.2%} "
        f"| {_chance(c.chance_of_failing)} | {len(c.accuracies)} |"
        for c in calibrations
    ]
    return "\n".join([head, "|---" * 7 + "|", *rows])


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"


def _chance(probability: float | None) -> str:
    if probability is None:
        return "–"
    return "below 1 in a million" if probability < 1e-6 else f"{probability:.2g}"


BEGIN, END = "<!-- calibration: begin -->", "<!-- calibration: end -->"


def replace_table(document: str, text: str) -> str:
    """The document with the table between its two markers.

    Raises ValueError if they are missing.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"

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
        "--seeds", type=int, default=10, metavar="N", help="trainings of each script (default: 10)"
    )
    calibrate.add_argument("--first-seed", type=int, default=0, metavar="N", help="default: 0")
    calibrate.add_argument(
        "--train-size", type=int, metavar="N", help="train on fewer images (default: 54000)"
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

    Raises CannotGrade for a submission that cannot be trained.
    """
    from assignment.data import DataError
    from assignment.expect import CheckFailed
    from grader.errors import StudentFault
    from grader.options import Options
    from grader.rubric import load_rubric
    from grader.submission.reading import open_submission

    if options.seeds < 1:
        raise CannotGrade(f"--seeds is {options.seeds}, expected 1 or more")
    how = Options(
        seed=options.first_seed,
        device=options.device,
        train_size=options.train_size,
        sandbox=options.sandbox,
    )
    try:
        measured = calibrate(
            open_submission(Path(options.submission)), load_rubric(), how, options.seeds
        )
    except (StudentFault, CheckFailed, DataError, ValueError) as error:
        raise CannotGrade(f"the submission cannot be trained: {error}") from None
    text = table(measured)
    print(text)
    if options.write is not None:
        document = options.write.read_text(encoding="utf-8")
        options.write.write_text(replace_table(document, text), encoding="utf-8")
    return 0


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
    def deviation(self) -> float:
        """The sample standard deviation over seeds."""
        from statistics import stdev

        return stdev(self.accuracies) if len(self.accuracies) > 1 else 0.0

    @property
    def chance_of_failing(self) -> float:
        """The chance that one training misses the bar, if accuracies are normally distributed."""
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
        f"| {c.script} | {c.bar:.0%} | {c.mean:.2%} | {c.deviation:.2%} | {min(c.accuracies):.2%} "
        f"| {_chance(c.chance_of_failing)} | {len(c.accuracies)} |"
        for c in calibrations
    ]
    return "\n".join([head, "|---" * 7 + "|", *rows])


def _chance(probability: float) -> str:
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

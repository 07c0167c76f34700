"""How far the bars are from what a submission reaches: accuracy over seeds, and the chance of missing each bar."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace

from grader.marking import Marking, Options
from grader.rubric import SCRIPTS, Rubric
from grader.submission import Submission
from grader.training import train


@dataclass(frozen=True)
class Calibration:
    """Test accuracies of one script over seeds, against its bar."""

    script: str
    bar: float
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return statistics.fmean(self.accuracies)

    @property
    def deviation(self) -> float:
        """Standard deviation over seeds, of the sample."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else 0.0

    @property
    def chance_of_failing(self) -> float:
        """That of one training missing the bar, if accuracies are normally distributed."""
        if self.deviation == 0:
            return float(self.mean < self.bar)
        return 0.5 * math.erfc((self.mean - self.bar) / (self.deviation * math.sqrt(2)))


def calibrate(submission: Submission, rubric: Rubric, options: Options, seeds: int) -> list[Calibration]:
    """Train every script of a submission with so many seeds, counted from the options' one. Raises StudentFault or Wrong."""
    marking = Marking(submission, rubric, replace(options, only=()))
    try:
        return [_calibrate(marking, script, seeds) for script in SCRIPTS if script in submission.scripts]
    finally:
        marking.close()


def _calibrate(marking: Marking, script: str, seeds: int) -> Calibration:
    options = marking.options
    runs = [
        train(
            marking.students[script],
            script,
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
    """A Markdown table."""
    head = "| script | bar | mean | standard deviation | lowest | chance of missing the bar | seeds |"
    rows = [
        f"| {c.script} | {c.bar:.0%} | {c.mean:.2%} | {c.deviation:.2%} | {min(c.accuracies):.2%} | {_chance(c.chance_of_failing)} "
        f"| {len(c.accuracies)} |"
        for c in calibrations
    ]
    return "\n".join([head, "|---" * 7 + "|", *rows])


def _chance(probability: float) -> str:
    return "below 1 in a million" if probability < 1e-6 else f"{probability:.2g}"


BEGIN, END = "<!-- calibration: begin -->", "<!-- calibration: end -->"


def replace_table(document: str, text: str) -> str:
    """A document with a table put between the two marks. Raises ValueError where they are missing."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"

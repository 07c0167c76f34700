"""The score card as lines of text: one a section as it is marked, then the details of what failed, and the total."""

from __future__ import annotations

import os
import shutil
import sys
from textwrap import indent

from grader.options import Options
from grader.report.text import first_line, plain
from grader.results import Report, SectionResult, Status

MARKS = {
    Status.PASSED: ("✓", "ok", 32),
    Status.FAILED: ("✗", "NO", 31),
    Status.ERROR: ("!", "!!", 33),
}


def head(submission: str, options: Options) -> str:
    """What is marked, and how, above the card's columns."""
    training = "no training" if options.skip_training else f"training on {options.device}"
    columns = "     no.  title                   points      time  feedback"
    return f"Marking {plain(submission, 100)} (seed {options.seed}, {training})\n\n{columns}"


def line(result: SectionResult) -> str:
    """One section: mark, number, title, points, seconds, the first line of feedback."""
    points = f"{result.points:g}/{result.max_points:g}"
    row = f"  {_mark(result.status)}  {result.number:<4} {result.title:<22} {points:>7} {result.seconds:7.1f} s  "
    return row + first_line(
        result.feedback, max(30, shutil.get_terminal_size((140, 24)).columns - 52)
    )


def foot(report: Report) -> str:
    """Details of the sections that lost marks, the accuracies against their bars, and the total."""
    lost = [
        section
        for section in report.sections
        if section.status is not Status.PASSED and "\n" in section.feedback
    ]
    details = [
        f"\n{section.number} {section.title}\n{indent(plain(section.feedback), '     ')}"
        for section in lost
    ]
    accuracies = [
        _accuracy(script, accuracy, report.bars[script])
        for script, accuracy in report.accuracy.items()
    ]
    lines = [*details, "", *(["Test accuracy", *accuracies, ""] if accuracies else [])]
    total = f"Total {report.score:g} of {report.max_score:g} points in {report.seconds:.1f} s (sandbox: {report.sandbox})"
    return "\n".join([*lines, total])


def _accuracy(script: str, accuracy: float, bar: float) -> str:
    return f"     {script + '.py':<15} {accuracy:7.2%}   bar {bar:.0%}   {'met' if accuracy >= bar else 'missed'}"


def _mark(status: Status) -> str:
    symbol, fallback, colour = MARKS[status]
    try:
        symbol.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return fallback
    return (
        f"\x1b[{colour}m{symbol}\x1b[0m"
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        else symbol
    )

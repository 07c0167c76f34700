"""The score card as text: one line per section as it is marked, then details and the total."""

from __future__ import annotations

import os
import shutil
import sys
from textwrap import indent

from grader.options import Options
from grader.report.text import feedback, headline, lines, one_line
from grader.results import Report, SectionResult, Status

MARKS = {
    Status.PASSED: ("✓", "ok", 32),
    Status.FAILED: ("✗", "NO", 31),
    Status.ERROR: ("!", "!!", 33),
}


def head(submission: str, options: Options) -> str:
    """The head of the score card: what is marked, how, and the column titles."""
    attempt = f", attempt {options.attempt}" if options.attempt > 1 else ""
    training = "no training" if options.skip_training else f"training on {options.device}"
    columns = "     no.  title                   points      time  feedback"
    return f"Marking {one_line(submission[:100])} (seed {options.seed}{attempt}, {training})\n\n{columns}"


def line(result: SectionResult) -> str:
    """One section: mark, number, title, points, seconds, most important line of feedback."""
    points = f"{result.points:g}/{result.max_points:g}"
    name = f"{result.number:<4} {result.title:<22}"
    row = f"  {_mark(result.status)}  {name} {points:>7} {result.seconds:7.1f} s  "
    width = shutil.get_terminal_size((140, 24)).columns
    return row + headline(result.verdict, max(30, width - 52))


def foot(report: Report, *, details: bool = True) -> str:
    """The foot of the score card: details, accuracies and bars, and the total.

    Details are shown of failures, and of how the files were read, if that is not plain.
    """
    lost = [
        section
        for section in report.sections
        if section.status is not Status.PASSED or (not section.script and section.verdict.notes)
    ]
    shown = [_details(s) for s in lost if details and len(lines(s.verdict)) > 1]
    accuracies = [
        _accuracy(script, accuracy, report.bars[script])
        for script, accuracy in report.accuracy.items()
    ]
    shown += ["", *(["Test accuracy", *accuracies, ""] if accuracies else [])]
    if details:  # for whoever marks; pages and platforms show students no notes
        shown += _notes(report)
    total = f"Total {report.score:g} of {report.max_score:g} points in {report.seconds:.1f} s"
    return "\n".join([*shown, f"{total} (sandbox: {report.sandbox})"])


def _notes(report: Report) -> list[str]:
    texts = [f"     {note.script}.py {one_line(note.text)} ({note.id})" for note in report.notes]
    return ["Notes for the instructor; they change no mark", *texts, ""] if texts else []


def _details(section: SectionResult) -> str:
    return f"\n{section.number} {section.title}\n{indent(feedback(section), '     ')}"


def _accuracy(script: str, accuracy: float, bar: float) -> str:
    outcome = "met" if accuracy >= bar else "missed"
    return f"     {script + '.py':<15} {accuracy:7.2%}   bar {bar:.0%}   {outcome}"


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

"""A student's page: one self-contained HTML file without a script, from a Report and what was handed in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assignment.files import write_atomically
from grader.report import charts
from grader.report.pictures import OfficialImages, plot_or_reason
from grader.report.text import exception_in_words, plain, smallest_in_words, summary
from grader.results import Report, SectionResult, Status, Training
from grader.rubric import RubricSection
from grader.submission.reading import PLOTS
from utils import CLASS_NAMES

TEMPLATES = Path(__file__).with_name("templates")
MARKS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.ERROR: "!"}
MOST_EPOCHS = 60  # rows of the table of a curve
SHADES = 10  # of a confusion matrix, as style.css has them


@dataclass(frozen=True)
class Work:
    """What a page shows: a report, whose it is, the submitted plots by script, how often was handed in (0: not known).

    `waiting` are the sections that are not marked yet.
    """

    report: Report
    name: str
    plots: dict[str, bytes] = field(default_factory=dict)
    attempts: int = 0
    waiting: Sequence[RubricSection] = ()


@cache
def environment() -> Environment:
    """Templates that escape everything, and show no control character of anything."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.update(
        style=source("style.css"),
        style_hash=csp_hash(source("style.css")),
        marks=MARKS,
        summary=summary,
        exception=exception_in_words,
    )
    return made


def _shown(value: Any) -> Any:
    return value if isinstance(value, Markup) or not isinstance(value, str) else plain(value)


@cache
def source(name: str) -> Markup:
    """A style sheet or script of ours as it stands in a page."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def csp_hash(text: str) -> str:
    """What a page's content security policy calls this text by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def page(work: Work, images: OfficialImages) -> str:
    """The page's source."""
    report = work.report
    lost = [section for section in report.sections if section.status is not Status.PASSED]
    return (
        environment()
        .get_template("student.html")
        .render(
            work=work,
            report=report,
            rows=_rows(work),
            lost=[_details(section) for section in lost],
            passed=[section for section in report.sections if section.status is Status.PASSED],
            trainings=[
                _training(script, training, work, images)
                for script, training in report.trainings.items()
            ],
            untrained=[
                _submitted(script, work.plots)
                for script in work.plots
                if script not in report.trainings
            ],
            class_names=CLASS_NAMES,
        )
    )


def _rows(work: Work) -> list[SectionResult | RubricSection]:
    """All sections in the order of their numbers, those that are not marked yet in between."""
    rows: list[SectionResult | RubricSection] = [*work.report.sections, *work.waiting]
    return sorted(
        rows, key=lambda row: [int(part) if part.isdigit() else 0 for part in row.number.split(".")]
    )


def _details(section: SectionResult) -> dict[str, Any]:
    return {
        "section": section,
        "verdict": section.verdict,
        "smallest": smallest_in_words(section.verdict.smallest) if section.verdict.smallest else "",
        "grids": [
            {
                "name": comparison.name,
                "words": charts.entries_in_words(comparison),
                "svg": charts.wrong_entries(comparison),
            }
            for comparison in section.comparisons
        ],
    }


def _submitted(script: str, plots: dict[str, bytes]) -> dict[str, Any]:
    """The plot that was handed in for a script, if one is expected and there."""
    uri, reason = plot_or_reason(PLOTS[script], plots[script]) if script in plots else ("", "")
    return {
        "script": script,
        "uri": Markup(uri),
        "reason": reason,
        "expected": script in PLOTS,
    }  # base64: nothing to escape


def _training(
    script: str, training: Training, work: Work, images: OfficialImages
) -> dict[str, Any]:
    accuracy, bar = work.report.accuracy.get(script), work.report.bars.get(script)
    return {
        "script": script,
        "accuracy": accuracy,
        "bar": bar,
        "charts": _charts(training.curves, bar),
        "epochs": _epochs(training.curves),
        "submitted": _submitted(script, work.plots),
        "confusion": _confusion(training.confusion),
        "worst": _worst(training.confusion),
        "mistakes": [
            {
                "mistake": mistake,
                "uri": Markup(images.uri(mistake.image)),
                "truth": _class(mistake.truth),
                "taken_for": _class(mistake.taken_for),
            }
            for mistake in training.mistakes
        ],
    }


def _charts(curves: dict[str, tuple[float, ...]], bar: float | None) -> list[Markup]:
    if not curves:
        return []
    losses = charts.training_and_validation(curves["train_losses"], curves["val_losses"])
    accuracies = charts.training_and_validation(
        curves["train_accuracies"], curves["val_accuracies"], 100
    )
    return [
        charts.line_chart("Loss", "nats", losses),
        charts.line_chart("Accuracy", "%", accuracies, None if bar is None else 100 * bar),
    ]


def _epochs(curves: dict[str, tuple[float, ...]]) -> list[tuple[int, list[str]]]:
    """The curves as numbers: epoch, losses, accuracies."""
    if not curves:
        return []
    names = ("train_losses", "val_losses", "train_accuracies", "val_accuracies")
    shown = charts.thinned(min(len(curves[name]) for name in names), MOST_EPOCHS)
    return [
        (
            i + 1,
            [
                *(f"{curves[name][i]:.4g}" for name in names[:2]),
                *(f"{curves[name][i]:.2%}" for name in names[2:]),
            ],
        )
        for i in shown
    ]


def _confusion(confusion: tuple[tuple[int, ...], ...]) -> list[tuple[str, list[tuple[int, str]]]]:
    """For each true class its name, and the counts with their style: a shade by their share of the row."""
    return [
        (
            _class(truth),
            [
                (count, _shade(count, sum(row)) + " diagonal" * (truth == i))
                for i, count in enumerate(row)
            ],
        )
        for truth, row in enumerate(confusion)
    ]


def _shade(count: int, of: int) -> str:
    return f"shade-{min(SHADES - 1, SHADES * count // max(1, of))}"


def _worst(confusion: tuple[tuple[int, ...], ...]) -> str:
    """The pair of classes that is mixed up most often, in words."""
    pairs = [
        (count, truth, taken)
        for truth, row in enumerate(confusion)
        for taken, count in enumerate(row)
        if taken != truth and count
    ]
    if not pairs:
        return ""
    count, truth, taken = max(pairs, key=lambda pair: pair[0])
    return f"Most often: {_class(truth)} taken for {_class(taken)}, {count} of {sum(confusion[truth])}."


def _class(number: int) -> str:
    return CLASS_NAMES[number] if 0 <= number < len(CLASS_NAMES) else f"class {number}"


def write(work: Work, images: OfficialImages, path: Path) -> None:
    """Write the page whole or not at all."""
    write_atomically(path, page(work, images).encode())

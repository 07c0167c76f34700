"""The student page: one self-contained HTML file without scripts, from a Report and plots."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assignment.files import write_atomically
from assignment.hints import RUNGS
from grader.report import charts, matrices, overview
from grader.report.changes import in_words
from grader.report.highlighting import highlighted, shown_rows
from grader.report.own_code import Code, code_of
from grader.report.pictures import OfficialImages, plot_or_reason
from grader.report.text import grader_error, plain, smallest_in_words, summary
from grader.results import Report, SectionResult, Status, Training
from grader.rules import RubricSection
from grader.submission.reading import PLOTS
from utils import CLASS_NAMES

TEMPLATES = Path(__file__).with_name("templates")
MARKS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.ERROR: "!"}
SHORT = 12  # characters of a hash
MOST_EPOCHS = 60  # rows in the table of a curve
SHADES = 10  # of a confusion matrix, as in style.css


@dataclass(frozen=True)
class PageContent:
    """What a page shows: report, student's name, submitted plots by script, number of attempts.

    `attempts` is 0 if unknown. `waiting` are the sections not marked yet. `title` is that of the
    assignment, `marked` and `handed_in` are times in words, `work` is the commit or the hash of
    what was marked, each "" if unknown. `attempt` is the number of this attempt, 0 for that of the
    report. `sources` are the scripts as they were submitted, by script. `needs` are the sections
    that each section builds on; without any, those of rubric.toml. `left_out` says what an
    anonymous page leaves out, submitted plots among it. `network` is the path from this page to
    the one with a look inside the network of part 1, "" if there is none.
    """

    report: Report
    name: str
    plots: dict[str, bytes] = field(default_factory=dict)
    attempts: int = 0
    waiting: Sequence[RubricSection] = ()
    title: str = ""
    marked: str = ""
    handed_in: str = ""
    work: str = ""
    attempt: int = 0
    sources: Mapping[str, bytes] = field(default_factory=dict)
    needs: overview.Needs = field(default_factory=dict)
    left_out: str = ""
    network: str = ""

    @property
    def which_attempt(self) -> str:
        """Which attempt this is, and of how many if that is known: "2 of 3"."""
        number = self.attempt or self.report.attempt
        return f"{number} of {self.attempts}" if number <= self.attempts > 1 else str(number)


@cache
def environment() -> Environment:
    """The template environment, which escapes everything and removes control characters."""
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
        grader_error=grader_error,
    )
    return made


def _shown(value: Any) -> Any:
    return value if isinstance(value, Markup) or not isinstance(value, str) else plain(value)


@cache
def source(name: str) -> Markup:
    """The source of a style sheet or script, as it is inserted in a page."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def csp_hash(text: str) -> str:
    """The name of this text in a page's content security policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def page(content: PageContent, images: OfficialImages) -> str:
    """The page's source."""
    report = content.report
    lost = [section for section in report.sections if section.status is Status.FAILED]
    lost = overview.in_order(lost, content.needs or overview.usual_needs())
    errors = [section for section in report.sections if section.status is Status.ERROR]
    return (
        environment()
        .get_template("student.html")
        .render(
            content=content,
            report=report,
            rows=_rows(content),
            changes=in_words(report),
            total=report.max_score + sum(section.points for section in content.waiting),
            first=[(one, overview.to_gain(one)) for one in lost if overview.to_gain(one) > 0],
            lost=[_details(section, content.sources) for section in [*lost, *errors]],
            work=content.work[:SHORT],
            passed=[section for section in report.sections if section.status is Status.PASSED],
            trainings=[
                _training(script, training, content, images)
                for script, training in report.trainings.items()
            ],
            untrained=[
                _submitted(script, content.plots)
                for script in content.plots
                if script not in report.trainings
            ],
            class_names=CLASS_NAMES,
            network=quote(content.network),
        )
    )


def _rows(content: PageContent) -> list[SectionResult | RubricSection]:
    """All sections in the order of their numbers, including those not marked yet."""
    rows: list[SectionResult | RubricSection] = [*content.report.sections, *content.waiting]
    return sorted(
        rows, key=lambda row: [int(part) if part.isdigit() else 0 for part in row.number.split(".")]
    )


def _details(section: SectionResult, sources: Mapping[str, bytes]) -> dict[str, Any]:
    own = code_of(section, sources[section.script]) if section.script in sources else []
    return {
        "section": section,
        "verdict": section.verdict,
        "smallest": smallest_in_words(section.verdict.smallest) if section.verdict.smallest else "",
        "hints": _labelled(section.verdict.hints),
        "codes": [_code(code) for code in own],
        "grids": [
            {
                "words": matrices.in_words(comparison),
                "columns": matrices.columns(comparison),
                "table": matrices.values(comparison),
                "svg": "" if matrices.has_values(comparison) else matrices.drawing(comparison),
            }
            for comparison in section.comparisons
        ],
    }


def _labelled(hints: Sequence[str]) -> list[tuple[str, str]]:
    """Each hint with a label; the steps have names if all are there."""
    steps = [f": {step}" for step in RUNGS] if len(hints) == len(RUNGS) else [""] * len(hints)
    return [
        (f"Hint {number} of {len(hints)}{step}", hint)
        for number, (step, hint) in enumerate(zip(steps, hints, strict=True), start=1)
    ]


def _code(code: Code) -> dict[str, Any]:
    first, rows = shown_rows(code)
    last = first + len(rows) - 1
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    marked = [row for row in sorted(code.marked) if first <= row <= last]
    why = {code.marked[row] for row in marked}
    return {
        "html": highlighted(code),
        "where": f"{code.script}.py, {lines}",
        "cut": len(code.lines) - len(rows),
        "marked": ", ".join(map(str, marked)),
        "why": " and ".join(sorted(why)),
    }


def _submitted(script: str, plots: dict[str, bytes]) -> dict[str, Any]:
    """The plot submitted for a script, or the reason why it cannot be shown."""
    uri, reason = plot_or_reason(PLOTS[script], plots[script]) if script in plots else ("", "")
    return {
        "script": script,
        "uri": Markup(uri),  # base64: nothing to escape
        "reason": reason,
        "expected": script in PLOTS,
    }


def _training(
    script: str, training: Training, content: PageContent, images: OfficialImages
) -> dict[str, Any]:
    accuracy, bar = content.report.accuracy.get(script), content.report.bars.get(script)
    return {
        "script": script,
        "accuracy": accuracy,
        "bar": bar,
        "charts": _charts(training.curves, bar),
        "epochs": _epochs(training.curves),
        "submitted": _submitted(script, content.plots),
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
    """The curves as rows of a table: epoch, losses and accuracies."""
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
    """For each true class its name, and the counts with a shade by their share of the row."""
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
    """The most frequent confusion of two classes, in words; "" if there is none."""
    pairs = [
        (count, truth, taken)
        for truth, row in enumerate(confusion)
        for taken, count in enumerate(row)
        if taken != truth and count
    ]
    if not pairs:
        return ""
    count, truth, taken = max(pairs, key=lambda pair: pair[0])
    share = f"{count} of {sum(confusion[truth])} images"
    return f"Most frequent confusion: {_class(truth)} predicted as {_class(taken)}, {share}."


def _class(number: int) -> str:
    return CLASS_NAMES[number] if 0 <= number < len(CLASS_NAMES) else f"class {number}"


def write(content: PageContent, images: OfficialImages, path: Path) -> None:
    """Write the page atomically."""
    write_atomically(path, page(content, images).encode())

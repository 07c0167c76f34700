"""A Report as results.json in Gradescope's format, with the machine-readable rest in `extra_data`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grader.render.text import plain
from grader.results import Report, SectionResult, Status
from utils import write_atomically


def results(report: Report) -> dict[str, Any]:
    """The content of results.json."""
    return {
        "score": report.score,
        "max_score": report.max_score if report.sections else 100,
        "execution_time": round(report.seconds),
        "output": plain(report.problem) if report.problem else _summary(report),
        "output_format": "text",
        "tests": [_test(section) for section in report.sections],
        "extra_data": {
            "accuracy": {script: round(accuracy, 6) for script, accuracy in report.accuracy.items()},
            "device": report.device,
            "seconds": report.seconds,
            "seed": report.seed,
            "sandbox": report.sandbox,
            "submission": plain(report.submission, 200),
        },
    }


def _summary(report: Report) -> str:
    errors = [section.number for section in report.sections if section.status is Status.ERROR]
    note = f" Grader error in {', '.join(errors)}: not your code, no points lost." if errors else ""
    return f"{report.score:g} of {report.max_score:g} points.{note}"


def _test(section: SectionResult) -> dict[str, Any]:
    return {
        "number": section.number,
        "name": section.title,
        "score": section.points,
        "max_score": section.max_points,
        "status": "failed" if section.status is Status.FAILED else "passed",
        "output": plain(section.feedback),
        "output_format": "text",
        "tags": [section.script] if section.script else ["checklist"],
        "extra_data": {
            "diagnosis": list(section.diagnosis),
            "seconds": section.seconds,
            "outcome": str(section.status),
        },
    }


def write(report: Report, path: Path) -> None:
    """Write results.json whole or not at all."""
    write_atomically(path, (json.dumps(results(report), indent=1, allow_nan=False) + "\n").encode())

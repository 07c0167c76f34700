"""A Report as results.json in Gradescope's format, with further data in `extra_data`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assignment.files import write_atomically
from grader.feedback.misconceptions import CATALOGUE
from grader.report.changes import in_words
from grader.report.text import feedback, one_line, plain
from grader.results import Report, SectionResult, Status, Verdict
from grader.rubric import load_rubric
from grader.sections import BY_NUMBER

# When a section of each visibility is shown to its student, for the line above all sections.
VISIBILITIES = {
    "visible": "at once",
    "after_due_date": "after the due date",
    "after_published": "when the marks are published",
    "hidden": "by your instructors",
}


def results(report: Report) -> dict[str, Any]:
    """The content of results.json."""
    return {
        "score": report.mark,
        "max_score": report.max_score if report.sections else 100,
        "execution_time": round(report.seconds),
        "output": _said(report),
        "output_format": "text",
        "tests": [_test(section) for section in report.sections],
        "extra_data": {
            "accuracy": {
                script: round(accuracy, 6) for script, accuracy in report.accuracy.items()
            },
            "device": report.device,
            "seconds": report.seconds,
            "seed": report.seed,
            "attempt": report.attempt,
            **_changed(report),
            "sandbox": report.sandbox,
            "submission": plain(report.submission, 200),
            "notes": [
                {"id": note.id, "script": note.script, "text": one_line(note.text)}
                for note in report.notes
            ],
        },
    }


def _said(report: Report) -> str:
    first = report.problem if report.problem else _summary(report)
    return plain(" ".join([first, *in_words(report)]))


def _changed(report: Report) -> dict[str, Any]:
    """What lateness and people changed; nothing if they changed nothing."""
    late = {} if report.lateness is None else {"lateness": vars(report.lateness)}
    decisions = [
        {name: value for name, value in vars(one).items() if name != "who"}
        for one in report.decisions
    ]
    by_people = {"decisions": decisions} if decisions else {}
    return {"score_before_lateness": report.score, **late, **by_people} if late | by_people else {}


def _summary(report: Report) -> str:
    errors = [section.number for section in report.sections if section.status is Status.ERROR]
    note = f" Grader error in {', '.join(errors)}: not your code, no points lost." if errors else ""
    return f"{report.mark:g} of {report.max_score:g} points.{note}"


def _test(section: SectionResult) -> dict[str, Any]:
    return {
        "number": section.number,
        "name": section.title,
        "score": section.points,
        "max_score": section.max_points,
        "status": "failed" if section.status is Status.FAILED else "passed",
        "output": feedback(section),
        "output_format": "text",
        "tags": [section.script] if section.script else ["checklist"],
        "extra_data": {
            "diagnosis": list(section.diagnosis),
            "seconds": section.seconds,
            "outcome": str(section.status),
            "verdict": _fields(section.verdict),
        },
    }


def _fields(verdict: Verdict) -> dict[str, Any]:
    """The fields of a verdict, safe to show; empty ones are left out."""
    fields = {
        "got": plain(verdict.got),
        "expected": plain(verdict.expected),
        "where": plain(verdict.where),
        "hints": [plain(hint) for hint in verdict.hints],
        "trace": [
            {
                name: plain(value) if isinstance(value, str) else value
                for name, value in vars(f).items()
            }
            for f in verdict.trace
        ],
        "exception": plain(verdict.exception),
    }
    return {name: value for name, value in fields.items() if value}


def for_platform(content: dict[str, Any], *, visibility: str, leaderboard: bool) -> dict[str, Any]:
    """The content of a results.json with what platforms need too: visibility and leaderboard.

    `visibility` is one of VISIBILITIES and applies to the sections that are not shown at once.
    """
    tests = [{**test, "visibility": _visibility(test, visibility)} for test in content["tests"]]
    shown = [test for test in tests if test["visibility"] == "visible"]
    output = (
        content["output"]
        if len(shown) == len(tests)
        else _without_marks(tests, VISIBILITIES[visibility])
    )
    columns = _leaderboard(content) if leaderboard else []
    return {
        **content,
        "output": output,
        "stdout_visibility": "hidden",  # the score card shows all marks
        "tests": tests,
        **({"leaderboard": columns} if columns else {}),
    }


def _visibility(test: dict[str, Any], chosen: str) -> str:
    at_once = BY_NUMBER[test["number"]].shown_at_once or _is_unmarkable(test)
    return "visible" if at_once else chosen


def _is_unmarkable(test: dict[str, Any]) -> bool:
    """Whether a section failed because something is missing, which may be shown at once."""
    names = test["extra_data"]["diagnosis"]
    return any(name in CATALOGUE and CATALOGUE[name].shown_at_once for name in names)


def _without_marks(tests: list[dict[str, Any]], when: str) -> str:
    """The line above all sections if some are not shown yet: it must not reveal their marks."""
    unmarkable = [test["number"] for test in tests if _is_unmarkable(test)]
    errors = [test["number"] for test in tests if test["extra_data"]["outcome"] == Status.ERROR]
    error = f"Grader error in {', '.join(errors)}: not your code, no points lost."
    return " ".join(
        [
            f"Received and marked. Sections that are not listed here will be shown {when}.",
            *([f"Not written or unreadable: {', '.join(unmarkable)}."] if unmarkable else []),
            *([error] if errors else []),
        ]
    )


def _leaderboard(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The accuracies, and the training time if no training is missing: a crash must not win."""
    accuracy = content["extra_data"]["accuracy"]
    columns: list[dict[str, Any]] = [
        {"name": f"{script} (%)", "value": round(100 * value, 2)}
        for script, value in accuracy.items()
    ]
    trained = [section for section in load_rubric().sections if section.training]
    if all(section.script in accuracy for section in trained):
        numbers = [section.number for section in trained]
        seconds = sum(
            test["extra_data"]["seconds"] for test in content["tests"] if test["number"] in numbers
        )
        columns.append({"name": "training (s)", "value": round(seconds, 1), "order": "asc"})
    return columns


def unmarked(problem: str) -> dict[str, Any]:
    """The content of a results.json that says why the grader failed to mark anything."""
    return {
        "score": 0,
        "max_score": load_rubric().max_score,
        "output": f"grader error, not your code: {plain(problem)} "
        "Please ask your instructors for a regrade.",
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [],
    }


def encode(content: dict[str, Any]) -> bytes:
    """The content as the bytes of a results.json."""
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def write(report: Report, path: Path) -> None:
    """Write results.json atomically."""
    write_atomically(path, encode(results(report)))

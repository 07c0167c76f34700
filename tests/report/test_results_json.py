"""results.json as other programs read it."""

import json
from dataclasses import replace

from grader.report.results_json import results
from grader.results import Note, Report

REPORT = Report(
    sections=(),
    accuracy={},
    bars={},
    seconds=1.0,
    seed=0,
    device="cpu",
    sandbox="none",
    submission="x",
)


def test_notes_for_the_instructor_change_no_mark() -> None:
    note = Note("busy-machine", "numpy_ann", "1.2 was marked\nagain")
    report = replace(REPORT, notes=(note,))
    assert Report.from_json(report.to_json()) == report
    shown = results(report)
    assert shown["extra_data"]["notes"] == [
        {"id": "busy-machine", "script": "numpy_ann", "text": "1.2 was marked again"}
    ]
    assert shown["score"] == results(REPORT)["score"]


def test_a_report_of_an_older_grader_has_no_notes() -> None:
    fields = json.loads(REPORT.to_json())
    del fields["notes"]
    assert Report.from_json(json.dumps(fields)) == REPORT

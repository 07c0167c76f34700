"""results.json as other programs read it."""

import json
from dataclasses import replace

from grader.report.results_json import results
from grader.results import Note, Report, SectionResult, Status, Verdict

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
    section = SectionResult("1.2", "relu", 4, 0.1, Verdict(Status.PASSED, 1.0, got="right"))
    plain = replace(REPORT, sections=(section,))
    report = replace(REPORT, sections=(replace(section, notes=(note,)),))
    assert Report.from_json(report.to_json()) == report
    shown = results(report)
    assert shown["extra_data"]["notes"] == [
        {"id": "busy-machine", "script": "numpy_ann", "text": "1.2 was marked again"}
    ]
    del shown["extra_data"], (without := results(plain))["extra_data"]
    assert shown == without


def test_a_section_marked_by_an_older_grader_has_no_notes() -> None:
    section = SectionResult("1.2", "relu", 4, 0.1, Verdict(Status.PASSED, 1.0))
    report = replace(REPORT, sections=(section,))
    fields = json.loads(report.to_json())
    del fields["sections"][0]["notes"]
    assert Report.from_json(json.dumps(fields)) == report

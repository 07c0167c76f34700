"""Files to import: the platforms' columns, empty cells for missing marks, and no formulas."""

import csv
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from grader.classroom.reports.exports import EXPORTS
from tests.classes import HOSTILE, LONE, RUBRIC, WRONG, Pupil, write_report

PUPILS = [
    Pupil("1001", "Ada Lovelace", lost={"1.2": WRONG}, diagnosis=("relu-leaky",), accuracy=0.875),
    Pupil("1002", "Blaise Pascal", missing=("1.6",)),
    Pupil("1003", "Emmy Noether", problem="work.zip is <damaged>"),
    Pupil("eve@example.org", '=cmd("x")', lost={"1.2": "=1\n<script>x</script>"}),
    Pupil("-5", " =2", errors=("1.3",)),
    Pupil("0", "Nobody", missing=tuple(RUBRIC.by_number)),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("class"), PUPILS)


def rows(report: Path, name: str) -> list[dict[str, str]]:
    with (report / name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def by(report: Path, name: str, column: str) -> dict[str, dict[str, str]]:
    return {row[column]: row for row in rows(report, name)}


def test_plain_grades(report: Path) -> None:
    found = by(report, "grades.csv", "id")
    ada, blaise, emmy = (found[key] for key in ("1001", "1002", "1003"))
    assert (ada["name"], ada["state"], ada["score"], ada["1.2"], ada["accuracy_numpy_ann"]) == (
        "Ada Lovelace",
        "marked",
        "96",
        "0",
        "0.875",
    )
    assert (blaise["state"], blaise["score"], blaise["1.2"], blaise["1.6"]) == (
        "partly marked",
        "",
        "4",
        "",
    )
    assert list(ada)[:5] == ["id", "name", "state", "score", "max_score"]
    assert list(ada)[-11:] == [
        "email",
        "group",
        "handed_in",
        "handed_in_by",
        "days_late",
        "score_before_lateness",
        "penalty",
        "changed",
        "questions_right",
        "questions_answered",
        "questions_asked",
    ]
    assert (emmy["state"], emmy["score"], emmy["1.6"]) == ("could not be read", "0", "0")
    assert (found["0"]["state"], found["0"]["score"], found["0"]["1.2"]) == (
        "not marked yet",
        "",
        "",
    )
    assert found["'-5"]["score"] == "100"


def test_canvas_has_its_columns_and_the_points_possible(report: Path) -> None:
    found = rows(report, "canvas.csv")
    assert list(found[0]) == [
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        RUBRIC.title,
    ]
    assert (found[0]["Student"], found[0][RUBRIC.title]) == ("Points Possible", "100")
    assert {row["ID"] for row in found} == {""}  # of plain folders, whose names are logins
    logins = {row["SIS Login ID"]: row[RUBRIC.title] for row in found[1:]}
    assert logins == {"1001": "96", "1003": "0", "eve@example.org": "96"}


def test_moodle_has_no_rows_for_those_of_plain_folders(report: Path) -> None:
    assert rows(report, "moodle.csv") == []


def test_gradescope_has_first_and_last_names(report: Path) -> None:
    found = by(report, "gradescope.csv", "SID")
    ada = found["1001"]
    assert (
        ada["First Name"],
        ada["Last Name"],
        ada["Total Score"],
        ada["Max Points"],
        ada["Status"],
    ) == (
        "Ada",
        "Lovelace",
        "96",
        "100",
        "Graded",
    )
    assert (found["1002"]["Total Score"], found["1002"]["Status"]) == ("", "Ungraded")
    assert found[""]["Email"] == "eve@example.org"


def test_sections_hold_every_result_of_everybody(report: Path) -> None:
    found = rows(report, "sections.csv")
    assert len(found) == sum(len(pupil.sections()) for pupil in PUPILS if not pupil.problem)
    (wrong,) = (row for row in found if row["id"] == "1001" and row["status"] == "failed")
    assert (wrong["section"], wrong["points"], wrong["max_points"], wrong["diagnosis"]) == (
        "1.2",
        "0",
        "4",
        "relu-leaky",
    )


def test_no_cell_of_any_export_starts_a_formula(report: Path) -> None:
    for name in EXPORTS:
        with (report / name).open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.reader(stream):
                assert not [
                    value
                    for value in row
                    if value.strip(" \"'\n\t")[:1] in tuple("=+-@") and value[:1] != "'"
                ], name


def test_results_of_those_who_are_marked(report: Path) -> None:
    found = {
        path.stem.rpartition("-")[0]: json.loads(path.read_text())
        for path in (report / "results").glob("*.json")
    }
    assert found.keys() == {"ada-lovelace", "emmy-noether", "cmd-x", "2"}
    assert (found["ada-lovelace"]["score"], found["ada-lovelace"]["max_score"]) == (
        RUBRIC.max_score - RUBRIC.by_number["1.2"].points,
        RUBRIC.max_score,
    )
    assert (found["emmy-noether"]["score"], found["emmy-noether"]["max_score"]) == (
        0,
        RUBRIC.max_score,
    )


def test_junit_tells_failures_errors_and_what_is_to_come(report: Path) -> None:
    found = {
        path.stem.rpartition("-")[0]: ET.parse(path).getroot()
        for path in (report / "junit").glob("*.xml")
    }
    counts = {
        name: tuple(suite.get(kind) for kind in ("failures", "errors", "skipped"))
        for name, suite in found.items()
    }
    assert counts["ada-lovelace"] == ("1", "0", "0")
    assert counts["blaise-pascal"] == ("0", "0", "1")
    assert counts["emmy-noether"] == ("0", "1", "0")
    assert counts["2"] == ("0", "1", "0")
    assert counts["nobody"] == ("0", "0", "21")


@pytest.mark.parametrize("text", [HOSTILE, LONE, "]]>", "\x00\x0b\uffff\ufffe", "a\r\nb"])
def test_junit_and_exports_are_well_formed_whatever_the_feedback_holds(
    tmp_path: Path, text: str
) -> None:
    name = text.replace(LONE, "x")  # no gradebook can hold one as a name
    report = write_report(
        tmp_path, [Pupil("1", name, lost={"1.2": f"{text}, expected {text}"}, diagnosis=(text,))]
    )
    (path,) = (report / "junit").glob("*.xml")
    failure = ET.parse(path).getroot().find(".//failure")
    assert failure is not None
    assert "expected" in str(failure.text)
    assert len(rows(report, "sections.csv")) == len(RUBRIC.sections)
    assert "expected" in rows(report, "sections.csv")[1]["feedback"]

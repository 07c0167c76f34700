"""A gradebook of the first version opens: its texts are shown as they are, its marks stay."""

import shutil
from pathlib import Path

import pytest

from grader.classroom.database import VERSION
from grader.classroom.gradebook import Gradebook
from grader.classroom.reports.build import build
from grader.results import Status
from grader.rubric import load_rubric

OLD = Path(__file__).with_name("gradebook_version_1.sqlite")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copyfile(OLD, tmp_path / "old.db"))


def test_old_results_keep_marks_and_texts(old: Path) -> None:
    rubric = load_rubric()
    points = {n: rubric.by_number[n].points for n in ("0.1", "1.2", "1.4", "1.6", "2.7")}
    with Gradebook(old) as gradebook:
        assert gradebook.meta("version") == VERSION
        ada, bob, eve = (gradebook.standing(s, points, rubric.bars) for s in gradebook.students())
    assert ada.report.score == sum(points.values())
    assert {s.number for s in bob.report.sections if s.status is Status.FAILED} == {"1.2", "1.4"}
    assert {s.number for s in eve.report.sections if s.points == 0} == {"0.1", "1.6", "2.7"}
    relu, entropy = (s.verdict for s in bob.report.sections if s.status is Status.FAILED)
    assert relu.misconceptions == ("relu-absolute",)
    assert relu.notes[0].startswith("relu(z)[0, ")
    assert "ValueError: no, expected more" in entropy.notes[0]


def test_an_old_gradebook_gives_a_report(old: Path, tmp_path: Path) -> None:
    with Gradebook(old) as gradebook:
        build(gradebook, tmp_path / "report")
    (page,) = (tmp_path / "report" / "students").glob("bob-*.html")
    text = page.read_text()
    assert "ValueError: no, expected more" in text
    assert "negative elements become 0, all others stay" in text

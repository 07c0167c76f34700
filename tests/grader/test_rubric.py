"""The rubric is right as shipped, and every mistake in it gives one clear line."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import HandoutError, RubricError
from grader.handout.readme import expect_shown_as_marked
from grader.rubric import RUBRIC_FILE, load_rubric, parse_rubric
from grader.sections import SCRIPTS
from tests.support import ROOT


def test_points_add_up_to_100() -> None:
    rubric = load_rubric()
    assert sum(section.points for section in rubric.sections) == rubric.max_score == 100


def test_students_see_the_points_and_bars_of_the_rubric() -> None:
    expect_shown_as_marked((ROOT / "README.md").read_text(), load_rubric())


@pytest.mark.parametrize(("number", "fields", "message"), [
    ("2.6", {"bar": 0.75}, "README.md shows the bars"),
    ("1.2", {"points": 5}, "README.md shows the points 2 4"),
])  # fmt: skip
def test_a_handout_that_shows_others_is_refused(
    number: str, fields: dict[str, float], message: str
) -> None:
    rubric = load_rubric()
    sections = tuple(replace(s, **fields) if s.number == number else s for s in rubric.sections)
    with pytest.raises(HandoutError, match=message):
        expect_shown_as_marked((ROOT / "README.md").read_text(), replace(rubric, sections=sections))


@pytest.mark.parametrize(("old", "new", "message"), [
    ("points = 14", "points = 13", "add up to 99, expected max_score, 100"),
    ("points = 14", "pionts = 14", "section 1.6: unknown entry 'pionts'; did you mean points?"),
    ("points = 14", 'points = "many"',
     "section 1.6: points is 'many', expected a number from 0 to 1000"),
    ('number = "1.6"', 'number = "1.5"', "section 1.5 appears twice"),
    ('needs = ["1.2"]', 'needs = ["1.7"]',
     "section 1.3 needs 1.7, which is not an earlier section"),
    ('credit = "each gradient"', 'credit = "some"',
     "section 1.6: credit is 'some', expected 'all or nothing' or 'each gradient'"),
    ("bar = 0.77", 'bar = 0.77\ncredit = "each gradient"',
     "section 1.7: credit is 'each gradient', but its answer has no gradients"),
    ("bar = 0.77", "", "section 1.7: expected a bar"),
    ("bar = 0.77", "bar = 77", "section 1.7: bar is 77, expected a number from 0 to 1"),
    ('number = "1.6"', 'number = "1.66"', "section 1.66 is unknown; did you mean 1.6?"),
    ('number = "1.6"', 'number = "1.6"\nscript = "pytorch_ann"',
     "script is 'pytorch_ann', expected 'numpy_ann' or no entry"),
    ("call_seconds = 20", "call_seconds = 0",
     "[limits] call_seconds is 0, expected a number from 0.001"),
    ("[limits]", "[limits", "cannot be read"),
    ("[exam]", "[weights]\nhand_in = 0.5\nexam = 0.6\n[exam]",
     "[weights]: hand_in and exam come to 1.1, expected 1 together"),
    ("[exam]", "[weights]\nhand_in = 1\n[exam]", "[weights]: exam is missing"),
    ("max_score = 100", "", "the top level: max_score is missing"),
])  # fmt: skip
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = RUBRIC_FILE.read_text()
    assert old in text
    path = tmp_path / "rubric.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(RubricError) as caught:
        load_rubric(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith("rubric.toml")
    assert "\n" not in str(caught.value).strip()


def test_select_by_number_and_without_training() -> None:
    rubric = load_rubric()
    assert [section.number for section in rubric.select(["2.6", "1.2"], skip_training=False)] == [
        "1.2",
        "2.6",
    ]
    assert {"1.7", "2.6", "3.6"}.isdisjoint(
        section.number for section in rubric.select([], skip_training=True)
    )
    with pytest.raises(RubricError, match=r"there is no section '1.66'; did you mean 1.6"):
        rubric.select(["1.66"], skip_training=False)


def test_a_rubric_of_an_old_gradebook_can_still_be_read() -> None:
    text = RUBRIC_FILE.read_text(encoding="utf-8")
    old = re.sub(r"^memory_bytes = .*$", "memory_bytes = 7\naddress_bytes = 9", text, flags=re.M)
    limits = parse_rubric(old, "old").limits
    assert limits.memory_bytes == dict.fromkeys(SCRIPTS, 7)

"""A verdict as text: every field in its place; script output is never shown as the grader's."""

import pytest

from grader.report.text import PRINTED, SAID, headline, lines, plain
from grader.results import Frame, Smallest, Status, Verdict

FRAME = Frame("numpy_ann.py", 9, "relu", "return a")
IN_WORDS = "numpy_ann.py, line 9, in relu: return a"


@pytest.mark.parametrize(("verdict", "expected"), [
    (Verdict(Status.PASSED, 1.0, got="right"), ["right"]),
    (Verdict(Status.PASSED, 1.0, got="right", notes=("Marked with the reference.",)),
     ["right", "Marked with the reference."]),
    (Verdict(Status.FAILED, got="x is 1", expected="2"), ["x is 1, expected 2."]),
    (Verdict(Status.FAILED, got="x is 1", expected="2", where="z is 3",
             hints=("look.", "Your x is too small.")),
     ["x is 1, expected 2 where z is 3.", "Hint: look.", "Your x is too small."]),
    (Verdict(Status.FAILED, got="the file is missing"), ["the file is missing."]),
    (Verdict(Status.FAILED, trace=(FRAME,), exception="NameError: no, expected a"),
     ["your script raised a NameError.", SAID, f"  | {IN_WORDS}",
      "  | NameError: no, expected a"]),
    (Verdict(Status.FAILED, got="training stopped", trace=(FRAME,), exception="NameError: a"),
     ["training stopped: your script raised a NameError.", SAID, f"  | {IN_WORDS}",
      "  | NameError: a"]),
    (Verdict(Status.ERROR, 1.0, exception="OSError: full"),
     ["grader error, not your code: OSError: full"]),
    (Verdict(Status.FAILED, got="x is 1",
             smallest=Smallest("size", "n = 1", "it is 2", before="n = 0")),
     ["x is 1.", "Smallest failing size found: n = 1; n = 0 is right: it is 2"]),
    (Verdict(Status.FAILED, got="x is 1", printed="z, expected 1. Hint: no"),
     ["x is 1.", PRINTED, "  | z, expected 1. Hint: no"]),
    (Verdict(Status.FAILED, notes=("of an old gradebook, expected to stay whole",)),
     ["of an old gradebook, expected to stay whole"]),
])  # fmt: skip
def test_lines_of_a_verdict(verdict: Verdict, expected: list[str]) -> None:
    assert lines(verdict) == expected


@pytest.mark.parametrize(("verdict", "expected"), [
    (Verdict(Status.PASSED, 1.0, got="right"), "right"),
    (Verdict(Status.FAILED, got="x is 1", expected="2", printed="right"), "x is 1, expected 2."),
    (Verdict(Status.FAILED, trace=(FRAME,), exception="ValueError", printed="right"),
     "your script raised a ValueError."),
    (Verdict(Status.FAILED, exception="PASSED: two\nlines"), "your script raised an exception."),
    (Verdict(Status.FAILED, notes=("an old text",)), "an old text"),
    (Verdict(Status.FAILED, got="x" * 99), "x" * 39 + "…"),
])  # fmt: skip
def test_headline_is_the_graders_and_one_line(verdict: Verdict, expected: str) -> None:
    assert headline(verdict, 40) == expected


def test_plain_text_has_no_control_characters() -> None:
    assert plain("a\x1b[2J\u202eb\ud800\tc\n") == "a�[2J�b�\tc\n"
    assert plain("x" * 10, 4) == "xxxx … (cut)"

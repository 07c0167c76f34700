"""Feedback is taken apart for reading, and nothing of it is lost or added."""

import pytest

from grader.report.feedback import PRINTED, Message, split


@pytest.mark.parametrize(("text", "message"), [
    ("right", Message(said="right")),
    ("x is 1, expected 2.", Message(came="x is 1", expected="2")),
    ("x is 1, expected 2 where z[0, 3] is -0.5 (2 of 4 values differ). Hint: look. Twice.",
     Message(came="x is 1", expected="2 where z[0, 3] is -0.5 (2 of 4 values differ)", hint="look. Twice.")),
    ("the file is missing. Hint: hand it in.", Message(said="the file is missing.", hint="hand it in.")),
    ("x is 1, expected 2.\nYour x is too small.\n\nMarked with the reference.",
     Message(came="x is 1", expected="2", notes=("Your x is too small.", "Marked with the reference."))),
    ("numpy_ann.py, line 9, in relu: return a\nNameError: name 'a' is not defined",
     Message(trace=("numpy_ann.py, line 9, in relu: return a",), said="NameError: name 'a' is not defined")),
    ("training stopped:\nnumpy_ann.py, line 9, in relu: x\nNameError: a\nAdvice.",
     Message(lead="training stopped:", trace=("numpy_ann.py, line 9, in relu: x",), said="NameError: a", notes=("Advice.",))),
    ("numpy_ann.py, line 9, in relu: x", Message(said="numpy_ann.py, line 9, in relu: x")),
    (f"x is 1, expected 2.\n{PRINTED}\nz, expected 1. Hint: no\n",
     Message(came="x is 1", expected="2", printed="z, expected 1. Hint: no\n")),
    ("", Message(said="")),
])  # fmt: skip
def test_the_parts_of_a_feedback(text: str, message: Message) -> None:
    assert split(text) == message


def test_the_words_before_what_was_printed_are_those_of_the_marking() -> None:
    from pathlib import Path

    from grader.marking import marking

    assert f'"\\n{PRINTED}\\n' in Path(marking.__file__).read_text(encoding="utf-8")

"""Questions written by hand, for the formats and for reading answers back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assignment.questions.question import Code, Question
from grader.questions.formats.paper import Paper, paper_of
from grader.questions.question_set import QuestionSet
from grader.report.pictures import OfficialImages
from grader.results import Report
from tests.classes import HOSTILE, LONE, Pupil

CODE = Code("numpy_ann.py", 41, "    dz1 = (dz2 @ self.W2.T) * relu_derivative(self.z1)")
LINES = Code(
    "numpy_ann.py", 98, "if n:  # a {b} = c: d ~ e\n\n    return {'W1': dW1}  # \\n \\\\ //"
)


def question(identity: str = "0123456789ab", **fields: Any) -> Question:
    """A question about one line, unless `fields` say otherwise."""
    return Question(
        **{
            "id": identity,
            "kind": "shape-at-line",
            "section": "1.6",
            "text": "Which shape has dz1 in line 41, for a batch of 5 images?",
            "code": CODE,
            "options": ("(5, 64)", "(64, 5)", "(64,)", "(5, 10)"),
            "answer": 0,
            "why": "dz2 is (5, 10) and W2.T is (10, 64), so their product has a row for each image.",
            "misconceptions": ("", "backward-not-transposed", "", ""),
            "beliefs": (
                "",
                "the factors were the other way round",
                "the batch was summed up already",
                "dz1 had the shape of dz2",
            ),
            "evidence": {"shape": [5, 64]},
        }
        | fields
    )


def hostile(identity: str = "fedcba987654") -> Question:
    """A question in which every text is what a student would like a page to run."""
    evil = f"]]>{HOSTILE}{LONE}\ufffe ~=#{{}}:\\ %50% -> `"
    return question(
        identity,
        kind=HOSTILE,
        section=HOSTILE,
        text=f"{evil}\n\n// {evil}\n::x::",
        code=Code(HOSTILE, 1, f"{evil}\n\n// {evil}\n}}"),
        options=(evil, f"=%100%{evil}", f"1  2\n3  4{evil}", f"[html]{evil}"),
        answer=3,
        why=evil,
        misconceptions=(HOSTILE, "", "", ""),
        beliefs=(evil, evil, evil, ""),
    )


def questions() -> tuple[Question, ...]:
    """One of each: a line, several lines and arrays, curves, images, and a hostile one."""
    return (
        question("aa0000000001"),
        question(
            "aa0000000002",
            kind="array-at-line",
            code=LINES,
            options=("[[1, 0]\n [0, 1]]", "[[1, 0]\n [1, 1]]", "[[0, 0]\n [0, 1]]", "[[1]]"),
            answer=2,
        ),
        question(
            "aa0000000003", kind="curve-says", section="2.5", code=None, answer=1,
            evidence={"figure": "curves:pytorch_ann"},
        ),
        question(
            "aa0000000004", kind="confused-with", section="2.6", code=None, answer=3,
            evidence={"figure": "images:12,345"},
        ),
        hostile("aa0000000005"),
    )  # fmt: skip


def asked(student: str = "ada", *some: Question, seed: int = 7) -> QuestionSet:
    """A student's questions."""
    return QuestionSet(student, seed, some or questions())


def report() -> Report:
    """The marking that the questions are about."""
    return Pupil("ada", accuracy=0.9).report()


def paper(one: QuestionSet | None = None, name: str = "Ada Lovelace", stem: str = "ada") -> Paper:
    """The questions with their pictures, as far as the data is there."""
    return paper_of(one or asked(), name, stem, report(), OfficialImages())


def no_data(folder: Path) -> OfficialImages:
    """Images where there are none."""
    return OfficialImages(folder)

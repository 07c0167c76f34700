"""Marks survive renaming and reformatting, and the handout has none of its own."""

import pytest

from grader.handout.stubs import reference_source, stub
from grader.sections import SCRIPTS
from grader.similarity.features import marks_of, marks_of_handout
from grader.similarity.source import read

STUBS = {script: stub(reference_source(script), f"{script}.py").encode() for script in SCRIPTS}


HANDOUT = marks_of_handout(read(STUBS["numpy_ann"]))


def test_the_handout_has_no_marks_of_its_own() -> None:
    assert len(marks_of(read(STUBS["numpy_ann"]), HANDOUT).numbers) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = np.exp(z)\nb = a / a.sum(axis=1)\n", "u = np.exp(v)\nw = u / u.sum(axis=1)\n"),
        (
            "self.first = nn.Linear(64, 32)\ny = self.first(x)\n",
            "this.l = nn.Linear(50, 7)\nq = this.l(r)\n",
        ),
        ("a = b.max() + b.min()\n", "a = (\n\tb.max()  # most\n    + b.min())"),
        ("a = b.max() + b.min()\n", "a = b.max() + \\\r\n b.min();"),
        ("a = b.max() + b.min()\n", "𝒂 = 𝒃.𝐦𝐚𝐱() + 𝒃.min()"),
    ],
)
def test_names_numbers_and_white_space_leave_the_marks_of_statements(one: str, other: str) -> None:
    first, second = (
        set(marks_of(read(text.encode()), HANDOUT).numbers.tolist()) for text in (one, other)
    )
    lines = one.count("\n")
    assert len(first & second) >= lines - ("(" in other and other.startswith("a = ("))


def test_different_functions_have_different_marks() -> None:
    first, second = (
        set(marks_of(read(text), HANDOUT).numbers.tolist())
        for text in (b"a = b.max()\n", b"a = b.min()\n")
    )
    assert first
    assert not first & second

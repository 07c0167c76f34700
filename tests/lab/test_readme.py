"""The README's part 1 in the lab: every formula is MathML, and nothing is left of the markup."""

import pytest

from grader.errors import HandoutError
from grader.lab.readme import HEADINGS, readme_html
from tests.leaks import leaked
from tests.support import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_formula_is_shown() -> None:
    shown = readme_html(README)
    part = README[README.index(HEADINGS[0]) : README.index("## Part 2")]
    assert shown.count('display="block"') == part.count("```math") == 6
    assert shown.count('display="inline"') >= 8
    assert shown.count("<mtr>") == 2 + 2 + 4  # cases, forward, backward
    assert "<table>" in shown
    assert not any(sign in shown for sign in ("$", "```", "\\begin", "formula0"))
    assert leaked(shown) == []


@pytest.mark.parametrize("broken", [
    README.replace(HEADINGS[0], "## Part 1"),
    README.replace(r"\odot", r"\unknownsign"),
    README.replace("{cases}", "{unknown}"),
])  # fmt: skip
def test_a_readme_that_cannot_be_shown_is_refused(broken: str) -> None:
    with pytest.raises(HandoutError, match=r"README\.md"):
        readme_html(broken)

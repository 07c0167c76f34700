"""No cell of an export is a formula."""

import csv
import html
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.classroom.reports.cells import cell, defused, defused_html


@pytest.mark.parametrize("text", [
    "=cmd()", "+1", "-1", "@sum(1)", "\t=1", "\r=1", "\n=1", " =1", '"=1', "'=1", '" \'=1', "＝1",
    "＋1", "－1", "＠x", "\xa0=1", "=", "“=1",
])  # fmt: skip
def test_what_a_spreadsheet_might_evaluate_starts_with_an_apostrophe(text: str) -> None:
    assert defused(text).startswith("'")


@pytest.mark.parametrize(
    "text", ["Ada Lovelace", "12345", "a=b", "", "O'Neill", "x is -1, expected 1", "3-4"]
)
def test_what_is_none_stays_as_it_is(text: str) -> None:
    assert defused(text) == text


def test_after_separators_of_other_countries_too() -> None:
    assert defused("a;=1;b\t-2; +3") == "a;'=1;b\t'-2; '+3"


@given(st.text("=+-@＝'“&;<ab1 ", max_size=12))
@example("'-0.5")
@example("; - =1")
def test_html_is_shown_as_it_was_and_needs_no_apostrophe(text: str) -> None:
    written = defused_html(html.escape(text))
    assert html.unescape(written) == html.unescape(html.escape(text)) == text
    assert defused(written) == written


@pytest.mark.parametrize(
    ("value", "written"), [(79.0, "79"), (0.25, "0.25"), (-1.5, "-1.5"), (0, "0"), (None, "")]
)
def test_numbers_stay_numbers(value: float | None, written: str) -> None:
    assert cell(value) == written


@given(st.text(st.characters(codec=None, categories=None)))
def test_any_text_reads_back_without_a_formula(text: str) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow([cell(text), cell("end")])
    stream.getvalue().encode()  # no lone surrogates
    ((first, last),) = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert last == "end"
    assert first.lstrip(" \"'\xa0")[:1] not in tuple("=+-@") or first.startswith("'")

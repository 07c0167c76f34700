"""The page and the table of the pairs."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from benchmarks.classroom import Classroom
from grader.commands.similarity import report as run
from grader.commands.similarity import table
from grader.errors import CannotGrade
from grader.similarity.comparing import ClassComparison, compare
from grader.similarity.names import Author, Names
from grader.similarity.page import page
from tests.similarity.support import SOLVED, students, with_own_number


class Page(HTMLParser):
    """What is to be checked of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, attribute: str) -> list[str]:
        return [value for _, found in self.tags if (value := found.get(attribute)) is not None]


def test_the_page_loads_nothing_and_its_links_work(
    drawn: Classroom, comparison: ClassComparison
) -> None:
    text = page(comparison, drawn.works, drawn.earlier)
    parsed = Page(text)
    names = {tag for tag, _ in parsed.tags}
    assert not names & {"script", "img", "link", "iframe", "object", "form"}
    assert {"main", "h1", "h2", "h3", "table", "caption", "mark", "figcaption"} <= names
    assert "default-src 'none'; style-src 'unsafe-inline'" in parsed.all("content")
    ids = parsed.all("id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in parsed.all("href")} <= set(ids)
    assert set(parsed.all("aria-labelledby")) <= set(ids)
    assert all(found.get("tabindex") == "0" for tag, found in parsed.tags if tag == "pre")
    assert "prefers-color-scheme: dark" in text
    assert "None of this is a verdict, and none of it affects a mark." in text


def test_the_page_shows_hostile_names_and_lines_as_text() -> None:
    line = b"x = '<script>alert(1)</script>\x1b[2J' + str(a.b.c(d))\n" * 3
    works = {"<script>\x1b[2Jx": {"numpy_ann": line}, "y\nz": {"numpy_ann": line + b"z = 7\n"}}
    comparison = compare(works)
    text = page(comparison, works, {})
    assert "&lt;script&gt;alert(1)" in text
    assert "<script" not in text
    assert "\x1b" not in text + table(comparison)
    assert re.search(r"1  <script>.*x and y z", table(comparison))


def test_shared_lines_are_marked_on_both_sides(
    drawn: Classroom, comparison: ClassComparison
) -> None:
    work = drawn.works["s001"]
    works = {"a": work, "b": with_own_number(work, 7)}
    only = ClassComparison(compare(works).pairs[:1], 2, 0, comparison.usual)
    marked = re.findall(
        r'<mark><span class="hidden">shared: </span>(.*)</mark>', page(only, works, {})
    )
    count = sum(len(passage.a_lines) + len(passage.b_lines) for passage in only.pairs[0].passages)
    assert len(marked) == count > 0
    assert marked[: count // 2] == marked[count // 2 :]


def test_run_prints_a_table_and_writes_the_page(
    drawn: Classroom,
    comparison: ClassComparison,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(drawn.works, drawn.earlier, tmp_path / "pairs.html") == 0
    printed = capsys.readouterr().out
    assert re.search(r"^40 submissions \(\d\d different\) and 20 of earlier years", printed)
    assert "None of this is a verdict" in printed
    assert len(re.findall(r"^  \d+ students? handed in", printed, re.MULTILINE)) == len(
        comparison.equal
    )
    assert len(re.findall(r"^ +\d+  \S+ and \S+", printed, re.MULTILINE)) == len(
        students(compare(drawn.works, drawn.earlier))
    )
    assert (tmp_path / "pairs.html").read_text().startswith("<!doctype html>")


def test_errors_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "grader.similarity.comparing.compare", lambda *_: pytest.fail("compared first")
    )
    with pytest.raises(
        CannotGrade,
        match="nothing to compare: 1 submissions and 0 earlier ones, expected two or more",
    ):
        run({"x": SOLVED}, {}, None)
    with pytest.raises(CannotGrade, match=r"missing/pairs\.html cannot be written"):
        run({"x": SOLVED, "y": SOLVED}, {}, tmp_path / "missing" / "pairs.html")


def test_the_page_names_every_member_of_a_group() -> None:
    works = {f"s{number}": SOLVED for number in range(300)}
    authors = {one: [Author(one, f"Name {one} <b>")] for one in works}
    text = page(compare(works), works, {}, Names(authors))
    assert "300 students handed in the same" in text
    assert all(f"<bdi>Name {one} &lt;b&gt;</bdi>" in text for one in works)
    assert "&lt;b&gt; (s" not in text

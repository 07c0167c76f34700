"""Near-copies: planted ones are found in a drawn class, honest pairs are not, and hostile sources stall nothing."""

import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from benchmarks.classroom import Classroom, classroom
from benchmarks.copying import WAYS
from grader.commands.similarity import report as run
from grader.commands.similarity import table
from grader.errors import CannotGrade
from grader.handout.folder import reference_source, solved, stub
from grader.sections import SCRIPTS
from grader.similarity.comparing import Comparison, Pair, compare
from grader.similarity.features import marks_of, marks_of_handout
from grader.similarity.page import page
from grader.similarity.source import MAX_TOKENS, read

STUBS = {script: stub(reference_source(script), f"{script}.py").encode() for script in SCRIPTS}
SOLVED = {script: solved(reference_source(script), f"{script}.py").encode() for script in SCRIPTS}
HANDOUT = marks_of_handout(read(STUBS["numpy_ann"]))


def students(comparison: Comparison) -> set[frozenset[str]]:
    return {frozenset((pair.a, pair.b)) for pair in comparison.pairs}


@pytest.fixture(scope="module")
def drawn() -> Classroom:
    return classroom(40, len(WAYS), seed=7, earlier=20)


@pytest.fixture(scope="module")
def comparison(drawn: Classroom) -> Comparison:
    return compare(drawn.works, drawn.earlier)


def test_the_drawn_scripts_are_python(drawn: Classroom) -> None:
    for work in [*drawn.works.values(), *drawn.earlier.values()]:
        for script, content in work.items():
            compile(content, script, "exec")


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_is_found_however_it_is_disguised(
    drawn: Classroom, comparison: Comparison, way: str
) -> None:
    (copied,) = [pair for pair, how in drawn.copies.items() if how == way]
    assert copied in students(comparison)


def test_hardly_anybody_else_is_listed(drawn: Classroom, comparison: Comparison) -> None:
    assert len(students(comparison) - drawn.copies.keys()) <= 1


def test_a_class_that_worked_alone_lists_nobody() -> None:
    assert compare(classroom(40, 0, seed=8).works).pairs == ()


def test_copies_as_they_are_come_first_and_share_the_same_lines(
    drawn: Classroom, comparison: Comparison
) -> None:
    first = comparison.pairs[0]
    assert drawn.copies[frozenset((first.a, first.b))] == "as it is"
    assert first.passages
    assert all(passage.a_lines == passage.b_lines for passage in first.passages)


def test_a_copy_from_an_earlier_year_says_so(drawn: Classroom, comparison: Comparison) -> None:
    copied = {one for pair in drawn.copies for one in pair if one in drawn.earlier}
    assert copied
    assert copied <= {pair.b for pair in comparison.pairs if pair.b_is_earlier}
    assert all(pair.b_is_earlier == (pair.b in drawn.earlier) for pair in comparison.pairs)


def test_earlier_years_are_not_compared_among_themselves() -> None:
    drawn = classroom(16, 0, seed=3)
    earlier = {"x": drawn.works["s001"], "y": drawn.works["s001"]}
    works = {one: work for one, work in drawn.works.items() if one != "s001"}
    assert frozenset("xy") not in students(compare(works, earlier))
    assert students(compare(drawn.works, {"x": drawn.works["s001"]})) == {frozenset(("s001", "x"))}


def test_a_student_who_repeats_the_course_is_not_compared_with_the_own_earlier_work() -> None:
    drawn = classroom(16, 0, seed=3)
    assert compare(drawn.works, {"s001": drawn.works["s001"]}).pairs == ()


def test_what_everybody_writes_is_nobodys_copy() -> None:
    works = {f"s{number}": SOLVED for number in range(30)}
    assert max((pair.score for pair in compare(works).pairs), default=0) < 10


def test_the_expected_answer_weighs_less_than_another_one() -> None:
    works = dict(classroom(20, 0, seed=4).works)
    other = SOLVED | {
        "numpy_ann": SOLVED["numpy_ann"].replace(
            b"dz1 = da1 * relu", b"dz1 = np.copy(da1) * 1.0 * relu"
        )
    }
    expected = compare(works | {"x": SOLVED, "y": SOLVED})
    unexpected = compare(works | {"x": other, "y": other})
    assert {"x", "y"} in students(expected) & students(unexpected)
    scores = [
        next(pair.score for pair in one.pairs if {pair.a, pair.b} == {"x", "y"})
        for one in (expected, unexpected)
    ]
    assert scores[0] < scores[1]


def test_the_handout_has_no_marks_of_its_own() -> None:
    assert len(marks_of(read(STUBS["numpy_ann"]), HANDOUT).numbers) == 0


@pytest.mark.parametrize(("one", "other"), [
    ("a = np.exp(z)\nb = a / a.sum(axis=1)\n", "u = np.exp(v)\nw = u / u.sum(axis=1)\n"),
    ("self.first = nn.Linear(64, 32)\ny = self.first(x)\n", "this.l = nn.Linear(50, 7)\nq = this.l(r)\n"),
    ("a = b.max() + b.min()\n", "a = (\n\tb.max()  # most\n    + b.min())"),
    ("a = b.max() + b.min()\n", "a = b.max() + \\\r\n b.min();"),
    ("a = b.max() + b.min()\n", "𝒂 = 𝒃.𝐦𝐚𝐱() + 𝒃.min()"),
])  # fmt: skip
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


HOSTILE = {
    "brackets": b"(" * 200_000,
    "brackets of all kinds": b"[{(" * 66_000,
    "one long line": b"x = " + b"a+" * 98_000,
    "quotes": b'"' * 200_000,
    "open strings": b"'''\\\"" * 40_000,
    "prefixes": b"rb'" * 66_000,
    "backslashes": b"\\\n" * 100_000,
    "zeros": b"\0" * 200_000,
    "UTF-16": ("x = 1\n" * 10_000).encode("utf-16"),
    "surrogates": b"\xed\xa0\x80 = 1\n" * 20_000,
    "letters that grow": ("\ufdfa = 1\n" * 30_000).encode(),
    "one statement again and again": b"y = y + 1\n" * 20_000,
    "remarks": b"# one two three\n" * 12_000,
    "a number": b"1e+" * 66_000,
    "old line ends": b"x=1\r" * 50_000,
    "nothing": b"",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_sources_neither_crash_nor_stall(kind: str) -> None:
    works = {"x": {"numpy_ann": HOSTILE[kind]}, "y": {"numpy_ann": HOSTILE[kind]}, "z": SOLVED}
    started = time.perf_counter()
    comparison = compare(works)
    assert page(comparison, works, {}).endswith("</html>")
    assert time.perf_counter() - started < 10
    assert len(read(HOSTILE[kind]).words) <= MAX_TOKENS


def test_what_was_not_read_whole_is_said() -> None:
    notes = compare(
        {"x": {"numpy_ann": b"x = 1\n" * 9000}, "y": {"pytorch_cnn": b"# coding: utf-7\nx = 1\n"}}
    ).notes
    assert notes == (
        "numpy_ann.py of x: only its first 10,000 words were compared: it is much longer than a script should be",
        "pytorch_cnn.py of y: it asks to be read as utf-7; it was compared as plain text",
    )


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


def test_the_page_runs_and_loads_nothing_and_its_links_lead_somewhere(
    drawn: Classroom, comparison: Comparison
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
    assert "This is no verdict, and it affects no mark." in text


def test_the_page_shows_hostile_names_and_lines_as_text() -> None:
    line = b"x = '<script>alert(1)</script>\x1b[2J' + str(a.b.c(d))\n" * 3
    works = {"<script>\x1b[2Jx": {"numpy_ann": line}, "y\nz": {"numpy_ann": line}}
    comparison = compare(works)
    text = page(comparison, works, {})
    assert "&lt;script&gt;alert(1)" in text
    assert "<script" not in text
    assert "\x1b" not in text + table(comparison)
    assert re.search(r"1  <script>.*x and y z", table(comparison))


def test_shared_lines_are_marked_on_both_sides(drawn: Classroom, comparison: Comparison) -> None:
    only = Comparison(comparison.pairs[:1], 40, 20, comparison.usual)
    marked = re.findall(
        r'<mark><span class="hidden">shared: </span>(.*)</mark>',
        page(only, drawn.works, drawn.earlier),
    )
    count = sum(len(passage.a_lines) + len(passage.b_lines) for passage in only.pairs[0].passages)
    assert len(marked) == count
    assert marked[: count // 2] == marked[count // 2 :]


def test_run_prints_a_table_and_writes_the_page(
    drawn: Classroom, comparison: Comparison, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(drawn.works, drawn.earlier, tmp_path / "pairs.html") == 0
    printed = capsys.readouterr().out
    assert "40 works and 20 of earlier years. The pairs below" in printed
    assert "not a verdict and affects no mark" in printed
    assert len(re.findall(r"^ +\d+  \S+ and \S+", printed, re.MULTILINE)) == len(
        students(compare(drawn.works, drawn.earlier))
    )
    assert (tmp_path / "pairs.html").read_text().startswith("<!doctype html>")


def test_few_works_are_put_in_order_without_a_line_between_usual_and_not() -> None:
    works = classroom(4, 1, seed=2).works
    comparison = compare(works)
    assert comparison.few
    assert "the closest" in table(comparison)
    assert "usual for the closest pair" not in table(comparison)


def test_nothing_to_compare_and_nowhere_to_write_are_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        CannotGrade,
        match="nothing to compare: 1 submissions and 0 earlier ones, expected two or more",
    ):
        run({"x": SOLVED}, {}, None)
    with pytest.raises(CannotGrade, match=r"missing/pairs\.html cannot be written"):
        run({"x": SOLVED, "y": SOLVED}, {}, tmp_path / "missing" / "pairs.html")


def test_a_pair_is_a_record_that_travels(comparison: Comparison) -> None:
    pair = comparison.pairs[0]
    assert isinstance(pair, Pair)
    assert hash(pair) == hash(
        Pair(pair.a, pair.b, pair.script, pair.score, pair.usual, pair.passages, pair.b_is_earlier)
    )

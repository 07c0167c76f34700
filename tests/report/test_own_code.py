"""A section's own code: found without parsing, marked, highlighted, whatever a submission holds."""

import re
import time
from dataclasses import replace

import pytest

from grader.report.highlighting import MOST_COLUMNS, MOST_ROWS, highlighted
from grader.report.own_code import COMPUTES, STOPPED, Code, code_of
from grader.results import ComparedArray, Frame, SectionResult, Status, Verdict
from tests.classes import HOSTILE, result
from tests.support import script_with


def failed(number: str, *frames: tuple[int, str], **fields: object) -> SectionResult:
    script = {"1": "numpy_ann", "2": "pytorch_ann", "3": "pytorch_cnn"}[number[0]]
    trace = tuple(Frame(f"{name or script}.py", line, "f", "code") for line, name in frames)
    found = result(number, Status.FAILED, Verdict(Status.FAILED, got="wrong", trace=trace))
    return replace(found, **fields)  # type: ignore[arg-type]


def found(number: str, source: str) -> list[str]:
    """The first and last lines of what is shown of a section."""
    (code,) = code_of(failed(number), source.encode())
    return [code.lines[0].strip(), code.lines[-1].strip()]


@pytest.mark.parametrize(("number", "first", "last"), [
    ("1.2", "def relu(z: np.ndarray) -> np.ndarray:", "return np.maximum(z, 0)"),
    ("1.5", "def forward(self, X: np.ndarray) -> np.ndarray:", "return self.a2"),
    ("1.7", "HIDDEN_SIZE", None),
    ("2.1", "def __init__(self, seed: int = 0):", "self.dropout = nn.Dropout(0.1)"),
    ("2.4", "def predict(self, X: torch.Tensor) -> torch.Tensor:",
     "return self(X).argmax(dim=1)"),
    ("2.5", 'JUDGEMENT = "generalizing"', 'JUDGEMENT = "generalizing"'),
])  # fmt: skip
def test_every_section_of_the_reference_is_found(number: str, first: str, last: str | None) -> None:
    section = failed(number)
    source = script_with(section.script, {}).encode()
    codes = code_of(section, source)
    assert codes[0].lines[0].strip().startswith(first)
    assert last is None or codes[0].lines[-1].split("  #")[0].strip() == last
    assert len(codes) == 1  # the four constants are neighbours
    rows = source.decode().split("\n")
    assert list(codes[0].lines) == rows[codes[0].first - 1 :][: len(codes[0].lines)]


@pytest.mark.parametrize(("source", "first", "last"), [
    ("def relu(z):\n  return 1\n\n# comment\nx = 1\ndef relu(z): return 2\n", "def relu(z): return 2",
     "def relu(z): return 2"),
    ("if True:\n  def relu(z):\n    return 1\nelse:\n  pass", "def relu(z):", "return 1"),
    ("@cache\n@other(\n 1)\ndef relu(z):\n\treturn 1\nx = 2", "@cache", "return 1"),
    ("def relu(z,\n  y=(\n1)):\n  a = \\\n1\n  return 1\nb = 2", "def relu(z,", "return 1"),
    ("relu = lambda z: (\n  z)\ny = 1", "relu = lambda z: (", "z)"),
    ("relu: object = 7 \nrelu == 8", "relu: object = 7", "relu: object = 7"),
    ('text = """\ndef relu(z): pass\n"""\nasync  def  relu(z):\n  """doc\n\nx"""\n  return 1',
     "async  def  relu(z):", "return 1"),
    ("class C:\n  def relu(s): pass\ndef f():\n  def relu(z): pass\ndef relu(z):\n  # a\n  1",
     "def relu(z):", "1"),
    ("s = 'it\\'s #'  # (\ndef relu(z):\r\n  return {'a': \"(\"}\r\nx = 1", "def relu(z):",
     "return {'a': \"(\"}"),
])  # fmt: skip
def test_a_definition_is_found_as_python_reads_it(source: str, first: str, last: str) -> None:
    assert found("1.2", source) == [first, last]


@pytest.mark.parametrize("source", ["", "x = (", "def Relu(z): pass", "'''", "relu(1)"])
def test_nothing_is_shown_of_what_is_not_there(source: str) -> None:
    assert code_of(failed("1.2"), source.encode()) == []


def test_the_line_where_it_stopped_is_marked() -> None:
    source = b"def relu(z):\n    a = helper(z)\n    return a\n\ndef helper(z):\n    return z @ 3\n"
    own, other = code_of(failed("1.2", (2, ""), (6, "")), source)
    assert own.marked == {2: STOPPED}
    assert other.marked == {6: STOPPED}
    assert other.lines[6 - other.first] == "    return z @ 3"
    assert code_of(failed("1.2", (2, "utils"), (10**30, ""), (-4, "")), source)[0].marked == {}


def test_a_script_that_cannot_be_read_shows_its_line() -> None:
    (code,) = code_of(failed("1.2", (5, "")), b"\n\n\n\nx = )\n\n\n\n\n\n")
    assert (code.first, code.marked) == (2, {5: STOPPED})


def test_the_rows_that_compute_wrong_entries_are_marked() -> None:
    wrong, right = ((True,),), ((False,),)
    source = script_with("numpy_ann", {}).encode()
    rows = source.decode().split("\n")
    arrays = tuple(
        ComparedArray(name, wrong if name[0] == "W" else right) for name in ("W1", "b1", "W2", "b2")
    )
    (code,) = code_of(failed("1.6", comparisons=arrays), source)
    assert [rows[row - 1].strip()[:5] for row in code.marked] == ["dW2 =", "dW1 ="]
    (code,) = code_of(failed("1.2", comparisons=(ComparedArray("relu(z)", wrong),)), source)
    assert [rows[row - 1].strip() for row in code.marked] == ["return np.maximum(z, 0)"]
    assert set(code.marked.values()) == {COMPUTES}


BOMBS = {
    "brackets": "(" * 200_000, "quotes": "'" * 200_000, "backslashes": "\\" * 200_000,
    "triple": "\"\"\"'''" * 30_000, "lines": "\n" * 200_000, "classes": "class a:\n" * 20_000,
    "deep": "".join(f"{' ' * i}def relu(z):\n" for i in range(600)), "nul": "\0" * 200_000,
    "one line": "def relu(z): " + "x = 1;" * 30_000, "decorators": "@a\n" * 60_000,
    "f-strings": "def relu(z):\n " + "f'{" * 50_000, "colons": "relu" + ":" * 190_000,
    "spaces": "def relu(z):\n" + " " * 190_000 + "return", "equals": "relu" + " " * 190_000 + "=",
    "many rows": "def relu(z):\n" + " x = [f'{1}', 2, '''a''']\n" * 7_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", BOMBS)
def test_hostile_source_is_shown_in_bounded_time(kind: str) -> None:
    started = time.process_time()
    for code in code_of(failed("1.2", (1, "")), BOMBS[kind].encode()):
        assert len(highlighted(code)) < 1_000_000
    assert time.process_time() - started < 2


def test_code_stays_text_in_rows_of_their_own() -> None:
    lines = ("  def f():", f"    x = '''{HOSTILE}", "    <b>'''", "    return 1 if x else None", "")
    rows = highlighted(Code("numpy_ann", 9, lines, {10: STOPPED})).split("\n")
    assert len(rows) == 6
    assert rows[0].startswith('<span class="line"><span class="gutter">   9 </span>')
    assert '<mark class="line"><span class="gutter">→ 10 </span>' in rows[1]
    assert '<span class="k">def</span> <span class="f">f</span>' in rows[0]
    assert '<span class="s">  &lt;b&gt;' in rows[2]
    shown = "".join(rows)
    assert not re.search(r"<(script|img|b>)|style=|[\x00\x1b\u202e]", shown)


def test_long_code_is_cut_around_its_marks() -> None:
    code = Code("numpy_ann", 1, tuple("x" * 900 for _ in range(500)), {300: STOPPED})
    shown = highlighted(code)
    assert shown.count('class="line"') == MOST_ROWS
    assert "→ 300 " in shown
    assert f"{'x' * MOST_COLUMNS} …" in shown

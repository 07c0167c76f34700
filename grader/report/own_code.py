"""The student's own code of a section, found in the source without parsing or running it.

The source is read as words by one regular expression, in time proportional to its length: whatever
a submission holds, it costs no more than that. Rows count from 1, as in tracebacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assignment.definitions import FUNCTIONS, METHODS
from assignment.parts import PARTS
from grader.results import Frame, SectionResult
from grader.sections import BY_NUMBER

MOST_BYTES = 250_000  # a script has at most 200 kB
AROUND = 3  # rows shown on both sides of a line that stands in no section
CONSTANTS = ("HIDDEN_SIZE", "EPOCHS", "BATCH_SIZE", "LEARNING_RATE")
STOPPED, COMPUTES = "where it stopped", "what computes the wrong entries"

_WORD = re.compile(  # possessive throughout, so that it never backtracks
    r"""
    (?P<skip>(?:[^\n"'\#()\[\]{}\\]++ | \#[^\n]*+ | \\.)++)
  | (?P<string>
        \"{3}(?:[^\\"]++|\\.|"(?!""))*+(?:\"{3})?+
      | '{3}(?:[^\\']++|\\.|'(?!''))*+(?:'{3})?+
      | "(?:[^\\"\n]++|\\.)*+"?+
      | '(?:[^\\'\n]++|\\.)*+'?+)
  | (?P<newline>\n)
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_DEFINES = re.compile(r"(?:async[ \t]+)?(?P<kind>def|class)[ \t]+(?P<name>\w+)")
_RETURNS = re.compile(r"[ \t]{0,99}return\b")
_ASSIGNS = re.compile(r"(?P<name>\w+)[ \t]*(?::[^=\n]*)?=(?!=)")


@dataclass(frozen=True)
class Code:
    """Rows of a script: `lines` from row `first` on, and why some of them are `marked`, by row."""

    script: str
    first: int
    lines: tuple[str, ...]
    marked: dict[int, str]


@dataclass(frozen=True)
class Line:
    """A logical line: its rows, from 1, both included, and its indentation in columns."""

    first: int
    last: int
    indent: int
    text: str  # of the first row


def code_of(section: SectionResult, source: bytes) -> list[Code]:
    """What the student wrote for a section, and where it stopped, if that is elsewhere."""
    rows = text_of(source).split("\n")
    frames = [frame for frame in section.verdict.trace if _is_in(frame, section.script, rows)]
    spans = _spans_of(section, source)
    shown = []
    for first, last in spans:
        marked = {f.line: STOPPED for f in frames if first <= f.line <= last}
        marked = marked or _computing(section, rows, first, last)
        shown.append(Code(section.script, first, tuple(rows[first - 1 : last]), marked))
    last_frame = frames[-1] if frames else None
    if last_frame and not any(a <= last_frame.line <= b for a, b in spans):
        first = max(1, last_frame.line - AROUND)
        lines = tuple(rows[first - 1 : last_frame.line + AROUND])
        shown.append(Code(section.script, first, lines, {last_frame.line: STOPPED}))
    return shown


def _is_in(frame: Frame, script: str, rows: Sequence[str]) -> bool:
    return frame.file == f"{script}.py" and 1 <= frame.line <= len(rows)


def _spans_of(section: SectionResult, source: bytes) -> list[tuple[int, int]]:
    """The first and last row of each definition that a section asks for, as far as it is there.

    Neighbours, such as constants, are one.
    """
    found = _definitions(source)
    spans: list[tuple[int, int]] = []
    for first, last in sorted({found[place] for place in _asked(section) if place in found}):
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _asked(section: SectionResult) -> list[tuple[str, str]]:
    """Class and name of what a section asks for; the class is "" at the top of the script."""
    number, script = section.number, section.script
    if not script:
        return []
    if number in FUNCTIONS:
        return [("", FUNCTIONS[number])]
    cls = PARTS[script].class_name
    if number in METHODS:
        return [(cls, METHODS[number])]
    if number.endswith(".1"):
        return [(cls, "__init__")]
    if BY_NUMBER[number].training:
        return [] if section.verdict.trace else [("", name) for name in CONSTANTS]
    return [("", "JUDGEMENT")] if number.endswith(".5") else []


def _computing(
    section: SectionResult, rows: Sequence[str], first: int, last: int
) -> dict[int, str]:
    """The rows that assign an array with wrong entries, such as self.z1 or dW1, or return it."""
    names = [one.name for one in section.comparisons if any(map(any, one.wrong))]
    if not names:
        return {}
    if all("(" in name for name in names):  # such as relu(z)
        returns = [row for row in range(first, last + 1) if _RETURNS.match(rows[row - 1])]
        return dict.fromkeys(returns, COMPUTES) if len(returns) == 1 else {}
    if len(names) == len(section.comparisons) > 1:  # all are wrong: no row stands out
        return {}
    ends = "|".join(re.escape(name.partition(" ")[0]) for name in names)
    assigns = re.compile(rf"\s*[\w.]{{0,20}}(?:{ends})\s*=(?!=)")
    return {row: COMPUTES for row in range(first, last + 1) if assigns.match(rows[row - 1][:200])}


def text_of(source: bytes) -> str:
    """The text of a script as it is marked, with line ends as \\n; too long a one is cut."""
    text = source[:MOST_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


@lru_cache(maxsize=64)  # a script has several sections; those of one student come one by one
def _definitions(source: bytes) -> dict[tuple[str, str], tuple[int, int]]:
    """The rows of each function, class and assignment by class and name; the last one counts."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    open_blocks: list[tuple[int, str, str, int]] = []  # indentation, kind, name, first row
    decorated = end = 0
    for line in _logical_lines(text_of(source)):
        while open_blocks and line.indent <= open_blocks[-1][0]:
            _close(open_blocks, found, end)
        defines = _DEFINES.match(line.text)
        if defines:
            begin = decorated or line.first
            open_blocks.append((line.indent, defines["kind"], defines["name"], begin))
        elif assigns := _ASSIGNS.match(line.text):
            kinds = [kind for _, kind, _, _ in open_blocks]
            if kinds in ([], ["class"]):
                cls = open_blocks[0][2] if kinds else ""
                found[cls, assigns["name"]] = (line.first, line.last)
        is_decorator = line.text.startswith("@")
        decorated = (decorated or line.first) if is_decorator else 0
        end = line.last
    while open_blocks:
        _close(open_blocks, found, end)
    return found


def _close(
    open_blocks: list[tuple[int, str, str, int]],
    found: dict[tuple[str, str], tuple[int, int]],
    end: int,
) -> None:
    """Note the innermost block, unless it stands inside a function or in two classes."""
    _, _, name, first = open_blocks.pop()
    if [kind for _, kind, _, _ in open_blocks] in ([], ["class"]):
        found[open_blocks[0][2] if open_blocks else "", name] = (first, end)


def _logical_lines(text: str) -> Iterator[Line]:
    """The lines of code: what stands in brackets, strings or after a backslash is no new one."""
    rows = text.split("\n")
    row = first = 1
    depth = 0
    for word in _WORD.finditer(text):
        kind, value = word.lastgroup, word.group()
        if kind == "newline":
            if depth == 0:
                yield from _line(rows, first, row)
                first = row + 1
            row += 1
        elif kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(0, depth - 1)
        else:  # a string of several rows, or a backslash at the end of a row
            row += value.count("\n")
    yield from _line(rows, first, len(rows))


def _line(rows: Sequence[str], first: int, last: int) -> Iterator[Line]:
    """The logical line of these rows, unless there is no code in it."""
    if first > len(rows):
        return
    text = rows[first - 1]
    code = text.lstrip()
    if code and not code.startswith("#"):
        indent = len(text[: len(text) - len(code)].expandtabs(8))
        yield Line(first, last, indent, code[:300])

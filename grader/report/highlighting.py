"""Code as HTML: Python's words as classes that style.css colours, with numbered and marked rows."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from markupsafe import Markup, escape

from grader.report.own_code import Code
from grader.report.text import plain

MOST_ROWS = 90
MOST_COLUMNS = 200
# The kinds of words that are coloured, the special ones first: Pygments nests its kinds.
CLASSES = {
    "Keyword": "k", "Operator.Word": "k", "Name.Builtin": "b", "Name.Function": "f",
    "Name.Class": "f", "Name.Decorator": "f", "Literal.String": "s", "Literal.Number": "m",
    "Comment": "c",
}  # fmt: skip


def shown_rows(code: Code) -> tuple[int, tuple[str, ...]]:
    """The first row and the rows that are shown: some around the marks, if there are too many."""
    if len(code.lines) <= MOST_ROWS:
        return code.first, code.lines
    wanted = min(code.marked, default=code.first) - code.first - MOST_ROWS // 2
    start = max(0, min(wanted, len(code.lines) - MOST_ROWS))
    return code.first + start, code.lines[start : start + MOST_ROWS]


def highlighted(code: Code) -> Markup:
    """The rows of some code, numbered; an arrow stands before those that are marked."""
    first, lines = shown_rows(code)
    rows = _coloured("\n".join(map(_cut, _dedented(lines))))
    width = len(str(first + len(rows)))
    return Markup().join(
        _row(first + i, width, row, marked=first + i in code.marked) for i, row in enumerate(rows)
    )


def _row(number: int, width: int, row: Markup, *, marked: bool) -> Markup:
    arrow, tag = ("→", "mark") if marked else (" ", "span")
    gutter = f'<span class="gutter">{arrow} {number:>{width}} </span>'
    return Markup(f'<{tag} class="line">{gutter}{row}</{tag}>\n')  # a row is escaped


def _cut(line: str) -> str:
    return line if len(line) <= MOST_COLUMNS else f"{line[:MOST_COLUMNS]} …"


def _dedented(lines: tuple[str, ...]) -> list[str]:
    """The lines, safe to show, without the indentation that all of them have."""
    safe = [plain(line[: MOST_COLUMNS + 100]).replace("\n", " ").expandtabs(4) for line in lines]
    indents = [len(line) - len(line.lstrip(" ")) for line in safe if line.strip()]
    common = min(indents, default=0)
    return [line[common:] for line in safe]


@lru_cache(maxsize=4096)  # most students change few lines of what they are given
def _coloured(text: str) -> tuple[Markup, ...]:
    """Each line of a text with its words in classes."""
    rows = [""]
    for kind, value in _lexer().get_tokens(text):
        name = _class_of(kind)
        for number, piece in enumerate(value.split("\n")):
            if number:
                rows.append("")
            safe = str(escape(piece))
            rows[-1] += f'<span class="{name}">{safe}</span>' if name and piece else safe
    count = text.count("\n") + 1
    return tuple(map(Markup, [*rows, *[""] * count][:count]))


@lru_cache(maxsize=200)
def _class_of(kind: object) -> str:
    """The class of one of Pygments' kinds of words, such as Token.Literal.String.Doc."""
    own = str(kind).removeprefix("Token.")
    return next((short for long, short in CLASSES.items() if f"{own}.".startswith(f"{long}.")), "")


@cache
def _lexer() -> Any:
    from pygments.lexers.python import PythonLexer

    return PythonLexer(stripnl=False, ensurenl=False)

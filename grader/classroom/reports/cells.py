"""Cells of a CSV file that no spreadsheet evaluates as a formula, whatever a student's name is."""

from __future__ import annotations

import re

from grader.report.text import plain

Cell = str | float | int | None

# Spreadsheets evaluate cells that start like this, some even after quotes and blanks. The wide
# forms count in East Asian settings.
_SIGNS = "=+\\-@＝＋－＠"
_START = r"""[\s"'`´‘’“”]*"""
_FORMULA = re.compile(rf"{_START}[{_SIGNS}]|[\t\r\n]")
# Some locales also split cells at semicolons, whether quoted or not.
_INNER = re.compile(rf"([;\t\n][ ]*)(?=[{_SIGNS}])")
# the signs at the start and after what may split: as entities they end in a semicolon themselves
_IN_HTML = re.compile(rf"(?:\A{_START}|[;\t\n])(?:[ ]*[{_SIGNS}])+")


def defused(text: str) -> str:
    """The text as a cell: no control characters, and an apostrophe in front of possible formulas.

    >>> defused("=cmd()"), defused("Ada"), defused(" \\"-1")
    ("'=cmd()", 'Ada', '\\' "-1')
    """
    shown = _INNER.sub(r"\1'", plain(text))
    return f"'{shown}" if _FORMULA.match(shown) or text[:1] in ("\t", "\r", "\n") else shown


def defused_html(text: str) -> str:
    """HTML that `defused` leaves alone, with entities for signs that could start a formula.

    >>> defused_html("&#x27;-0.5")
    '&#x27;&#45;0.5'
    """

    def as_entities(found: re.Match[str]) -> str:
        return re.sub(f"[{_SIGNS}]", lambda sign: f"&#{ord(sign[0])};", found[0])

    return _IN_HTML.sub(as_entities, text)


def cell(value: Cell) -> str:
    """A value as text: a number as a number, None as nothing, a text defused."""
    if value is None:
        return ""
    if isinstance(value, str):
        return defused(value)
    return f"{value:.10g}"

"""Cells of a CSV file that no spreadsheet evaluates as a formula, whatever a student's name is."""

from __future__ import annotations

import re

from grader.report.text import plain

Cell = str | float | int | None

# Spreadsheets evaluate cells that start like this, some even after quotes and blanks. The wide
# forms count in East Asian settings.
_FORMULA = re.compile(r"""[\s"'`´‘’“”]*[=+\-@＝＋－＠]|[\t\r\n]""")
# Some locales also split cells at semicolons, whether quoted or not.
_INNER = re.compile(r"([;\t\n][ ]*)(?=[=+\-@＝＋－＠])")


def defused(text: str) -> str:
    """The text as a cell: no control characters, and an apostrophe in front of possible formulas.

    >>> defused("=cmd()"), defused("Ada"), defused(" \\"-1")
    ("'=cmd()", 'Ada', '\\' "-1')
    """
    shown = _INNER.sub(r"\1'", plain(text))
    return f"'{shown}" if _FORMULA.match(shown) or text[:1] in ("\t", "\r", "\n") else shown


def cell(value: Cell) -> str:
    """A value as text: a number as a number, None as nothing, a text defused."""
    if value is None:
        return ""
    if isinstance(value, str):
        return defused(value)
    return f"{value:.10g}"

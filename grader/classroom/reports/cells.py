"""Cells of a CSV file that no spreadsheet takes for a formula, whatever a student's name is."""

from __future__ import annotations

import re

from grader.report.text import plain

Cell = str | float | int | None

# A spreadsheet evaluates what starts so, some after quotes and blanks; the wide forms count in East Asian settings.
_FORMULA = re.compile(r"""[\s"'`´‘’“”]*[=+\-@＝＋－＠]|[\t\r\n]""")
# In other countries files are split at semicolons too, quotes or not.
_INNER = re.compile(r"([;\t\n][ ]*)(?=[=+\-@＝＋－＠])")


def defused(text: str) -> str:
    """The text as a cell: with an apostrophe in front where it could be a formula, and no control characters.

    >>> defused("=cmd()"), defused("Ada"), defused(" \\"-1")
    ("'=cmd()", 'Ada', '\\' "-1')
    """
    shown = _INNER.sub(r"\1'", plain(text))
    return f"'{shown}" if _FORMULA.match(shown) or text[:1] in ("\t", "\r", "\n") else shown


def cell(value: Cell) -> str:
    """A value as it is written: a number as a number, nothing as nothing, a text defused."""
    if value is None:
        return ""
    if isinstance(value, str):
        return defused(value)
    return f"{value:.10g}"

"""Tables as people have them: CSV that a platform or a spreadsheet wrote, in any encoding."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from grader.errors import CannotGrade
from grader.report.text import one_line

MAX_BYTES = 20_000_000  # a worksheet with texts of 1,000 students has 5,000,000
MAX_ROWS = 100_000
MAX_COLUMNS = 1_000
DELIMITERS = ",;\t"  # where the decimal separator is a comma, spreadsheets write semicolons

_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200e\u200f\u2060\u00ad"))
_FORMULA = re.compile(r'="([^"]*)"')  # keeps a spreadsheet from reading a number
_APOSTROPHE = re.compile(r"'(?=[0-9=+\-@\t])")  # says the same, and stands before formulas


@dataclass(frozen=True)
class Row:
    """A row of a table: its line in the file, and its cells by the names of the header."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Table:
    """A table: its header, with names as `plain_name` gives them, and its rows."""

    path: Path
    header: tuple[str, ...]
    rows: list[Row]


def read_table(path: Path, on_one_line: Collection[str] = ()) -> Table:
    """The table in a CSV file, with clean cells and without empty rows.

    Raises CannotGrade, with the line, for a file that is none, for rows longer than the header, and
    for a cell with a line break in one of the columns `on_one_line`: there, quotes in two rows have
    lost their partners, and what is between them is no cell.
    """
    lines = _lines(path)
    try:
        number, first = next(lines)
    except StopIteration:
        raise CannotGrade(f"{path} is empty, expected a table with a header") from None
    header = tuple(map(plain_name, first))
    while header and not header[-1]:
        header = header[:-1]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    rows: list[Row] = []
    for number, cells in islice(lines, MAX_ROWS + 1):
        if len(rows) == MAX_ROWS:
            raise CannotGrade(f"{path} has more than {MAX_ROWS:,} rows, expected those of a class")
        if any(map(clean, cells[len(header) :])):
            raise CannotGrade(
                f"{path}, line {number}: {len(cells)} cells, expected {len(header)} as in the "
                "header; a comma inside a cell needs quotes around it"
            )
        # a name that stands twice in the header is nobody's: which column would count?
        named = {name: cell for name, cell in zip(header, cells, strict=False) if name not in twice}
        for name in on_one_line:
            if re.search(r"[\r\n]", named.get(name, "").strip()):
                raise CannotGrade(
                    f"{path}, line {number}: {name} holds a line break, expected it on one line; "
                    "a quote is missing or too much here or below"
                )
        rows.append(Row(number, {name: clean(cell) for name, cell in named.items()}))
    return Table(path, tuple(name for name in header if name not in twice), rows)


def plain_name(text: str) -> str:
    """A column's name without regard to case, spaces and hyphens.

    >>> plain_name(" E-Mail Address"), plain_name("Student_ID")
    ('email address', 'student id')
    """
    name = unicodedata.normalize("NFKC", clean(text)).casefold()
    return " ".join(name.replace("e-mail", "email").replace("_", " ").split())


def clean(text: str) -> str:
    """A cell as text: in NFC, one line, without what a spreadsheet adds to keep it as text.

    >>> clean("'0429"), clean('="0429"'), clean("\\u00a0M\\u0075\\u0308ller "), clean("'t Hooft")
    ('0429', '0429', 'Müller', "'t Hooft")
    """
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    text = " ".join(text.split())  # splits at non-breaking spaces too
    if match := _FORMULA.fullmatch(text):
        text = match[1].strip()
    return _APOSTROPHE.sub("", text, count=1) if _APOSTROPHE.match(text) else text


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row that is not empty."""
    text = decoded(path)
    start = 0
    if text[:4].lower() == "sep=":  # Excel's own way to name the delimiter
        text, start = text.partition("\n")[2], 1
    # strict: else a quote that is never closed takes all that follows into its cell
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    before = start
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise CannotGrade(
                f"{path}, line {before + 1}: not CSV ({error}), expected a table in which each quote "
                "that opens a cell is closed"
            ) from None
        if len(cells) > MAX_COLUMNS:
            raise CannotGrade(f"{path} has more than {MAX_COLUMNS:,} columns, expected a table")
        if any(map(clean, cells)):
            yield before + 1, cells
        before = reader.line_num + start


def _delimiter(text: str) -> str:
    """The delimiter that splits the header into most cells."""
    head = text.lstrip()[:10_000]
    return max(DELIMITERS, key=lambda one: len(_first_row(head, one)))


def _first_row(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def decoded(path: Path) -> str:
    """The text of a file in UTF-8, UTF-16, or else Windows-1252, as Excel writes it in the West.

    Raises CannotGrade for a file that cannot be read, is too large, or is no text.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise CannotGrade(
            f"{path} cannot be read ({error.strerror}), expected a CSV file"
        ) from None
    if len(content) > MAX_BYTES:
        raise CannotGrade(f"{path} has more than {MAX_BYTES:,} bytes, expected a class as CSV")
    text = _decoded(content)
    if content.startswith(b"PK\3\4") or "\0" in text:
        raise CannotGrade(
            f"{one_line(str(path))} is no text: save it from the spreadsheet as CSV in UTF-8"
        )
    return text


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if content[1:8:2] == b"\0\0\0\0":  # every second byte of Western text in UTF-16
        return content.decode("utf-16-le", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Windows-1252 has no letter for five bytes
        return content.decode("cp1252", "replace")

"""A script's bytes as words of Python, never parsed, in time proportional to their length.

Syntax errors, unclosed brackets, lines of 200 kB and unusual encodings are read like anything else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_TOKENS = 10_000  # of one script; the reference has some 1,300
MAX_NAME = 200  # characters of a name or number that count

# possessive throughout, so that it never backtracks
_TOKEN = re.compile(
    r"""
    [ \t\f]*+(?:
    (?P<newline>\n)
  | (?P<continued>\\\n)
  | (?P<comment>\#[^\n]*+)
  | (?P<string>[rbufRBUF]{0,2}(?:
        \"{3}(?:[^\\"]|\\.|"(?!""))*+(?:\"{3})?+
      | '{3}(?:[^\\']|\\.|'(?!''))*+(?:'{3})?+
      | "(?:[^\\"\n]|\\.)*+"?+
      | '(?:[^\\'\n]|\\.)*+'?+))
  | (?P<number>(?:\d|\.\d)(?:[eE][+-]|[\w.])*+)
  | (?P<name>[^\W\d]\w*+)
  | (?P<operator>\*\*=?|//=?|>>=?|<<=?|->|:=|[-+*/%@&|^<>=!]=?|\.\.\.|.))
    """,
    re.VERBOSE | re.DOTALL,
)
_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_PLAIN_ENCODINGS = re.compile(
    r"utf[-_]?8([-_]sig)?|u8|ascii|us[-_]ascii|latin[-_]?1"
    r"|iso[-_]?8859[-_]\d+|(cp|windows[-_])125\d"
)


@dataclass(frozen=True)
class Source:
    """A script as words: kind, text and line (from 0) of each; `note`: why only part was read."""

    text: str
    kinds: tuple[str, ...]
    words: tuple[str, ...]
    rows: tuple[int, ...]
    note: str = ""

    @property
    def lines(self) -> list[str]:
        """The lines that `rows` counts."""
        return self.text.split("\n")


def read(content: bytes) -> Source:
    """The script as words, the first 10,000 of them."""
    text = decode(content)
    kinds: list[str] = []
    words: list[str] = []
    rows: list[int] = []
    row = 0
    note = _odd_encoding(content)
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "operator"
        if kind == "continued":
            row += 1
            continue
        if len(kinds) >= MAX_TOKENS:
            note = (
                f"only its first {MAX_TOKENS:,} words were compared: "
                "it is much longer than a script should be"
            )
            break
        word = match[kind]
        kinds.append(kind)
        words.append(_name(word) if kind == "name" else word)
        rows.append(row)
        if kind == "newline":
            row += 1
        elif kind == "string":
            row += word.count("\n")
    return Source(text, tuple(kinds), tuple(words), tuple(rows), note)


def decode(content: bytes) -> str:
    """The text, with line ends as \\n; bytes that are not UTF-8 are read as Latin-1."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _odd_encoding(content: bytes) -> str:
    """A note if the script declares an encoding in which Python would read other words."""
    for line in content.split(b"\n", 2)[:2]:
        asked = _COOKIE.match(line[:500])
        if asked and not _PLAIN_ENCODINGS.fullmatch(asked[1].decode("ascii", "replace").lower()):
            declared = asked[1][:40].decode("ascii", "replace")
            return f"it declares the encoding {declared}; it was compared as plain text"
    return ""


def _name(word: str) -> str:
    """A name as Python reads it: in NFKC, where some letters that look different are equal."""
    word = word[:MAX_NAME]
    return word if word.isascii() else unicodedata.normalize("NFKC", word)[:MAX_NAME]

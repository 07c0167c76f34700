"""Data in source code, and functions that decode it: what an instructor may want to look at.

It reads the syntax tree and runs nothing. Imported by parse_worker.py only, since a parser can be
made to crash.
"""

from __future__ import annotations

import ast
import io
import math
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

MOST_DATA = 2000  # characters of literals in a whole script; the reference has 300
LONG = 100  # characters of one literal from which its entropy says something
DENSE = 5.1  # bits per character: English has 4.3, code up to 5, base64 5.8
PROSE = 1 / 12  # spaces per character; English has twice as many
NAMED = 3  # places that a note names
DECODERS = (
    "base64", "binascii", "bz2", "codecs", "gzip", "lzma", "marshal", "pickle", "struct", "zlib",
)  # fmt: skip
DECODING = (
    "frombuffer", "from_bytes", "fromfile", "fromhex", "fromstring", "getsource", "unpackbits",
)  # fmt: skip
EXECUTING = ("compile", "eval", "exec")
READING = ("open", "read_bytes", "read_text")  # beside __file__: of the script itself


@dataclass(frozen=True)
class Literal:
    """A text or a group of numbers: its line, how many characters it takes, bits per character."""

    line: int
    size: int
    bits: float

    @property
    def is_dense(self) -> bool:
        """Whether it is longer and less regular than what people write."""
        return self.size >= LONG and self.bits > DENSE


def findings(source: str) -> list[tuple[str, str]]:
    """Notes on a script as (id, text). Raises SyntaxError if it cannot be parsed."""
    nodes = list(ast.walk(ast.parse(source)))
    return [*_embedded(source, nodes), *_decoded(nodes)]


def _embedded(source: str, nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    prose = {id(node) for node in _statements_of_text(nodes)}
    texts = [*_texts(nodes, prose), *_numbers(nodes)]
    size = sum(literal.size for literal in texts)
    hidden = [*_docstrings(nodes, prose), *_comments(source)]
    dense = [literal for literal in (*texts, *hidden) if literal.is_dense]
    if size <= MOST_DATA and not dense:
        return
    largest = sorted(dense or texts, key=lambda literal: -literal.size)[:NAMED]
    places = ", ".join(f"line {literal.line} ({literal.size:,} characters)" for literal in largest)
    what = (
        f"text of {max(dense, key=lambda one: one.size).bits:.1f} bits per character, which is no "
        "language"
        if dense
        else f"{size:,} characters of literals; scripts as handed out have under 500"
    )
    yield "embedded-data", f"holds {what}: {places}"


def _statements_of_text(nodes: list[ast.AST]) -> Iterator[ast.Constant]:
    """Docstrings, and other texts that nothing uses."""
    for node in nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _texts(nodes: list[ast.AST], prose: set[int]) -> Iterator[Literal]:
    """Texts and bytes that are no sentences."""
    for node in nodes:
        if isinstance(node, ast.Constant) and id(node) not in prose:
            if isinstance(node.value, str) and not _is_prose(node.value):
                yield _literal(node.lineno, node.value)
            elif isinstance(node.value, bytes):
                yield _literal(node.lineno, node.value.decode("latin-1"))


def _is_prose(text: str) -> bool:
    spaces = text.count(" ") + text.count("\n")
    return spaces >= PROSE * len(text) and not _literal(0, text).is_dense


def _numbers(nodes: list[ast.AST]) -> Iterator[Literal]:
    """The numbers of each line together."""
    by_line: Counter[int] = Counter()
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | complex):
            by_line[node.lineno] += _length(node.value)
    for line, size in by_line.items():
        yield Literal(line, size, 0.0)


def _length(number: complex) -> int:
    """Characters of a number; that of a huge one is computed, since writing it out takes long."""
    if isinstance(number, int):
        return 1 + int(max(number.bit_length() - 1, 0) * math.log10(2))
    return len(repr(number))


def _docstrings(nodes: list[ast.AST], prose: set[int]) -> Iterator[Literal]:
    for node in nodes:
        if id(node) in prose and isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield _longest_word(node.lineno, node.value)


def _comments(source: str) -> Iterator[Literal]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield _longest_word(token.start[0], token.string)
    except (tokenize.TokenError, SyntaxError):  # stricter than the parser
        return


def _longest_word(line: int, text: str) -> Literal:
    """The longest run without a space: people who write prose may use any letters in it."""
    return _literal(line, max(text.split(), key=len, default=""))


def _literal(line: int, text: str) -> Literal:
    return Literal(line, len(text), _entropy(text))


def _entropy(text: str) -> float:
    """Bits per character, by how often each occurs."""
    n = len(text)
    return -sum(c / n * math.log2(c / n) for c in Counter(text).values()) if n else 0.0


def _decoded(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    found: dict[str, int] = {}
    for node in nodes:
        for name in _decoders(node):
            found.setdefault(name, getattr(node, "lineno", 0))
    if found:
        if "__file__" in found and not found.keys() & {*READING}:
            del found["__file__"]  # to find a folder
        for name in READING:
            found.pop(name, None)
    if found:
        places = ", ".join(f"{name[:40]} (line {line})" for name, line in [*found.items()][:6])
        yield "decodes-data", f"uses what decodes or reads data: {places}"


def _decoders(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names if name.name.partition(".")[0] in DECODERS]
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        return [module] if module.partition(".")[0] in DECODERS else []
    if isinstance(node, ast.Attribute):
        return [node.attr] if node.attr in (*DECODING, *READING, "__doc__") else []
    if isinstance(node, ast.Name):
        return [node.id] if node.id in (*DECODING, *READING, "__doc__", "__file__") else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return [node.func.id] if node.func.id in EXECUTING else []
    return []

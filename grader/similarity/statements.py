"""A script's statements without comments, docstrings and layout, and what each of them binds."""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from grader.similarity.source import Source

Token = tuple[str, str]  # kind and word
OPEN, CLOSE = ("(", "[", "{"), (")", "]", "}")
_DEEPER = dict.fromkeys(OPEN, 1) | dict.fromkeys(CLOSE, -1)
_ASSIGN = ("=", "+=", "-=", "*=", "/=", "//=", "%=", "@=", "**=")
_BEFORE_COLON = ("if", "elif", "while")
# Without one of these words, a statement gives no name a value.
_BINDING = frozenset(("=", ":=", "for", "lambda", "as", "def", "class"))


@dataclass(frozen=True)
class Statement:
    """A logical line: its depth of indentation and its words."""

    level: int
    tokens: tuple[Token, ...]

    @cached_property
    def words(self) -> list[str]:
        """The words alone."""
        return [word for _, word in self.tokens]


def statements(source: Source) -> list[Statement]:
    """The statements in order. Strings that stand alone, such as docstrings, are left out."""
    found, widths = [], [0]
    for width, tokens in _logical_lines(source):
        while widths[-1] > width:
            widths.pop()
        if widths[-1] < width:
            widths.append(width)
        if any(kind != "string" for kind, _ in tokens):
            plain = _without_outer_brackets(_without_last_commas(tokens))
            found.append(Statement(len(widths) - 1, tuple(plain)))
    return found


def _logical_lines(source: Source) -> Iterator[tuple[int, list[Token]]]:
    """The width of the indentation and the words of each logical line, split at semicolons."""
    lines = source.lines
    tokens: list[Token] = []
    depth = width = 0
    is_suite = is_first = True  # `if a: b; c` cannot be split, because c belongs to the if
    for kind, word, row in zip(source.kinds, source.words, source.rows, strict=True):
        if kind == "comment":
            continue
        if depth == 0 and (kind == "newline" or (word == ";" and not is_suite)):
            if tokens:
                yield width, tokens
            tokens, is_first = [], is_first or kind == "newline"
            continue
        if kind == "newline":
            continue
        if is_first:
            blank = lines[row][: len(lines[row]) - len(lines[row].lstrip(" \t\f"))]
            width, is_first, is_suite = len(blank.expandtabs(8)), False, False
        if word in _DEEPER:
            depth = max(0, depth + _DEEPER[word])
        is_suite = is_suite or (word == ":" and depth == 0)
        tokens.append((kind, word))
    if tokens:
        yield width, tokens


def _without_last_commas(tokens: list[Token]) -> list[Token]:
    """The words without the comma before a closing bracket, where it means nothing.

    It means something in `(a,)` and `x[a,]`.
    """
    if ("operator", ",") not in tokens:
        return tokens
    kept: list[Token] = []
    brackets: list[tuple[bool, int]] = []  # whether one comma at the end is layout; commas so far
    for kind, word in tokens:
        if word in OPEN:
            follows = bool(kept) and _ends_operand(kept[-1])
            brackets.append((word == "{" or (word == "(") == follows, 0))
        elif word in CLOSE and brackets:
            layout, commas = brackets.pop()
            if kept[-1][1] == "," and (layout or commas > 1):
                kept.pop()
        elif word == "," and brackets:
            brackets[-1] = (brackets[-1][0], brackets[-1][1] + 1)
        kept.append((kind, word))
    return kept


def _ends_operand(token: Token) -> bool:
    """Whether a bracket after this word is a call or an index."""
    kind, word = token
    return word in (")", "]") or (kind == "name" and not keyword.iskeyword(word))


def _without_outer_brackets(tokens: list[Token]) -> list[Token]:
    """The words without brackets around all of what is returned, assigned or asked."""
    words = [word for _, word in tokens]
    first, end = _whole_expression(words)
    while first < end and words[first] == "(" and _closing(words, first) == end - 1 > first + 1:
        tokens = [*tokens[:first], *tokens[first + 1 : end - 1], *tokens[end:]]
        words = [word for _, word in tokens]
        end -= 2
    return tokens


def _whole_expression(words: list[str]) -> tuple[int, int]:
    """Where the expression begins and ends that makes up the rest of a statement."""
    if words[0] in ("return", "assert"):
        return 1, len(words)
    if words[0] in _BEFORE_COLON and words[-1] == ":":
        return 1, len(words) - 1
    return 1 + last_assignment(words, _ASSIGN), len(words)


def _closing(words: list[str], opening: int) -> int:
    """The place of the bracket that closes the one at `opening`, -1 if there is none."""
    depth = 0
    for place in range(opening, len(words)):
        depth += _DEEPER.get(words[place], 0)
        if depth == 0:
            return place
    return -1


def last_assignment(words: list[str], operators: tuple[str, ...] = ("=",)) -> int:
    """The place of a statement's last assignment, -1 if there is none."""
    depth, last = 0, -1
    for place, word in enumerate(words):
        if word in _DEEPER:
            depth += _DEEPER[word]
        elif depth == 0 and word in operators:
            last = place
    return last


def bound_names(words: list[str], kinds: list[str]) -> set[str]:
    """The names that a statement gives a value to, without attributes and imports."""
    if words[0] in ("import", "from"):
        return set()
    if _BINDING.isdisjoint(words):
        return set()
    targets = last_assignment(words)
    found: set[str] = set()
    opener = ""  # the keyword whose names are bound until its end
    for place, (kind, word) in enumerate(zip(kinds, words, strict=True)):
        before = words[place - 1] if place else ""
        after = words[place + 1] if place + 1 < len(words) else ""
        if word in ("for", "lambda"):
            opener = word
        elif (opener, word) in (("for", "in"), ("lambda", ":")):
            opener = ""
        elif kind == "name" and not keyword.iskeyword(word) and before != ".":
            is_target = place < targets and after not in ("(", ".", "[")
            if is_target or opener or before in ("as", "def", "class") or after == ":=":
                found.add(word)
    return found | set(parameters(words))


def parameters(words: list[str]) -> list[str]:
    """The parameters of a `def` statement, in order; none for another statement."""
    start = words.index("def") if "def" in words[:2] else -1
    if start < 0 or words[start + 2 : start + 3] != ["("]:
        return []
    found: list[str] = []
    depth = 0
    for before, word in zip(words[start + 2 :], words[start + 3 :], strict=False):
        depth += _DEEPER.get(before, 0)
        if depth == 0:
            break
        if depth == 1 and before in ("(", ",", "*", "**") and word.isidentifier():
            found.append(word)
    return found

"""The marks of a script, which survive changes of names, comments, white space and order.

    phrase   10 consecutive words of the student's own code, with each variable replaced by the
             distance to its last occurrence
    line     a whole statement, written in the same way
    exact    a statement with its names and numbers, but without white space, such as
             hyperparameters
    remark   a comment

Marks that the handout has do not count. A mark is a 64-bit number; names of NumPy and PyTorch are
kept as they are.
"""

from __future__ import annotations

import builtins
import hashlib
import itertools
import keyword
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from grader.similarity.source import MAX_NAME, Source

PHRASE = 10  # words, about a line: shorter ones are too common, longer ones too fragile
SHORTEST = {"line": 4, "exact": 3, "remark": 2}  # words; `return z` and `# loss` mean nothing
MAX_LINE = 200  # words of a statement that is a mark; longer ones are covered by phrases
_FIXED = frozenset((*keyword.kwlist, *dir(builtins)))
_KEPT_NUMBERS = {form: digit for digit in "012" for form in (digit, f"{digit}.", f"{digit}.0")}
_MIX = np.uint64(0x9E3779B97F4A7C15)

Numbers = NDArray[np.uint64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Marks:
    """The marks of a script: number, first place and width. Places count words, then comments."""

    numbers: Numbers
    starts: Places
    widths: Places
    rows: Places  # the line of each place

    @property
    def places(self) -> int:
        """The number of places."""
        return len(self.rows)


@dataclass(frozen=True)
class Given:
    """The handout: its marks, and the names of functions and attributes in it."""

    marks: frozenset[int]
    functions: frozenset[str]
    attributes: frozenset[str]


@dataclass
class _Words:
    """The words without names: a code for each, or for variables 0 and the distance back."""

    codes: Numbers
    back: Places  # 0: not a variable, or its first occurrence
    rows: Places
    texts: list[str]
    statements: list[tuple[int, int]]


def marks_of_handout(script: Source, *others: Source) -> Given:
    """The handout: its script, whose names are kept, and whatever else students get."""
    words, kinds = script.words, script.kinds
    called = {
        name
        for name, kind, after in zip(words, kinds, words[1:], strict=False)
        if kind == "name" and after == "("
    }
    attributes = {name for before, name in itertools.pairwise(words) if before == "."}
    given = Given(frozenset(), frozenset(called), frozenset(attributes))
    marks = frozenset().union(*(_all_marks(source, given) for source in (script, *others)))
    return Given(marks, given.functions, given.attributes)


def _all_marks(source: Source, given: Given) -> set[int]:
    """The numbers of a source's marks, whoever wrote it."""
    words = _rewrite(source, given)
    found = [
        _phrases(words),
        *(_statements(words, exact) for exact in (False, True)),
        _remarks(source, 0),
    ]
    return {int(number) for numbers, _, _ in found for number in numbers}


def marks_of(source: Source, given: Given) -> Marks:
    """The marks of the student's own code."""
    words = _rewrite(source, given)
    known = np.fromiter(given.marks, np.uint64, len(given.marks))
    phrases, lines, exact = _phrases(words), _statements(words, False), _statements(words, True)
    own = ~_covered([phrases, lines], known, len(words.texts))
    remarks = _remarks(source, len(words.texts))
    found = [_all_own(phrases, own), _all_own(lines, own), exact, remarks]
    numbers, starts, widths = (np.concatenate(columns) for columns in zip(*found, strict=True))
    fresh = ~np.isin(numbers, known)
    comments = [
        row for kind, row in zip(source.kinds, source.rows, strict=True) if kind == "comment"
    ]
    rows = np.concatenate([words.rows, np.array(comments, np.int64)])
    return Marks(numbers[fresh], starts[fresh], widths[fresh], rows)


def own_lines(source: Source, given: Given) -> int:
    """The number of lines with code that the handout does not have."""
    words = _rewrite(source, given)
    known = np.fromiter(given.marks, np.uint64, len(given.marks))
    found = [_phrases(words), _statements(words, False)]
    return len(np.unique(words.rows[~_covered(found, known, len(words.texts))]))


Found = tuple[Numbers, Places, Places]


def _all_own(found: Found, own: NDArray[np.bool_]) -> Found:
    """The marks that consist only of the student's own words."""
    numbers, starts, widths = found
    before = np.concatenate([[0], np.cumsum(own)])
    whole = before[starts + widths] - before[starts] == widths
    return numbers[whole], starts[whole], widths[whole]


def _covered(found: list[Found], known: Numbers, size: int) -> NDArray[np.bool_]:
    """Which places are covered by marks of the handout."""
    edges = np.zeros(size + 1, np.int64)
    for numbers, starts, widths in found:
        hits = np.isin(numbers, known)
        np.add.at(edges, starts[hits], 1)
        np.add.at(edges, (starts + widths)[hits], -1)
    covered: NDArray[np.bool_] = np.cumsum(edges)[:size] > 0
    return covered


def _rewrite(source: Source, given: Given) -> _Words:
    kept: list[int] = []
    statements: list[tuple[int, int]] = []
    depth = first = 0
    for index, (kind, word) in enumerate(zip(source.kinds, source.words, strict=True)):
        if kind == "newline" or word == ";":
            if depth == 0 and len(kept) > first:
                statements.append((first, len(kept)))
                first = len(kept)
        elif kind != "comment":
            depth = max(0, depth + (word in "([{") - (word in ")]}"))
            kept.append(index)
    if len(kept) > first:
        statements.append((first, len(kept)))
    # padded, so that every word has neighbours
    texts = ["", *(source.words[index] for index in kept), "", ""]
    kinds = [source.kinds[index] for index in kept]
    codes = np.zeros(len(kept), np.uint64)
    back = np.zeros(len(kept), np.int64)
    seen: dict[str, int] = {}
    own = _own_attributes(texts) - given.attributes
    for place, kind in enumerate(kinds):
        written = _fixed(kind, texts, place + 1, given, own)
        if written is not None:
            codes[place] = _number(written)
            continue
        name = texts[place + 1]
        back[place] = place - seen.get(name, place)
        seen[name] = place
    rows = np.array([source.rows[index] for index in kept], np.int64)
    return _Words(codes, back, rows, texts[1:-2], statements)


def _own_attributes(texts: list[str]) -> set[str]:
    """Attributes that are assigned, or read from self: names that a student may change."""
    before = zip(texts, texts[1:], texts[2:], texts[3:], strict=False)
    return {
        name
        for owner, dot, name, after in before
        if dot == "." and (after == "=" or owner == "self")
    }


def _fixed(kind: str, texts: list[str], place: int, given: Given, own: set[str]) -> str | None:
    """The fixed form of a word, None for a variable."""
    word = texts[place]
    if kind == "string":
        return "a string"
    if kind == "number":
        return _KEPT_NUMBERS.get(word, "a number")
    if kind != "name" or word in _FIXED:
        return word
    before, after = texts[place - 1], texts[place + 1]
    if before == ".":
        return None if word in own else word
    if after == "=" and before in ("(", ","):
        return f"{word}="
    return word if after == "(" and word in given.functions else None


@lru_cache(100_000)
def _number(text: str) -> int:
    """A 64-bit hash of a text, the same on every machine."""
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little"
    )


def _phrases(words: _Words) -> Found:
    count = max(0, len(words.codes) - PHRASE + 1)
    numbers = np.zeros(count, np.uint64)
    for offset in range(PHRASE):
        codes, back = words.codes[offset : offset + count], words.back[offset : offset + count]
        inside = np.where(back <= offset, back, 0).astype(np.uint64)  # last seen within this phrase
        numbers += _mixed(codes + inside * _MIX + np.uint64(offset + 1))
    return numbers, np.arange(count), np.full(count, PHRASE)


def _mixed(numbers: Numbers) -> Numbers:
    """Hashed numbers, whose sum identifies them (finaliser of splitmix64, Steele et al. 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def _statements(words: _Words, exact: bool) -> Found:
    """Whole statements: exactly, or with variables as distances to their last occurrence."""
    found: list[tuple[int, int, int]] = []
    for first, end in words.statements:
        if SHORTEST["exact" if exact else "line"] <= end - first <= MAX_LINE:
            if exact:
                text = " ".join(word[:MAX_NAME] for word in words.texts[first:end])
            else:
                back = [
                    back if back <= place else 0
                    for place, back in enumerate(words.back[first:end].tolist())
                ]
                text = repr((words.codes[first:end].tolist(), back))
            found.append((_number(f"{'exact' if exact else 'line'} {text}"), first, end - first))
    return _columns(found)


def _remarks(source: Source, first: int) -> Found:
    comments = [
        text for kind, text in zip(source.kinds, source.words, strict=True) if kind == "comment"
    ]
    found: list[tuple[int, int, int]] = []
    for place, text in enumerate(comments, start=first):
        spoken = re.findall(r"\w+", text[:1000].lower())
        if len(spoken) >= SHORTEST["remark"]:
            found.append((_number(f"remark {' '.join(spoken)}"), place, 1))
    return _columns(found)


def _columns(found: list[tuple[int, int, int]]) -> Found:
    return (
        np.array([number for number, _, _ in found], np.uint64),
        np.array([start for _, start, _ in found], np.int64),
        np.array([width for _, _, width in found], np.int64),
    )

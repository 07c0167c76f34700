"""The canonical form of a script: equal if two differ only in comments, docstrings, layout, names.

Names that the student chose are numbered by their first occurrence: local names within their
function, names of the module and attributes of `self` within the script. What the handout, an
import or Python names stays, and so does the value of each number and string. The form claims too
little rather than too much: what it does not recognise as the student's own name, stays.
"""

from __future__ import annotations

import hashlib
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass

from grader.similarity.scopes import MODULE, Line, Names, lines_of, names_of
from grader.similarity.source import Source
from grader.similarity.statements import CLOSE, OPEN

LONGEST_NUMBER = 50  # characters that are read as a value; Python itself refuses thousands
_STRING = re.compile(r"([A-Za-z]*)(\"{3}|'{3}|\"|')(.*?)(?:\2)?", re.DOTALL)
_FIELD = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"(?<![\w.\"'])[^\W\d]\w*")


@dataclass(frozen=True)
class Contract:
    """Names of the handout that nobody chooses: of the module, and attributes with methods."""

    module: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()


def contract_of(handout: Source) -> Contract:
    """The names that the handout gives."""
    names = names_of(lines_of(handout))
    return Contract(frozenset(names.bound[MODULE]), frozenset(names.attributes))


def canonical(source: Source, contract: Contract) -> list[str]:
    """The words of the canonical form, the level of indentation before each statement.

    Empty if the script has no statement. A script that could not be read to its end, or in its
    encoding, equals only the same text.
    """
    lines = lines_of(source)
    names = names_of(lines)
    written = [source.text] if source.note and lines else []
    for line in lines:
        written.append(f"level {line.statement.level}")
        written.extend(_canonical(line, names, contract))
    return written


def without_values(words: list[str]) -> list[str]:
    """The canonical form with all numbers equal."""
    return ["0" if word[:1].isdigit() else word for word in words]


def form(words: list[str]) -> bytes:
    """A hash of the canonical form; b"" for a script without statements."""
    text = repr(words).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).digest() if words else b""


def _canonical(line: Line, names: Names, contract: Contract) -> Iterator[str]:
    """The words of a statement in canonical form."""
    words = ["", *line.statement.words, ""]
    is_import, defines = words[1] in ("import", "from"), "def" in words[1:3]
    called: list[str] = []  # what each open bracket calls, "" for nothing
    for place, (kind, word) in enumerate(line.statement.tokens, start=1):
        before, after = words[place - 1], words[place + 1]
        if word in OPEN:
            called.append(before if word == "(" else "")
        elif word in CLOSE and called:
            called.pop()
        if kind == "number":
            yield _value(word)
        elif kind == "string":
            yield _text(word, line.body, names, contract)
        elif kind != "name" or keyword.iskeyword(word) or is_import:
            yield word
        elif before == "." or (line.in_class and not called and word in names.attributes):
            yield _attribute(word, words[place - 2] if before == "." else "", names, contract)
        elif after == "=" and before in ("(", ",") and called and called[-1] and not defines:
            yield _keyword(word, called[-1], names, contract)
        else:
            yield _name(word, line.scope if before == "def" else line.body, names, contract)


def _name(word: str, scope: int, names: Names, contract: Contract) -> str:
    if scope != MODULE and word in names.bound.get(scope, ()):
        return names.number("v", scope, word)
    if word in names.bound[MODULE] and word not in contract.module | names.imports:
        return names.number("g", MODULE, word)
    return word


def _attribute(word: str, owner: str, names: Names, contract: Contract) -> str:
    if word not in names.attributes or word in contract.attributes or owner in names.imports:
        return word
    return names.number("a", MODULE, word)


def _keyword(word: str, function: str, names: Names, contract: Contract) -> str:
    """A keyword of a call: the parameter's position, where the student defined the function."""
    own = names.parameters.get(function, [])
    if function in contract.module | contract.attributes or word not in own:
        return word
    return f"p{own.index(word)}"


def _value(word: str) -> str:
    """A number in one spelling: 1e-3 is 0.001, but 1 is not 1.0."""
    if len(word) > LONGEST_NUMBER:
        return word
    try:
        return repr(int(word, 0))
    except ValueError:
        pass
    try:
        return repr(float(word))
    except ValueError:
        return word.lower()


def _text(word: str, scope: int, names: Names, contract: Contract) -> str:
    """A string in one spelling; names in the fields of an f-string are numbered too."""
    match = _STRING.fullmatch(word)
    if match is None:
        return word
    prefix, body = match[1].lower().replace("u", ""), match[3]
    if "r" not in prefix:
        body = body.replace('\\"', '"').replace("\\'", "'")
    if "f" in prefix:
        body = _FIELD.sub(
            lambda part: _NAME.sub(lambda name: _name(name[0], scope, names, contract), part[0]),
            body,
        )
    return f"'{''.join(sorted(prefix))}'{body}"

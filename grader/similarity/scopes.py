"""Which names of a script its author chose: by function, of the module, and attributes of self."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from grader.similarity.source import Source
from grader.similarity.statements import (
    Statement,
    bound_names,
    last_assignment,
    parameters,
    statements,
)

MODULE = -1  # the scope of names outside functions
_LIBRARY_ATTRIBUTES = {"training"}  # of nn.Module: assigning it is no choice of a name


@dataclass(frozen=True)
class Line:
    """A statement and where it stands. A nested function belongs to the outermost one."""

    statement: Statement
    scope: int  # the number of the function, or MODULE
    body: int  # the scope of its own names: for `def`, that of the function
    in_class: bool  # directly in the body of a class
    self_name: str  # the first parameter of the method, or ""


@dataclass
class Names:
    """What a script binds, and the numbers given so far."""

    bound: dict[int, set[str]] = field(default_factory=lambda: {MODULE: set()})
    attributes: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    parameters: dict[str, list[str]] = field(default_factory=dict)  # by function
    _numbers: dict[tuple[str, int, str], int] = field(default_factory=dict)
    _counts: Counter[tuple[str, int]] = field(default_factory=Counter)

    def number(self, kind: str, scope: int, name: str) -> str:
        """The name's number among those of its kind and scope, in order of first occurrence."""
        key = (kind, scope, name)
        if key not in self._numbers:
            self._numbers[key] = self._counts[kind, scope]
            self._counts[kind, scope] += 1
        return f"{kind}{self._numbers[key]}"


@dataclass(frozen=True)
class _Block:
    """A function or class whose body is being read."""

    level: int
    is_class: bool
    scope: int
    self_name: str


def lines_of(source: Source) -> list[Line]:
    """The statements with the function or class around each."""
    found: list[Line] = []
    around: list[_Block] = []
    functions = 0
    for statement in statements(source):
        while around and around[-1].level >= statement.level:
            around.pop()
        in_class = bool(around) and around[-1].is_class
        scope = around[-1].scope if around else MODULE
        self_name = next((block.self_name for block in around if block.self_name), "")
        words = statement.words
        body = scope
        if "def" in words[:2] and scope == MODULE:
            body, functions = functions, functions + 1
        found.append(Line(statement, scope, body, in_class, self_name))
        if {"def", "class"} & set(words[:2]):
            own = parameters(words)
            around.append(
                _Block(
                    statement.level, words[0] == "class", body, own[0] if in_class and own else ""
                )
            )
    return found


def names_of(lines: list[Line]) -> Names:
    """What the statements bind."""
    names = Names()
    for line in lines:
        words = line.statement.words
        if words[0] in ("import", "from"):
            names.imports |= set(words)
            continue
        bound = bound_names(words, [kind for kind, _ in line.statement.tokens])
        if "def" in words[:2]:
            defined = set(words[words.index("def") + 1 :][:1])
            names.parameters.update(dict.fromkeys(defined, parameters(words)))
            names.bound.setdefault(line.body, set()).update(
                bound - defined | set(parameters(words))
            )
            bound &= defined
        if line.in_class:
            names.attributes |= bound
        else:
            names.bound.setdefault(line.scope, set()).update(bound)
        names.attributes |= _assigned_attributes(words, line.self_name)
    names.attributes -= _LIBRARY_ATTRIBUTES
    return names


def _assigned_attributes(words: list[str], self_name: str) -> set[str]:
    """The attributes of self that a statement assigns."""
    targets = words[: last_assignment(words) + 1]
    following = zip(targets, targets[1:], targets[2:], targets[3:], strict=False)
    return {
        name
        for owner, dot, name, after in following
        if owner == self_name and dot == "." and after in ("=", ",", ":", ")", "]")
    }

"""What a kind of question may ask a script: its lines, its constants, and traced calls."""

from __future__ import annotations

import io
import textwrap
import tokenize
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from assignment.handles import Function, Module, as_number, owner_of
from assignment.observing.outline import Statement
from assignment.questions.question import Code
from assignment.sources import code_lines

LONGEST = 200  # characters of a line that is shown


@dataclass(frozen=True)
class Step:
    """What a line assigned to `target`, or returned, when it ran."""

    statement: Statement
    target: str
    value: np.ndarray

    @property
    def stands_alone(self) -> bool:
        """Whether its line assigns nothing else, so that "what this line computes" is one thing."""
        return self.target != "return" and len(self.statement.targets) == 1


class Script:
    """A script whose functions can be called and traced. `source` is what the student wrote."""

    def __init__(self, name: str, module: Module, source: str):
        self.name, self.module = name, module
        self.lines = code_lines(source.removesuffix("\n"))

    @cached_property
    def statements(self) -> list[Statement]:
        """The statements in the script's functions that are where they are said to be."""
        return [
            one
            for one in owner_of(self.module).outline()
            if 1 <= one.line <= one.end <= len(self.lines)
        ]

    def number(self, name: str) -> float:
        """A constant of the script, such as BATCH_SIZE. Raises ValueError if it is no number."""
        found = as_number(getattr(self.module, name))
        if found is None or not np.isfinite(found):
            raise ValueError(f"{name} is no number")
        return found

    def whole(self, name: str) -> int:
        """A constant that is a whole number. Raises ValueError if it is none."""
        found = self.number(name)
        if found != int(found):
            raise ValueError(f"{name} is no whole number")
        return int(found)

    def steps(self, calls: Sequence[tuple[Function, Sequence[Any]]]) -> list[Step]:
        """The arrays that lines assigned during these calls, of lines that ran exactly once."""
        by_line = {one.line: one for one in self.statements}
        events = [event for function, args in calls for event in function.trace(*args)]
        times = Counter((line, target) for line, target, _ in events)
        return [
            Step(by_line[line], target, value)
            for line, target, value in events
            if line in by_line and times[line, target] == 1 and isinstance(value, np.ndarray)
        ]

    def code(self, statement: Statement) -> Code:
        """The lines of a statement."""
        return self.code_of(statement.line, statement.end)

    def code_of(self, first: int, last: int) -> Code:
        """These lines, from 1, without comments and without the indentation that all have.

        A comment may name a shape or a meaning that is asked for.
        """
        lines = without_comments(self.lines[first - 1 : last])
        lines = [line[:LONGEST].expandtabs(4) for line in lines]
        indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
        cut = min(indents, default=0)
        return Code(f"{self.name}.py", first, "\n".join(line[cut:].rstrip() for line in lines))

    def constant_line(self, name: str) -> Code | None:
        """The line at the top that sets a constant, if there is exactly one."""
        found = [
            number
            for number, line in enumerate(self.lines, start=1)
            if line.startswith(name) and line[len(name) :].lstrip().startswith(("=", ":"))
        ]
        return self.code_of(found[0], found[0]) if len(found) == 1 else None


def without_comments(lines: Sequence[str]) -> list[str]:
    """Lines of a function without their comments, as they are if they cannot be read alone."""
    found = list(lines)
    source = io.StringIO("\n".join(textwrap.dedent("\n".join(lines)).split("\n")) + "\n")
    cut = len(lines[0]) - len(textwrap.dedent("\n".join(lines)).split("\n")[0]) if lines else 0
    try:
        for token in tokenize.generate_tokens(source.readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                found[row - 1] = found[row - 1][: column + cut].rstrip()
    except (tokenize.TokenError, SyntaxError):
        pass
    return found

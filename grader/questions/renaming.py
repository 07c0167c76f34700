"""A function of the student's with names that say nothing, so that it must be read to be understood."""

from __future__ import annotations

import re
from collections.abc import Callable

from assignment.questions.question import Code
from grader.questions.subject import Subject


def renamed(subject: Subject, function: str) -> Code:
    """The body of a function with its variables renamed."""
    statements = [s for s in subject.statements if s.function == function]
    code = subject.code_of(statements[0].line, statements[-1].end)
    return Code(code.file, code.line, renaming(subject, function)(code.source))


def renaming(subject: Subject, function: str) -> Callable[[str], str]:
    """What renames the variables of a function in some of its code."""
    statements = [s for s in subject.statements if s.function == function]
    variables = dict.fromkeys(t for s in statements for t in s.targets if t.isidentifier())
    variables.pop("return", None)
    taken = set(re.findall(r"\w+", "\n".join(subject.lines)))
    free = (name for number in range(1, 1000) if (name := f"v{number}") not in taken)
    names = dict(zip(variables, free, strict=False))
    if not names:
        return lambda code: code
    listed = "|".join(map(re.escape, names))
    # an attribute, a text or a keyword argument of the same name stays
    word = re.compile(rf"(?<![\w.\"'])(?:{listed})(?![\w\"'])(?!=[^=])")
    return lambda code: word.sub(lambda found: names[found[0]], code)

"""The fault for a forbidden import, which names the line.

The worker finds the imports, with the rule of assignment/imports.py. What enforces the rule is the
sandbox, in which other packages do not exist.
"""

from __future__ import annotations

from typing import Any

from assignment.failure import named
from assignment.imports import Rule
from grader.errors import BadReply, StudentFault


def expect_allowed(script: str, found: Any, rule: Rule) -> None:
    """Raises StudentFault for a forbidden import. `found` is a list of [module, line]."""
    if not isinstance(found, list):
        raise BadReply("the answer is no list of imports")
    for entry in found:
        match entry:
            case [str(module), int(line)]:
                pass
            case _:
                raise BadReply("the answer is no list of imports")
        raise StudentFault(
            f"{script}.py, line {line}: import of {named(module)}",
            rule.expected,
            kind="forbidden-import",
        )

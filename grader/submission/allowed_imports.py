"""Checks which packages a script imports, for feedback that names the line.

The worker lists the imports from the script's syntax tree. What enforces the rule is the sandbox,
in which other packages do not exist.
"""

from __future__ import annotations

import sys
from typing import Any

from grader.errors import BadReply, StudentFault


def expect_allowed(
    script: str, imported: Any, allowed: tuple[str, ...], forbidden: tuple[str, ...]
) -> None:
    """Raises StudentFault for a forbidden import. `imported` is a list of [name, line]."""
    if not isinstance(imported, list):
        raise BadReply("the answer is no list of imports")
    for name, line in imported:
        package = str(name).partition(".")[0]
        if package in forbidden or (
            package not in allowed and package not in sys.stdlib_module_names
        ):
            raise StudentFault(
                f"{script}.py, line {line}: import of {name}",
                f"only {', '.join(allowed)} and the standard library "
                "without processes, network and ctypes",
                kind="forbidden-import",
            )

"""Which packages a script may import, for feedback that names the line. What it does import, the worker reads off its syntax tree.

The guarantee is another: behind the sandbox's walls, what is not allowed is not there to be imported.
"""

from __future__ import annotations

import sys
from typing import Any

from grader.errors import BadReply, StudentFault


def expect_allowed(
    script: str, imported: Any, allowed: tuple[str, ...], forbidden: tuple[str, ...]
) -> None:
    """Raises StudentFault where a script imports what is not allowed. `imported` holds pairs of a name and a line."""
    if not isinstance(imported, list):
        raise BadReply("the answer is no list of imports")
    for name, line in imported:
        package = str(name).partition(".")[0]
        if package in forbidden or (
            package not in allowed and package not in sys.stdlib_module_names
        ):
            raise StudentFault(
                f"{script}.py, line {line}: import of {name}",
                f"only {', '.join(allowed)} and the standard library without processes, network and ctypes",
                kind="forbidden-import",
            )

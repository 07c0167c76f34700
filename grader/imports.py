"""Which packages a script imports, read off its syntax tree, for feedback that names the line."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterator

from grader.errors import StudentFault
from grader.rubric import Rubric


def check_imports(script: str, source: bytes, rubric: Rubric) -> None:
    """Raises StudentFault for a script that does not parse, or that imports what the rubric does not allow."""
    allowed, forbidden = rubric.imports[script], rubric.forbidden
    for name, line in _imported(script, source):
        package = name.partition(".")[0]
        if package in forbidden or (package not in allowed and package not in sys.stdlib_module_names):
            raise StudentFault(
                f"{script}.py, line {line}: import of {name}, expected only {', '.join(allowed)} and the standard library "
                "without processes, network and ctypes.",
                ["forbidden-import"],
            )


def _imported(script: str, source: bytes) -> Iterator[tuple[str, int]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in a string is not our business
            tree = ast.parse(source)
    except SyntaxError as error:
        line = (error.text or "").strip()[:200]
        where = f"{script}.py, line {error.lineno}: {line}\n" if error.lineno else f"{script}.py: "
        raise StudentFault(f"{where}SyntaxError: {error.msg}", ["syntax-error"]) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise StudentFault(f"{script}.py cannot be parsed: {error or type(error).__name__}", ["syntax-error"]) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno

"""A hash of what a script does, which its plot carries."""

from __future__ import annotations

import ast
import hashlib
from types import ModuleType

from assignment.problems import source_of


def source_fingerprint(source: str | bytes) -> str:
    """A hash of what a script does: its syntax tree without docstrings, comments and JUDGEMENT.

    A judgement written down after looking at the plot does not make the plot out of date.
    Raises SyntaxError or ValueError if the source cannot be parsed.
    """
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not _is_judgement(node)]
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def _is_judgement(node: ast.stmt) -> bool:
    if isinstance(node, ast.AnnAssign):
        targets: list[ast.expr] = [node.target]
    else:
        targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == "JUDGEMENT" for target in targets)


def fingerprint_of(module: ModuleType) -> str:
    """The fingerprint of a script's file; "" in a notebook, which has no such file."""
    try:
        return source_fingerprint(source_of(module)) if source_of(module) else ""
    except (SyntaxError, ValueError):  # edited since it was started
        return ""

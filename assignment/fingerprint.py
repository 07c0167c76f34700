"""A hash of what a script does, which its plot carries."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from assignment.problems import source_of

FORM = "2-"  # the first form had no prefix, and differed between versions of Python


def source_fingerprint(source: str | bytes) -> str:
    """A hash of what a script does: its syntax tree without docstrings, comments and JUDGEMENT.

    A judgement written down after looking at the plot does not make the plot out of date. Every
    version of Python gives the same hash.
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
        if isinstance(node, ast.JoinedStr):  # Python 3.12 has empty texts between its parts
            node.values = [part for part in node.values if not _is_empty_text(part)]
    return FORM + hashlib.sha256("\n".join(_outline(tree)).encode()).hexdigest()[:16]


def is_stale(fingerprint: str, source: bytes) -> bool:
    """Whether a plot's fingerprint is of another script; False for one of another form."""
    return fingerprint.startswith(FORM) and fingerprint != source_fingerprint(source)


def _outline(tree: ast.AST) -> Iterator[str]:
    """A line for each node, list and value, in order.

    Not `ast.dump`, which shows fields that later versions have added, and hides empty ones or not.
    For code that older versions can read, an added field is empty.
    """
    rest: list[tuple[str, Any]] = [("", tree)]
    while rest:  # a sum of a thousand terms is nested a thousand deep
        name, value = rest.pop()
        if isinstance(value, ast.AST):
            fields = [
                (field, part) for field, part in ast.iter_fields(value) if _counts(field, part)
            ]
            yield f"{name} {type(value).__name__} {len(fields)}"
            rest += reversed(fields)
        elif isinstance(value, list):
            yield f"{name} {len(value)}"
            rest += [("", part) for part in reversed(value)]
        else:
            yield f"{name} {value!a}"  # which characters repr shows depends on the version


def _counts(field: str, value: object) -> bool:
    return field != "kind" and value is not None and value != []


def _is_empty_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == ""


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

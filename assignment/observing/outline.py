"""The statements in a script's functions: where each stands, and what it assigns or returns."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

MOST = 2000  # statements of a script; the reference has about 60


@dataclass(frozen=True)
class Statement:
    """A simple statement in a function, such as "NumpyANN.backward".

    `targets` are what it assigns, written "dz1" or "self.z1"; of a return, "return".
    """

    function: str
    line: int
    end: int
    targets: tuple[str, ...]


def outline(source: str) -> list[Statement]:
    """The simple statements of all functions and methods, in order. Raises SyntaxError."""
    return list(_statements(ast.parse(source).body, "", is_function=False))[:MOST]


def _statements(body: list[ast.stmt], within: str, *, is_function: bool) -> Iterator[Statement]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            name = f"{within}.{node.name}" if within else node.name
            yield from _statements(node.body, name, is_function=isinstance(node, ast.FunctionDef))
        elif blocks := [block for _, block in ast.iter_fields(node) if _is_block(block)]:
            for block in blocks:
                yield from _statements(block, within, is_function=is_function)
        elif is_function and not _is_docstring(node):
            yield Statement(within, node.lineno, node.end_lineno or node.lineno, _targets(node))


def _is_block(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], ast.stmt)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _targets(node: ast.stmt) -> tuple[str, ...]:
    if isinstance(node, ast.Return):
        return ("return",) if node.value is not None else ()
    if isinstance(node, ast.Assign):
        return tuple(name for target in node.targets for name in _names(target))
    if isinstance(node, ast.AugAssign | ast.AnnAssign) and node.value is not None:
        return tuple(_names(node.target))
    return ()


def _names(target: ast.expr) -> Iterator[str]:
    """What a target binds or changes; of `out[mask] = 0`, the array."""
    if isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _names(part)
    elif isinstance(target, ast.Starred | ast.Subscript):
        yield from _names(target.value)
    elif isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        yield f"{target.value.id}.{target.attr}"

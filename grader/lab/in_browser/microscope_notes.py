"""What a script computes, expression by expression, noted while it runs.

The script is compiled once more from its syntax tree. There, each expression that computes
something is handed to `Notes` on its way, so that also a product in the middle of a line is seen,
which no variable ever holds. Nothing else changes: the same code runs on the same lines.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

MOST_NOTES = 4000  # of one call
MOST_NUMBERS = 400  # of one array: the largest right one has 15
RESULT, OPERAND, TARGET = "result", "operand", "target"
NOTER, WATCHER = "__noted__", "__assigned__"
COMPUTES = (ast.BinOp, ast.Call, ast.Compare, ast.UnaryOp, ast.Subscript, ast.IfExp, ast.ListComp)

Span = tuple[int, int, int, int]  # first line and column, last line and column


@dataclass(frozen=True)
class Note:
    """An array at the moment when it was computed (`kind` RESULT), read (OPERAND) or assigned.

    `span` is where the expression stands, which tells it from all others. `target` is what the
    array was assigned to, such as "self.z1".
    """

    span: Span
    kind: str
    value: np.ndarray
    target: str = ""

    @property
    def line(self) -> int:
        """The line of the script."""
        return self.span[0]


class Notes:
    """The notes of one call after another; nothing is noted before `begin`."""

    def __init__(self) -> None:
        self._notes: list[Note] | None = None

    def begin(self) -> list[Note]:
        """A list that fills from now on."""
        self._notes = []
        return self._notes

    def end(self) -> None:
        """Note nothing more."""
        self._notes = None

    def noted(self, span: Span, kind: str, value: Any) -> Any:
        """The value as it is, after a note of it."""
        if self._notes is not None:
            self._note(span, kind, value)
        return value

    def assigned(self, span: Span, target: str, read: Callable[[], Any]) -> None:
        """Note what was assigned. An attribute that raises when it is read is none of ours."""
        if self._notes is None:
            return
        try:
            value = read()
        except Exception:
            return
        self._note(span, TARGET, value, target)

    def _note(self, span: Span, kind: str, value: Any, target: str = "") -> None:
        if self._notes is None or len(self._notes) >= MOST_NOTES:
            return
        array = copied(value)
        if array is not None and array.ndim:
            self._notes.append(Note(span, kind, array, target))


def copied(value: Any) -> np.ndarray | None:
    """Numbers as an array of float64 of their own; None for anything else, or for many."""
    try:
        if isinstance(value, list | tuple) and 0 < len(value) <= MOST_NUMBERS:
            value = np.asarray(value)
        if not isinstance(value, np.ndarray | np.generic | int | float):
            return None
        array = np.asarray(value)
        if array.dtype.kind not in "fiub" or array.size > MOST_NUMBERS:
            return None
        return np.array(array, np.float64)
    except Exception:  # ragged lists, integers without end, classes of the student's own
        return None


def noting(module: ModuleType, source: str) -> tuple[ModuleType, Notes]:
    """The script once more, as a module of its own that notes what it computes.

    Raises what the source raises when it is compiled or runs.
    """
    tree = _Noting().visit(ast.parse(source))
    file = str(getattr(module, "__file__", "") or f"{module.__name__}.py")
    name = module.__name__ if module.__name__ != "__main__" else "numpy_ann"  # no second training
    twin, notes = ModuleType(name), Notes()
    twin.__file__ = file
    vars(twin).update({NOTER: notes.noted, WATCHER: notes.assigned})
    code = compile(ast.fix_missing_locations(tree), file, "exec", dont_inherit=True)
    exec(code, vars(twin))
    return twin, notes


class _Noting(ast.NodeTransformer):
    """Hands what functions compute to NOTER, and what they assign to WATCHER."""

    def __init__(self) -> None:
        self._depth = 0  # functions around the statement

    def visit(self, node: ast.AST) -> Any:
        """The node with its parts noted; patterns of a match statement are no expressions."""
        return node if isinstance(node, ast.pattern | ast.JoinedStr) else super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """The function with its body noted: decorators and defaults run when it is defined."""
        self._depth += 1
        node.body = [one for statement in node.body for one in self._each(statement)]
        self._depth -= 1
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        """The assignment with its value noted, and its annotation as it is."""
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """The node with its parts noted, and itself if it computes something."""
        for name, field in ast.iter_fields(node):
            if isinstance(field, list):
                setattr(node, name, [one for part in field for one in self._each(part)])
            elif isinstance(field, ast.AST):
                setattr(node, name, self.visit(field))
        return self._expression(node)

    def _each(self, part: Any) -> Iterator[Any]:
        """A part of a list, with what watches its targets after a statement."""
        targets = _targets(part) if self._depth and isinstance(part, ast.stmt) else []
        yield self.visit(part) if isinstance(part, ast.AST) else part
        for target in targets:
            yield self._watched(target, part)

    def _expression(self, node: ast.AST) -> ast.AST:
        if not self._depth or not isinstance(node, ast.expr):
            return node
        if isinstance(node, ast.BinOp):
            node.left, node.right = self._operand(node.left), self._operand(node.right)
        elif isinstance(node, ast.Call):
            node.args = [self._operand(argument) for argument in node.args]
        is_read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        return self._noted(node, RESULT) if isinstance(node, COMPUTES) and is_read else node

    def _operand(self, node: ast.expr) -> ast.expr:
        is_name = isinstance(node, ast.Name | ast.Attribute)
        return self._noted(node, OPERAND) if is_name else node

    def _noted(self, node: ast.expr, kind: str) -> ast.expr:
        parts = [_constants(_span(node)), ast.Constant(kind), node]
        return ast.copy_location(ast.Call(ast.Name(NOTER, ast.Load()), parts, []), node)

    def _watched(self, target: ast.expr, statement: ast.stmt) -> ast.stmt:
        read = ast.Lambda(ast.arguments([], [], None, [], [], None, []), _as_read(target))
        parts = [_constants(_span(statement)), ast.Constant(ast.unparse(target)), read]
        call = ast.Call(ast.Name(WATCHER, ast.Load()), parts, [])
        return ast.copy_location(ast.Expr(call), statement)


def _span(node: ast.expr | ast.stmt) -> Span:
    end = node.end_lineno or node.lineno
    return node.lineno, node.col_offset, end, node.end_col_offset or node.col_offset


def _constants(span: Span) -> ast.expr:
    return ast.Tuple([ast.Constant(number) for number in span], ast.Load())


def _as_read(target: ast.expr) -> ast.expr:
    """A name, or an attribute of one, as an expression."""
    if isinstance(target, ast.Attribute):
        return ast.Attribute(_as_read(target.value), target.attr, ast.Load())
    return ast.Name(target.id if isinstance(target, ast.Name) else "", ast.Load())


def _targets(node: ast.stmt) -> list[ast.expr]:
    """The names and attributes that a statement assigns or changes; of `g[mask] = 0`, the array."""
    if isinstance(node, ast.Assign):
        return [name for target in node.targets for name in _names(target)]
    if isinstance(node, ast.AugAssign) or (isinstance(node, ast.AnnAssign) and node.value):
        return list(_names(node.target))
    return []


def _names(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _names(part)
    elif isinstance(target, ast.Starred | ast.Subscript):
        yield from _names(target.value)
    elif isinstance(target, ast.Name) or (
        isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
    ):
        yield target

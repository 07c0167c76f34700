"""The statements of a script: what each defines and uses, and how to leave some out.

A statement that is left out keeps its lines, so that line numbers in errors stay right.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Statement:
    """A statement that runs when the script is imported, and the names that it binds and uses.

    Of a compound statement only its head: the statements inside it are listed for themselves.
    """

    node: ast.stmt
    binds: frozenset[str]
    uses: frozenset[str]
    parents: tuple[ast.stmt, ...] = ()  # the compound statements around it, outermost first


@dataclass(frozen=True)
class Edit:
    """A statement, and the code that stands in its place."""

    node: ast.stmt
    code: str = "pass"


def statements(tree: ast.Module, source: str) -> list[Statement]:
    """The statements of a module in order, those inside if, try, with and loops included."""
    future = any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in tree.body)
    head = "from __future__ import annotations\n" if future else ""
    lines = source.encode("utf-8", "replace").split(b"\n")
    return list(_flat(tree.body, lines, head, ()))


def _flat(
    body: Iterable[ast.stmt], lines: list[bytes], head: str, parents: tuple[ast.stmt, ...]
) -> Iterator[Statement]:
    for node in body:
        blocks = list(blocks_of(node)) if not isinstance(node, Definition) else []
        if any(blocks):
            yield Statement(node, *_names_of_head(node), parents)
            for block in blocks:
                yield from _flat(block, lines, head, (*parents, node))
        else:
            yield Statement(node, *_names(node, lines, head), parents)


def blocks_of(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements in a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block
    for inner in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
        yield inner.body


def _names(node: ast.stmt, lines: list[bytes], head: str) -> tuple[frozenset[str], frozenset[str]]:
    """What a statement binds and uses among the module's names; local variables are none."""
    changed = changed_by(node)
    try:
        top = symtable.symtable(head + _segment(node, lines), "?", "exec")
    except (SyntaxError, ValueError, RecursionError):
        names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
        stored = {name.id for name in names if not isinstance(name.ctx, ast.Load)}
        return frozenset(stored | changed), frozenset({name.id for name in names} | changed)
    binds = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    uses = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    tables = top.get_children()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        shared = [s for s in table.get_symbols() if s.is_global()]
        uses |= {s.get_name() for s in shared if s.is_referenced()}
        binds |= {s.get_name() for s in shared if s.is_assigned()}
    binds -= {"annotations"} if head else set()
    return frozenset(binds | changed), frozenset(uses | changed)


def _segment(node: ast.stmt, lines: list[bytes]) -> str:
    """The code of a statement alone, with the indentation that its other lines have."""
    start, column = first_place(node)
    end, width = node.end_lineno or start, _end(node)
    own = [*lines[start - 1 : end - 1], lines[end - 1][:width]]
    before = own[0][:column]
    indent = before if not before.strip() else b" " * column
    own[0] = indent + own[0][column:]
    code = b"\n".join(own).decode("utf-8", "replace")
    return f"if 1:\n{code}\n" if column else f"{code}\n"


def _end(node: ast.stmt) -> int:
    assert node.end_col_offset is not None
    return node.end_col_offset


def _names_of_head(node: ast.stmt) -> tuple[frozenset[str], frozenset[str]]:
    binds: set[str] = set()
    uses: set[str] = set()
    heads: list[ast.AST] = [
        child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)
    ]
    while heads:
        part = heads.pop()
        if isinstance(part, ast.Name):
            (uses if isinstance(part.ctx, ast.Load) else binds).add(part.id)
        if isinstance(part, ast.ExceptHandler) and part.name:
            binds.add(part.name)
        heads += [child for child in ast.iter_child_nodes(part) if not isinstance(child, ast.stmt)]
    return frozenset(binds), frozenset(uses)


def changed_by(node: ast.stmt) -> set[str]:
    """The names of objects that a statement changes: `x += 1`, `A.f = g`, `setattr(A, "f", g)`."""
    targets: list[ast.AST] = []
    if isinstance(node, ast.Assign):
        targets = [target for target in node.targets if not isinstance(target, ast.Name)]
    elif isinstance(node, ast.Delete):
        targets = list(node.targets)
    elif isinstance(node, ast.AugAssign):
        targets = [node.target]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if isinstance(call.func, ast.Name) and call.func.id == "setattr":
            targets = list(call.args[:1])
    found = set()
    for target in targets:
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        if isinstance(target, ast.Name):
            found.add(target.id)
    return found


def needed_by(names: Iterable[str], listed: list[Statement]) -> list[Statement]:
    """The statements that define these names, and all that those use in turn."""
    wanted, found = set(names), set[int]()
    while True:
        more = [at for at, one in enumerate(listed) if at not in found and one.binds & wanted]
        if not more:
            return [listed[at] for at in sorted(found)]
        for at in more:
            found.add(at)
            wanted |= listed[at].uses


def first_place(node: ast.stmt) -> tuple[int, int]:
    """Line and column (in bytes) of a statement's first character, decorators included."""
    decorators = getattr(node, "decorator_list", [])
    if decorators:
        return decorators[0].lineno, node.col_offset
    return node.lineno, node.col_offset


def edited(source: str, edits: Iterable[Edit]) -> str:
    """The source with other code in place of some statements, on as many lines."""
    lines = source.encode("utf-8", "replace").split(b"\n")
    # from the last to the first, and of two inside each other the outer one alone
    places = {(first_place(one.node), (one.node.end_lineno or 0, _end(one.node))): one.code
              for one in edits}  # fmt: skip
    outer = [
        (start, end, code)
        for (start, end), code in places.items()
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b in places)
    ]
    for start, end, code in sorted(outer, reverse=True):
        gap = end[0] - start[0]
        text = code if not gap else f"{code}; (None" + "\n" * gap + ")"
        first, last = lines[start[0] - 1][: start[1]], lines[end[0] - 1][end[1] :]
        lines[start[0] - 1 : end[0]] = (first + text.encode() + last).split(b"\n")
    return b"\n".join(lines).decode("utf-8", "replace")

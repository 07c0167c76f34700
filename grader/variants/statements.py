"""Operators on statements: dropped, moved, repeated, and a `with` or a decorator taken away."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from grader.variants.script import Edit, Function, Script, Statement


def edits(script: Script, function: Function) -> Iterator[Edit]:
    """One edit for each way to change the statements of a function."""
    for statement in function.statements:
        if isinstance(statement.node, cst.BaseSmallStatement):
            yield from _dropped(script, statement)
            yield from _moved(script, statement)
            yield from _repeated(script, statement)
        elif isinstance(statement.node, cst.With):
            yield from _unwrapped(script, statement, statement.node)
    if isinstance(function.node, cst.FunctionDef):
        for decorator in function.node.decorators:
            start, end = script.span(decorator)
            first, last = script.lines_of(start, end)
            yield Edit("drop decorator", Statement(decorator, start, end), first, last, "")


def _dropped(script: Script, statement: Statement) -> Iterator[Edit]:
    """Without the statement; in its place `pass` where it is alone in its block."""
    if isinstance(statement.node, cst.Pass | cst.Import | cst.ImportFrom | cst.Global):
        return
    if len(statement.block) > 1:
        start, end = script.lines_of(statement.start, statement.end)
        yield Edit("drop statement", statement, start, end, "")
    else:
        yield Edit("drop statement", statement, statement.start, statement.end, "pass")


def _moved(script: Script, statement: Statement) -> Iterator[Edit]:
    """The statement after the next one, before the first, and before a return at the end.

    Each is the bytes between both places written anew.
    """
    block = statement.block
    places = [number for number, line in enumerate(block) if statement.node in line.children]
    if len(block) < 2 or not places or isinstance(statement.node, cst.Return):
        return
    number = places[0]
    start, end = script.lines_of(statement.start, statement.end)
    own = script.content[start:end]
    for other in dict.fromkeys((number + 1, 0, _last(block))):
        if other == number or other >= len(block) or not _movable(block[other]):
            continue
        first, last = script.lines_of(*script.span(block[other]))
        if other > number:
            text, span = script.content[end:last] + own, (start, last)
        else:
            text, span = own + script.content[first:start], (first, end)
        yield Edit("move statement", statement, *span, text.decode())


def _last(block: tuple[cst.BaseStatement, ...]) -> int:
    """The number of the last statement that is no return."""
    last = block[-1]
    is_return = isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Return)
    return len(block) - (2 if is_return else 1)


def _movable(node: cst.BaseStatement) -> bool:
    return not (isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[-1], cst.Return))


def _repeated(script: Script, statement: Statement) -> Iterator[Edit]:
    """The statement twice, if it is a call whose result nobody keeps."""
    node = statement.node
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.Call) and statement.block:
        start, end = script.lines_of(statement.start, statement.end)
        text = script.content[start:end].decode()
        yield Edit("repeat statement", statement, end, end, text)


def _unwrapped(script: Script, statement: Statement, node: cst.With) -> Iterator[Edit]:
    """The body of a `with`, one level out."""
    if not isinstance(node.body, cst.IndentedBlock) or not node.body.body:
        return
    first, _ = script.lines_of(statement.start, statement.end)
    body, _ = script.span(node.body.body[0])
    _, last = script.lines_of(*script.span(node.body.body[-1]))
    outer = script.content[first : statement.start]
    inner = script.content[script.line_start(body) : body]
    if not inner.startswith(outer):
        return
    begin = script.line_start(body)
    lines = script.content[begin:last].splitlines(keepends=True)
    depth = len(inner) - len(outer)
    text = b"".join(line[depth:] if line[:depth].isspace() else line for line in lines)
    yield Edit("drop with", statement, first, last, text.decode())

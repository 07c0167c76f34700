"""Makes the variants of a script: collects edits, applies each alone, keeps those that parse."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import libcst as cst

from grader.variants import calls, expressions, names, statements, templates
from grader.variants.script import Edit, Function, Script

# in this order; the last are left out first where a function has too many
OPERATORS = (expressions.edits, calls.edits, statements.edits, names.edits)
MOST_FUNCTIONS = 60  # of a script; the handout's have 12
MOST_NODES = 40_000  # of a script's syntax tree; the handout's have 2,000
MOST_BYTES = 20_000  # of a function: each of its variants is parsed


def make(
    source: str,
    functions: list[str],
    operators: list[str] | None,
    templates: list[dict[str, str]],
    most: int,
) -> list[dict[str, Any]]:
    """The variants as the fields of variants.Variant."""
    warnings.simplefilter("ignore")  # such as an invalid escape in a string
    if not _is_small(source):
        return []
    try:
        script = Script(source)
    except cst.ParserSyntaxError:
        return []
    found = []
    for function in script.functions(functions)[:MOST_FUNCTIONS]:
        if function.end - function.start > MOST_BYTES:
            continue
        edits = _edits(script, function, operators, templates)
        variants = _applied(script, function, edits, most)
        found += sorted(variants, key=lambda variant: int(variant["line"]))
    return found


def _is_small(source: str) -> bool:
    """Whether the source parses, into few enough nodes for the slower parser that keeps spaces."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return sum(1 for _ in ast.walk(tree)) <= MOST_NODES


def _edits(
    script: Script, function: Function, operators: list[str] | None, wanted: list[dict[str, str]]
) -> Iterator[Edit]:
    for template in wanted:
        if template["function"] == function.name:
            yield from templates.edits(script, function, template)
    for of in OPERATORS:
        for edit in of(script, function):
            if operators is None or edit.operator in operators:
                yield edit


def _applied(
    script: Script, function: Function, edits: Iterable[Edit], most: int
) -> list[dict[str, Any]]:
    """Each edit applied alone: those that parse, differ from the original and from each other."""
    known = {_meaning(script, function, script.content[function.start : function.end])}
    variants: list[dict[str, Any]] = []
    for edit in edits:
        if len(variants) == most:
            break
        statement = edit.statement
        if not function.start <= edit.start <= edit.end <= len(script.content):
            continue
        new = edit.text.encode()
        content = script.content[: edit.start] + new + script.content[edit.end :]
        end = max(function.end + len(new) - (edit.end - edit.start), edit.start + len(new))
        meaning = _meaning(script, function, content[function.start : end])
        if meaning is None or meaning in known:
            continue
        known.add(meaning)
        variants.append({
            "operator": edit.operator,
            "function": function.name,
            "line": script.line_number(statement.start),
            "before": _before(script, edit),
            "after": _after(script, edit),
            "source": content.decode(),
        })  # fmt: skip
    return variants


def _is_new(edit: Edit) -> bool:
    """Whether the edit adds a line of its own."""
    return edit.start == edit.end and edit.text.endswith("\n")


def _before(script: Script, edit: Edit) -> str:
    """The statement as the student wrote it; "" if it is new."""
    if _is_new(edit) and edit.operator != "repeat statement":
        return ""
    return script.content[edit.statement.start : edit.statement.end].decode()


def _after(script: Script, edit: Edit) -> str:
    """The changed statement as it stands now; "" if it is gone."""
    start, end = edit.statement.start, edit.statement.end
    if _is_new(edit):
        text = edit.text.strip()
        return f"{_before(script, edit)}\n{text}" if edit.operator == "repeat statement" else text
    if start <= edit.start and edit.end <= end:
        head, tail = script.content[start : edit.start], script.content[edit.end : end]
        return head.decode() + edit.text + tail.decode()
    return edit.text.strip() if edit.operator != "drop statement" else ""


def _meaning(script: Script, function: Function, content: bytes) -> str | None:
    """The syntax tree of a function as text; None if it does not parse."""
    indent = script.content[script.line_start(function.start) : function.start]
    if indent.strip():  # not alone on its line
        indent = b" "
    text = b"if 1:\n" + indent + content if indent else content
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return None

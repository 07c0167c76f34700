"""A function of the student's with names that say nothing, so that it must be read to be understood."""

from __future__ import annotations

import ast
import io
import itertools
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence

from assignment.questions.question import Code
from assignment.questions.script import Script
from grader.questions.subject import Subject

_FIELD = re.compile(r"\{[^{}]*\}")
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
Position = tuple[int, int]  # line, from 1, and column


def renamed(subject: Subject, function: str) -> Code:
    """The body of a function with its variables renamed."""
    line = next(one.line for one in subject.statements if one.function == function)
    tree = ast.parse("\n".join(subject.lines))
    body = _body(tree, function.rpartition(".")[2], line)
    nodes = [node for statement in body for node in ast.walk(statement)]
    first, last = body[0].lineno, body[-1].end_lineno or body[-1].lineno
    names = dict(zip(_variables(nodes), _free(subject.lines), strict=False))
    lines = _with_names(subject.lines, names, _keywords(nodes), range(first, last + 1))
    return Script(subject.name, subject.module, "\n".join(lines)).code_of(first, last)


def _body(tree: ast.Module, name: str, line: int) -> list[ast.stmt]:
    """The statements of the function of this name around a line, without its docstring."""
    function = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.name == name
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    )
    return function.body[ast.get_docstring(function, clean=False) is not None :]


def _variables(nodes: Sequence[ast.AST]) -> list[str]:
    """The names that are given a value, in the order of their places."""
    found = [
        (node.lineno, node.col_offset, node.id)
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return list(dict.fromkeys(name for _, _, name in sorted(found)))


def _free(lines: Sequence[str]) -> Iterator[str]:
    """Names that the script does not use."""
    taken = set(re.findall(r"\w+", "\n".join(lines)))
    return (name for number in range(1, 1000) if (name := f"v{number}") not in taken)


def _keywords(nodes: Sequence[ast.AST]) -> set[Position]:
    """Where the keywords of calls stand, such as `axis` of `sum(axis=0)`; columns in bytes."""
    return {(node.lineno, node.col_offset) for node in nodes if isinstance(node, ast.keyword)}


def _with_names(
    lines: Sequence[str], names: Mapping[str, str], keywords: set[Position], rows: range
) -> list[str]:
    """The lines with names replaced in some rows; attributes, keywords and texts stay."""
    found = list(lines)
    tokens = list(tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline))
    # from the end, so that the columns of those before stay
    for before, token in reversed(list(itertools.pairwise(tokens))):
        row, column = token.start
        if row not in rows or token.end[0] != row:
            continue
        line = found[row - 1]
        is_keyword = (row, len(line[:column].encode())) in keywords
        if token.type == tokenize.NAME and before.string != "." and not is_keyword:
            new = names.get(token.string, token.string)
        elif token.type == tokenize.STRING:
            new = _in_fields(token.string, names)
        else:
            continue
        found[row - 1] = line[:column] + new + line[token.end[1] :]
    return found


def _in_fields(text: str, names: Mapping[str, str]) -> str:
    """A string with names replaced in the fields of an f-string, one token before Python 3.12."""
    if "f" not in re.split("[\"']", text, maxsplit=1)[0].lower():
        return text
    return _FIELD.sub(
        lambda field: _NAME.sub(lambda name: names.get(name[0], name[0]), field[0]), text
    )

"""A function of the student's script with one statement in another place, or without it.

Whole lines are exchanged, so nothing has to be parsed here: a copy that is no Python any more is
found out when the worker reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

from assignment.observing.outline import Statement
from assignment.questions.question import Code
from assignment.questions.script import Script
from grader.questions.subject import Subject

QUOTES = ('"', "'", 'r"', "r'", 'R"')  # how a docstring begins
MOST_LINES = 24  # of a function that is shown


@dataclass(frozen=True)
class Change:
    """A whole script with one change, and the changed function's lines."""

    what: str  # "left out" or "moved"
    statement: str  # as the student wrote it
    source: str
    code: Code


@dataclass(frozen=True)
class _Block:
    """A statement's lines, without what is before its first line's indentation."""

    first: int
    last: int
    indent: str


def changes_of(subject: Subject, function: str) -> list[Change]:
    """Each statement of a function but its returns left out, and moved to each other place.

    Two neighbours that are exchanged are one change.
    """
    blocks = [
        block
        for statement in _body(subject, function)
        if (block := _block(subject, statement)) is not None
    ]
    if not blocks:
        return []
    begin, end = blocks[0].first, max(block.last for block in blocks)
    if end - begin >= MOST_LINES:
        return []
    found: dict[str, Change] = {}
    for block in blocks:
        text = subject.lines[block.first - 1 : block.last]
        if text[0].lstrip().startswith(("return", "def ", "@", "pass")):
            continue
        changes = [_changed(subject, "left out", block, None, begin, end)]
        for other in blocks:
            after = block.last + 1
            if other is not block and other.first != after and other.indent == block.indent:
                changes.append(_changed(subject, "moved", block, other.first, begin, end))
        for change in changes:
            found.setdefault(change.source, change)
    return list(found.values())


def _body(subject: Subject, function: str) -> list[Statement]:
    """The statements of a function, in order, without its docstring."""
    body = sorted(
        (one for one in subject.statements if one.function == function), key=lambda s: s.line
    )
    if body and subject.lines[body[0].line - 1].lstrip().startswith(QUOTES):
        body = body[1:]
    return body


def _block(subject: Subject, statement: Statement) -> _Block | None:
    """The lines of a statement that shares them with no other."""
    shared = [
        one
        for one in subject.statements
        if one is not statement and one.line <= statement.end and one.end >= statement.line
    ]
    line = subject.lines[statement.line - 1]
    indent = line[: len(line) - len(line.lstrip())]
    own = not shared and not line.lstrip().startswith(("with ", "if ", "for ", "while ", "else"))
    return _Block(statement.line, statement.end, indent) if own else None


def _changed(
    subject: Subject, what: str, block: _Block, before: int | None, begin: int, end: int
) -> Change:
    """The script with a block before the line with this number, or without it."""
    lines = list(subject.lines)
    own = lines[block.first - 1 : block.last]
    gone = len(own) if before is None else 0
    if before is None:
        del lines[block.first - 1 : block.last]
    elif before < block.first:
        del lines[block.first - 1 : block.last]
        lines[before - 1 : before - 1] = own
    else:
        lines[before - 1 : before - 1] = own
        del lines[block.first - 1 : block.last]
    source = "\n".join(lines) + "\n"
    copy = Script(subject.name, subject.module, source)
    text = " ".join(line.strip() for line in own)
    return Change(what, text, source, copy.code_of(begin, end - gone))

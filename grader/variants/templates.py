"""Changes that the caller spells out, with a place and a text; variants.Template explains both."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from grader.variants.calls import argument, called
from grader.variants.expressions import guarded, operand
from grader.variants.script import Edit, Function, Place, Script


def edits(script: Script, function: Function, template: dict[str, str]) -> Iterator[Edit]:
    """One edit for each place of the function that the template fits."""
    kind, _, name = template["on"].partition(" ")
    places = {
        "return": _returns, "assign": _assigned, "item": _items, "call": _calls,
        "minus": _differences, "name": _names,
    }  # fmt: skip
    known = _known(script, function)
    if kind in places:
        for place, parts in places[kind](script, function, name):
            text = _filled(template["text"], parts, {**known, **_of_call(script, place.node)})
            if text is not None:
                start, end = script.span(place.node)
                yield Edit(template["operator"], place.statement, start, end, guarded(place, text))
        return
    text = _filled(template["text"], [], known)
    if text is not None and isinstance(function.node, cst.FunctionDef):
        yield from _inserted(script, function, template, text)


Found = Iterator[tuple[Place, list[str]]]  # and what {0}, {1}, … stand for


def _returns(script: Script, function: Function, name: str) -> Found:
    """The values of return statements, and the bodies of lambdas that stand for a function."""
    for place in function.places:
        node, parent = place.node, place.parent
        is_body = isinstance(parent, cst.Lambda) and node is parent.body
        if isinstance(parent, cst.Return) or (
            is_body and not isinstance(function.node, cst.FunctionDef)
        ):
            yield place, [operand(script, node)]


def _assigned(script: Script, function: Function, name: str) -> Found:
    for place in function.places:
        parent = place.parent
        if not isinstance(parent, cst.Assign) or place.node is not parent.value:
            continue
        targets = [target.target for target in parent.targets]
        names = {t.attr.value for t in targets if isinstance(t, cst.Attribute)}
        names |= {t.value for t in targets if isinstance(t, cst.Name)}
        if name in names:
            yield place, [operand(script, place.node)]


def _items(script: Script, function: Function, name: str) -> Found:
    for place in function.places:
        parent = place.parent
        if isinstance(parent, cst.DictElement) and place.node is parent.value:
            if script.text(parent.key).strip("'\"") == name:
                yield place, [operand(script, place.node)]
        elif isinstance(parent, cst.Arg) and parent.keyword and parent.keyword.value == name:
            yield place, [operand(script, place.node)]


def _calls(script: Script, function: Function, name: str) -> Found:
    for place in function.places:
        node = place.node
        if isinstance(node, cst.Call) and called(node) == name:
            parts = [argument(script, arg) for arg in node.args]
            yield place, [script.text(node), *parts]


def _differences(script: Script, function: Function, name: str) -> Found:
    """Differences with a parameter on either side."""
    wanted = _known(script, function).get(name)
    for place in function.places:
        node = place.node
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Subtract):
            sides = [script.text(node.left), script.text(node.right)]
            if wanted in sides:
                other = sides[1] if sides[0] == wanted else sides[0]
                yield place, [operand(script, node), other]


def _names(script: Script, function: Function, name: str) -> Found:
    """Where a variable, or an attribute of self, is read."""
    for place in function.places:
        node = place.node
        found = node.attr.value if isinstance(node, cst.Attribute) else ""
        found = node.value if isinstance(node, cst.Name) else found
        if found == name:
            yield place, [script.text(node)]


def _of_call(script: Script, node: cst.CSTNode) -> dict[str, str]:
    """The function of a call, and its arguments after the first with a comma before each."""
    if not isinstance(node, cst.Call):
        return {}
    rest = "".join(f", {argument(script, arg)}" for arg in node.args[1:])
    return {"f": script.text(node.func), "rest": rest}


def _known(script: Script, function: Function) -> dict[str, str]:
    """What the names in a template's text stand for in this script and function."""
    found = {"np": "np", "torch": "torch", "F": "torch.nn.functional", "nn": "torch.nn"}
    for line in script.module.body:
        for small in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            found |= _imported(script, small)
    own = function.parameters
    if function.is_method and own:
        found["self"], own = own[0], own[1:]
    return found | dict(zip("abc", own, strict=False))


def _imported(script: Script, node: cst.CSTNode) -> dict[str, str]:
    wanted = {"numpy": "np", "torch": "torch", "torch.nn.functional": "F", "torch.nn": "nn"}
    if not isinstance(node, cst.Import | cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
        return {}
    base = (
        f"{script.text(node.module)}." if isinstance(node, cst.ImportFrom) and node.module else ""
    )
    found = {}
    for alias in node.names:
        name = script.text(alias.name)
        if f"{base}{name}" in wanted:
            found[wanted[f"{base}{name}"]] = (
                script.text(alias.asname.name) if alias.asname else name
            )
    return found


def _filled(text: str, parts: list[str], known: dict[str, str]) -> str | None:
    """The text with its fields filled; None if the script has nothing for one of them."""
    try:
        return text.format(*parts, **known)
    except (IndexError, KeyError):
        return None


def _inserted(
    script: Script, function: Function, template: dict[str, str], text: str
) -> Iterator[Edit]:
    """The text as a statement of its own, before a return, first, or in place of the body."""
    blocks = [s for s in function.statements if s.block]
    if not blocks:
        return
    outer = blocks[0].block
    last = next((s for s in reversed(blocks) if isinstance(s.node, cst.Return)), None)
    where = {"before return": last, "first": blocks[0], "body": blocks[0]}[template["on"]]
    if where is None:
        return
    start = script.line_start(where.start)
    indent = script.content[start : where.start].decode()
    if indent.strip():
        return
    lines = "".join(f"{indent}{line}\n" for line in text.splitlines())
    end = start
    if template["on"] == "body":
        _, end = script.lines_of(*script.span(outer[-1]))
    yield Edit(template["operator"], where, start, end, lines)

"""The operator "other name": a variable, attribute or function in the place of another."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from grader.variants.script import Edit, Function, Script

MOST = 12  # names that one is exchanged with
OPERATOR = "other name"


def edits(script: Script, function: Function) -> Iterator[Edit]:
    """One edit for each name in scope that may take the place of a name."""
    own = function.parameters[0] if function.is_method and function.parameters else ""
    variables = _variables(script, function, own)
    attributes = _attributes(script, own)
    functions = script.module_functions()
    for place in function.places:
        node, parent = place.node, place.parent
        is_called = isinstance(parent, cst.Call) and node is parent.func
        choices: list[str] = []
        if isinstance(node, cst.Name) and not isinstance(parent, cst.Attribute):
            if is_called:
                choices = functions if node.value in functions else []
            elif node.value in variables:
                choices = variables
        elif isinstance(node, cst.Name) and node.value in variables:  # dz2 in dz2.sum()
            choices = variables
        elif _is_own(node, own) and not is_called:
            choices = attributes
        start, end = script.span(node)
        for other in choices[:MOST]:
            if other != script.text(node):
                yield Edit(OPERATOR, place.statement, start, end, other)


def _is_own(node: cst.CSTNode, own: str) -> bool:
    """Whether a node is an attribute of self."""
    return (
        isinstance(node, cst.Attribute)
        and isinstance(node.value, cst.Name)
        and bool(own)
        and node.value.value == own
    )


def _variables(script: Script, function: Function, own: str) -> list[str]:
    """The parameters and the variables that a function assigns."""
    found = [name for name in function.parameters if name != own]
    for statement in function.statements:
        node = statement.node
        targets = [target.target for target in node.targets] if isinstance(node, cst.Assign) else []
        if isinstance(node, cst.For | cst.AnnAssign):
            targets = [node.target]
        for target in targets:
            parts = target.elements if isinstance(target, cst.Tuple) else [cst.Element(target)]
            found += [part.value.value for part in parts if isinstance(part.value, cst.Name)]
    return list(dict.fromkeys(found))


def _attributes(script: Script, own: str) -> list[str]:
    """The attributes of self that the script assigns or reads, as "self.W1"."""
    if not own:
        return []
    finder = _Attributes(own)
    script.module.visit(finder)
    return [f"{own}.{name}" for name in dict.fromkeys(finder.found) if name not in finder.called]


class _Attributes(cst.CSTVisitor):
    def __init__(self, own: str):
        self.own, self.found, self.called = own, list[str](), set[str]()

    def visit_Attribute(self, node: cst.Attribute) -> None:  # noqa: N802
        if _is_own(node, self.own):
            self.found.append(node.attr.value)

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802
        if _is_own(node.func, self.own) and isinstance(node.func, cst.Attribute):
            self.called.add(node.func.attr.value)

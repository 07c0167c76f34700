"""Operators on expressions: factors, terms, comparisons, constants, transposes, branches."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from grader.variants.script import Edit, Function, Place, Script

ATOMS = (
    cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float, cst.SimpleString,
    cst.List, cst.Dict, cst.Set, cst.ListComp, cst.DictComp,
)  # fmt: skip
# around these, an expression needs no parentheses
LOOSE = (
    cst.Arg, cst.Return, cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Expr, cst.Element,
    cst.DictElement, cst.Index, cst.If, cst.While,
)  # fmt: skip
BINDING = (cst.Attribute, cst.Call, cst.Subscript)  # bind tighter than a minus
FACTORS = (cst.Multiply, cst.Divide, cst.MatrixMultiply, cst.FloorDivide, cst.Power)
ORDERED = (cst.Subtract, cst.Divide, cst.MatrixMultiply, cst.Power)
OTHER_OPERATOR = {
    cst.Add: "-", cst.Subtract: "+", cst.Multiply: "/", cst.Divide: "*", cst.MatrixMultiply: "*",
}  # fmt: skip
OTHER_ASSIGNMENT = {
    cst.AddAssign: "-=", cst.SubtractAssign: "+=", cst.MultiplyAssign: "/=", cst.DivideAssign: "*=",
}  # fmt: skip
COMPARISONS = {
    cst.GreaterThan: (">=", "<"), cst.GreaterThanEqual: (">", "<="), cst.LessThan: ("<=", ">"),
    cst.LessThanEqual: ("<", ">="), cst.Equal: ("!=",), cst.NotEqual: ("==",),
}  # fmt: skip

Changes = Iterator[tuple[str, str]]  # operator, and what stands there instead


def edits(script: Script, function: Function) -> Iterator[Edit]:
    """One edit for each way to change an expression of a function."""
    for place in function.places:
        start, end = script.span(place.node)
        for change in CHANGES:
            for operator, text in change(script, place):
                yield Edit(operator, place.statement, start, end, guarded(place, text))
        yield from _other_operators(script, place)
    for statement in function.statements:
        node = statement.node
        if isinstance(node, cst.AugAssign) and type(node.operator) in OTHER_ASSIGNMENT:
            start, end = script.span(node.operator)
            for text in (OTHER_ASSIGNMENT[type(node.operator)], "="):
                yield Edit("other operator", statement, start, end, text)


def _other_operators(script: Script, place: Place) -> Iterator[Edit]:
    """One edit for each operator that binds alike, in the place of the operator alone."""
    node = place.node
    found: list[tuple[str, cst.CSTNode, tuple[str, ...]]] = []
    if isinstance(node, cst.BinaryOperation) and type(node.operator) in OTHER_OPERATOR:
        found = [("other operator", node.operator, (OTHER_OPERATOR[type(node.operator)],))]
    elif isinstance(node, cst.Comparison):
        found = [
            ("change comparison", target.operator, COMPARISONS.get(type(target.operator), ()))
            for target in node.comparisons
        ]
    for name, operator, others in found:
        start, end = script.span(operator)
        for text in others:
            yield Edit(name, place.statement, start, end, text)


def guarded(place: Place, text: str) -> str:
    """The text in parentheses where it may need them."""
    own = parenthesised(place.node)
    if text.startswith("-") and isinstance(place.parent, BINDING):
        return text if own else f"({text})"
    if own or isinstance(place.parent, LOOSE) or not _is_compound(text):
        return text
    return f"({text})"


def _is_compound(text: str) -> bool:
    """Whether a text may be more than a name, a number, a call or something in brackets."""
    depth = 0
    for character in text.removeprefix("-"):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and character in " +-*/@<>=,%|&^~":
            return True
    return False


def parenthesised(node: cst.CSTNode) -> bool:
    """Whether an expression stands in parentheses of its own."""
    return isinstance(node, cst.BaseExpression) and bool(node.lpar)


def operand(script: Script, node: cst.CSTNode) -> str:
    """The source of an operand, in parentheses where it needs them."""
    text = script.text(node)
    return text if isinstance(node, ATOMS) or parenthesised(node) else f"({text})"


def _factors_and_terms(script: Script, place: Place) -> Changes:
    node = place.node
    if not isinstance(node, cst.BinaryOperation):
        return
    left, right = script.text(node.left), script.text(node.right)
    symbol = script.text(node.operator).strip()
    name = "drop factor" if isinstance(node.operator, FACTORS) else "drop term"
    yield name, left
    yield name, f"-{operand(script, node.right)}" if symbol == "-" else right
    if isinstance(node.operator, ORDERED):
        yield (
            "swap operands",
            f"{operand(script, node.right)} {symbol} {operand(script, node.left)}",
        )


def _signs(script: Script, place: Place) -> Changes:
    node = place.node
    if isinstance(node, cst.UnaryOperation):
        if isinstance(node.operator, cst.Minus | cst.Not | cst.BitInvert):
            yield "drop sign", script.text(node.expression)
    elif isinstance(place.parent, cst.Return | cst.Assign | cst.DictElement | cst.AugAssign) and (
        node is place.parent.value
    ):
        yield "wrap result", f"-{operand(script, node)}"


def _constants(script: Script, place: Place) -> Changes:
    node = place.node
    if isinstance(node, cst.Integer):
        value = node.evaluated_value
        for other in dict.fromkeys((value + 1, value - 1, 0, 1)):
            if other != value:
                yield "change constant", str(other)
    elif isinstance(node, cst.Float):
        number = node.evaluated_value
        for text in ("0.0", f"{number * 10:g}", f"{number / 10:g}"):
            yield "change constant", text
    elif isinstance(node, cst.Name) and node.value in ("True", "False"):
        yield "change constant", "False" if node.value == "True" else "True"


def _transposes(script: Script, place: Place) -> Changes:
    node, parent = place.node, place.parent
    if isinstance(node, cst.Attribute) and node.attr.value in ("T", "mT"):
        yield "drop transpose", operand(script, node.value)
    elif isinstance(parent, cst.BinaryOperation) and isinstance(
        parent.operator, cst.MatrixMultiply
    ):
        yield "add transpose", f"{operand(script, node)}.T"


def _branches(script: Script, place: Place) -> Changes:
    node = place.node
    if isinstance(node, cst.IfExp):
        yield "drop branch", script.text(node.body)
        yield "drop branch", script.text(node.orelse)
    elif isinstance(node, cst.BooleanOperation):
        yield "drop term", script.text(node.left)
        yield "drop term", script.text(node.right)
    elif isinstance(node, cst.Subscript):
        yield "drop index", operand(script, node.value)


def _items(script: Script, place: Place) -> Changes:
    """Containers without one of their elements."""
    node = place.node
    if not isinstance(node, cst.Dict | cst.List | cst.Tuple) or len(node.elements) < 2:
        return
    opened, closed = {cst.Dict: "{}", cst.List: "[]", cst.Tuple: ("", "")}[type(node)]
    for gone in range(len(node.elements)):
        kept = [
            script.module.code_for_node(element).strip().rstrip(",").rstrip()
            for number, element in enumerate(node.elements)
            if number != gone
        ]
        tail = "," if isinstance(node, cst.Tuple) and len(kept) == 1 else ""
        yield "drop item", f"{opened}{', '.join(kept)}{tail}{closed}"


CHANGES: tuple[Callable[[Script, Place], Changes], ...] = (
    _factors_and_terms, _signs, _constants, _transposes, _branches, _items,
)  # fmt: skip

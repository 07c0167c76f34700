"""Operators on calls: without the call, another axis, another function, other arguments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from grader.variants.expressions import Changes, guarded
from grader.variants.script import Edit, Function, Script

AXES = ("axis", "dim")
# functions that take an axis as their last positional argument
WITH_AXIS = ("sum", "mean", "max", "min", "amax", "argmax", "argmin", "softmax", "log_softmax")
OTHER_FUNCTION = {
    "sum": ("mean", "max"), "mean": ("sum",), "max": ("min", "sum"), "min": ("max",),
    "maximum": ("minimum",), "minimum": ("maximum",), "argmax": ("argmin", "max"),
    "argmin": ("argmax",), "amax": ("amin",), "log": ("log2", "log10", "abs"),
    "exp": ("square",), "zeros": ("ones",), "zeros_like": ("ones_like",), "clip": ("abs",),
    "no_grad": ("enable_grad",), "inference_mode": ("enable_grad",), "eval": ("train",),
    "train": ("eval",), "relu": ("leaky_relu", "sigmoid"), "ReLU": ("Sigmoid",), "clamp": ("abs",),
}  # fmt: skip


def edits(script: Script, function: Function) -> Iterator[Edit]:
    """One edit for each way to change a call of a function."""
    modules = _modules(script)
    for place in function.places:
        if isinstance(place.node, cst.Call):
            start, end = script.span(place.node)
            for operator, text in _changes(script, place.node, modules):
                if operator == "drop call" and isinstance(place.parent, cst.Expr):
                    continue  # what is left would do nothing: "drop statement" is plainer
                yield Edit(operator, place.statement, start, end, guarded(place, text))


def _modules(script: Script) -> set[str]:
    """The names that imports at the top of the script define."""
    found: set[str] = set()
    for line in script.module.body:
        for small in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if isinstance(small, cst.Import | cst.ImportFrom) and not isinstance(
                small.names, cst.ImportStar
            ):
                found |= {
                    script.text(alias.asname.name if alias.asname else alias.name).split(".")[0]
                    for alias in small.names
                }
    return found


def _changes(script: Script, node: cst.Call, modules: set[str]) -> Changes:
    yield from _without(script, node, modules)
    yield from _axes(script, node)
    yield from _functions(script, node)
    yield from _arguments(script, node)


def _without(script: Script, node: cst.Call, modules: set[str]) -> Changes:
    """Its first argument, or what its method was called on."""
    func = node.func
    if isinstance(func, cst.Attribute) and _root(func) not in modules:
        yield "drop call", script.text(func.value)
    if node.args and not node.args[0].star and node.args[0].keyword is None:
        yield "drop call", script.text(node.args[0].value)


def _root(node: cst.BaseExpression) -> str:
    """The first name of a dotted one."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return node.value if isinstance(node, cst.Name) else ""


def called(node: cst.Call) -> str:
    """The last part of the name of what is called."""
    func = node.func
    if isinstance(func, cst.Attribute):
        return func.attr.value
    return func.value if isinstance(func, cst.Name) else ""


def _with(script: Script, node: cst.Call, args: Sequence[str], func: str = "") -> str:
    return f"{func or script.text(node.func)}({', '.join(args)})"


def argument(script: Script, arg: cst.Arg) -> str:
    """The source of an argument, with its keyword, without its comma."""
    keyword = f"{arg.keyword.value}=" if arg.keyword else ""
    return f"{arg.star}{keyword}{script.text(arg.value)}"


def _axes(script: Script, node: cst.Call) -> Changes:
    args = [argument(script, arg) for arg in node.args]
    for number, arg in enumerate(node.args):
        keyword = arg.keyword.value if arg.keyword else ""
        is_axis = keyword in AXES or (
            not keyword and number == len(args) - 1 and called(node) in WITH_AXIS
        )
        values = {"0": ("1",), "1": ("0",), "-1": ("0",)}.get(script.text(arg.value), ())
        if is_axis and values:
            for value in values:
                other = f"{keyword}={value}" if keyword else value
                yield (
                    "other axis",
                    _with(script, node, [*args[:number], other, *args[number + 1 :]]),
                )
            yield "other axis", _with(script, node, [*args[:number], *args[number + 1 :]])


def _functions(script: Script, node: cst.Call) -> Changes:
    args = [argument(script, arg) for arg in node.args]
    name = called(node)
    for other in OTHER_FUNCTION.get(name, ()):
        whole = script.text(node.func)
        yield "other function", _with(script, node, args, whole[: -len(name)] + other)


def _arguments(script: Script, node: cst.Call) -> Changes:
    args = [argument(script, arg) for arg in node.args]
    for number, arg in enumerate(node.args):
        if arg.keyword is not None or len(args) > 1:
            yield "drop argument", _with(script, node, [*args[:number], *args[number + 1 :]])
    plain = [not arg.keyword and not arg.star for arg in node.args]
    if plain[:2] == [True, True]:
        yield "swap arguments", _with(script, node, [args[1], args[0], *args[2:]])

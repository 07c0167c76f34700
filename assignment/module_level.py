"""Work that a script does while it is imported: data loaded, a network trained, main() called.

Marking imports the script, without any data, and would stop there. The check and the marking can
be told apart from a run only by `if __name__ == "__main__":`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

LOADERS = {"load_fashion_mnist", "FashionMNIST", "MNIST", "read_csv", "loadtxt", "genfromtxt"}
FILES = {("np", "load"), ("numpy", "load"), ("torch", "load"), ("", "open")}
TRAINERS = {"fit", "training_step", "run_part", "main"}
REMEDY = 'Move it into a function, or below if __name__ == "__main__":.'


def import_problems(source: str | bytes, name: str) -> list[str]:
    """A sentence for each kind of work that the script `name` does at import; [] if it is clean."""
    found: dict[str, str] = {}
    for call in _calls(ast.parse(source, name).body):
        what = _work(call)
        if what and what not in found:
            code = ast.unparse(call.func)
            found[what] = (
                f"{name}, line {call.lineno}, {what} while the script is imported ({code}), and "
                f"marking imports it without data. {REMEDY}"
            )
    return list(found.values())


def _work(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        owner = function.value.id if isinstance(function.value, ast.Name) else "?"
        name = function.attr
    else:
        owner, name = "", function.id if isinstance(function, ast.Name) else ""
    if name in LOADERS or (owner, name) in FILES:
        return "loads data"
    return "trains" if name in TRAINERS else ""


def _calls(body: list[ast.stmt]) -> Iterator[ast.Call]:
    """The calls that run at import, without those in a `try`, which may fail."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.Try):
            continue
        if isinstance(statement, ast.ClassDef):
            yield from _calls(statement.body)
        elif isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
            yield from _calls(statement.orelse)
        elif isinstance(statement, ast.If | ast.For | ast.While | ast.With):
            yield from _calls_in(_head(statement))
            yield from _calls([*statement.body, *getattr(statement, "orelse", [])])
        else:
            yield from _calls_in([statement])


def _head(statement: ast.If | ast.For | ast.While | ast.With) -> list[ast.AST]:
    if isinstance(statement, ast.With):
        return [item.context_expr for item in statement.items]
    return [statement.iter if isinstance(statement, ast.For) else statement.test]


def _calls_in(nodes: list[ast.AST] | list[ast.stmt]) -> Iterator[ast.Call]:
    waiting: list[ast.AST] = list(nodes)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Lambda):
            continue  # runs later
        if isinstance(node, ast.Call):
            yield node
        waiting += ast.iter_child_nodes(node)

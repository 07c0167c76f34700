"""Which rewriting of a product of matrices gives the same result?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from textwrap import indent
from typing import TypeGuard

import numpy as np

from assignment.observing.outline import Statement
from assignment.questions.drafting import Choice, Draft
from assignment.questions.small_network import different_sizes, random_batch
from grader.questions.changed import different, gradients, with_statement
from grader.questions.subject import Subject

MOST = 3  # products that are tried, with four runs each
# each is the right rewriting of a product in which other factors are transposed
FORMS = (
    ("({q}.T @ {p}.T).T", "neither factor were transposed in the line"),
    ("({q}.T @ {p}).T", "the first factor alone were transposed in the line"),
    ("({q} @ {p}.T).T", "the second factor alone were transposed in the line"),
    ("({q} @ {p}).T", "both factors were transposed in the line"),
)


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for some products in the lines of forward and backward."""
    batch = random_batch(different_sizes(rng), rng)
    right = gradients(subject, batch)
    products = [(s, p) for s in subject.statements for p in _products(subject, s)]
    for i in rng.permutation(len(products))[:MOST]:
        statement, product = products[i]
        factors = _factors(product)
        assert factors is not None
        assert right is not None
        same: list[Choice] = []
        others: list[Choice] = []
        for form, belief in FORMS:
            code = form.format(p=_base(factors[0]), q=_base(factors[1]))
            changed = gradients(subject, batch, _with_product(subject, statement, product, code))
            is_same = changed is not None and not different(right, changed)
            (same if is_same else others).append(Choice(form.format(p="P", q="Q"), belief))
        if len(same) != 1:
            continue
        shown = f"{_with_name(factors[0], 'P')} @ {_with_name(factors[1], 'Q')}"
        yield Draft(
            text="This product stands in one of your lines, where P and Q are two of its arrays. "
            "What can stand in its place without changing any gradient?",
            key=same[0].text,
            others=tuple(others),
            why=f"The product is {ast.unparse(product)}. Your script was run with each of the four "
            "in its place, and sizes that are all different: transposing a product transposes its "
            "factors and exchanges them.",
            code=replace(subject.code(statement), source=shown),
            evidence={"how": "the script was run with each of the four", "line": statement.line},
        )


def _products(subject: Subject, statement: Statement) -> list[ast.expr]:
    """The products of two matrices in an assignment or a return."""
    if statement.function not in ("NumpyANN.forward", "NumpyANN.backward"):
        return []
    node = _parsed(subject.code(statement).source)
    return [] if node is None else [p for p in ast.walk(node) if _is_product(p)]


def _parsed(source: str) -> ast.stmt | None:
    """The one statement that a source is; None if it is none, or several."""
    try:
        nodes = ast.parse(f"def function():\n{indent(source, '    ')}").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    body = nodes[0].body if isinstance(nodes[0], ast.FunctionDef) else []
    return body[0] if len(nodes) == len(body) == 1 else None


def _is_product(node: ast.AST) -> TypeGuard[ast.expr]:
    return isinstance(node, ast.expr) and _factors(node) is not None


def _with_product(subject: Subject, statement: Statement, product: ast.expr, code: str) -> str:
    """The script with other code in place of a product."""
    node = _parsed(subject.code(statement).source)
    assert node is not None
    own = ast.unparse(product)
    changed = _Exchanged(own, ast.parse(code, mode="eval").body).visit(node)
    return with_statement(subject, statement, ast.unparse(ast.fix_missing_locations(changed)))


class _Exchanged(ast.NodeTransformer):
    """Puts another expression in place of those that are written like `own`."""

    def __init__(self, own: str, other: ast.expr):
        self.own, self.other = own, other

    def visit(self, node: ast.AST) -> ast.AST:
        """The node, or what stands in its place."""
        if isinstance(node, ast.expr) and ast.unparse(node) == self.own:
            return self.other
        found: ast.AST = self.generic_visit(node)
        return found


def _factors(value: ast.AST) -> tuple[ast.expr, ast.expr] | None:
    """The factors of `p @ q`, `np.dot(p, q)` or `np.matmul(p, q)`."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.MatMult):
        return value.left, value.right
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("np.dot", "np.matmul"):
        return (value.args[0], value.args[1]) if len(value.args) == 2 else None
    return None


def _is_transposed(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "T"


def _base(node: ast.expr) -> str:
    """A factor without its .T, in parentheses if it needs them."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        node = node.value
    text = ast.unparse(node)
    return text if isinstance(node, ast.Name | ast.Attribute | ast.Call) else f"({text})"


def _with_name(node: ast.expr, name: str) -> str:
    return f"{name}.T" if _is_transposed(node) else name

"""Which rewriting of a product of matrices gives the same result?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assignment.observing.outline import Statement
from assignment.questions.drafting import Choice, Draft
from assignment.questions.small_network import different_sizes, random_batch
from grader.questions.changed import different, gradients, with_statement
from grader.questions.subject import Subject

MOST = 2  # lines that are tried, with four runs each
# each is the right rewriting of a product in which other factors are transposed
FORMS = (
    ("({q}.T @ {p}.T).T", "neither factor were transposed in the line"),
    ("({q}.T @ {p}).T", "the first factor alone were transposed in the line"),
    ("({q} @ {p}.T).T", "the second factor alone were transposed in the line"),
    ("({q} @ {p}).T", "both factors were transposed in the line"),
)


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for some lines of forward and backward that are a product and nothing else."""
    found = [(s, product) for s in subject.statements if (product := _product(subject, s))]
    batch = random_batch(different_sizes(rng), rng)
    right = gradients(subject, batch)
    for i in rng.permutation(len(found))[:MOST]:
        statement, (target, left, other) = found[i]
        first, second = _base(left), _base(other)
        same: list[Choice] = []
        others: list[Choice] = []
        for form, belief in FORMS:
            code = f"{target} = {form.format(p=first, q=second)}"
            changed = gradients(subject, batch, with_statement(subject, statement, code))
            is_same = changed is not None and right is not None and not different(right, changed)
            (same if is_same else others).append(Choice(form.format(p="P", q="Q"), belief))
        if len(same) != 1:
            continue
        shown = f"{_with_name(left, 'P')} @ {_with_name(other, 'Q')}"
        yield Draft(
            text="This is the right side of one of your lines, with P and Q for two of its arrays. "
            "What can stand there instead without changing any gradient?",
            key=same[0].text,
            others=tuple(others),
            why=f"The line is {ast.unparse(left)} @ {ast.unparse(other)}. Your script was run with "
            "each of the four in its place, and sizes that are all different: transposing a "
            "product transposes its factors and exchanges them.",
            code=replace(subject.code(statement), source=shown),
            evidence={"how": "the script was run with each of the four", "line": statement.line},
        )


def _product(subject: Subject, statement: Statement) -> tuple[str, ast.expr, ast.expr] | None:
    """Target and factors of an assignment of one product; None for any other statement."""
    if statement.function not in ("NumpyANN.forward", "NumpyANN.backward"):
        return None
    try:
        nodes = ast.parse(subject.code(statement).source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if len(nodes) != 1 or not isinstance(nodes[0], ast.Assign) or len(nodes[0].targets) != 1:
        return None
    factors = _factors(nodes[0].value)
    return None if factors is None else (ast.unparse(nodes[0].targets[0]), *factors)


def _factors(value: ast.expr) -> tuple[ast.expr, ast.expr] | None:
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

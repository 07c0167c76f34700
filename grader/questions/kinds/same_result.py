"""Which rewriting of a line gives the same result?"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from assignment.observing.outline import Statement
from assignment.questions.drafting import Choice, Draft
from assignment.questions.small_network import different_sizes, random_batch
from grader.questions.changed import different, gradients, with_statement
from grader.questions.renaming import renaming
from grader.questions.subject import Subject

MOST = 3  # lines that are tried
Forms = Sequence[tuple[str, str, str]]  # target, value, and what someone believes who chooses it


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for some lines of forward and backward that can be rewritten."""
    found = [(s, forms) for s in subject.statements if (forms := _forms(subject, s))]
    batch = random_batch(different_sizes(rng), rng)
    right = gradients(subject, batch)
    for i in rng.permutation(len(found))[:MOST]:
        statement, forms = found[i]
        plain = renaming(subject, statement.function)
        same: list[Choice] = []
        others: list[Choice] = []
        for target, code, belief in forms:
            changed = gradients(
                subject, batch, with_statement(subject, statement, f"{target} = {code}")
            )
            is_same = changed is not None and right is not None and not different(right, changed)
            (same if is_same else others).append(Choice(plain(code), belief))
        if len(same) != 1:
            continue
        code = subject.code(statement)
        node = _assignment(code.source)
        assert node is not None
        yield Draft(
            text="Here is a line of your script with its variables renamed. What can stand on its "
            "right side instead without changing any gradient?",
            key=same[0].text,
            others=tuple(others),
            why="The script was run with each of the four lines, on a batch with different numbers "
            "of images, pixels, hidden units and classes.",
            code=replace(code, source=f"… = {plain(ast.unparse(node.value))}"),
            evidence={"how": "the script was run with each of the lines"},
            balance=f"form {[plain(form) for _, form, _ in forms].index(same[0].text)}",
        )


def _forms(subject: Subject, statement: Statement) -> Forms:
    """Rewritings of an assignment, each of which would be right for another line."""
    if statement.function not in ("NumpyANN.forward", "NumpyANN.backward"):
        return ()
    node = _assignment(subject.code(statement).source)
    if node is None:
        return ()
    target = ast.unparse(node.targets[0])
    return [(target, code, belief) for code, belief in _of_value(node.value)]


def _assignment(source: str) -> ast.Assign | None:
    """The one assignment to one target that the source is; None for anything else."""
    try:
        nodes = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if len(nodes) != 1 or not isinstance(nodes[0], ast.Assign) or len(nodes[0].targets) != 1:
        return None
    return nodes[0]


def _of_value(value: ast.expr) -> Sequence[tuple[str, str]]:
    if isinstance(value, ast.BinOp):
        left, right = ast.unparse(value.left), ast.unparse(value.right)
        if isinstance(value.op, ast.MatMult):
            a, b = _base(value.left), _base(value.right)
            return [
                (f"({b}.T @ {a}.T).T", "neither factor were transposed in the line"),
                (f"({b}.T @ {a}).T", "the first factor alone were transposed in the line"),
                (f"({b} @ {a}.T).T", "the second factor alone were transposed in the line"),
                (f"({b} @ {a}).T", "both factors were transposed in the line"),
            ]
        if isinstance(value.op, ast.Sub):
            return [
                (f"-({right} - {left})", "the line were the first less the second"),
                (f"-({left} - {right})", "the line were the second less the first"),
                (f"-({left} + {right})", "the line were minus their sum"),
                (f"({left} + {right})", "the line were their sum"),
            ]
        if isinstance(value.op, ast.Mult):
            return [
                (f"{right} * {left}", "the line were their product element by element"),
                (f"{right} + {left}", "the line were their sum"),
                (f"{right} * {right} * {left}", "the second factor were 0 or 1 everywhere"),
                (f"{right} / {left}", "the line were a quotient"),
            ]
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        axis = {k.arg: ast.unparse(k.value) for k in value.keywords}
        if value.func.attr in ("sum", "mean") and not value.args and axis in ({"axis": "0"},):
            x = ast.unparse(value.func.value)
            return [
                (f"np.ones(len({x})) @ {x}", "the line added up the images"),
                (f"{x} @ np.ones({x}.shape[1])", "the line added up the units of each image"),
                (f"np.ones(len({x})) @ {x} / len({x})", "the line were the mean over the images"),
                (f"{x}.T @ np.ones(len({x})) / {x}.shape[1]", "the line were divided by the units"),
            ]
    return ()


def _base(node: ast.expr) -> str:
    """A factor without its .T, in parentheses if it needs them."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        node = node.value
    text = ast.unparse(node)
    return text if isinstance(node, ast.Name | ast.Attribute | ast.Call) else f"({text})"

"""Disguises of copied code: other names, comments, white space, order and numbers; same program."""

from __future__ import annotations

import ast
import builtins
import io
import itertools
import keyword
import random
import re
import tokenize
from collections.abc import Callable
from functools import cache

from grader.handout.stubs import reference_source, stub
from grader.sections import SCRIPTS

Scripts = dict[str, bytes]
SYLLABLES = (
    "ba",
    "cor",
    "del",
    "fin",
    "gam",
    "hol",
    "ka",
    "lim",
    "mor",
    "nu",
    "pel",
    "qua",
    "rit",
    "sol",
    "tem",
    "vex",
)


@cache
def _given(script: str) -> str:
    return stub(reference_source(script), f"{script}.py")


def renamed(source: str, script: str, rng: random.Random) -> str:
    """The source with all names of the student replaced."""
    own = sorted(_own_names(source, script))
    spoken = ["".join(pair) for pair in itertools.permutations(SYLLABLES, 2)]
    drawn = zip(own, rng.sample(spoken, len(own)), strict=True)  # no two names become one
    names = {old: new + (f"_{len(old)}" if rng.random() < 0.3 else "") for old, new in drawn}
    return re.sub(r"(?<![\w\"'])[A-Za-z_]\w*", lambda word: names.get(word[0], word[0]), source)


def _own_names(source: str, script: str) -> set[str]:
    """Names that the code assigns (also on self) and that do not occur in the handout."""
    given = {node.id for node in ast.walk(ast.parse(_given(script))) if isinstance(node, ast.Name)}
    # doctest and interactive sessions leave a name "_" there, which would change what is drawn
    python = set(dir(builtins)) - {"_"} | set(keyword.kwlist)
    given |= set(re.findall(r"\w+", _given(script))) | python
    tree = list(ast.walk(ast.parse(source)))
    stored = {
        node.id for node in tree if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    stored |= {
        node.attr
        for node in tree
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    keywords = {node.arg for node in tree if isinstance(node, ast.keyword) and node.arg}
    methods = {
        node.attr
        for node in tree
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    }
    return stored - given - keywords - methods


def recommented(source: str, script: str, rng: random.Random) -> str:
    """The source with different comments and white space."""
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    ]
    lines = source.splitlines()
    for token in tokens:
        row, column = token.start
        lines[row - 1] = lines[row - 1][:column].rstrip()
    written: list[str] = []
    for line in lines:
        stripped = line.strip()
        if stripped and not line.startswith(" ") and rng.random() < 0.1:
            written.append(f"# {' '.join(rng.choices(SYLLABLES, k=4))}")
        if (
            stripped.startswith("return ")
            and stripped.count("(") == stripped.count(")")
            and rng.random() < 0.3
        ):
            line = line.replace("return ", "return (", 1) + ")"
        written.append(line)
        if not stripped and rng.random() < 0.3:
            written.append("")
    return "\n".join(written) + "\n"


def reordered(source: str, script: str, rng: random.Random) -> str:
    """The source with its functions and methods in another order."""
    tree = ast.parse(source)
    lines = source.splitlines()
    bodies = [node.body for node in tree.body if isinstance(node, ast.ClassDef)]
    functions = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name != "main"
    ]
    for group in [
        *([node for node in body if isinstance(node, ast.FunctionDef)] for body in bodies),
        functions,
    ]:
        spots = [
            (min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1, node.end_lineno or 0)
            for node in group
        ]
        texts = [lines[first:last] for first, last in spots]
        rng.shuffle(texts)
        for (first, last), text in sorted(zip(spots, texts, strict=True), reverse=True):
            lines[first:last] = text
        if len(set(map(len, texts))) > 1:  # the lines have moved: parse again
            return _again("\n".join(lines) + "\n", functions is not group, rng)
    return "\n".join(lines) + "\n"


def _again(source: str, methods_done: bool, rng: random.Random) -> str:
    if not methods_done:
        return source
    lines = source.splitlines()
    functions = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name != "main"
    ]
    texts = [lines[node.lineno - 1 : node.end_lineno] for node in functions]
    rng.shuffle(texts)
    for node, text in sorted(zip(functions, texts, strict=True), key=lambda pair: -pair[0].lineno):
        lines[node.lineno - 1 : node.end_lineno] = text
    return "\n".join(lines) + "\n"


def revalued(source: str, script: str, rng: random.Random) -> str:
    """The source with other hyperparameters and arbitrary constants."""
    source = re.sub(
        r"^(EPOCHS|BATCH_SIZE|HIDDEN_SIZE) = (\d+)",
        lambda m: f"{m[1]} = {int(m[2]) + rng.choice((2, 4, 8))}",
        source,
        flags=re.M,
    )
    source = re.sub(
        r"^LEARNING_RATE = \S+",
        lambda _: f"LEARNING_RATE = {rng.choice((0.0015, 0.0035, 0.006))}",
        source,
        flags=re.M,
    )
    source = re.sub(r"Dropout\(0\.\d+\)", lambda _: f"Dropout(0.{rng.randint(1, 5)})", source)
    return re.sub(r"1e-(7|8|9|10|12)\b", lambda _: f"1e-{rng.choice((8, 9, 10, 11, 12))}", source)


def swapped(source: str, script: str, rng: random.Random) -> str:
    """The source with some independent neighbouring assignments swapped."""
    lines = source.splitlines()
    for function in [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)
    ]:
        number = 0
        while number + 1 < len(function.body):
            one, two = function.body[number : number + 2]
            number += 1
            if (
                one.lineno != one.end_lineno
                or two.lineno != two.end_lineno
                or two.lineno != one.lineno + 1
            ):
                continue
            if (
                isinstance(one, ast.Assign)
                and isinstance(two, ast.Assign)
                and _independent(one, two)
                and rng.random() < 0.7
            ):
                lines[one.lineno - 1], lines[two.lineno - 1] = (
                    lines[two.lineno - 1],
                    lines[one.lineno - 1],
                )
                number += 1
    return "\n".join(lines) + "\n"


def _independent(one: ast.Assign, two: ast.Assign) -> bool:
    def names(node: ast.AST) -> set[str]:
        return {
            ast.unparse(part)
            for part in ast.walk(node)
            if isinstance(part, ast.Name | ast.Attribute)
        } - {"self"}

    calls = any(
        isinstance(part, ast.Call) and "Linear" not in ast.unparse(part)
        for part in [*ast.walk(one), *ast.walk(two)]
    )
    return (
        not calls
        and not names(one.targets[0]) & names(two)
        and not names(two.targets[0]) & names(one)
    )


Perturbation = Callable[[str, str, random.Random], str]
WAYS: dict[str, tuple[Perturbation, ...]] = {
    "as it is": (),
    "renamed": (renamed,),
    "renamed, recommented": (renamed, recommented),
    "renamed, recommented, reordered": (renamed, recommented, reordered),
    "everything": (swapped, renamed, recommented, reordered, revalued),
    "everything, in two of three scripts": (swapped, renamed, recommented, reordered, revalued),
}


def copy(source: Scripts, own: Scripts, way: str, rng: random.Random) -> Scripts:
    """The copyist's scripts: disguised copies of `source`, and some `own` scripts."""
    scripts = rng.sample(SCRIPTS, 2) if "two of three" in way else SCRIPTS
    made = dict(own)
    for script in scripts:
        text = source[script].decode()
        for disguise in WAYS[way]:
            text = disguise(text, script, rng)
        made[script] = text.encode()
    return made

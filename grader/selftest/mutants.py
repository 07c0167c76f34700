"""Cheats in other forms: the same attack under other names, hidden, later, elsewhere or combined.

A mutant is a whole script: the reference solution, mostly with wrong answers, in which a trigger
calls an attack. The attack is the source of one of the cheats, rewritten and packed, or two of
them. It reports to standard error when it begins and ends, so that the self-test knows what ran.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from random import Random

from grader import REFERENCE
from grader.errors import CannotGrade
from grader.selftest.rewriting import PACKINGS, invented_name, packed, rewritten
from grader.selftest.triggers import TRIGGERS, WRONG, Trigger

KINDS = ("renamed", "encoded", "delayed", "hook", "moved", "combined")
REWRITINGS = (
    "as is",
    "names",
    "strings",
    "imports",
    "names + imports",
    "names + imports + strings",
)
NEVER = 10**9  # calls
DELAYS = (2, 3, 5, 8, 13, 21, 30, 40)  # calls, or hundredths of a second
IN_TORCH = 0.15  # share of the attacks of part 1 that are made in part 2, which takes longer
EXPLAINED = 0.1  # share of the mutants whose mistakes are diagnosed, by many more calls
TRIES = 200  # draws in a row that give nothing new, before there are no more mutants
# a short training: one epoch, little data
SHORT = {"EPOCHS": 1, "BATCH_SIZE": 64, "HIDDEN_SIZE": 16}
ATTACK = """
import os
import sys

_ready, _busy, _fired = {}, [], []


def _mark(word):
    try:
        os.write(2, f"\\nTOKEN {word}\\n".encode())
    except OSError:
        pass


def _attack(*arguments, **options):
    if _busy or len(_fired) > 50:
        return 0
    _busy.append(1)
    _fired.append(1)
    answer, raised = 0, None
    try:
        for number, (cheat, enter) in enumerate(_parts):
            _mark(f"begun {number}")
            try:
                if number not in _ready:
                    _ready[number] = cheat()
                answer = enter(_ready[number], arguments or (np.zeros((2, 3)),))
                _mark(f"done {number}")
            except BaseException as error:
                own = isinstance(error, (RuntimeError, MemoryError, OSError))
                own = own or any(type(error) is it for it in _ready.get(number, {}).values())
                leak = type(error) is RuntimeError and str(error).startswith("LEAK")
                _mark(f"{'leak' if leak else 'done' if own else 'broke'} {number}: {error!r:.200}")
                raised = error
    finally:
        _busy.clear()
    if raised is not None:
        raise raised
    return answer


def _quiet(*arguments):
    try:
        _attack()
    except Exception:
        pass
"""
# how an attack is entered once its source has run
ENTERING = {
    "relu": """
def _enter(names, arguments):
    return names["relu"](*arguments) if callable(names["relu"]) else 0
""",
    "numpy_ann": """
def _enter(names, arguments):
    model, X = names["NumpyANN"](), np.zeros((4, 784), np.float32)
    model.fit(X, np.eye(10)[[0, 1, 2, 3]], X, np.eye(10)[[0, 1, 2, 3]],
              epochs=1, batch_size=2, learning_rate=0.1)
    given = arguments[-1]
    return model.predict(given if np.shape(given)[1:] == (784,) else X)
""",
    "pytorch_ann": """
def _enter(names, arguments):
    model, X = names["PyTorchANN"](), torch.zeros(4, 784)
    y = torch.zeros(4, dtype=torch.int64)
    if "fit" in vars(type(model)):
        return model.fit(X, y, X, y, epochs=1, batch_size=2, device="cpu")
    return model.training_step(X, y, None)
""",
    "backward": """
def _enter(names, arguments):
    model, X = names["NumpyANN"](6, 4, 3), np.ones((2, 6))
    model.forward(X)
    return model.backward(X, np.eye(3)[:2])
""",
    "nothing": "def _enter(names, arguments):\n    return 0\n",
}


@dataclass(frozen=True)
class Cheat:
    """One of the cheats: its name, source and script, and where its attack is entered."""

    name: str
    source: str
    script: str
    entered: str


@dataclass(frozen=True)
class Mutant:
    """A script that performs an attack, and how it was made.

    `twin` is the same script with an attack that does nothing, and `late_twin` one that would do it
    so late that it does not; a worker that a delayed attack ends begins to count again. `token`
    opens the lines that the attack prints, and `parts` is the number of cheats in it.
    """

    kind: str
    cheats: tuple[str, ...]
    recipe: str
    trigger: Trigger
    source: str
    twin: str
    late_twin: str  # "" for an attack that is not delayed by calls
    token: str
    explained: bool

    @property
    def parts(self) -> int:
        return len(self.cheats)


def read_cheats(folder: Path) -> list[Cheat]:
    """The cheats of a folder whose attack is code. Raises CannotGrade if there are none."""
    found = []
    for path in sorted(folder.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        told = dict(re.findall(r"^# (script|attack|plot): (.*)$", source, re.MULTILINE))
        if "script" not in told:
            raise CannotGrade(
                f"{path.name} does not say `# script: …`, expected in its first lines"
            )
        if "plot" not in told:
            entered = told.get("attack") or _entered(source, told["script"])
            found.append(Cheat(path.stem, source, told["script"], entered))
    if not found:
        raise CannotGrade(f"{folder} holds no cheats, expected those of this project")
    return found


def _entered(source: str, script: str) -> str:
    """Which of ENTERING starts an attack, unless its first lines say so."""
    if re.search(r"^(def relu|relu = )", source, re.MULTILINE):
        return "relu"
    return script if re.search(r"^class ", source, re.MULTILINE) else "nothing"


def mutants(cheats: list[Cheat], count: int, seed: int) -> Iterator[Mutant]:
    """`count` mutants with different recipes, the same for the same seed.

    Raises CannotGrade if there are fewer. Every kind is made of every cheat in turn.
    """
    recipes: set[str] = set()
    rng, missed = Random(seed), 0
    cells = [(kind, cheat) for cheat in cheats for kind in KINDS]
    rng.shuffle(cells)
    for kind, cheat in cycle(cells):
        if len(recipes) == count:
            return
        mutant = _mutant(kind, cheat, cheats, rng)
        if mutant.recipe not in recipes:
            recipes.add(mutant.recipe)
            missed = 0
            yield mutant
        elif (missed := missed + 1) == TRIES:
            raise CannotGrade(f"there are {len(recipes)} different mutants, expected {count}")


def _mutant(kind: str, cheat: Cheat, cheats: list[Cheat], rng: Random) -> Mutant:
    chosen = (cheat, rng.choice(cheats)) if kind == "combined" else (cheat,)
    rewriting, packing = rng.choice(REWRITINGS), rng.choice(PACKINGS)
    if kind == "renamed":
        rewriting, packing = "names", "inline"
    elif kind == "encoded":
        packing = rng.choice([p for p in PACKINGS if p != "inline"])
    group = {"delayed": "delayed", "hook": "hook", "moved": "moved"}.get(kind, "direct")
    in_torch = any(one.script == "pytorch_ann" for one in chosen) or rng.random() < IN_TORCH
    script = "pytorch_ann" if in_torch else "numpy_ann"
    trigger = rng.choice([t for t in TRIGGERS if t.group == group and t.script == script])
    number = rng.choice(DELAYS) if "NUMBER" in trigger.code else 0
    parts = []
    for one in chosen:
        source = rewritten(one.source, rewriting, rng)
        parts.append((packed(source, packing, rng), ENTERING[one.entered]))
    token = f"{rng.getrandbits(64):016x}"
    explained = rng.random() < EXPLAINED
    twin = [("def _cheat():\n    return {}\n", ENTERING["nothing"])]
    recipe = [*(one.name for one in chosen), rewriting, packing, trigger.name]
    recipe += [f"{number}"] if number else []
    recipe += ["explained"] if explained else []
    return Mutant(
        kind,
        tuple(one.name for one in chosen),
        " / ".join([kind, *recipe]),
        trigger,
        _disguised(_script(trigger, number, parts, token), rng),
        _script(trigger, number, twin, token="0" * 16),
        _script(trigger, NEVER, twin, token="0" * 16) if number else "",
        token,
        explained,
    )


def _script(trigger: Trigger, number: int, parts: list[tuple[str, str]], token: str) -> str:
    """The whole script; `parts` are the code of each `_cheat` and its `_enter`."""
    lines = [base(trigger.script), ATTACK.replace("TOKEN", token)]
    for index, (cheat, enter) in enumerate(parts):
        lines += [cheat.replace("_cheat", f"_cheat{index}")]
        lines += [enter.replace("_enter", f"_enter{index}")]
    pairs = "".join(f"(_cheat{index}, _enter{index}), " for index in range(len(parts)))
    lines.append(f"_parts = [{pairs}]\n")
    if not trigger.right:
        lines.append(WRONG[trigger.script])
    lines.append(trigger.code.replace("NUMBER", str(number)))
    return "\n".join(lines)


@cache
def base(script: str) -> str:
    """The reference solution without comments and docstrings, with a short training."""
    tree = ast.parse((REFERENCE / f"{script}.py").read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if not isinstance(node, ast.If)]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in SHORT:
            node.value = ast.Constant(SHORT[ast.unparse(node.targets[0])])
    return ast.unparse(tree)


def _disguised(source: str, rng: Random) -> str:
    """The script without the names that say what it is."""
    for name in ("_attack", "_quiet", "_mark", "_parts", "_ready", "_fired", "_busy"):
        source = re.sub(rf"\b{name}\b", f"_{invented_name(rng)}", source)
    for name in ("_cheat", "_enter"):
        source = re.sub(rf"\b{name}(?=\d)", f"_{invented_name(rng)}_", source)
    return source

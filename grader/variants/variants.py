"""The variants of a script: each differs from it in one place, and parses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from grader.errors import CannotGrade

# all general operators
OPERATORS = (
    "drop factor", "drop term", "drop sign", "drop transpose", "drop branch", "drop index",
    "drop item", "drop call", "drop argument", "drop statement", "drop with", "drop decorator",
    "add transpose", "swap operands", "swap arguments", "other operator", "other axis",
    "other function", "other name", "change comparison", "change constant", "wrap result",
    "move statement", "repeat statement",
)  # fmt: skip
WORKER = Path(__file__).with_name("worker.py")
TIMEOUT = 60.0  # seconds of wall time; a script of 200 lines takes one
MOST = 400  # variants of one function; relu has 20, a long backward 200


@dataclass(frozen=True)
class Variant:
    """A script that differs from the original in one statement."""

    operator: str  # what was changed, such as "drop factor"
    function: str  # "relu" or "NumpyANN.backward"
    line: int  # first line of the changed statement, from 1, in the original source
    before: str  # that statement's source, as the student wrote it; "" if it is new
    after: str  # and as it stands now; "" if it is gone
    source: str  # the whole new script


@dataclass(frozen=True)
class Template:
    """A change that the caller spells out.

    `on` says what is replaced in `function`:

    "return"          the value of each return statement
    "assign NAME"     the value assigned to a variable or an attribute NAME
    "item KEY"        the value of "KEY" in a dictionary that is written out
    "call NAME"       a call of a function or method NAME
    "minus a"         a difference with the first parameter in it ("minus b": the second)
    "name NAME"       a variable or an attribute NAME where it is read
    "before return"   nothing: `text` is a statement before the last return
    "first"           nothing: `text` is a statement before all others
    "body"            everything but the docstring; `text` is what stands there instead

    In `text`, {0} is what is replaced, {1}, {2}, … are the arguments of a call, {f} its function and
    {rest} its arguments after the first; {1} is the other side of a difference. {a}, {b} and {c} are
    the function's first parameters after self, {self} is its own first one; {np}, {torch}, {nn} and
    {F} are the script's own names of NumPy, PyTorch, its layers and its functional module.
    """

    operator: str
    function: str
    on: str
    text: str


def variants_of(
    source: bytes,
    functions: Sequence[str],
    *,
    operators: Collection[str] | None = None,
    templates: Sequence[Template] = (),
    most: int = MOST,
) -> list[Variant]:
    """Variants of a script in UTF-8, changed inside these functions, in the order of their lines.

    `operators` chooses among the general ones, all by default; `templates` add to them. At most
    `most` are made for each function. A script that cannot be parsed, or breaks the parser, has
    none. Raises CannotGrade if libcst is not installed.
    """
    request = {
        "source": source.decode("utf-8", "replace"),
        "functions": list(functions),
        "operators": None if operators is None else sorted(operators),
        "templates": [asdict(template) for template in templates],
        "most": most,
    }
    answer = _answer({"search": _search(), "request": request})
    return [Variant(**found) for found in answer]


def _search() -> str:
    """The folder that libcst is imported from."""
    spec = find_spec("libcst")
    if spec is None or spec.origin is None:
        raise CannotGrade(
            "libcst is not installed, which changes a student's source; "
            'install the grader\'s packages: pip install -e ".[grader]"'
        )
    return str(Path(spec.origin).parents[1])


def _answer(request: dict[str, object]) -> list[dict[str, Any]]:
    """The worker's answer; empty where the source broke the parser."""
    try:
        ran = subprocess.run(
            [sys.executable, "-I", "-S", str(WORKER)],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
        )
        answer: list[dict[str, Any]] = json.loads(ran.stdout)
    except (subprocess.SubprocessError, ValueError):
        return []
    return answer

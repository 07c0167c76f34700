"""Scripts that differ only in comments, docstrings, layout and names have one canonical form."""

import random
import tomllib
from pathlib import Path

import pytest

from benchmarks.classroom import classroom
from benchmarks.copying import recommented, renamed
from grader.handout.stubs import reference_source, stub
from grader.sections import SCRIPTS
from grader.similarity.canonical import canonical, contract_of
from grader.similarity.source import MAX_TOKENS, read
from tests.similarity.test_source import HOSTILE
from tests.support import script_with

SPECIMENS = Path(__file__).parent.parent / "specimens"

CONTRACTS = {
    script: contract_of(read(stub(reference_source(script), f"{script}.py").encode()))
    for script in SCRIPTS
}


def form(text: str | bytes, script: str = "numpy_ann") -> list[str]:
    content = text.encode() if isinstance(text, str) else text
    return canonical(read(content), CONTRACTS[script])


SAME = {
    "comments": ("x = f(1)  # one\n", "# none\n\nx = f(1)\n"),
    "docstrings": ('def relu(z):\n    """As told."""\n    return z\n', "def relu(z):\n  return z\n"),
    "layout": ("x = f(1, g(2))\n", "x = f(\n    1,\n    g( 2 ),\n)\n"),
    "brackets": ("def relu(z):\n    return z * 2\n", "def relu(z):\n    return ((z * 2))\n"),
    "brackets around a value": ("x = a + b\nif x:\n    f()\n", "x = (a + b)\nif (x):\n    f()\n"),
    "semicolons": ("x = 1\ny = 2\n", "x = 1; y = 2;\n"),
    "line ends": ("x = 1\ny = 2\n", "x = 1\r\ny = 2\r\n"),
    "tabs": ("def relu(z):\n    return z\n", "def relu(z):\n\treturn z\n"),
    "spelling of numbers": ("x = 0.001 + 1_000\n", "x = 1e-3 + 1000\n"),
    "spelling of strings": ("x = 'a\"b'\n", 'x = "a\\"b"\n'),
    "local names": ("def relu(z):\n    out = z\n    return out\n",
                    "def relu(x):\n    y = x\n    return y\n"),
    "a name in one function only": (
        "def relu(z):\n    return z\ndef cross_entropy(z, p):\n    return z\n",
        "def relu(x):\n    return x\ndef cross_entropy(z, p):\n    return z\n"),
    "names of the module": ("def help(z):\n    return z\nx = help(2)\n",
                            "def aid(z):\n    return z\ny = aid(2)\n"),
    "keywords of own functions": ("def help(z, k=1):\n    return z\nx = help(2, k=3)\n",
                                  "def aid(z, m=1):\n    return z\nx = aid(2, m=3)\n"),
    "attributes": ("class NumpyANN:\n    def forward(self, X):\n        self.mine = X\n"
                   "        return self.mine\n",
                   "class NumpyANN:\n    def forward(this, X):\n        this.own = X\n"
                   "        return this.own\n"),
    "methods": ("class NumpyANN:\n    def _a(self):\n        return self._a()\n",
                "class NumpyANN:\n    def _b(self):\n        return self._b()\n"),
    "fields of strings": ("def f():\n    n = 1\n    print(f'{n:3d} is n')\n",
                          "def f():\n    m = 1\n    print(f'{m:3d} is n')\n"),
    "comprehensions": ("x = [i * j for i, j in y]\n", "x = [a * b for a, b in y]\n"),
}  # fmt: skip


@pytest.mark.parametrize("what", SAME)
def test_what_means_nothing_leaves_the_form(what: str) -> None:
    one, other = SAME[what]
    assert form(one) == form(other)


DIFFERENT = {
    "another number": ("x = 0.01\n", "x = 0.001\n"),
    "1 and 1.0": ("x = 1\n", "x = 1.0\n"),
    "another string": ("x = 'sum'\n", "x = 'mean'\n"),
    "raw strings": ("x = '\\n'\n", "x = r'\\n'\n"),
    "another function of numpy": ("import numpy as np\nx = np.sum(y)\n",
                                  "import numpy as np\nx = np.max(y)\n"),
    "another method": ("x = y.sum()\n", "x = y.max()\n"),
    "another mode": ("class A:\n    def f(self):\n        self.eval()\n",
                     "class A:\n    def f(self):\n        self.train()\n"),
    "another builtin": ("x = sum(y)\n", "x = max(y)\n"),
    "an imported name": ("from numpy import *\nx = tanh(y)\n", "from numpy import *\nx = exp(y)\n"),
    "another keyword": ("x = f(y, axis=1)\n", "x = f(y, dim=1)\n"),
    "a name of the contract": ("def relu(z):\n    return z\n", "def rely(z):\n    return z\n"),
    "an attribute of the contract": (
        "class NumpyANN:\n    def forward(self, X):\n        self.W1 = X\n",
        "class NumpyANN:\n    def forward(self, X):\n        self.W2 = X\n"),
    "other order of names": ("def f(a, b):\n    return a - b\n", "def f(a, b):\n    return b - a\n"),
    "indentation": ("if x:\n    f()\ng()\n", "if x:\n    f()\n    g()\n"),
    "a semicolon in a suite": ("if x: f(); g()\n", "if x: f()\ng()\n"),
    "a tuple": ("x = f((a,))\n", "x = f((a))\n"),
    "an index": ("x = y[a,]\n", "x = y[a]\n"),
    "a bracket that groups": ("x = (a + b) * c\n", "x = a + b * c\n"),
    "two brackets": ("x = (a) + (b)\n", "x = a) + (b\n"),
    "order of statements": ("f()\ng()\n", "g()\nf()\n"),
}  # fmt: skip


@pytest.mark.parametrize("what", DIFFERENT)
def test_what_means_something_changes_the_form(what: str) -> None:
    one, other = DIFFERENT[what]
    assert form(one) != form(other)


@pytest.mark.parametrize("script", SCRIPTS)
def test_whole_scripts_keep_their_form_under_other_names(script: str) -> None:
    rng = random.Random(5)
    works = [work[script].decode() for work in classroom(12, 0, seed=5).works.values()]
    for text in works:
        assert form(renamed(recommented(text, script, rng), script, rng), script) == form(
            text, script
        )
    assert len({tuple(form(text, script)) for text in works}) == len(works)


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_scripts_have_a_form(kind: str) -> None:
    assert form(HOSTILE[kind]) == form(HOSTILE[kind])


def test_a_script_read_in_part_equals_only_itself() -> None:
    long = "x = 1\n" * MAX_TOKENS
    assert form(long) == form(long)
    assert form(long) != form(long + "y = 2\n")
    assert form("# coding: utf-7\nx = 1\n") != form("# coding: utf-16\nx = 1\n")


def test_a_script_without_statements_has_none() -> None:
    assert form('"""Nothing."""\n\n# yet\n') == []


def test_no_two_different_specimens_have_the_same_form() -> None:
    codes: dict[tuple[str, ...], set[str]] = {}
    for path in SPECIMENS.glob("*.toml"):
        for kind in tomllib.loads(path.read_text(encoding="utf-8")).values():
            for one in kind:
                if {"section", "code"} <= set(one) and not one.get("others"):
                    script = SCRIPTS[int(one["section"][0]) - 1]
                    text = script_with(script, {one["section"]: one["code"]})
                    key = (one["section"], *form(text, script))
                    codes.setdefault(key, set()).add(one["code"].strip())
    assert len(codes) > 300
    assert [some for some in codes.values() if len(some) > 1] == []

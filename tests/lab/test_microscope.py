"""The backprop microscope lights the array that a mistake sits in, and nothing in a right answer."""

from __future__ import annotations

import json
import tomllib
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from grader.lab.in_browser.microscope import look
from grader.lab.in_browser.microscope_arrays import EXAMPLES
from grader.lab.microscope_cases import write_cases
from tests.right_works import WORKS, right_work
from tests.support import ROOT, script_with

SPECIMENS = ROOT / "tests" / "specimens"
TRUTH = tomllib.loads((ROOT / "tests/lab/microscope_truth.toml").read_text(encoding="utf-8"))
SHARE = 0.9  # of the wrong answers, at least
RIGHT_BACKWARD = """
d = self.a2 - y_true
g = (d @ self.W2.T) * (self.z1 > 0)
"""


def looked(source: str) -> dict[str, Any]:
    module = ModuleType("numpy_ann")
    module.__file__ = "numpy_ann.py"
    exec(compile(source, module.__file__, "exec", dont_inherit=True), vars(module))
    found = look(module, source=source)
    json.dumps(found, allow_nan=False)  # data for a page
    return found


def looked_at(**sections: str) -> dict[str, Any]:
    return looked(script_with("numpy_ann", {n.replace("_", "."): c for n, c in sections.items()}))


def specimens(name: str, key: str) -> list[dict[str, Any]]:
    content = tomllib.loads((SPECIMENS / f"{name}.toml").read_text(encoding="utf-8"))
    return [one for one in content[key] if one["section"].startswith("1.")]


def array(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["arrays"] if one["name"] == name)


def test_lights_the_array_that_the_mistake_sits_in() -> None:
    wrong = specimens("wrong_numpy", "wrong")
    missed = []
    for one in wrong:
        source = script_with("numpy_ann", {one["section"]: one["code"]} | one.get("others", {}))
        lit = looked(source)["lit"]
        truth = TRUTH[one["section"]]
        right = truth.get(one["mistake"]) or truth["default"]
        if lit is None or lit["name"] not in right:
            missed.append(f"{one['section']} {one['mistake']}: {lit}, expected {right}")
    assert len(missed) <= (1 - SHARE) * len(wrong), missed


@pytest.mark.exhaustive
def test_lights_nothing_in_right_answers() -> None:
    sources = [
        script_with("numpy_ann", {one["section"]: one["code"]} | one.get("others", {}))
        for one in specimens("right", "right")
    ]
    sources += [right_work(number)["numpy_ann"] for number in range(WORKS)]
    assert [lit for source in sources if (lit := looked(source)["lit"]) is not None] == []


def test_the_examples_are_those_of_the_reference(tmp_path: Any) -> None:
    written = json.loads(write_cases(tmp_path).read_text(encoding="utf-8"))
    shipped = json.loads(EXAMPLES.read_text(encoding="utf-8"))

    def numbers(content: Any) -> list[float]:
        if isinstance(content, dict):
            content = list(content.values())
        if isinstance(content, list):
            return [number for part in content for number in numbers(part)]
        return [] if isinstance(content, str) else [content]

    assert [one["name"] for one in shipped] == [one["name"] for one in written]
    assert numbers(shipped) == pytest.approx(numbers(written), rel=1e-6)


def test_arrays_in_order_have_what_the_page_shows() -> None:
    found = looked_at()
    assert [one["name"] for one in found["arrays"]][3:9] == ["z1", "a1", "W2", "b2", "z2", "a2"]
    assert {one["status"] for one in found["arrays"]} == {"right"}
    assert found["convention"] == "sum"
    z1 = array(found, "z1")
    assert (z1["got"], z1["shape"], z1["from"]) == (z1["expected"], [2, 3], ["X", "W1", "b1"])
    flat = [number for row in z1["expected"] for number in row]
    assert min(flat) < 0 in flat
    assert max(flat) > 6


def test_a_mistake_in_the_middle_of_a_line_is_seen() -> None:
    code = "d = self.a2 - y_true\ng = (d @ self.W2.T) * (self.z1 >= 0)"
    ending = "\nreturn dict(W1=X.T @ g, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))"
    found = looked_at(**{"1_6": code + ending})
    gate = array(found, "gate")
    assert (found["lit"]["name"], gate["status"], gate["differ"]) == ("gate", "wrong", [[0, 2]])
    assert array(found, "da1")["status"] == "right"
    assert array(found, "dz1")["status"] == "after"
    assert gate["line"] == array(found, "dz1")["line"] == found["lit"]["line"]


def test_loops_over_images_and_numbers_are_put_together() -> None:
    rows = """
grads = {name: np.zeros_like(getattr(self, name)) for name in ('W1', 'b1', 'W2', 'b2')}
for x, y, z1, a1, a2 in zip(X, y_true, self.z1, self.a1, self.a2):
    d = a2 - y
    g = (self.W2 @ d) * (z1 != 0)
    grads['W1'] += np.outer(x, g)
    grads['b1'] += g
    grads['W2'] += np.outer(a1, d)
    grads['b2'] += d
return grads"""
    found = looked_at(**{"1_6": rows})
    assert found["lit"]["name"] == "gate"
    assert array(found, "dz2")["got"] == array(found, "dz2")["expected"]


@pytest.mark.parametrize(("code", "lit"), [
    ("raise SystemExit", "dz2"),
    ("return self.backward(X, y_true)", "dz2"),
    ("class E(BaseException):\n    def __str__(self):\n        raise E\nraise E", "dz2"),
    ("while True:\n    print('x' * 1000)\n    X = X[1:]\n    X[0]", "dz2"),
    (RIGHT_BACKWARD + "return dict(W1=np.zeros((3000, 3000)), b1=10**400, W2=[[1], [2, 3]])", "dW2"),
    (RIGHT_BACKWARD + "return (d @ self.W1) * g", "da1"),
    (RIGHT_BACKWARD + "return {'W2': self.a1 @ d}", "dW2"),
])  # fmt: skip
def test_code_that_ends_oddly_lights_what_it_was_at(code: str, lit: str) -> None:
    assert looked_at(**{"1_6": code})["lit"]["name"] == lit


def test_an_array_that_changes_later_is_told_from_a_wrong_one() -> None:
    lit = looked_at(**{"1_2": "z[z < 0] = 0\nreturn z"})["lit"]
    assert lit["name"] == "a1"
    assert "changed in place" in lit["sentence"]


def test_stubs_are_not_written_and_a_failing_check_is_heard() -> None:
    stubs = looked((ROOT / "numpy_ann.py").read_text(encoding="utf-8"))
    assert (stubs["lit"]["name"], array(stubs, "z1")["status"]) == ("z1", "missing")
    found = looked_at(**{"1_2": "return np.maximum(z, 1e-9)"})
    assert (found["lit"]["name"], found["lit"]["elsewhere"]) == ("a1", True)
    assert array(found, "a1")["got"] == [[1.6875, 4.5, 1e-9], [1e-9, 6.5625, 0.5]]


def test_a_script_that_imports_once_is_judged_without_notes() -> None:
    once = "\nassert not hasattr(np, 'imported')\nnp.imported = True\n"
    wrong = {"1.6": "d = y_true - self.a2\nreturn dict(W1=0 * X, b1=d, W2=self.a1.T @ d, b2=d)"}
    try:
        assert looked(script_with("numpy_ann", wrong, after=once))["lit"]["name"] == "dz2"
    finally:
        del np.imported  # type: ignore[attr-defined]

"""Tests of grader/variants/variants.py."""

import ast

import pytest

from grader.variants.variants import OPERATORS, Template, Variant, variants_of
from tests.support import ROOT, sampled

SCRIPT = '''\
import numpy as np  # as usual


def relu(z):
    """Positive part; 'a * b' is no code here."""
    # why: the slope
    return np.maximum( z,0 )  # odd spaces stay


class NumpyANN:
    def backward(self, X, y_true):
        dz2 = (self.a2
               - y_true)
        db2 = dz2.sum(axis=0)
        with np.errstate(all="ignore"):
            db2 = db2 / 2
        return {"W2": self.a1.T @ dz2, "b2": db2}
'''


def afters(variants: list[Variant], operator: str) -> set[str]:
    return {variant.after for variant in variants if variant.operator == operator}


def test_every_variant_differs_in_its_statement_alone() -> None:
    for newline in ("\n", "\r\n"):
        source = SCRIPT.replace("\n", newline)
        variants = variants_of(source.encode(), ["relu", "NumpyANN.backward"])
        assert len(variants) > 40
        assert len({variant.source for variant in variants}) == len(variants)
        for variant in variants:
            ast.parse(variant.source)
            assert variant.before in source
            assert variant.before.splitlines()[0] in source.splitlines()[variant.line - 1]
            if variant.operator not in ("move statement", "drop with", "repeat statement"):
                at = source.index(variant.before)
                assert variant.source.startswith(source[: source.rfind(newline, 0, at)])
            assert "# why: the slope" in variant.source


def test_operators_change_what_they_say() -> None:
    variants = variants_of(SCRIPT.encode(), ["relu", "NumpyANN.backward"])
    assert "return np.minimum(z, 0)" in afters(variants, "other function")
    assert "return z" in afters(variants, "drop call")
    assert "db2 = dz2.sum(axis=1)" in afters(variants, "other axis") | afters(
        variants, "change constant"
    )
    assert 'return {"W2": self.a1 @ dz2, "b2": db2}' in afters(variants, "drop transpose")
    assert 'return {"W2": self.a1.T @ dz2}' in afters(variants, "drop item")
    assert "db2 = db2" in afters(variants, "drop factor")
    assert "dz2 = (-y_true)" in {a.replace("\n", "") for a in afters(variants, "drop term")}
    assert 'return {"W2": self.a2.T @ dz2, "b2": db2}' in afters(variants, "other name")
    assert "" in afters(variants, "drop statement")
    (unwrapped,) = [v for v in variants if v.operator == "drop with"]
    assert "\n        db2 = db2 / 2\n" in unwrapped.source


def test_templates_fill_in_the_scripts_own_names() -> None:
    source = SCRIPT.replace("numpy as np", "numpy as N").replace("np.", "N.")
    templates = [
        Template("leaky", "relu", "return", "{np}.where({a} > 0, {0}, 0.01 * {a})"),
        Template("key", "NumpyANN.backward", "item b2", "{0}[0]"),
        Template("call", "relu", "call maximum", "{np}.minimum({1}, {2})"),
        Template("insert", "NumpyANN.backward", "before return", "{self}.W2 = 0"),
        Template("torch", "relu", "return", "{c}"),
    ]
    found = variants_of(
        source.encode(), ["relu", "NumpyANN.backward"], operators=(), templates=templates
    )
    assert [(variant.operator, variant.after) for variant in found] == [
        ("leaky", "return N.where(z > 0, N.maximum( z,0 ), 0.01 * z)"),
        ("call", "return N.minimum(z, 0)"),
        ("key", 'return {"W2": self.a1.T @ dz2, "b2": db2[0]}'),
        ("insert", "self.W2 = 0"),
    ]


def test_a_header_ends_with_its_colon() -> None:
    source = """\
def relu(z):
    for n in (0,
              1):  # twice: why not
        if z[0:1].all() or (lambda: n)(): pass
        elif n == 1: z = z + 1  # or: else
    return z
"""
    found = variants_of(source.encode(), ["relu"], operators=["change constant"])
    assert {variant.before for variant in found} == {
        "for n in (0,\n              1):", "if z[0:1].all() or (lambda: n)():",
        "elif n == 1:", "z = z + 1",
    }  # fmt: skip


def test_lambdas_count_as_functions() -> None:
    source = b"import numpy as np\nrelu = lambda z: np.maximum(z, 0)\n"
    found = variants_of(source, ["relu"])
    assert "relu = lambda z: np.minimum(z, 0)" in afters(found, "other function")


@pytest.mark.parametrize("source", sampled([
    b"", b"def relu(z:\n", b"\x00", b"\xff\xfe\x00",
    b"def relu(z):\n    return " + b"(" * 5_000 + b"z" + b")" * 5_000,
    b"def relu(z):\n    return " + b"-" * 2_000 + b"z\n",
    b"def relu(z):\n    return " + b"z" + b".T" * 2_000 + b"\n",
    b"def relu(z):\n" + b"".join(b" " * n + b"if z:\n" for n in range(1, 99)) + b" " * 99 + b"pass",
], every=2), ids=range(8))  # fmt: skip
def test_odd_sources_break_nothing(source: bytes) -> None:
    variants_of(source, ["relu"])


def test_a_long_line_of_200_kb_ends_in_time() -> None:
    source = b"def relu(z):\n    return [" + b"z+1," * 50_000 + b"]\n"
    assert len(variants_of(source, ["relu"], most=10)) <= 10


def test_names_like_markup_are_data() -> None:
    source = "def relu(z):\n    ℌ = '<script>'\n    return ℌ * z\n"
    found = variants_of(source.encode(), ["relu"])
    assert any("'<script>'" in variant.source for variant in found)


def test_the_reference_has_variants_in_every_function() -> None:
    source = (ROOT / "grader" / "reference" / "pytorch_cnn.py").read_bytes()
    functions = [f"PyTorchCNN.{name}" for name in ("forward", "training_step", "predict")]
    found = variants_of(source, functions)
    assert {variant.function for variant in found} == set(functions)
    source = (ROOT / "grader" / "reference" / "numpy_ann.py").read_bytes()
    every = [*found, *variants_of(source, [])]
    assert {variant.operator for variant in every} <= set(OPERATORS)
    assert {"drop with", "other axis", "swap operands"} <= {one.operator for one in every}

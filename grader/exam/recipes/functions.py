"""Mistakes in 1.2 relu, 1.3 relu_derivative and 1.4 cross_entropy."""

from __future__ import annotations

from grader.exam.recipes.recipe import Recipe

FUNCTIONS = (
    # 1.2
    Recipe("relu-leaky", ("1.2",), (), (
        ("call maximum", "{f}({1}, 0.01 * {a})"),
        ("call where", "{f}({1}, {2}, 0.01 * {a})"),
        ("call clip", "{np}.maximum({1}, 0.01 * {a})"),
        ("return", "{np}.where({a} > 0, {0}, 0.01 * {a})"),
        ("return", "{0} + 0.01 * {np}.minimum({a}, 0)"),
    )),
    Recipe("relu-absolute", ("1.2",), (), (
        ("call maximum", "{f}({1}, -{a})"),
        ("call where", "{f}({1}, {2}, -{a})"),
        ("return", "{0} + {np}.maximum(-{a}, 0)"),
        ("return", "{np}.abs({a})"),
    )),
    Recipe("relu-negated", ("1.2",), ("other function", "change comparison", "wrap result")),
    Recipe("relu-clipped-above", ("1.2",), (), (
        ("call clip", "{f}({1}, 0, 6)"),
        ("return", "{np}.minimum({0}, 6)"),
        ("return", "{np}.clip({0}, 0, 6)"),
    )),
    Recipe("relu-scalar", ("1.2",), (), (
        ("return", "{np}.max({0}, axis=0)"),
        ("return", "{np}.max({0})"),
    )),
    Recipe("relu-in-place", ("1.2",), ("drop call",), (
        ("call maximum", "{f}({1}, {2}, out={a})"),
        ("first", "{a}[{a} < 0] = 0"),
    )),
    Recipe("relu-not-zero", ("1.2",), ("change constant",), (
        ("return", "{np}.where({a} > 0, {0}, 1.0)"),
    )),
    # 1.3
    Recipe("drelu-one-at-zero", ("1.3",), ("change comparison", "change constant"), (
        ("return", "{0} + ({a} == 0)"),
    )),
    Recipe("drelu-returns-input", ("1.3",), (), (
        ("call where", "{f}({1}, {a}, {3})"),
        ("return", "{0} * {a}"),
    )),
    Recipe("drelu-inverted", ("1.3",), ("change comparison",), (("return", "1 - {0}"),)),
    Recipe("drelu-scalar", ("1.3",), (), (
        ("return", "{np}.any({0}, axis=0)"),
        ("return", "{np}.max({0}, axis=0)"),
    )),
    Recipe("drelu-in-place", ("1.3",), ("drop call",), (
        ("first", "{a}[:] = {a} > 0"),
        ("first", "{a}[...] = {a} > 0"),
    )),
    # 1.4
    Recipe("ce-sum-not-mean", ("1.4",), ("drop factor", "other function", "drop call"), (
        ("return", "{0} * len({a})"),
    )),
    Recipe("ce-mean-over-classes", ("1.4",), ("other function", "drop argument"), (
        ("call mean", "{np}.mean({1})"),
        ("return", "{0} / {a}.shape[1]"),
    )),
    Recipe("ce-sign", ("1.4",), ("drop sign", "wrap result", "other operator")),
    Recipe("ce-log-of-zero", ("1.4",), ("drop term", "drop call", "change constant"), (
        ("first", "{b} = {np}.where({b} < 1e-9, 0.0, {b})"),
        ("return", "-{np}.sum({a} * {np}.log({b})) / len({a})"),
    )),
    Recipe("ce-log-base", ("1.4",), ("other function",), (
        ("call log", "{np}.log2({1})"),
        ("return", "{0} / {np}.log(2)"),
    )),
    Recipe("ce-arguments-swapped", ("1.4",), (), (
        ("first", "{a}, {b} = {b}, {a}"),
        ("return", "-{np}.sum({b} * {np}.log({a} + 1e-12)) / len({a})"),
    )),
    Recipe("ce-binary", ("1.4",), (), (
        ("return", "{0} - {np}.sum((1 - {a}) * {np}.log(1 - {b} + 1e-12)) / len({a})"),
    )),
    Recipe("ce-squared-error", ("1.4",), (), (("return", "{np}.mean(({a} - {b}) ** 2)"),)),
    Recipe("ce-epsilon-too-large", ("1.4",), ("change constant",), (
        ("call log", "{f}({1} + 0.01)"),
        ("first", "{b} = {b} + 0.01"),
    )),
    Recipe("ce-wrong-entries", ("1.4",), (), (
        ("return", "-{np}.sum({np}.log({a} * {b} + 1e-12)) / len({a})"),
        ("return", "-{np}.mean({np}.log({np}.max({b}, axis=1) + 1e-12))"),
    )),
    Recipe("ce-low-precision", ("1.4",), (), (("return", "round({0}, 2)"),
                                              ("return", "round(float({0}), 2)"),
                                              ("return", "{np}.round({0}, 2)"))),
    Recipe("ce-not-scalar", ("1.4",), ("drop call",), (
        ("call sum", "{f}({1}, axis=1)"),
        ("return", "-{np}.sum({a} * {np}.log({b} + 1e-12), axis=1)"),
        ("return", "[{0}, {0}]"),
    )),
)  # fmt: skip

"""Mistakes in 1.5 forward and 1.6 backward.

In 1.6 the last changes fit any code, since they replace what is returned. The gradients may be sums
or means over the batch, and there is one change for each.
"""

from __future__ import annotations

from grader.exam.recipes.recipe import Recipe

WITHOUT_GATE = (
    '{{**{0}, "W1": {a}.T @ (({self}.a2 - {b}) @ {self}.W2.T)%s, '
    '"b1": (({self}.a2 - {b}) @ {self}.W2.T).sum(axis=0)%s}}'
)
GATED = (
    '{{**{0}, "W1": {a}.T @ (({self}.a2 - {b}) @ {self}.W2.T * ({gate}))%s, '
    '"b1": (({self}.a2 - {b}) @ {self}.W2.T * ({gate})).sum(axis=0)%s}}'
).replace("{gate}", "({self}.a2 - {b}) @ {self}.W2.T > 0")


def _both(text: str) -> tuple[tuple[str, str], ...]:
    """A change of what is returned, for sums over the batch and for means."""
    count = text.count("%s")
    return tuple(("return", text % ((by,) * count)) for by in ("", " / len({a})"))


NETWORK = (
    # 1.5
    Recipe("forward-no-bias", ("1.5",), ("drop term", "other operator"), (
        ("assign z1", "{0} - {self}.b1"),
        ("assign z2", "{0} - {self}.b2"),
    )),
    Recipe("forward-no-relu", ("1.5",), ("drop call",), (("assign a1", "{self}.z1"),)),
    Recipe("forward-no-softmax", ("1.5",), ("drop call",), (("assign a2", "{self}.z2"),)),
    Recipe("forward-relu-on-output", ("1.5",), ("other name: softmax relu",), (
        ("call softmax", "{f}(relu({1}))"),
        ("assign a2", "relu({self}.z2)"),
    )),
    Recipe("forward-softmax-axis", ("1.5",), ("other axis", "change constant"), (
        ("call softmax", "{f}({1}.T).T"),
        ("assign a2", "softmax({self}.z2.T).T"),
    )),
    Recipe("forward-softmax-unstable", ("1.5",), ("drop term",), (
        ("call softmax", "{np}.exp({1}) / {np}.exp({1}).sum(axis=1, keepdims=True)"),
        ("assign a2", "{np}.exp({self}.z2) / {np}.exp({self}.z2).sum(axis=1, keepdims=True)"),
    )),
    Recipe("forward-sigmoid", ("1.5",), (), (
        ("assign a1", "1 / (1 + {np}.exp(-{self}.z1))"),
        ("assign a1", "{np}.tanh({self}.z1)"),
        ("call relu", "{np}.tanh({1})"),
        ("assign a2", "1 / (1 + {np}.exp(-{self}.z2))"),
    )),
    Recipe("forward-not-kept", ("1.5",), (), (
        ("assign a1", "{self}.z1 = {0}"),
        ("before return", "{self}.z1 = {self}.a1"),
    )),
    Recipe("forward-returns-logits", ("1.5",), ("other name: a2 z2",), (
        ("return", "{self}.z2"),
    )),
    # 1.6
    Recipe("backward-sign", ("1.6",), ("swap operands", "wrap result", "drop sign"), (
        ("minus b", "{1} + {b}"),
        ("return", "{{name: -gradient for name, gradient in {0}.items()}}"),
    )),
    Recipe("backward-no-relu-gate", ("1.6",),
           ("drop factor", "drop branch", "drop call", "drop statement"), (
        ("call where", "{2}"),
        ("first", "{self}.z1 = {np}.abs({self}.z1)"),
        *_both(WITHOUT_GATE),
    )),
    Recipe("backward-gate-on-wrong-layer", ("1.6",),
           ("other name: z1 d", "other name: z1 z2", "other name: z1", "other name: a1 d"), (
        ("name z1", "{self}.z2"),
        ("name a1", "{self}.z2"),
        *_both(GATED),
    )),
    Recipe("backward-z1-for-a1", ("1.6",), ("other name: a1 z1",), (
        ("name a1", "{self}.z1"),
        ("first", "{self}.a1 = {self}.z1"),
        *_both('{{**{0}, "W2": {self}.z1.T @ ({self}.a2 - {b})%s}}'),
    )),
    Recipe("backward-mixed-scale", ("1.6",), ("other function", "drop factor"), (
        ("item b2", "{0} / len({a})"),
        ("item W1", "{0} / len({a})"),
        ("item W1", "{0} * len({a})"),
        ("return", '{{**{0}, "b2": {0}["b2"] / len({a})}}'),
        ("return", '{{**{0}, "b2": {0}["b2"] * len({a})}}'),
    )),
    Recipe("backward-divided-twice", ("1.6",), ("other function",), (
        ("item W1", "{0} / len({a})"),
        ("item W2", "{0} / len({a})"),
        ("item W1", "{0} / len({a}) ** 2"),
        ("return", '{{**{0}, "W1": {0}["W1"] / len({a})}}'),
        ("return", '{{**{0}, "W1": {0}["W1"] / len({a}) ** 2}}'),
    )),
    Recipe("backward-learning-rate", ("1.6",), (), (
        ("return", "{{name: 0.01 * gradient for name, gradient in {0}.items()}}"),
    )),
    Recipe("backward-bias-not-summed", ("1.6",),
           ("drop call", "other axis", "change constant", "drop argument", "drop factor"), (
        ("item b1", "{0}.sum()"),
        ("return", '{{**{0}, "b1": {0}["b1"].sum()}}'),
        *_both('{{**{0}, "b2": ({self}.a2 - {b})%s}}'),
    )),
    Recipe("backward-softmax-twice", ("1.6",), (), (
        ("minus b", "{0} * {self}.a2 * (1 - {self}.a2)"),
        ("minus b", "softmax({0})"),
        ("minus b", "softmax({1}) - {b}"),
        ("first", "{self}.a2 = softmax({self}.a2)"),
    )),
    Recipe("backward-not-transposed", ("1.6",),
           ("drop transpose", "swap operands", "swap arguments", "drop call"), (
        ("return", '{{**{0}, "W2": {0}["W2"].T}}'),
    )),
    Recipe("backward-missing-key", ("1.6",), ("drop item", "drop argument", "drop statement"), (
        ("return", '{{name: gradient for name, gradient in {0}.items() if name != "b2"}}'),
    )),
    Recipe("backward-changes-weights", ("1.6",), (), (
        ("before return", "{self}.W2 -= 0.01 * {self}.W2"),
        ("before return", "{self}.b2 -= 0.01"),
    )),
    Recipe("backward-wrong-weights", ("1.6",),
           ("other name: W2 W1",), (
        ("name W2", "{self}.W1"),
        ("name W2", "{np}.ones_like({self}.W2)"),
    )),
)  # fmt: skip

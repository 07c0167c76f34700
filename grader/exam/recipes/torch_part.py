"""Mistakes in the PyTorch scripts: layers, forward, one step of training, prediction."""

from __future__ import annotations

from grader.exam.recipes.recipe import Recipe

LAYERS, FORWARD = ("2.1", "3.1"), ("2.2", "3.2")
STEP, PREDICT = ("2.3", "3.3"), ("2.4", "3.4")
DROPPED = ("drop statement",)

TORCH = (
    # 2.1 and 2.2, which are judged together
    Recipe("torch-wrong-output-size", FORWARD, (), (
        ("return", "{0}[:, :-1]"),
        ("return", "{0}.mean(dim=1, keepdim=True)"),
    ), also=LAYERS),
    Recipe("torch-no-activation", FORWARD, ("drop call", "drop argument", "drop item"),
           also=LAYERS),
    Recipe("torch-relu-on-logits", FORWARD, (), (
        ("return", "{F}.relu({0})"),
        ("return", "{torch}.relu({0})"),
    ), also=LAYERS),
    Recipe("torch-softmax-before-loss", FORWARD, (), (
        ("return", "{F}.softmax({0}, dim=1)"),
        ("return", "{torch}.softmax({0}, dim=1)"),
    ), also=LAYERS),
    # 2.3 and 3.3
    Recipe("torch-no-zero-grad", STEP, DROPPED),
    Recipe("torch-no-backward", STEP, (*DROPPED, "move statement")),
    Recipe("torch-no-step", STEP, DROPPED, (("call step", "{1}()"),)),
    Recipe("torch-several-steps", STEP, ("repeat statement",), (("call step", "({0}, {0})[1]"),)),
    Recipe("torch-own-optimizer", STEP, (), (
        ("first", "{c} = {torch}.optim.SGD({self}.parameters(), lr=0.1)"),
    )),
    Recipe("torch-softmax-before-loss", STEP, (), (
        ("call cross_entropy", "{f}({1}.softmax(dim=1){rest})"),
        ("call self", "{0}.softmax(dim=1)"),
        ("call forward", "{0}.softmax(dim=1)"),
    )),
    Recipe("torch-wrong-loss", STEP, ("change constant", "wrap result", "drop sign"), (
        ("call cross_entropy", "-{0}"),
        ("call cross_entropy", "{f}({1}[:1]{rest})"),
        ("call cross_entropy", "{F}.mse_loss({1}, {F}.one_hot({b}, 10).float())"),
    )),
    Recipe("torch-loss-not-float", STEP, ("drop call",), (
        ("return", "{torch}.tensor({0})"),
        ("return", "str({0})"),
    )),
    Recipe("torch-loss-detached", STEP, (), (
        ("call self", "{0}.detach()"),
        ("call forward", "{0}.detach()"),
        ("call cross_entropy", "{0}.detach()"),
        ("call cross_entropy", "{f}({1}.detach(){rest})"),
        ("call net", "{0}.detach()"),
    )),
    Recipe("torch-not-in-train-mode", STEP, (), (("first", "{self}.eval()"),)),
    # 2.4 and 3.4
    Recipe("torch-not-in-eval-mode", PREDICT, ("drop statement", "other function", "drop call"), (
        ("first", "{self}.train()"),
    )),
    Recipe("torch-predict-with-gradients", PREDICT,
           ("drop with", "drop decorator", "other function")),
    Recipe("torch-argmax-axis", PREDICT, ("other axis", "change constant", "drop argument"), (
        ("call argmax", "{0}[:10]"),
    )),
    Recipe("torch-predicts-logits", PREDICT, ("drop call", "other function"), (
        ("return", "{self}({a})"),
    )),
)  # fmt: skip

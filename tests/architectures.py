"""Forty networks that students might write, and training steps right and wrong, as source code.

`python -m tests.architectures 20` checks all of them with 20 seeds and prints a table.
"""

from __future__ import annotations

import linecache
import sys
from types import ModuleType

import numpy as np
import torch

from assignment.checks.torch import (
    check_forward,
    check_layers,
    check_predict,
    check_training_step,
)
from assignment.failure import CheckFailed
from assignment.handles import LocalScript, kind_of
from assignment.observing.compiling import left_out
from tests.support import script_with

# of a CNN: the lines of __init__ after super().__init__(), and of forward
CNN: dict[str, tuple[str, str]] = {}
ANN: dict[str, tuple[str, str]] = {}


def _stack(table: dict[str, tuple[str, str]], name: str, layers: str, more: str = "") -> None:
    table[name] = (f"self.net = nn.Sequential({layers}){more}", "return self.net(X)")


_CONV_BN = "nn.Conv2d({a}, {b}, 3, padding=1), nn.BatchNorm2d({b}), nn.ReLU()"


def _blocks(*widths: int, pool: bool = True) -> str:
    """Convolutions with batch normalisation, the first from one channel."""
    found = []
    for a, b in zip((1, *widths), widths, strict=False):
        found.append(_CONV_BN.format(a=a, b=b) + (", nn.MaxPool2d(2)" if pool else ""))
    return ", ".join(found)


_stack(CNN, "plain", "nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 26 * 26, 10)")
_stack(
    CNN,
    "batch norm, global average",
    f"{_blocks(16, 32)}, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)",
)
_stack(
    CNN,
    "v1",
    "nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), "
    "nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), "
    "nn.Linear(32 * 49, 64), nn.ReLU(), nn.Linear(64, 10)",
)
_stack(
    CNN,
    "v2",
    f"{_blocks(16, 32)}, nn.Flatten(), nn.Dropout(0.3), nn.Linear(32 * 49, 64), nn.ReLU(), "
    "nn.Linear(64, 10)",
)
_stack(
    CNN,
    "v3",
    f"{_CONV_BN.format(a=1, b=16)}, {_blocks(16, 32).replace('nn.Conv2d(1,', 'nn.Conv2d(16,')}, "
    f"{_CONV_BN.format(a=32, b=64)}, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4), "
    "nn.Linear(64, 10)",
)
_stack(
    CNN,
    "VGG without norm",
    ", ".join(
        f"nn.Conv2d({a}, {b}, 3, padding=1), nn.ReLU()" + (", nn.MaxPool2d(2)" if p else "")
        for a, b, p in ((1, 16, 0), (16, 16, 1), (16, 32, 0), (32, 32, 1), (32, 32, 0), (32, 32, 1))
    )
    + ", nn.Flatten(), nn.Linear(32 * 9, 10)",
)
_stack(
    CNN,
    "VGG with batch norm",
    f"{_blocks(16, 32, 32)}, nn.Flatten(), nn.Linear(32 * 9, 64), nn.BatchNorm1d(64), nn.ReLU(), "
    "nn.Linear(64, 10)",
)
_stack(
    CNN,
    "sigmoid LeNet",
    "nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), "
    "nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(), "
    "nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10)",
)
_stack(
    CNN,
    "tanh LeNet",
    "nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), "
    "nn.AvgPool2d(2), nn.Flatten(), nn.Linear(400, 84), nn.Tanh(), nn.Linear(84, 10)",
)
_stack(
    CNN,
    "group norm",
    "nn.Conv2d(1, 16, 3, padding=1), nn.GroupNorm(4, 16), nn.ReLU(), nn.MaxPool2d(2), "
    "nn.Conv2d(16, 32, 3, padding=1), nn.GroupNorm(8, 32), nn.ReLU(), nn.AdaptiveAvgPool2d(2), "
    "nn.Flatten(), nn.Linear(128, 10)",
)
_stack(
    CNN,
    "instance norm",
    "nn.Conv2d(1, 8, 3), nn.InstanceNorm2d(8, affine=True), nn.ReLU(), nn.MaxPool2d(4), "
    "nn.Flatten(), nn.Linear(288, 10)",
)
_stack(
    CNN,
    "depthwise",
    "nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1, groups=16), "
    "nn.Conv2d(16, 32, 1), nn.BatchNorm2d(32), nn.ReLU6(), nn.AdaptiveAvgPool2d(3), "
    "nn.Flatten(), nn.Linear(288, 10)",
)
_stack(
    CNN,
    "dilated, strided",
    "nn.Conv2d(1, 8, 5, stride=2), nn.LeakyReLU(), nn.Conv2d(8, 16, 3, dilation=2), nn.SiLU(), "
    "nn.Flatten(), nn.Linear(16 * 64, 10)",
)
_stack(
    CNN,
    "all convolutions",
    "nn.Conv2d(1, 16, 3, stride=2), nn.ReLU(), nn.Conv2d(16, 10, 3), nn.AdaptiveAvgPool2d(1), "
    "nn.Flatten()",
)
_stack(
    CNN,
    "lazy",
    "nn.LazyConv2d(8, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(2), "
    "nn.Flatten(), nn.LazyLinear(10)",
)
_stack(
    CNN,
    "dropout 0.8",
    "nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.5), nn.Flatten(), "
    "nn.Dropout(0.8), nn.Linear(8 * 169, 10)",
)
_stack(
    CNN, "wide", "nn.Conv2d(1, 128, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(128 * 36, 10)"
)
_stack(CNN, "one channel", "nn.Conv2d(1, 1, 3), nn.ReLU(), nn.Flatten(), nn.Linear(676, 10)")
_stack(
    CNN,
    "GELU and layer norm",
    "nn.Conv2d(1, 8, 4, stride=4), nn.GELU(), nn.Flatten(), "
    "nn.LayerNorm(8 * 49), nn.Linear(8 * 49, 10)",
)
_stack(
    CNN,
    "spectral norm",
    "nn.utils.parametrizations.spectral_norm(nn.Conv2d(1, 8, 3, stride=3)), nn.ReLU(), "
    "nn.Flatten(), nn.Linear(8 * 81, 10)",
)
CNN["ResNet"] = (
    "self.stem = nn.Sequential(nn.Conv2d(1, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU())\n"
    "self.blocks = nn.ModuleList(nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), "
    "nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16)) "
    "for _ in range(3))\n"
    "for block in self.blocks:\n    nn.init.zeros_(block[-1].weight)\n"
    "self.head = nn.Linear(16, 10)",
    "X = self.stem(X)\nfor block in self.blocks:\n    X = F.relu(X + block(X))\n"
    "return self.head(X.mean(dim=(2, 3)))",
)
CNN["dense"] = (
    "self.a, self.b = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(5, 4, 3, padding=1)\n"
    "self.head = nn.Linear(9 * 49, 10)",
    "X = torch.cat([X, F.relu(self.a(X))], 1)\nX = torch.cat([X, F.relu(self.b(X))], 1)\n"
    "return self.head(F.max_pool2d(X, 4).flatten(1))",
)
CNN["squeeze and excite"] = (
    "self.conv, self.gate = nn.Conv2d(1, 8, 3, stride=2), nn.Linear(8, 8)\n"
    "self.head = nn.Linear(8, 10)",
    "X = F.relu(self.conv(X))\ns = torch.sigmoid(self.gate(X.mean((2, 3))))\n"
    "return self.head((X * s[:, :, None, None]).amax((2, 3)))",
)
CNN["functional"] = (
    "self.kernel = nn.Parameter(0.1 * torch.randn(8, 1, 3, 3))\nself.out = nn.Linear(8 * 169, 10)",
    "return self.out(F.max_pool2d(F.relu(F.conv2d(X, self.kernel)), 2).flatten(1))",
)

_stack(ANN, "plain", "nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)")
_stack(
    ANN,
    "deep",
    "nn.Linear(784, 32), nn.ReLU(), "
    + ", ".join(["nn.Linear(32, 32), nn.ReLU()"] * 8)
    + ", nn.Linear(32, 10)",
)
_stack(
    ANN,
    "deep sigmoid",
    "nn.Linear(784, 32), nn.Sigmoid(), "
    + ", ".join(["nn.Linear(32, 32), nn.Sigmoid()"] * 4)
    + ", nn.Linear(32, 10)",
)
_stack(ANN, "wide", "nn.Linear(784, 2048), nn.ReLU(), nn.Linear(2048, 10)")
_stack(ANN, "narrow", "nn.Linear(784, 2), nn.ReLU(), nn.Linear(2, 10)")
_stack(
    ANN,
    "batch norm",
    "nn.Linear(784, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10), nn.BatchNorm1d(10)",
)
_stack(ANN, "layer norm", "nn.LayerNorm(784), nn.Linear(784, 64), nn.Tanh(), nn.Linear(64, 10)")
_stack(
    ANN,
    "dropout 0.8",
    "nn.Dropout(0.2), nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.8), nn.Linear(64, 10)",
)
_stack(
    ANN,
    "SELU and alpha dropout",
    "nn.Linear(784, 64), nn.SELU(), nn.AlphaDropout(0.1), nn.Linear(64, 10)",
)
_stack(ANN, "lazy", "nn.LazyLinear(64), nn.PReLU(), nn.LazyLinear(10)")
_stack(ANN, "no biases", "nn.Linear(784, 64, bias=False), nn.Tanh(), nn.Linear(64, 10, bias=False)")
_stack(
    ANN,
    "zero last layer",
    "nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)",
    "\nnn.init.zeros_(self.net[-1].weight)\nnn.init.zeros_(self.net[-1].bias)",
)
_stack(
    ANN,
    "log-probabilities",
    "nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10), nn.LogSoftmax(dim=1)",
)
_stack(ANN, "float64", "nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)", "\nself.double()")
ANN["float64"] = (ANN["float64"][0], "return self.net(X.double())")
ANN["residual"] = (
    "self.a, self.b, self.c = nn.Linear(784, 64), nn.Linear(64, 64), nn.Linear(64, 10)\n"
    "self.scale = nn.Parameter(torch.zeros(1))",
    "X = F.relu(self.a(X))\nreturn self.c(X + self.scale * F.gelu(self.b(X)))",
)
ANN["own weights"] = (
    "self.W1 = nn.Parameter(0.05 * torch.randn(784, 64))\nself.b1 = nn.Parameter(torch.zeros(64))\n"
    "self.W2 = nn.Parameter(0.05 * torch.randn(64, 10))",
    "return torch.relu(X @ self.W1 + self.b1) @ self.W2",
)

TEXTBOOK = """
optimizer.zero_grad()
loss = F.cross_entropy(self(X_batch), y_batch)
loss.backward()
optimizer.step()
return loss.item()"""


def _changed(old: str, new: str) -> str:
    assert old in TEXTBOOK
    return TEXTBOOK.replace(old, new)


LOSS = "F.cross_entropy(self(X_batch), y_batch)"
RIGHT_STEPS = {
    "smoothing": _changed(LOSS, "F.cross_entropy(self(X_batch), y_batch, label_smoothing=0.1)"),
    "class weights": _changed(LOSS, "F.cross_entropy(self(X_batch), y_batch, "
                              "torch.linspace(0.5, 2, 10).to(next(self.parameters())))"),
    "sum": _changed(LOSS, "F.cross_entropy(self(X_batch), y_batch, reduction='sum')"),
    "nll": _changed(LOSS, "F.nll_loss(F.log_softmax(self(X_batch), 1), y_batch)"),
    "by hand": _changed(LOSS, "-(F.one_hot(y_batch, 10) * (F.softmax(self(X_batch), 1) + 1e-9)"
                        ".log()).sum(1).mean()"),
    "noise": _changed(LOSS, "F.cross_entropy(self(X_batch + 0.1 * torch.randn_like(X_batch)), "
                      "y_batch)"),
    "flips": _changed(LOSS, "F.cross_entropy(self(X_batch.flip(-1)), y_batch)"),
    "mixup": "\nother, share = torch.randperm(len(X_batch)), 0.3\n"
    + _changed(LOSS, "share * F.cross_entropy(self(share * X_batch + (1 - share) * X_batch[other])"
               ", y_batch)\nloss = loss + (1 - share) * F.cross_entropy(self(share * X_batch + "
               "(1 - share) * X_batch[other]), y_batch[other])").lstrip("\n"),
    "soft targets": "\nother, share = torch.randperm(len(X_batch)), 0.3\n"
    "soft = F.one_hot(y_batch, 10).float()\n"
    + _changed(LOSS, "F.cross_entropy(self(share * X_batch + (1 - share) * X_batch[other]), "
               "share * soft + (1 - share) * soft[other])").lstrip("\n"),
    "shuffled": "\norder = torch.randperm(len(X_batch))\nX_batch, y_batch = X_batch[order], "
    "y_batch[order]\n" + TEXTBOOK.lstrip("\n"),
    "clipped": _changed("optimizer.step()",
                        "nn.utils.clip_grad_norm_(self.parameters(), 0.1)\noptimizer.step()"),
    "clipped by value": _changed(
        "optimizer.step()", "nn.utils.clip_grad_value_(self.parameters(), 1e-3)\noptimizer.step()"),
    "penalty": _changed(LOSS, LOSS + " + 1e-4 * sum((p ** 2).sum() for p in self.parameters())"),
    "zeroed afterwards": _changed("optimizer.zero_grad()\n", "").replace(
        "optimizer.step()", "optimizer.step()\noptimizer.zero_grad()"),
    "closure": "\ndef closure():\n    optimizer.zero_grad()\n    loss = F.cross_entropy("
    "self(X_batch), y_batch)\n    loss.backward()\n    return loss\n"
    "return optimizer.step(closure).item()",
    "halves": "\noptimizer.zero_grad()\ntotal = 0.0\n"
    "for X, y in zip(X_batch.chunk(2), y_batch.chunk(2)):\n"
    "    loss = F.cross_entropy(self(X), y) * len(X) / len(X_batch)\n    loss.backward()\n"
    "    total += loss.item()\noptimizer.step()\nreturn total",
    "averaged weights": TEXTBOOK.replace(
        "return", "if not hasattr(self, 'average'):\n"
        "    vars(self)['average'] = torch.optim.swa_utils.AveragedModel(self)\n"
        "self.average.update_parameters(self)\nreturn"),
    "averaged weights among the parameters": TEXTBOOK.replace(
        "return", "if not hasattr(self, 'average'):\n"
        "    self.average = nn.ParameterList(nn.Parameter(p.detach() * 0.9, False) "
        "for p in self.parameters())\n"
        "for average, p in zip(self.average, list(self.parameters())):\n"
        "    average.lerp_(p.detach(), 0.1)\nreturn"),
    "clipped layer by layer": _changed(
        "optimizer.step()", "for p in self.parameters():\n"
        "    nn.utils.clip_grad_norm_(p, 0.01)\noptimizer.step()"),
    "gradients put in place": "\nloss = F.cross_entropy(self(X_batch), y_batch)\n"
    "weights = [p for p in self.parameters() if p.requires_grad]\n"
    "for p, g in zip(weights, torch.autograd.grad(loss, weights, allow_unused=True)):\n"
    "    p.grad = g\noptimizer.step()\nreturn loss.item()",
    "forward": _changed("self(X_batch)", "self.forward(X_batch)"),
    "adversarial images": "\nX = X_batch.clone().requires_grad_()\n"
    "F.cross_entropy(self(X), y_batch).backward()\nX = (X + 0.01 * X.grad.sign()).detach()\n"
    + _changed("self(X_batch)", "self(X)").lstrip("\n"),
    "focal": _changed(
        LOSS, "F.cross_entropy(self(X_batch), y_batch, reduction='none')\n"
        "loss = ((1 - torch.exp(-loss)) ** 2 * loss).mean()"),
    "a block": _changed("self(X_batch)", "self.net(X_batch)"),
    "rounded": _changed("loss.item()", "round(loss.item(), 2)"),
}  # fmt: skip
# by the misconception that names them
WRONG_STEPS = {
    "no zeroing": ("torch-no-zero-grad", _changed("optimizer.zero_grad()\n", "")),
    "no backward": ("torch-no-backward", _changed("loss.backward()\n", "")),
    "no step": ("torch-no-step", _changed("optimizer.step()\n", "")),
    "zeroed in between": ("torch-no-backward", _changed(
        "optimizer.step()", "optimizer.zero_grad()\noptimizer.step()")),
    "detached": ("torch-loss-detached", _changed("self(X_batch)", "self(X_batch).detach()")),
    "tensor": ("torch-loss-not-float", _changed("loss.item()", "loss")),
    "softmax": ("torch-softmax-before-loss", _changed(
        "self(X_batch)", "F.softmax(self(X_batch), 1)")),
    "evaluation mode": ("torch-not-in-train-mode", "\nself.eval()" + TEXTBOOK),
    "two steps": ("torch-several-steps", _changed(
        "optimizer.step()", "optimizer.step()\noptimizer.step()")),
    "own optimizer": ("torch-own-optimizer",
                      "\noptimizer = torch.optim.SGD(self.parameters(), lr=0.1)" + TEXTBOOK),
    "squared error": ("torch-wrong-loss", _changed(
        LOSS, "F.mse_loss(self(X_batch).float(), F.one_hot(y_batch, 10).float())")),
    "binary": ("torch-wrong-loss", _changed(
        LOSS, "F.binary_cross_entropy_with_logits(self(X_batch), "
        "F.one_hot(y_batch, 10).to(self(X_batch)))")),
    "probability without logarithm": ("torch-wrong-loss", _changed(
        LOSS, "F.nll_loss(F.softmax(self(X_batch), 1), y_batch)")),
    "uphill": ("torch-wrong-loss", _changed(LOSS, "-" + LOSS)),
    "other labels": ("torch-wrong-loss", _changed("y_batch)", "(y_batch + 1) % 10)")),
    "half the batch": ("torch-wrong-loss", _changed(
        LOSS, "F.cross_entropy(self(X_batch)[::2], y_batch[::2])")),
    "loss times n": ("torch-wrong-loss", _changed("loss.item()", "loss.item() * len(X_batch)")),
}  # fmt: skip

NO_GRADIENTS = "with torch.no_grad():\n    "
RIGHT_PREDICTIONS = {
    "textbook": f"self.eval()\n{NO_GRADIENTS}return self(X).argmax(dim=1)",
    "forward": f"self.eval()\n{NO_GRADIENTS}return self.forward(X).argmax(dim=1)",
    "inference mode": "self.eval()\nwith torch.inference_mode():\n    return self(X).argmax(1)",
    "chunks": f"self.eval()\n{NO_GRADIENTS}"
    "return torch.cat([self(x).argmax(1) for x in X.split(64)])",
    "image by image": f"self.eval()\n{NO_GRADIENTS}"
    "return torch.tensor([self(x[None]).argmax().item() for x in X])",
    "deep copy": f"import copy\nnetwork = copy.deepcopy(self).eval()\n{NO_GRADIENTS}"
    "return network(X).argmax(1)",
    "scripted copy": f"network = torch.jit.script(self.eval())\n{NO_GRADIENTS}"
    "return network(X).argmax(1)",
    "traced copy": f"self.eval()\nnetwork = torch.jit.trace(self, X)\n{NO_GRADIENTS}"
    "return network(X).argmax(1)",
    "compiled copy": f"network = torch.compile(self.eval())\n{NO_GRADIENTS}"
    "return network(X).argmax(1)",
    "averaged copy": "average = torch.optim.swa_utils.AveragedModel(self).eval()\n"
    f"{NO_GRADIENTS}return average(X).argmax(1)",
    "other weights": "import copy\nnetwork = copy.deepcopy(self).eval()\n"
    f"{NO_GRADIENTS}for p in network.parameters():\n        p.mul_(0.9)\n"
    "    return network(X).argmax(1)",
    "functional call": "self.eval()\nweights = {n: 0.9 * p for n, p in self.named_parameters()}\n"
    f"{NO_GRADIENTS}return torch.func.functional_call(self, weights, (X,)).argmax(1)",
    "a block": f"self.eval()\n{NO_GRADIENTS}return self.net(X).argmax(1)",
    "averaged block": "import copy\nif not hasattr(self, 'average'):\n"
    "    self.average = copy.deepcopy(self.net)\n"
    f"self.eval()\n{NO_GRADIENTS}for p in self.average.parameters():\n        p.mul_(0.9)\n"
    "    return self.average(X).argmax(1)",
    "flips": f"self.eval()\n{NO_GRADIENTS}return (self(X) + self(X.flip(-1))).argmax(1)",
    "flips, probabilities": f"self.eval()\n{NO_GRADIENTS}"
    "return (self(X).softmax(1) + self(X.flip(-1)).softmax(1)).argmax(1)",
    "flips in one batch": f"self.eval()\n{NO_GRADIENTS}"
    "return self(torch.cat([X, X.flip(-1)])).view(2, len(X), 10).mean(0).argmax(1)",
    "flips in chunks": f"self.eval()\nfound = []\n{NO_GRADIENTS}for x in X.split(100):\n"
    "        found.append((self(x) + self(x.flip(-1))).argmax(1))\n    return torch.cat(found)",
    "weighted flips": f"self.eval()\n{NO_GRADIENTS}"
    "return (0.7 * self(X) + 0.3 * self(X.flip(-1))).argmax(1)",
    "in another order": f"self.eval()\norder = torch.randperm(len(X))\n{NO_GRADIENTS}"
    "return self(X[order]).argmax(1)[order.argsort()]",
    "frozen": "self.eval()\nself.requires_grad_(False)\ny = self(X).argmax(1)\n"
    "self.requires_grad_(True)\nreturn y",
    "restored mode": "was = self.training\nself.eval()\n"
    f"{NO_GRADIENTS}y = self(X).argmax(1)\nself.train(was)\nreturn y",
}  # fmt: skip
WRONG_PREDICTIONS = {
    "training mode": ("torch-not-in-eval-mode", f"{NO_GRADIENTS}return self(X).argmax(1)"),
    "a copy in training mode": (
        "torch-not-in-eval-mode",
        f"import copy\nself.eval()\nnetwork = copy.deepcopy(self).train()\n{NO_GRADIENTS}"
        "return network(X).argmax(1)",
    ),
    "gradients": ("torch-predict-with-gradients", "self.eval()\nreturn self(X).argmax(1)"),
    "over the images": ("torch-argmax-axis", f"self.eval()\n{NO_GRADIENTS}return self(X).argmax(0)"),
    "logits": ("torch-predicts-logits", f"self.eval()\n{NO_GRADIENTS}return self(X)"),
    "smallest": ("", f"self.eval()\n{NO_GRADIENTS}return self(X).argmin(1)"),
    "always one": ("", f"self.eval()\n{NO_GRADIENTS}self(X)\n    return X.new_ones(len(X)).long()"),
    "squeezed": (
        "wrong-shape", f"self.eval()\n{NO_GRADIENTS}return self(X).argmax(1).squeeze()"),
    "shuffled": (
        "",
        f"self.eval()\n{NO_GRADIENTS}"
        "return torch.cat([self(x).argmax(1) for x in X[torch.randperm(len(X))].split(64)])",
    ),
    "the last images left out": (
        "wrong-shape",
        f"self.eval()\n{NO_GRADIENTS}"
        "return torch.cat([self(x).argmax(1) for x in X[: len(X) // 10 * 10].split(10)])",
    ),
    "the first copy's order": (
        "", f"self.eval()\n{NO_GRADIENTS}return self(X).argmax(1).flip(0)"),
}  # fmt: skip


def networks() -> list[tuple[str, str]]:
    """Script and name of every architecture."""
    return [("pytorch_ann", name) for name in ANN] + [("pytorch_cnn", name) for name in CNN]


def sections_of(
    script: str, name: str, step: str = TEXTBOOK, predict: str = RIGHT_PREDICTIONS["textbook"]
) -> dict[str, str]:
    """The code of each section for one architecture, training step and prediction."""
    layers, forward = (ANN if script == "pytorch_ann" else CNN)[name]
    part = "2" if script == "pytorch_ann" else "3"
    return {f"{part}.1": layers, f"{part}.2": forward, f"{part}.3": step, f"{part}.4": predict}


def module_of(script: str, sections: dict[str, str]) -> ModuleType:
    """The script with these sections, as a module of this process."""
    module = ModuleType(script)
    sys.modules[script] = module  # where pickle and copy look for its class
    source, name = script_with(script, sections), f"<{script}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), vars(module))
    return module


def faults(script: str, sections: dict[str, str], seed: int) -> dict[str, CheckFailed]:
    """The failures of the four sections of a script, checked in this process."""
    handle, part = LocalScript(module_of(script, sections)).module, script == "pytorch_cnn"
    checks = (check_layers, check_forward, check_training_step, check_predict)
    found = {}
    for number, check in enumerate(checks, start=1):
        try:
            with left_out():
                check(handle, script, np.random.default_rng([seed, number]))
        except CheckFailed as failure:
            found[f"{3 if part else 2}.{number}"] = failure
        except Exception as error:
            found[f"{3 if part else 2}.{number}"] = CheckFailed(repr(error), kind=kind_of(error))
    return found


def main(seeds: int) -> int:
    """Print a table: right verdicts of the textbook step, and wrong steps named, of each network."""
    bad = 0
    for script, name in networks():
        right = sum(not faults(script, sections_of(script, name), seed) for seed in range(seeds))
        named = 0
        for kind, step in WRONG_STEPS.values():
            found = faults(script, sections_of(script, name, step), 1)
            named += [f.kinds for f in found.values()] == [(kind,)]
            if [f.kinds for f in found.values()] != [(kind,)]:
                print(f"    {kind}: { {n: (f.kinds, str(f)) for n, f in found.items()} }")
        others = {
            step: found
            for step, code in RIGHT_STEPS.items()
            if (found := faults(script, sections_of(script, name, code), 2))
        }
        for step, found in others.items():
            print(f"    {step}: { ({n: str(f) for n, f in found.items()}) }")
        print(
            f"{script:12} {name:24} textbook {right}/{seeds}   "
            f"right variants {len(RIGHT_STEPS) - len(others)}/{len(RIGHT_STEPS)}   "
            f"wrong named {named}/{len(WRONG_STEPS)}",
            flush=True,
        )
        bad += (right < seeds) + (named < len(WRONG_STEPS)) + len(others)
    return bad


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)))

"""Forty networks that students might write, as source code for sections 2.1, 2.2, 3.1 and 3.2."""

from __future__ import annotations

from tests.rare_architectures import RARE_ANN, RARE_CNN

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


COMMON = {"pytorch_ann": ANN, "pytorch_cnn": CNN}
RARE = {"pytorch_ann": RARE_ANN, "pytorch_cnn": RARE_CNN}


def networks() -> list[tuple[str, str]]:
    """Script and name of every architecture."""
    return [(script, name) for script, table in COMMON.items() for name in table]


def every_network() -> list[tuple[str, str]]:
    """Those, and the rare ones."""
    return networks() + [(script, name) for script, table in RARE.items() for name in table]

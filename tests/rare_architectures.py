"""Networks that weights or images of the checks' choosing suit badly: deep, constrained, published.

They are as right as those of architectures.py. As there, the lines of __init__ and of forward.
"""

from __future__ import annotations

STACKED = "return self.net(X)"


def _stack(*layers: str) -> tuple[str, str]:
    return f"self.net = nn.Sequential({', '.join(layers)})", STACKED


def _in_network(a: int, b: int, kernel: int) -> str:
    """A block of Network in Network (Lin et al. 2014): the last ends in ReLU, before the average."""
    return (
        f"nn.Conv2d({a}, {b}, {kernel}, padding={kernel // 2}), nn.ReLU(), "
        f"nn.Conv2d({b}, {b}, 1), nn.ReLU(), nn.Conv2d({b}, {b}, 1), nn.ReLU()"
    )


def _separable(a: int, b: int, stride: int = 1) -> str:
    """A block of MobileNet (Howard et al. 2017)."""
    return (
        f"nn.Conv2d({a}, {a}, 3, {stride}, 1, groups={a}, bias=False), nn.BatchNorm2d({a}), "
        f"nn.ReLU6(), nn.Conv2d({a}, {b}, 1, bias=False), nn.BatchNorm2d({b}), nn.ReLU6()"
    )


AVERAGE = "nn.AdaptiveAvgPool2d(1), nn.Flatten()"
NORMED = "nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8)"
TRANSFORMED = """
theta = self.where(F.relu(F.max_pool2d(self.look(X), 4)).flatten(1)).view(-1, 2, 3)
X = F.grid_sample(X, F.affine_grid(theta, X.size(), align_corners=False), align_corners=False)
return self.out(F.relu(F.max_pool2d(self.conv(X), 4)).flatten(1))"""
RARE_CNN = {
    "network in network": _stack(
        _in_network(1, 8, 5), "nn.MaxPool2d(3, 2)", "nn.Dropout(0.5)", _in_network(8, 10, 3), AVERAGE
    ),
    "squeezed": _stack(
        "nn.Conv2d(1, 16, 3, 2)", "nn.ReLU()", "nn.Conv2d(16, 10, 1)", "nn.ReLU()", AVERAGE
    ),
    "separable": _stack(
        "nn.Conv2d(1, 8, 3, 2, 1, bias=False)", "nn.BatchNorm2d(8)", "nn.ReLU6()", _separable(8, 16),
        *[_separable(16, 16)] * 5, _separable(16, 32, 2), *[_separable(32, 32)] * 6, AVERAGE,
        "nn.Linear(32, 10)",
    ),
    "thirty layers": _stack(
        "nn.Conv2d(1, 8, 3, 4, 1)", *[NORMED, "nn.ReLU()"] * 30, AVERAGE, "nn.Linear(8, 10)"
    ),
    "spatial transformer": (
        "self.look, self.conv = nn.Conv2d(1, 8, 7), nn.Conv2d(1, 8, 5)\n"
        "self.where, self.out = nn.Linear(200, 6), nn.Linear(288, 10)\n"
        "nn.init.zeros_(self.where.weight)\n"
        "self.where.bias.data.copy_(torch.tensor([1.0, 0, 0, 0, 1, 0]))",
        TRANSFORMED.lstrip("\n"),
    ),
    "first state of its own": (
        "self.rows, self.out = nn.RNN(28, 20, batch_first=True), nn.Linear(20, 10)\n"
        "self.conv = nn.Conv2d(1, 1, 3, padding=1)",
        "first = torch.zeros(1, len(X), 20).requires_grad_()\n"
        "return self.out(self.rows(F.relu(self.conv(X))[:, 0], first)[0][:, -1])",
    ),
    "scripted": (
        "self.net = torch.jit.script(nn.Sequential(nn.Conv2d(1, 8, 3, stride=2), nn.ReLU(), "
        "nn.Flatten(), nn.Linear(8 * 169, 10)))",
        STACKED,
    ),
}  # fmt: skip
_PARTS = "return self.b(F.relu(self.a(X)))"
_NORM = "nn.utils.parametrizations."
RARE_ANN = {
    "twelve sigmoids": _stack(
        "nn.Linear(784, 32)", *["nn.Sigmoid()", "nn.Linear(32, 32)"] * 11, "nn.Sigmoid()",
        "nn.Linear(32, 10)",
    ),
    "orthogonal": (
        f"self.a = {_NORM}orthogonal(nn.Linear(784, 20))\n"
        f"self.b = {_NORM}orthogonal(nn.Linear(20, 10))",
        _PARTS,
    ),
    "spectral norm": (
        f"self.a = {_NORM}spectral_norm(nn.Linear(784, 20))\n"
        f"self.b = {_NORM}spectral_norm(nn.Linear(20, 10))",
        _PARTS,
    ),
    "old spectral norm": (
        "self.a = nn.utils.spectral_norm(nn.Linear(784, 20))\n"
        "self.b = nn.utils.spectral_norm(nn.Linear(20, 10))",
        _PARTS,
    ),
    "fixed basis": (
        "self.register_buffer('first', torch.randn(16, 784) / 28)\n"
        "self.register_buffer('second', torch.randn(16, 64) / 8)\n"
        "self.a = nn.Parameter(torch.randn(64, 16) / 4)\n"
        "self.b = nn.Parameter(torch.randn(10, 16) / 4)",
        "return F.linear(F.relu(F.linear(X, self.a @ self.first)), self.b @ self.second)",
    ),
    "embedded pixels": (
        "self.grey = nn.Embedding(256, 2)\n"
        "self.a, self.b = nn.Linear(784 * 2, 20), nn.Linear(20, 10)",
        "X = self.grey((255 * X).long()).flatten(1)\nreturn self.b(F.relu(self.a(X)))",
    ),
    "asserted range": (
        "self.a, self.b = nn.Linear(784, 20), nn.Linear(20, 10)",
        "assert X.min() >= 0 and X.max() <= 1\nreturn self.b(F.relu(self.a(X)))",
    ),
}  # fmt: skip

"""A hidden layer is found wherever a non-linearity stands between two trainable linear maps."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from assignment.observing.graph import trace


class Halved(torch.autograd.Function):
    """Half of a matrix product, with a gradient of its own."""

    @staticmethod
    def forward(ctx, X, W):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(X, W)
        return X @ W / 2

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        X, W = ctx.saved_tensors
        return gradient @ W.T / 2, X.T @ gradient / 2


class Network(nn.Module):
    """Two linear layers and two matrices, which a function uses as it likes."""

    def __init__(self, forward):  # type: ignore[no-untyped-def]
        super().__init__()
        self.a, self.b = nn.Linear(784, 20), nn.Linear(20, 10)
        self.only = nn.Linear(784, 10)
        self.norm, self.layer_norm = nn.BatchNorm1d(20), nn.LayerNorm(20)
        self.W = nn.Parameter(0.1 * torch.randn(784, 20))
        self.V = nn.Parameter(0.1 * torch.randn(20, 10))
        self.weighted = nn.utils.parametrizations.weight_norm(nn.Linear(784, 20))
        self.spectral = nn.utils.parametrizations.spectral_norm(nn.Linear(784, 20))
        self.register_buffer("basis", torch.randn(20, 784))
        self.share = nn.Parameter(torch.randn(20, 20))
        self.attention = nn.MultiheadAttention(20, 2, batch_first=True)
        self.grey = nn.Embedding(17, 1)
        self.recurrent = nn.GRU(28, 10, batch_first=True)
        self.forward = lambda X: forward(self, X)


HIDDEN = {
    "relu": lambda n, X: n.b(F.relu(n.a(X))),
    "in place": lambda n, X: n.b(F.relu_(n.a(X))),
    "square": lambda n, X: n.b(n.a(X) ** 2),
    "product of two": lambda n, X: n.b(n.a(X) * n.a(X).sigmoid()),
    "mask": lambda n, X: n.b(torch.where(n.a(X) > 0, n.a(X), 0.0)),
    "clamp": lambda n, X: n.b(n.a(X).clamp(min=0)),
    "maximum": lambda n, X: n.b(torch.maximum(n.a(X), torch.zeros(()))),
    "batch norm, then relu": lambda n, X: n.b(F.relu(n.norm(n.a(X)))),
    "layer norm": lambda n, X: n.b(n.layer_norm(n.a(X))),
    "matrices": lambda n, X: torch.tanh(X @ n.W) @ n.V,
    "einsum": lambda n, X: torch.einsum("nh,hk->nk", torch.einsum("nd,dh->nh", X, n.W).relu(), n.V),
    "weight norm": lambda n, X: n.b(F.gelu(n.weighted(X))),
    "spectral norm": lambda n, X: n.b(F.gelu(n.spectral(X))),
    "fixed basis": lambda n, X: n.b(F.gelu(F.linear(X, n.share @ n.basis))),
    "skip": lambda n, X: n.only(X) + n.b(F.relu(n.a(X))),
    "log-probabilities": lambda n, X: F.log_softmax(n.b(F.relu(n.a(X))), 1),
    "attention": lambda n, X: n.b(n.attention(*[n.a(X)[:, None]] * 3)[0][:, 0]),
    "recurrent": lambda n, X: n.recurrent(X.view(-1, 28, 28))[0][:, -1],
    "checkpoint": lambda n, X: n.b(
        torch.utils.checkpoint.checkpoint(lambda x: F.relu(n.a(x)), X, use_reentrant=False)
    ),
    "times its sign": lambda n, X: n.b(n.a(X) * (n.a(X) > 0)),
    "own function": lambda n, X: n.b(torch.relu(Halved.apply(X, n.W))),
    "embedded pixels": lambda n, X: n.b(F.relu(n.a(n.grey((16 * X).long())[..., 0]))),
    "pixels that are on": lambda n, X: n.b(F.relu(n.a((X > 0.5).float()))),
}
NONE = {
    "one layer": lambda n, X: n.only(X),
    "roots of the pixels": lambda n, X: n.only(torch.sqrt(X + 0.01)),
    "relu of the pixels": lambda n, X: n.only(F.relu(X)),
    "relu of the logits": lambda n, X: F.relu(n.only(X)),
    "softmax of the logits": lambda n, X: n.only(X).softmax(1),
    "two layers": lambda n, X: n.b(n.a(X)),
    "two layers, relu at the end": lambda n, X: F.relu(n.b(n.a(X))),
    "two layers of roots": lambda n, X: n.b(n.a(torch.sqrt(X + 0.01))),
    "dropout": lambda n, X: n.b(F.dropout(n.a(X), 0.5, n.training)),
    "batch norm": lambda n, X: n.b(n.norm(n.a(X))),
    "scaled and shifted": lambda n, X: n.b(2 * n.a(X) / 3 - 1),
    "matrices": lambda n, X: X @ n.W @ n.V,
    "sum of two": lambda n, X: n.only(X) + n.b(n.a(X)),
    "weight norm": lambda n, X: n.b(n.weighted(X)),
    "spectral norm": lambda n, X: n.b(n.spectral(X)),
    "fixed basis": lambda n, X: n.b(F.linear(X, n.share @ n.basis)),
    "the same mask for all": lambda n, X: n.b(n.a(X) * (torch.arange(20) > 9)),
    "half of each": lambda n, X: n.b(n.a(X) * torch.full((len(X), 1), 0.5)),
    "mean of parts": lambda n, X: n.b(n.a(X).view(-1, 2, 10).mean(1).repeat(1, 2)),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_layers_are_found(name: str) -> None:
    assert trace(Network(HIDDEN[name]), torch.rand(4, 784), False)["hidden_layer"]


@pytest.mark.parametrize("name", NONE)
def test_networks_without_a_hidden_layer_are_found(name: str) -> None:
    assert not trace(Network(NONE[name]), torch.rand(4, 784), False)["hidden_layer"]

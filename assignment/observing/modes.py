"""What dropout and batch normalisation did while methods of a network were called in turn."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import nn

DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
REPEATS = 4  # of a layer, to find its average
STEP = 0.01  # learning rate


def modes(model: nn.Module, X: Any, y: Any, calls: list[str]) -> dict[str, Any]:
    """What the layers of a new network did during each of the calls.

    A call is "train()", "eval()", "(X)", "predict(X)" or "training_step(X, y, optimizer)".
    "dropouts" has for each dropout layer by name its "p", and for each call the values that it was
    "given" and how many of them it "zeroed" on average; "tracked" has for each layer with running
    statistics how many batches each call added to them.
    """
    network: Any = type(model)(seed=0)
    with torch.no_grad():
        network.eval()(X)  # lazy layers get their sizes
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=STEP)
    dropouts = {n: m for n, m in network.named_modules() if type(m) in DROPOUTS}
    given: dict[str, list[int]] = {name: [] for name in dropouts}
    zeroed: dict[str, list[float]] = {name: [] for name in dropouts}

    def note(name: str) -> Any:
        def hook(layer: Any, inputs: Any, _: Any) -> None:
            ones = torch.ones_like(inputs[0], dtype=torch.float32)
            given[name][-1] += ones.numel()
            found = [int((layer.forward(ones.clone()) == 0).sum()) for _ in range(REPEATS)]
            zeroed[name][-1] += sum(found) / REPEATS

        return hook

    for name, layer in dropouts.items():
        layer.register_forward_hook(note(name))
    tracked = [_tracked(network)]
    for call in calls:
        for name in dropouts:
            given[name].append(0)
            zeroed[name].append(0.0)
        _do(network, call, X, y, optimizer)
        tracked.append(_tracked(network))
    return {
        "dropouts": {
            name: {"p": float(layer.p), "given": given[name], "zeroed": zeroed[name]}
            for name, layer in dropouts.items()
        },
        "tracked": {name: [b[name] - a[name] for a, b in pairwise(tracked)] for name in tracked[0]},
    }


def _do(network: Any, call: str, X: Any, y: Any, optimizer: Any) -> None:
    if call in ("train()", "eval()"):
        network.train(call == "train()")
    elif call == "(X)":
        with torch.no_grad():
            network(X.clone())
    elif call == "predict(X)":
        network.predict(X.clone())
    else:
        network.training_step(X.clone(), y.clone(), optimizer)


def _tracked(network: nn.Module) -> dict[str, int]:
    """The batches in the running statistics of each layer that keeps some."""
    return {
        name: int(layer.num_batches_tracked)
        for name, layer in network.named_modules()
        if isinstance(layer, nn.modules.batchnorm._NormBase)
        and layer.num_batches_tracked is not None
    }

"""Weights of the observer's choosing, and which parameters the logits depend on.

A layer that starts at zero, or a scale that starts at one, is a matter of taste. What a network can
compute shows at weights that nobody chose.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from assignment.observing.structure import in_mode


def choose_weights(model: nn.Module, seed: int) -> None:
    """Random weights for every layer: He et al. 2015 for matrices, about 0.5 for vectors.

    What a parametrization computes weights from stays: it may have to be of a special kind.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not parameter.is_floating_point() or "parametrizations" in name.split("."):
                continue
            if parameter.dim() > 1:
                inputs = math.prod(parameter.shape[1:])
                drawn = torch.randn(parameter.shape, generator=generator) * math.sqrt(2 / inputs)
            else:
                drawn = 0.3 + 0.4 * torch.rand(parameter.shape, generator=generator)
            parameter.copy_(drawn)


def cut_off(model: nn.Module, X: Any) -> list[str]:
    """The parameters that change the logits, but get no gradient from them.

    An unused parameter is no mistake.
    """
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    kept = [p.grad for _, p in trained]
    model.zero_grad()
    # backward, since autograd.grad does not go through every checkpoint
    (in_mode(model, training=False)(X) ** 2).sum().backward()
    without = [(name, p) for name, p in trained if p.grad is None]
    for (_, parameter), gradient in zip(trained, kept, strict=True):
        parameter.grad = gradient
    return [name for name, p in without if _has_influence(model, p, X)]


def _has_influence(model: nn.Module, parameter: Any, X: Any) -> bool:
    """Whether the logits change with a parameter."""
    with torch.no_grad():
        before, kept = model(X), parameter.clone()
        parameter.add_(torch.rand_like(parameter) + 0.5)
        after = model(X)
        parameter.copy_(kept)
    return not torch.allclose(before, after)

"""The optimizer that steps are observed with: torch's interface, without the two seconds that torch's own take to import.

The first optimizer of torch.optim imports torch's compiler. A script's own `configure_optimizer` still has torch's; this one
is passed to training_step in section checks alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn


class Descent(torch.optim.Optimizer):  # type: ignore[misc]  # mypy does not look into torch
    """Plain gradient descent; with `adaptive`, Adam (Kingma and Ba, arXiv:1412.6980) with its usual constants."""

    def __init__(self, params: Iterable[nn.Parameter], lr: float, *, adaptive: bool = False):
        # not torch's own __init__, which is what imports the compiler
        self.adaptive = adaptive
        self.defaults: dict[str, Any] = {"lr": lr}
        self.param_groups: list[dict[str, Any]] = [{"params": list(params), "lr": lr}]
        self.state: defaultdict[Any, Any] = defaultdict(dict)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """As torch does it."""
        for parameter in self._parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.detach_()
                parameter.grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step along the gradients that are there; the closure's loss, if one is given."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for parameter in self._parameters():
                if parameter.grad is not None:
                    direction = self._adapted(parameter) if self.adaptive else parameter.grad
                    parameter.sub_(self.param_groups[0]["lr"] * direction)
        return loss

    def _parameters(self) -> list[nn.Parameter]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def _adapted(self, parameter: nn.Parameter) -> torch.Tensor:
        assert parameter.grad is not None
        seen = self.state[parameter]
        if not seen:
            seen |= {
                "step": 0,
                "mean": torch.zeros_like(parameter),
                "square": torch.zeros_like(parameter),
            }
        seen["step"] += 1
        seen["mean"].lerp_(parameter.grad, 0.1)
        seen["square"].lerp_(parameter.grad**2, 0.001)
        mean, square = (
            seen["mean"] / (1 - 0.9 ** seen["step"]),
            seen["square"] / (1 - 0.999 ** seen["step"]),
        )
        adapted: torch.Tensor = mean / (square.sqrt() + 1e-8)
        return adapted

"""What a few training steps do to the parameters, with a script and with changed copies of it."""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

STEP = 0.05  # learning rate


def several_steps(
    model: nn.Module, X: Any, y: Any, steps: int, sources: list[Any]
) -> list[dict[str, Any] | None]:
    """Steps of a new network of the model's class, then of the class in each of these sources.

    A source is a script in UTF-8, as an array of bytes; None stands for one that cannot be
    imported. Each step of plain gradient descent gets its share of the images. "states" has the sum
    and the norm of each parameter, before the first step and after each; "returned" what the steps
    returned, as far as those are numbers; "failed" is the number of a step that raised, from 1,
    which ends the steps, or 0.
    """
    found: list[dict[str, Any] | None] = [_steps(type(model), X, y, steps)]
    for source in sources:
        changed = _class_in(source, model)
        found.append(None if changed is None else _steps(changed, X, y, steps))
    return found


def _class_in(source: Any, model: nn.Module) -> Any:
    """The class of the model's name in a script, None if it cannot be imported."""
    owner = type(model)
    module = ModuleType(owner.__module__)
    module.__file__ = str(owner.__init__.__code__.co_filename)
    try:
        exec(compile(np.asarray(source).tobytes(), module.__file__, "exec"), vars(module))
    except Exception:
        return None
    return getattr(module, owner.__name__, None)


def _steps(network_class: Any, X: Any, y: Any, steps: int) -> dict[str, Any]:
    """Random generators are seeded before each step: dropout is the same whatever the code."""
    network: Any = network_class(seed=0)
    with torch.no_grad():
        network.eval()(X[:2])  # lazy layers get their sizes
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=STEP)
    states, returned, failed = [_sums(network)], list[float](), 0
    batches = zip(X.chunk(steps), y.chunk(steps), strict=True)
    for number, (images, labels) in enumerate(batches, start=1):
        torch.manual_seed(number)
        np.random.seed(number)
        random.seed(number)
        try:
            value = network.training_step(images.clone(), labels.clone(), optimizer)
        except Exception:
            failed = number
            break
        states.append(_sums(network))
        returned.append(float(value) if isinstance(value, int | float) else 0.0)
    return {"states": np.array(states), "returned": returned, "failed": failed}


def _sums(network: nn.Module) -> Any:
    """The sums and norms of all parameters, in their order."""
    found = []
    for parameter in network.parameters():
        numbers = parameter.detach().double()
        found += [float(numbers.sum()), float(numbers.norm())]
    return np.array(found)

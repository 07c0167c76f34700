"""PyTorch's compiler left out: `torch.compile` returns what it is given.

Compiling changes how fast a network is, not what it computes. It needs a C++ compiler, takes
seconds, and hides the layers from observation.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from assignment.observing import lazy_dynamo


def _as_it_is(model: Any = None, **_: Any) -> Any:
    """What stands in for torch.compile, also as a decorator with arguments."""
    if model is None:
        decorator: Callable[[Any], Any] = _as_it_is
        return decorator
    if isinstance(model, nn.Module):
        object.__setattr__(model, "_orig_mod", model)  # scripts look there for the original
    return model


def _not_at_all(model: nn.Module, *_: Any, **__: Any) -> None:
    """What stands in for nn.Module.compile."""


def leave_out() -> None:
    """From now on, nothing is compiled in this process."""
    torch.compile, nn.Module.compile = _as_it_is, _not_at_all


@contextlib.contextmanager
def left_out() -> Iterator[None]:
    """Inside the block, nothing is compiled, and what is compiled already runs as it was written.

    Only one thread computes: two would wait for each other in networks and batches this small.
    """
    kept, threads = (torch.compile, nn.Module.compile), torch.get_num_threads()
    leave_out()
    lazy_dynamo.install()
    torch.set_num_threads(1)
    try:
        if "torch._dynamo.eval_frame" in sys.modules:
            with torch.compiler.set_stance("force_eager"):
                yield
        else:
            yield
    finally:
        torch.compile, nn.Module.compile = kept
        torch.set_num_threads(threads)

"""How many threads the BLAS library behind NumPy uses for matrix products."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any


def one_thread() -> AbstractContextManager[Any]:
    """A block in which BLAS uses one thread: two would wait for each other in small products.

    Without the package threadpoolctl it changes nothing.
    """
    controller = _controller()
    return nullcontext() if controller is None else controller.limit(limits=1, user_api="blas")


@cache
def _controller() -> Any:
    """The BLAS libraries that are loaded, which takes a millisecond to find out."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()

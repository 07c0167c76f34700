"""What may lie behind an exception, besides its message: found here, put into words by the grader."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import Any

NETWORKS = ("PyTorchANN", "PyTorchCNN")
_NO_FORWARD = re.compile(r'Module \[(\w+)\] is missing the required "forward" function')


def circumstances(
    error: BaseException, module: ModuleType | None, *, gradients_off: bool
) -> dict[str, Any]:
    """`missing`: a method that a class of the script does not define, the class, and its methods.
    `no_module`: a network's class that is no nn.Module. `gradients_off`: since the import.
    """
    if module is None:
        return {}
    found: dict[str, Any] = {}
    for name in NETWORKS:
        if _is_plain_class(vars(module).get(name)):
            found["no_module"] = name
    name, kind = _missing(error, module)
    if kind is not None:
        own = [k for k in kind.__mro__ if k.__module__ == module.__name__]
        methods = [method for k in own for method in vars(k)]
        found["missing"] = [name, kind.__name__, *map(str, methods[:200])]
    if gradients_off:
        found["gradients_off"] = True
    return found


def _is_plain_class(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, type) and not issubclass(value, torch.nn.Module)


def _missing(error: BaseException, module: ModuleType) -> tuple[str, type | None]:
    """The name of a method that was not there, and the class of the script that should have it."""
    kind: Any = None
    name = ""
    if isinstance(error, AttributeError) and error.name:
        name, kind = error.name, type(error.obj)
    elif isinstance(error, NotImplementedError) and (found := _NO_FORWARD.match(str(error))):
        name, kind = "forward", vars(module).get(found[1])
    own = isinstance(kind, type) and kind.__module__ == module.__name__
    return (str(name), kind) if own else ("", None)

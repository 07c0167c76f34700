"""PyTorch without its compiler, until a script needs it.

The first optimizer imports `torch._dynamo`, only to exclude itself from compilation, and with it
880 modules, which takes nearly as long as importing torch. Without compilation that exclusion does
nothing, so an empty stand-in takes the module's place. Any other use of it, `torch.compile` above
all, imports the real one. If a later PyTorch uses more of the module, the real one is imported as
usual: only the saved time is lost.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

COMPILER = "torch._dynamo"


def install() -> None:
    """Put the stand-in in place of the compiler, unless that has been imported already."""
    if COMPILER not in sys.modules:
        sys.modules[COMPILER] = StandIn(COMPILER)
        sys.meta_path.insert(0, Parts())


class StandIn(ModuleType):
    """The two functions of the compiler that optimizers use."""

    def __init__(self, name: str):
        super().__init__(name)
        self.__path__ = []  # a package, like the real one
        self._asked_about: list[Callable[..., Any]] = []

    def graph_break(self, msg: str = "") -> None:
        """Does nothing: nothing is compiled."""

    def disable(
        self, fn: Callable[..., Any], recursive: bool = True, **_: object
    ) -> Callable[..., Any]:
        """The function itself: nothing is compiled."""
        self._asked_about.append(fn)
        return fn

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # looked up in every module by the warnings machinery
            raise AttributeError(f"module {COMPILER!r} has no attribute {name!r}")
        return getattr(self.step_aside(), name)

    def step_aside(self) -> ModuleType:
        """The real module, imported now."""
        if sys.modules.get(COMPILER) is self:
            del sys.modules[COMPILER]
            for function in self._asked_about:  # where PyTorch caches the answer
                vars(function).pop("__dynamo_disable", None)
        return importlib.import_module(COMPILER)


class Parts:
    """Finds submodules of the real package while the stand-in is there, and imports both."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for a submodule, None for every other module or once the real package is there."""
        stand_in = sys.modules.get(COMPILER)
        if not isinstance(stand_in, StandIn) or not fullname.startswith(f"{COMPILER}."):
            return None
        stand_in.step_aside()
        self._part = importlib.import_module(fullname)
        self._spec = self._part.__spec__
        return ModuleSpec(fullname, self)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The submodule, imported already."""
        return self._part

    def exec_module(self, module: ModuleType) -> None:
        """Restore the spec that the import machinery has overwritten."""
        module.__spec__ = self._spec

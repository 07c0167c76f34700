"""PyTorch without its compiler, until somebody asks for it.

Each step of an optimizer imports `torch._dynamo`, only to tell the compiler to keep out, and with it come 880 modules: nearly as
long again as importing torch. Where nothing is compiled that word does nothing, so a module that does nothing stands in for it.
Whoever asks for anything else, `torch.compile` first of all, gets the real one. Should PyTorch ask its compiler for something
else one day, the real one is imported as before: only the time that this saves would be lost.
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
    """Put the stand-in in the compiler's place, unless that has been imported already."""
    if COMPILER not in sys.modules:
        sys.modules[COMPILER] = StandIn(COMPILER)
        sys.meta_path.insert(0, Parts())


class StandIn(ModuleType):
    """What optimizers ask of the compiler."""

    def __init__(self, name: str):
        super().__init__(name)
        self.__path__ = []  # a package, as what it stands for
        self._asked_about: list[Callable[..., Any]] = []

    def graph_break(self, msg: str = "") -> None:
        """End what is compiled as one: nothing is."""

    def disable(
        self, fn: Callable[..., Any], recursive: bool = True, **_: object
    ) -> Callable[..., Any]:
        """A function that is not compiled: none is."""
        self._asked_about.append(fn)
        return fn

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked of every module by those who look through all of them
            raise AttributeError(f"module {COMPILER!r} has no attribute {name!r}")
        return getattr(self.step_aside(), name)

    def step_aside(self) -> ModuleType:
        """Import the real one."""
        if sys.modules.get(COMPILER) is self:
            del sys.modules[COMPILER]
            for function in self._asked_about:  # with which PyTorch keeps the answer
                vars(function).pop("__dynamo_disable", None)
        return importlib.import_module(COMPILER)


class Parts:
    """Finds the parts of the real package, which are imported with it or after it, never in its place."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Nothing, unless a part is asked for while the stand-in is there."""
        stand_in = sys.modules.get(COMPILER)
        if not isinstance(stand_in, StandIn) or not fullname.startswith(f"{COMPILER}."):
            return None
        stand_in.step_aside()
        self._part = importlib.import_module(fullname)
        self._spec = self._part.__spec__
        return ModuleSpec(fullname, self)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The part, imported already."""
        return self._part

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to do but to give it back what Python has overwritten."""
        module.__spec__ = self._spec

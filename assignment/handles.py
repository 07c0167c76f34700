"""`module.relu(z)` for a script wherever it runs: its names and no others.

A check asks a `Module`. Behind it is an owner: `LocalScript` for a module of this process, as in
the students' own check, or marking's StudentScript for one in a worker process. Students choose
the names in their scripts, so the handles' own names are kept apart from them.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from assignment.answers import CAUSE, Objects, Opaque, Tensor, set_attribute
from assignment.definitions import missing_name
from assignment.expect import expect_unchanged
from assignment.failure import CheckFailed
from assignment.observing.outline import Statement, outline
from assignment.observing.tracing import traced
from assignment.type_names import in_words

# what the contract has called: anything else under these names is the answer's fault
FUNCTIONS = (
    "relu", "relu_derivative", "cross_entropy", "NumpyANN", "PyTorchANN", "PyTorchCNN",
    "forward", "backward", "fit", "predict",
)  # fmt: skip
ARGUMENTS = {
    "softmax": ("z",),
    "relu": ("z",),
    "relu_derivative": ("z",),
    "cross_entropy": ("y_true", "y_pred"),
    "forward": ("X",),
    "backward": ("X", "y_true"),
}
# what an observation found out about an exception, by the misconception that it shows
CAUSES = {"loss-detached": "torch-loss-detached", "training-mode": "torch-not-in-eval-mode"}


class Owner(Protocol):
    """What answers for a script. A `ref` of None is the script itself."""

    def named(self, name: str) -> Any:
        """What the script defines under a name."""

    def attribute(self, ref: int | None, name: str) -> Any:
        """An attribute of an object."""

    def attributes(self, ref: int | None, names: Sequence[str]) -> list[Any]:
        """Several attributes of an object."""

    def set_attributes(self, ref: int | None, values: Mapping[str, Any]) -> None:
        """Set attributes of an object."""

    def call(
        self,
        ref: int | None,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        seconds: float | None,
        *,
        echo: bool,
    ) -> Any:
        """What a function returns; with `echo`, also its arguments as they are afterwards."""

    def observe(
        self, ref: int | None, name: str, args: tuple[Any, ...], seconds: float | None
    ) -> Any:
        """An observation of an object, by observing/probes.py."""

    def outline(self) -> list[Statement]:
        """The statements in the script's functions."""

    def trace(self, ref: int | None, name: str, args: tuple[Any, ...]) -> list[Any]:
        """[line, target, value] for each assignment while a function ran, and each return."""


class Module:
    """A script as the module that it is: its names, and no others."""

    def __init__(self, owner: Owner):
        object.__setattr__(self, "_Module__owner", owner)

    __owner: Owner

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__owner.named(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__owner.set_attributes(None, {name: value})


class Handle:
    """An object of the script: its attributes, and no others."""

    def __init__(self, owner: Owner, opaque: Opaque):
        object.__setattr__(self, "_Handle__owner", owner)
        object.__setattr__(self, "_Handle__opaque", opaque)

    __owner: Owner
    __opaque: Opaque

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__owner.attribute(self.__opaque.ref, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__owner.set_attributes(self.__opaque.ref, {name: value})


def opaque_of(handle: Handle) -> Opaque:
    """How an object travels."""
    found: Opaque = object.__getattribute__(handle, "_Handle__opaque")
    return found


def owner_of(handle: Handle | Module) -> Owner:
    """What answers for the script that an object belongs to, or that is this module."""
    kind = "Module" if isinstance(handle, Module) else "Handle"
    found: Owner = object.__getattribute__(handle, f"_{kind}__owner")
    return found


def attributes(handle: Handle, names: Sequence[str]) -> list[Any]:
    """Several attributes of an object, which takes a worker no longer than one."""
    return owner_of(handle).attributes(opaque_of(handle).ref, names)


def set_attributes(handle: Handle, values: Mapping[str, Any]) -> None:
    """Set several attributes of an object, which takes a worker no longer than one."""
    owner_of(handle).set_attributes(opaque_of(handle).ref, values)


def probe(handle: Handle, name: str, *args: Any, seconds: float | None = None) -> Any:
    """An observation of an object, by observing/probes.py."""
    return owner_of(handle).observe(opaque_of(handle).ref, name, args, seconds)


class Function:
    """A function, class or method of the script."""

    def __init__(self, owner: Owner, ref: int | None, name: str, type_name: str):
        self.owner, self.ref, self.name = owner, ref, name
        self.type_name = type_name  # of the object itself

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What it returns. Raises CheckFailed if it changed an argument."""
        result, after = self.owner.call(self.ref, self.name, args, kwargs, None, echo=True)
        names = ARGUMENTS.get(self.name, ("an argument",) * len(args))
        for name, before, now in zip(names, args, after, strict=False):
            if isinstance(before, np.ndarray) and isinstance(now, np.ndarray):
                expect_unchanged(name, now, before)
        return result

    def observe(self, *args: Any) -> tuple[Any, list[Any]]:
        """What it returns, and its arguments as they are afterwards."""
        result, after = self.owner.call(self.ref, self.name, args, {}, None, echo=True)
        return result, after

    def trace(self, *args: Any) -> list[Any]:
        """[line, target, value] for each assignment in the script while it ran, and each return."""
        return self.owner.trace(self.ref, self.name, args)

    def within(self, seconds: float, *args: Any, **kwargs: Any) -> Any:
        """What it returns, within a time limit; its arguments are not compared."""
        return self.owner.call(self.ref, self.name, args, kwargs, seconds, echo=False)


def plain(args: tuple[Any, ...]) -> list[Any]:
    """Arguments as they travel: objects by their numbers."""
    return [opaque_of(arg) if isinstance(arg, Handle) else arg for arg in args]


class LocalScript:
    """A script imported in this process. Its exceptions are raised as they are.

    `source` is what it was compiled from, for one that was read from no file.
    """

    def __init__(self, script: ModuleType, source: str = ""):
        self.module = Module(self)
        self._script, self._source = script, source
        self._objects = Objects()

    def named(self, name: str) -> Any:
        """What the script defines under a name. Raises CheckFailed if it defines nothing."""
        if not hasattr(self._script, name):
            raise missing_name(name, f"{self._script.__name__}.py", vars(self._script))
        return self.attribute(None, name)

    def attribute(self, ref: int | None, name: str) -> Any:
        """An attribute of one of the script's objects, or of the script itself if `ref` is None."""
        value = self._answer(getattr(self._holder(ref), name))
        if isinstance(value, Handle) and opaque_of(value).callable:
            return Function(self, ref, name, opaque_of(value).type_name)
        return expect_callable(name, value)

    def attributes(self, ref: int | None, names: Sequence[str]) -> list[Any]:
        """Several attributes of an object."""
        return [self.attribute(ref, name) for name in names]

    def set_attributes(self, ref: int | None, values: Mapping[str, Any]) -> None:
        """Set attributes of an object, or of the script itself if `ref` is None."""
        for name, value in values.items():
            set_attribute(self._holder(ref), name, self._objects.local(value))

    def call(
        self,
        ref: int | None,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        seconds: float | None,
        *,
        echo: bool,
    ) -> Any:
        """What a function returns, given copies of the arrays; there is no time limit here."""
        given = [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in plain(args)]
        local = [self._objects.local(arg) for arg in given]
        result = self._answer(getattr(self._holder(ref), name)(*local, **kwargs))
        return [result, given] if echo else result

    def observe(
        self, ref: int | None, name: str, args: tuple[Any, ...], seconds: float | None
    ) -> Any:
        """An observation of an object, by observing/probes.py."""
        from assignment.observing.probes import PROBES  # needs torch, which part 1 does not

        local = [self._objects.local(arg) for arg in plain(args)]
        return self._answer(PROBES[name](self._holder(ref), *local))

    def outline(self) -> list[Statement]:
        """The statements in the script's functions."""
        return outline(self._source or inspect.getsource(self._script))

    def trace(self, ref: int | None, name: str, args: tuple[Any, ...]) -> list[Any]:
        """[line, target, value] for each assignment while a function ran, and each return."""
        local = [self._objects.local(arg) for arg in plain(args)]
        call = getattr(self._holder(ref), name)
        function = inspect.unwrap(call)
        return traced(call, local, function.__code__.co_filename, self.outline())

    def _holder(self, ref: int | None) -> Any:
        return self._script if ref is None else self._objects[ref]

    def _answer(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | str) or type(value) in (int, float):
            return value
        if isinstance(value, list | tuple) and type(value) in (list, tuple):
            return type(value)(self._answer(item) for item in value)
        if isinstance(value, dict):
            return {key: self._answer(item) for key, item in value.items()}
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fiub":
            if value.dtype == np.longdouble:
                return np.asarray(value, np.float64)
            return (
                np.asarray(value) if isinstance(value, np.ndarray) else value
            )  # also of np.matrix
        described = self._objects.describe(value)
        return Handle(self, described) if isinstance(described, Opaque) else described


def expect_callable(name: str, value: Any) -> Any:
    """The value of an attribute. Raises CheckFailed for one that the contract has called."""
    if name in FUNCTIONS:
        raise CheckFailed(
            f"{name} is {a_type(value)}",
            "a function or class",
            kind="wrong-type",
        )
    return value


def kind_of(error: BaseException) -> str:
    """The misconception that an exception shows; "" if nothing is known."""
    return str(getattr(error, "kind", "")) or CAUSES.get(str(getattr(error, CAUSE, "")), "")


def type_name(value: Any) -> str:
    """The name of an answer's type, which a script may have chosen: `a_type` puts it into words."""
    if isinstance(value, Handle):
        return opaque_of(value).type_name
    return value.type_name if isinstance(value, Opaque | Function) else type(value).__name__


def a_type(value: Any) -> str:
    """What an answer is, in Python's words.

    >>> a_type([]), a_type(1), a_type(None)
    ('a list', 'an int', 'None')
    """
    return in_words(type_name(value))


def as_array(value: Any) -> Any:
    """A tensor's content as an array, anything else as it is."""
    return value.array if isinstance(value, Tensor) else value


def as_number(value: Any) -> float | None:
    """A loss of any numeric type or one-element shape as a float; None for anything else."""
    value = as_array(value)
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, Handle):
        return opaque_of(value).number
    if isinstance(value, Opaque):
        return value.number
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return None
    return float(value)

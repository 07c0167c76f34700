"""Puts stand-ins in place of a script's wrong answers: sandbox/stand_ins.py on the trusted side.

A script can read this file and everything that it makes, so there is no right answer in it.
"""

from __future__ import annotations

import contextlib
import inspect
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Ask = Callable[[dict[str, Any]], dict[str, Any]]

LAST_CALL = "_last_call"  # the attribute that keeps a _Call
# a network that ends in one of these is right, and its training step may rely on that
LOGARITHMS = {"log_softmax", "LogSoftmax"}


class Questions:
    """Asks the trusted side for values, one question at a time, numbered within a call."""

    def __init__(self, ask: Ask):
        self._ask, self._number = ask, 0
        self._one_at_a_time = threading.Lock()

    def begin_call(self) -> None:
        """Count from the start again."""
        self._number = 0

    def values(self, name: str, arguments: Sequence[Any]) -> list[np.ndarray]:
        """The values of a stand-in. Raises ValueError for arguments that it does not take."""
        arrays = [np.asarray(argument) for argument in arguments]
        with self._one_at_a_time:
            self._number += 1
            reply = self._ask({"question": name, "number": self._number, "arguments": arrays})
        if "refused" in reply:
            raise ValueError(reply["refused"])
        values: list[np.ndarray] = reply["values"]
        return values


def install(module: Any, stand_in: dict[str, Any], questions: Questions) -> None:
    """Replace the script's own by what the specification of a stand-in says."""
    if stand_in["kind"] == "layers":
        _give_layers(getattr(module, stand_in["owner"]), stand_in["layers"])
    elif stand_in["owner"]:
        _give_method(getattr(module, stand_in["owner"]), stand_in, questions)
    else:
        _give_function(module, stand_in["name"], questions)


def _give_function(module: Any, name: str, questions: Questions) -> None:
    own: Any = getattr(module, name, None)

    def function(*arguments: Any, **named: Any) -> Any:
        if named:
            arguments = inspect.signature(own).bind(*arguments, **named).args
        return questions.values(name, arguments)[-1][()]  # a loss as a number

    setattr(module, name, function)


def _give_method(owner: Any, stand_in: dict[str, Any], questions: Questions) -> None:
    own: Any = getattr(owner, stand_in["name"], None)

    def method(self: Any, X: Any) -> Any:
        last = vars(self).pop(LAST_CALL, None)
        for name in last.added if last else ():
            vars(self).pop(name, None)
        read = [getattr(self, attribute) for attribute in stand_in["reads"]]
        values = questions.values(stand_in["name"], [X, *read])
        call = _Call(X, dict(zip(stand_in["sets"], values, strict=True)))
        vars(self).update(call.values, **{LAST_CALL: call})
        return values[-1]

    def missing(self: Any, name: str) -> Any:
        call = vars(self).get(LAST_CALL)
        if call and not call.own_ran and not name.startswith("__"):
            call.own_ran, before = True, {*vars(self)}
            with contextlib.suppress(Exception):
                own(self, np.array(call.X))
            call.added = {*vars(self)} - before
            vars(self).update(call.values)
            if name in vars(self):
                return vars(self)[name]
        text = f"{type(self).__name__!r} object has no attribute {name!r}"
        raise AttributeError(text, name=name, obj=self)

    setattr(owner, stand_in["name"], method)
    if own is not None and stand_in["sets"] and not hasattr(owner, "__getattr__"):
        # Other attributes that it sets, such as self.m = len(X), another method may use. It is run
        # only for these: it may be wrong in that it never ends.
        owner.__getattr__ = missing


@dataclass
class _Call:
    """The last call of a stand-in for a method: its argument, and the attributes that it has set."""

    X: Any
    values: dict[str, Any]
    own_ran: bool = False  # the script's own method, for other attributes
    added: set[str] = field(default_factory=set)  # by that


def _give_layers(network: Any, layers: list[list[Any]]) -> None:
    from torch import nn

    own = network.__init__
    logarithms = _names(network.__init__) | _names(network.forward)

    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        nn.Module.__init__(self)
        with contextlib.suppress(Exception):
            # Other attributes that it sets, such as self.criterion, a step may use.
            own(self, *args, **kwargs)
        # Its own layers stay, for a penalty on their weights, but not as part of the network.
        children = {n: c for n, c in self.named_children() if any(True for _ in c.parameters())}
        for name, own_layer in {**children, **dict(self.named_parameters(recurse=False))}.items():
            delattr(self, name)
            object.__setattr__(self, name, own_layer)
        made = [getattr(nn, kind)(*arguments) for kind, *arguments in layers]
        if logarithms & LOGARITHMS:
            made.append(nn.LogSoftmax(dim=1))
        self.stand_in = nn.Sequential(*made)

    network.__init__ = construct
    network.forward = lambda self, X: self.stand_in(X)


def _names(function: Any) -> set[str]:
    """The names that a function uses, read from its code, which is not run."""
    return set(getattr(getattr(function, "__code__", None), "co_names", ()))

"""One example, stepped through the student's own functions."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import ModuleType
from typing import Any

import numpy as np

from assignment.answers import Objects

from .microscope_arrays import FORWARD, PARAMETERS, Example
from .microscope_notes import Note, Notes, Span, copied

MISSING = object()  # what is not there
MOST_KEYS = 20  # of an answer


@dataclass(frozen=True)
class Called:
    """What one call of a function came to.

    `error` is what it raised, at `span` of the script, while `functions` of it were running.
    `changed` are the arguments that it changed in place, as they are now.
    """

    returned: Any = MISSING
    notes: tuple[Note, ...] = ()
    error: BaseException | None = None
    span: Span | None = None
    functions: tuple[str, ...] = ()
    changed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What the student's functions made of an example.

    `kept` are the attributes after forward, MISSING for one that is not there. `changed` is what
    forward or backward changed of what was given, "X", "Y" or a parameter: by which of the two, and
    what it is now.
    """

    example: Example
    forward: Called = field(default_factory=Called)
    kept: Mapping[str, Any] = field(default_factory=dict)
    backward: Called = field(default_factory=Called)
    loss: Called = field(default_factory=Called)
    gate: Called = field(default_factory=Called)
    changed: Mapping[str, tuple[str, Any]] = field(default_factory=dict)


def run(module: ModuleType, notes: Notes, example: Example) -> Run:
    """The example, run. What the student's code raises is part of the answer.

    The loss and the slope of ReLU are asked for with arrays that are right, so that each is judged
    in its own right.
    """
    with quiet():
        right_a2, right_z1 = example.right("a2"), example.right("z1")
        loss = _call(module, notes, _function(module, "cross_entropy"), Y=example.Y, a2=right_a2)
        gate = _call(module, notes, _function(module, "relu_derivative"), z1=right_z1)
        try:
            net = _network(module, example)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            called = _raised(error, module)
            return Run(example, forward=called, loss=loss, gate=gate)
        for X, Y in example.before:
            _call(module, notes, _method(net, "forward"), X=X)
            _call(module, notes, _method(net, "backward"), X=X, Y=Y)
        forward = _call(module, notes, _method(net, "forward"), X=example.X)
        kept = {name: _attribute(net, name) for name in FORWARD}
        changed = _changes("forward", forward, net, example)
        backward = Called()
        if forward.error is None:
            backward = _call(module, notes, _method(net, "backward"), X=example.X, Y=example.Y)
            changed = _changes("backward", backward, net, example) | changed
    return Run(example, forward, kept, backward, loss, gate, changed)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing that a script prints is kept, however much; an overflow shows in the values."""
    sink = _Sink()
    with (
        contextlib.redirect_stdout(sink),
        contextlib.redirect_stderr(sink),
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


class _Sink(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


def _network(module: ModuleType, example: Example) -> Any:
    (d, h), (k,) = example.parameters["W1"].shape, example.parameters["b2"].shape
    net = module.NumpyANN(input_size=d, hidden_size=h, output_size=k, seed=1)
    for name in PARAMETERS:
        setattr(net, name, example.parameters[name].copy())
    return net


def _function(module: ModuleType, name: str) -> Callable[..., Any]:
    return lambda *arguments: getattr(module, name)(*arguments)


def _method(net: Any, name: str) -> Callable[..., Any]:
    return lambda *arguments: getattr(net, name)(*arguments)


def _call(
    module: ModuleType, notes: Notes, function: Callable[..., Any], **arguments: np.ndarray
) -> Called:
    """A call with copies of the arguments, whose names are ours."""
    given = {name: value.copy() for name, value in arguments.items()}
    noted, returned, error = notes.begin(), MISSING, None
    try:
        returned = _held(function(*given.values()))
    except KeyboardInterrupt:  # the page stops a run
        raise
    except BaseException as raised:  # also of exit()
        error = raised
    finally:
        notes.end()
    changed = {n: value for n, value in given.items() if not _same(value, arguments[n])}
    if error is not None:
        return _raised(error, module, tuple(noted), changed)
    return Called(returned, tuple(noted), changed=changed)


def _raised(
    error: BaseException,
    module: ModuleType,
    notes: tuple[Note, ...] = (),
    changed: Mapping[str, Any] | None = None,
) -> Called:
    span, functions = _place(error, module)
    return Called(MISSING, notes, error, span, functions, changed or {})


def _held(value: Any) -> Any:
    """An answer that later calls cannot change: arrays as copies, also those in a dict."""
    if isinstance(value, dict):
        return {key: _held_array(value[key]) for key in list(value)[:MOST_KEYS]}
    return _held_array(value)


def _held_array(value: Any) -> Any:
    """An array as a copy, plain data as it is, and any other object described."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return np.array(value, np.float64 if value.dtype == np.longdouble else value.dtype)
    is_plain = value is None or isinstance(value, bool | int | float | str | list | tuple)
    return value if is_plain or isinstance(value, np.generic) else Objects().describe(value)


def _attribute(net: Any, name: str) -> Any:
    try:
        return _held(getattr(net, name))
    except KeyboardInterrupt:
        raise
    except BaseException:
        return MISSING


def _changes(by: str, called: Called, net: Any, example: Example) -> dict[str, tuple[str, Any]]:
    """What a call changed of what was given."""
    now = {name: _attribute(net, name) for name in PARAMETERS}
    changed = {name: v for name, v in now.items() if not _same(v, example.parameters[name])}
    return {name: (by, value) for name, value in {**called.changed, **changed}.items()}


def _same(now: Any, before: np.ndarray) -> bool:
    array = copied(now) if isinstance(now, np.ndarray) else None
    return array is not None and array.shape == before.shape and np.array_equal(array, before)


def _place(error: BaseException, module: ModuleType) -> tuple[Span | None, tuple[str, ...]]:
    """Where in the script an exception came from, and the script's functions that were running."""
    trace, span, functions = error.__traceback__, None, []
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == module.__file__:
            functions.append(code.co_name)
            first, last, column, end = next(islice(code.co_positions(), trace.tb_lasti // 2, None))
            span = (first or trace.tb_lineno, column or 0, last or trace.tb_lineno, end or 0)
        trace = trace.tb_next
    return span, tuple(functions)

"""The backprop microscope: one training step of a small network, array by array.

A network of 4-3-2 and a few images go through the student's own functions. Each array is compared
with the right one, and the first that is wrong is lit. Read microscope_arrays.py first, then
microscope_notes.py (what a script computes), microscope_run.py (one example),
microscope_judging.py, microscope_pass.py, microscope_scales.py and microscope_backward.py (what is
wrong).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from assignment.checks.numpy import functions
from assignment.checks.numpy.backward import check_backward
from assignment.checks.numpy.cases import network_with, public_cases
from assignment.checks.numpy.forward import HINTS, expect_step, kept_step
from assignment.failure import CheckFailed
from assignment.handles import LocalScript, Module

from .microscope_arrays import ARRAYS, BACKWARD, FORWARD, GRADIENTS, Array, examples
from .microscope_backward import first_of_backward
from .microscope_judging import Lit, first_before_backward, is_close, raised, wrong_entries
from .microscope_notes import Notes, copied, noting
from .microscope_pass import TOLERANCE, Backward, backward_of, note_of
from .microscope_run import Called, Run, quiet, run
from .microscope_scales import Trace, formula, trace

DIGITS = 7
LOSS_TOLERANCE = 2e-3
MOST_SHOWN = 100  # numbers of an array that are sent
JUDGED_ALONE = ("loss", "gate")  # each is asked for with arrays that are right
FOLLOWING = {  # the gradients that are right only if an array is
    "dz2": ("dW2", "db2"), "da1": ("dW1", "db1"), "gate": ("dW1", "db1"), "dz1": ("dW1", "db1"),
}  # fmt: skip


def look(module: ModuleType, *, source: str = "") -> dict[str, Any]:
    """What a script makes of the first example on which something is wrong, else of the ordinary.

    `source` is the script's source, read from its file if it is not given. The answer is data for
    microscope.js: the example, its arrays in order, and `lit`, the first wrong one, or None.
    Raises nothing for anything that a script does, but KeyboardInterrupt.
    """
    twin, notes = _noting(module, source)
    ordinary = None
    for example in examples():
        ran = run(twin, notes, example)
        with np.errstate(all="ignore"):  # of what a script returned
            backward = backward_of(ran)
            found = trace(backward)
            lit = first_before_backward(ran) or first_of_backward(backward, found)
        if lit is not None:
            return _encoded(ran, backward, found, lit)
        ordinary = ordinary or (ran, backward, found)
    assert ordinary is not None  # there are examples
    return _encoded(*ordinary, _elsewhere(module, source), is_elsewhere=True)


def _noting(module: ModuleType, source: str) -> tuple[ModuleType, Notes]:
    """The script once more, with notes; the script as it is if that is not possible."""
    try:
        with quiet():
            return noting(module, source or inspect.getsource(module))
    except KeyboardInterrupt:
        raise
    except BaseException:  # a script that can be imported only once, or has no source
        if not hasattr(module, "__file__"):
            module.__file__ = f"{module.__name__}.py"
        return module, Notes()


def _elsewhere(module: ModuleType, source: str) -> Lit | None:
    """What the public checks find although every example is right: the failing section's array."""
    cases = public_cases()
    script = LocalScript(module, source).module
    checks: tuple[tuple[str, Callable[[], object]], ...] = (
        ("a1", lambda: functions.check_relu(script, cases.relu)),
        ("gate", lambda: functions.check_relu_derivative(script, cases.relu_derivative)),
        ("loss", lambda: functions.check_cross_entropy(script, cases.cross_entropy)),
        *((name, lambda name=name: _check_step(script, name)) for name in FORWARD),
        ("dz2", lambda: check_backward(script, cases.backward)),
    )
    for name, check in checks:
        try:
            with quiet():
                check()
        except CheckFailed as failure:
            return Lit(_gradient_in(failure) or name, str(failure))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return replace(raised(Called(error=error), name), is_missing=False)
    return None


def _check_step(script: Module, name: str) -> None:
    """Raises CheckFailed unless one step of forward is right for every public case."""
    for case in public_cases().forward:
        net = network_with(script, case.parameters)
        for batch in case.batches:
            returned = net.forward(batch.X)
            kept = kept_step(net, name, returned)
            expect_step(f"self.{name}", kept, getattr(batch, name), HINTS[name])
            if name == "a2":
                expect_step("what forward returns", returned, batch.a2, "")


def _gradient_in(failure: CheckFailed) -> str:
    """The array to look at if not all four gradients are wrong: dz1 or a gradient."""
    right = {name: failure.parts.get(key, False) for name, key in GRADIENTS.items()}
    if not any(right.values()):
        return ""
    wrong = [name for name, is_right in right.items() if not is_right]
    return "dz1" if wrong == ["dW1", "db1"] else wrong[0]


def _encoded(
    ran: Run, backward: Backward, found: Trace, lit: Lit | None, *, is_elsewhere: bool = False
) -> dict[str, Any]:
    example = ran.example
    entries: dict[str, dict[str, Any]] = {}
    for array in ARRAYS:
        entries[array.name] = _entry(array, ran, backward, found, lit, entries)
    return {
        "version": 1,
        "example": {
            "name": example.name,
            "title": example.title,
            "why": example.why,
            "network": [*example.parameters["W1"].shape, len(example.parameters["b2"])],
        },
        "convention": found["dW1"].expected if backward.batch is not None else "",
        "arrays": list(entries.values()),
        "lit": lit and {
            "name": lit.name,
            "sentence": lit.sentence,
            "line": lit.line,
            "elsewhere": is_elsewhere,
        },
    }  # fmt: skip


def _entry(
    array: Array,
    ran: Run,
    backward: Backward,
    found: Trace,
    lit: Lit | None,
    before: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """One array, as data. `before` are the entries of the arrays before it."""
    name = array.name
    right = ran.example.right(name, found[name].expected if name in found else "sum")
    is_lit = lit is not None and lit.name == name
    got, line = _found(ran, backward, found, name)
    if is_lit and lit is not None:
        got = lit.got if lit.got is not None or lit.is_missing else got
        line = lit.line or line
    if got is not None and name in GRADIENTS and got.shape == (1, *right.shape):
        got = got[0]  # a row is accepted
    is_right = got is not None and _is_right(name, got, right)
    follows = got is None and any(backward.right_as(one) for one in FOLLOWING.get(name, ()))
    needs = () if name in JUDGED_ALONE else array.made_of
    has_ended = name in BACKWARD and ran.backward.error is not None
    after = has_ended or any(before[need]["status"] != "right" for need in needs)
    return {
        "name": name,
        "section": array.section,
        "symbol": array.symbol,
        "formula": formula(name, found, ran.example.n),
        "axes": array.shape,
        "from": list(array.made_of),
        "shape": list(right.shape),
        "gotShape": list(got.shape) if got is not None else None,
        "status": _status(lit, is_lit, got, is_right or follows, after),
        "line": line,
        "got": _numbers(got),
        "expected": _numbers(right),
        "differ": [] if is_right else _differing(got, right),
    }


def _status(
    lit: Lit | None, is_lit: bool, got: np.ndarray | None, is_right: bool, after: bool
) -> str:
    """One of "right", "wrong", "missing" and "after": after a wrong one."""
    if lit is None:
        return "right"
    if is_lit:
        return "missing" if lit.is_missing else "wrong"
    if is_right:
        return "right"
    if after:
        return "after"
    return "missing" if got is None else "wrong"


def _is_right(name: str, got: np.ndarray, right: np.ndarray) -> bool:
    if name == "loss":  # which depends a little on how an answer avoids log(0)
        return not got.ndim and abs(float(got) - float(right)) < LOSS_TOLERANCE
    return is_close(got, right, TOLERANCE) if name in BACKWARD else is_close(got, right)


def _found(
    ran: Run, backward: Backward, found: Trace, name: str
) -> tuple[np.ndarray | None, int | None]:
    """What the script has of an array, and the line that computed it."""
    if name in FORWARD:
        lines = [note.line for note in ran.forward.notes if note.target == f"self.{name}"]
        return copied(ran.kept.get(name)), lines[-1] if lines else None
    if name == "loss":
        return copied(ran.loss.returned), None
    if name in GRADIENTS:
        returned = ran.backward.returned
        got = copied(returned.get(GRADIENTS[name])) if isinstance(returned, dict) else None
        lines = [
            note.line for note in backward.notes
            if got is not None and note.value.shape == got.shape
            and np.array_equal(note.value, got)
        ]  # fmt: skip
        return got, lines[0] if lines else None
    if name == "gate":
        note = note_of(backward, name, right=True) or note_of(backward, name)
        return (note.value, note.line) if note is not None else (copied(ran.gate.returned), None)
    if name in BACKWARD:
        note = found[name].note
        return (note.value, note.line) if note is not None else (None, None)
    changed = ran.changed.get(name)
    return (copied(changed[1]) if changed else ran.example.right(name)), None


def _differing(got: np.ndarray | None, right: np.ndarray) -> list[list[int]]:
    """The indices of the entries that differ, none where the shapes do."""
    if got is None or got.shape != right.shape:
        return []
    return [[int(i) for i in index] for index in np.argwhere(wrong_entries(got, right))]


def _numbers(array: np.ndarray | None) -> Any:
    """Nested lists of numbers; what is not finite as text, and nothing of what is large."""
    if array is None or array.size > MOST_SHOWN:
        return None
    if array.ndim:
        return [_numbers(row) for row in array]
    value = float(array)
    if not np.isfinite(value):
        return "nan" if np.isnan(value) else "inf" if value > 0 else "-inf"
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short == int(short) and abs(short) < 1e15 else short

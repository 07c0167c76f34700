"""Which array of a run is the first wrong one, and in words, why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from assignment.checks.numpy.functions import one_number
from assignment.expect import expect_array
from assignment.failure import CheckFailed
from assignment.student_errors import is_stub

from .microscope_arrays import BY_NAME, FORWARD
from .microscope_notes import copied
from .microscope_run import MISSING, Called, Run

RELATIVE, ABSOLUTE = 1e-5, 2e-6  # float32 rounds by less; ABSOLUTE times the largest element
LARGEST_EPSILON = 1.2e-4  # that 1.4 lets an answer add to probabilities, and a little
MOST_WORDS = 300  # of an exception's own


@dataclass(frozen=True)
class Lit:
    """The first wrong array of a run, a sentence on it, and the line of the script if known.

    `got` is the array if one was found. `is_missing` says that nothing was computed.
    """

    name: str
    sentence: str
    line: int | None = None
    got: np.ndarray | None = None
    is_missing: bool = False


def is_close(got: Any, expected: np.ndarray, of_largest: float = ABSOLUTE) -> bool:
    """Whether an array is right; `of_largest` is explained at `wrong_entries`."""
    return (
        isinstance(got, np.ndarray)
        and got.shape == expected.shape
        and not wrong_entries(got, expected, of_largest).any()
    )


def wrong_entries(
    got: np.ndarray, expected: np.ndarray, of_largest: float = ABSOLUTE
) -> np.ndarray:
    """Which entries are wrong, for arrays of one shape.

    Each may be off by RELATIVE of itself, and by `of_largest` of the largest element.
    """
    with np.errstate(invalid="ignore"):
        close = np.abs(got - expected) <= RELATIVE * np.abs(expected) + of_largest * _size(expected)
    return np.asarray(~close)


def _size(expected: np.ndarray) -> float:
    return float(np.abs(expected).max()) + 1e-9


def difference(label: str, got: Any, expected: np.ndarray) -> CheckFailed | None:
    """How an answer differs from what is expected, None if it does not."""
    try:
        expect_array(label, got, expected, tolerance=RELATIVE, absolute=ABSOLUTE * _size(expected))
    except CheckFailed as failure:
        return failure
    return None


def first_before_backward(run: Run) -> Lit | None:
    """The first wrong array of forward and the loss, or what was given and has changed."""
    return _changed(run, "forward") or _forward(run) or _loss(run) or _changed(run, "backward")


def _changed(run: Run, by: str) -> Lit | None:
    for name, (who, value) in run.changed.items():
        if who == by:
            label = name if name in ("X", "Y") else f"self.{name}"
            what = "the targets y_true were" if name == "Y" else f"{label} was"
            sentence = f"{what[0].upper()}{what[1:]}" if name == "Y" else what
            return Lit(name, f"{sentence} changed by {by}, expected no change.", got=copied(value))
    return None


def _forward(run: Run) -> Lit | None:
    called, example = run.forward, run.example
    if called.error is not None:
        name = next((name for name in FORWARD if not _is_there(run, name)), "a2")
        kept = run.kept.get(name, MISSING)
        lit = raised(called, name)
        if kept is MISSING:
            return lit
        failure = difference(f"self.{name}", kept, example.right(name))
        if failure is None:
            return lit
        sentence = f"{failure} Then the script raised {_words(called.error)}"
        return Lit(name, sentence, _assigned_in(run, name) or lit.line, copied(kept))
    for name in FORWARD:
        kept = run.kept[name]
        if kept is MISSING:
            nothing = ", and forward returned None" if called.returned is None else ""
            sentence = f"self.{name} does not exist after forward{nothing}."
            return Lit(name, sentence, got=_seen(run, name), is_missing=True)
        failure = difference(f"self.{name}", kept, example.right(name))
        if failure is not None:
            return _changed_later(run, name) or Lit(
                name, str(failure), _assigned_in(run, name), copied(kept)
            )
    failure = difference("forward(X)", called.returned, example.right("a2"))
    return Lit("a2", str(failure), got=copied(called.returned)) if failure is not None else None


def _is_there(run: Run, name: str) -> bool:
    """Whether an array is right now, or was computed right and is not kept yet."""
    kept = run.kept.get(name, MISSING)
    if kept is MISSING:
        return _seen(run, name) is not None
    return difference("", kept, run.example.right(name)) is None


def _seen(run: Run, name: str) -> np.ndarray | None:
    """A step of forward as it was computed right, under whatever name."""
    right = run.example.right(name)
    notes = run.forward.notes
    return next((note.value for note in notes if is_close(note.value, right)), None)


def _assigned_in(run: Run, name: str) -> int | None:
    lines = [note.line for note in run.forward.notes if note.target == f"self.{name}"]
    return lines[-1] if lines else None


def _changed_later(run: Run, name: str) -> Lit | None:
    """If a step was right when it was assigned: what changed it.

    A step that another line changes through another name, such as `self.a1 = self.z1`, is wrong
    because of the step after it.
    """
    right = run.example.right(name)
    steps = [note for note in run.forward.notes if note.target == f"self.{name}"]
    good = [number for number, note in enumerate(steps) if is_close(note.value, right)]
    if not good:
        return None
    at = steps[good[0]].line
    if good[-1] < len(steps) - 1:  # its own line changes it
        line = steps[good[-1] + 1].line
        return Lit(
            name,
            f"self.{name} was right in line {at}, and line {line} changed it afterwards.",
            line,
            copied(run.kept[name]),
        )
    following = FORWARD[min(FORWARD.index(name) + 1, len(FORWARD) - 1)]
    sentence = (
        f"self.{name} was right when line {at} assigned it, and was changed in place afterwards: "
        "two names can refer to the same array."
    )
    if following == name:
        return Lit(name, sentence, at, copied(run.kept[name]))
    return Lit(following, sentence, _assigned_in(run, following), copied(run.kept[following]))


def _loss(run: Run) -> Lit | None:
    called, example = run.loss, run.example
    if called.error is not None:
        return raised(called, "loss")
    right = example.right("loss")
    try:
        loss = one_number(called.returned)
    except CheckFailed as failure:
        return Lit("loss", str(failure), got=copied(called.returned))
    got = np.asarray(loss)
    off = float(np.mean(1 / example.right("a2")[example.Y == 1]))
    allowed = 5e-5 + LARGEST_EPSILON * off + 2e-5 * abs(float(right))
    if not abs(loss - float(right)) <= allowed:
        return Lit("loss", f"The loss is {loss:.6g}, expected {float(right):.6g}.", got=got)
    for name in called.changed:
        argument = "y_pred" if name == "a2" else "y_true"
        return Lit("loss", f"{argument} was changed in place by cross_entropy.", got=got)
    return None


def of_gate(run: Run) -> Lit | None:
    """What is wrong with relu_derivative at z1, None if nothing is."""
    called = run.gate
    if called.error is not None:
        return raised(called, "gate")
    failure = difference("relu_derivative(z1)", called.returned, run.example.right("gate"))
    if failure is not None:
        return Lit("gate", str(failure), got=copied(called.returned))
    if called.changed:
        return Lit("gate", "z1 was changed in place by relu_derivative, expected no change.",
                   got=copied(called.returned))  # fmt: skip
    return None


def raised(called: Called, name: str) -> Lit:
    """The array that was being computed when the script raised an exception."""
    error, symbol = called.error, BY_NAME[name].symbol
    line = called.span[0] if called.span else None
    if _is_not_written(error):
        return Lit(name, f"{symbol} is not computed: this is not written yet.", line,
                   is_missing=True)  # fmt: skip
    return Lit(
        name, f"While {symbol} was computed, the script raised {_words(error)}", line,
        is_missing=True,
    )  # fmt: skip


def _is_not_written(error: BaseException | None) -> bool:
    return isinstance(error, NotImplementedError) and is_stub(NotImplementedError(_text(error)))


def _words(error: BaseException | None) -> str:
    name, message = type(error).__name__, " ".join(_text(error).split())
    text = f"{name}: {message}" if message else name
    return f"{text[:MOST_WORDS]}{'…' if len(text) > MOST_WORDS else '.'}"


def _text(error: BaseException | None) -> str:
    try:
        return str(error)
    except KeyboardInterrupt:
        raise
    except BaseException:  # an exception of the student's own class, whose text raises
        return ""

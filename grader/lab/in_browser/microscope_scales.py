"""The scale of each array of backward: summed over the batch, or divided by its size n.

The mean can be taken in dz2, on the way or in each gradient. All of that is right if the four
gradients agree in the end. So an array is expected in the scale of the array that it is computed
from, or divided by n if that is where the script takes the mean. `formula` then says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from .microscope_arrays import BY_NAME, CONVENTIONS, FORWARD, GRADIENTS, Example
from .microscope_judging import is_close
from .microscope_notes import TARGET, Note
from .microscope_pass import TOLERANCE, Backward, note_of

SOURCES = {"dW2": "dz2", "db2": "dz2", "da1": "dz2", "dz1": "da1", "dW1": "dz1", "db1": "dz1"}
ENOUGH = 1 / 3  # of the entries have to be right, for an array to tell its scale


@dataclass(frozen=True)
class Traced:
    """One array of backward in a script.

    `expected` is the convention in which it is expected, and `own` the one in which the script has
    it, "" if it is wrong in both. `note` is where the script computed it, None for a gradient.
    """

    expected: str
    own: str = ""
    note: Note | None = None

    @property
    def changes_scale(self) -> bool:
        """Whether the array is right, but not in the convention that is expected."""
        return self.own not in ("", self.expected)


Trace = Mapping[str, Traced]


def trace(backward: Backward) -> Trace:
    """The arrays of backward by name, but for the gate, which has no scale."""
    convention = convention_of(backward)
    found = {"dz2": _dz2(backward)}
    for name in ("da1", "dz1"):
        found[name] = _on_the_way(backward, name, found[SOURCES[name]].expected, convention)
    for name in GRADIENTS:
        found[name] = Traced(convention, _one_of(backward.right_as(name), convention))
    return found


def convention_of(backward: Backward) -> str:
    """The convention that the gradients are expected in: that of most of them.

    If two are sums and two are means, that of dW2 and db2 if they agree, else that of dz2. Where no
    gradient is right, the sizes of the wrong ones tell, unless forward is wrong already.
    """
    right = [backward.right_as(name) for name in GRADIENTS]
    batch = backward.batch or {}
    wrong = [
        (name, one.got) for name, key in GRADIENTS.items()
        if (one := batch.get(key)) is not None and one.got is not None and not one.right_as
    ]  # fmt: skip
    alike = [_scale_in(backward.example, name, got) for name, got in wrong]
    sizes = [_size_of(backward, name, got) for name, got in wrong]
    if not all(is_close(backward.run.kept.get(n), backward.example.right(n)) for n in FORWARD):
        alike = sizes = []
    dz2 = _dz2(backward).expected

    def votes(one: str) -> tuple[int, ...]:
        layer = one in right[0] & right[1]
        most = sum(one in styles for styles in right)
        return most, layer, alike.count(one), sizes.count(one), one == dz2

    return max(CONVENTIONS, key=votes)


def formula(name: str, found: Trace, n: int) -> str:
    """The formula of an array, with 1/n or n where the scale changes in it."""
    array = BY_NAME[name]
    if name not in found or n == 1:
        return array.formula
    before = scale_before(name, found)
    if found[name].expected == before:
        return array.formula
    left, right = array.formula.split(" = ", 1)
    factor = "n" if before == "mean" else "1/n"
    return f"{left} = {factor} {f'({right})' if ' - ' in right else right}"


def scale_before(name: str, found: Trace) -> str:
    """The convention of what an array is computed from; a2 and Y are not divided."""
    return found[SOURCES[name]].expected if name in SOURCES else "sum"


def factor_of(got: np.ndarray, right: np.ndarray) -> float:
    """The one number that an array is off by, 0 if there is none."""
    size = float(np.vdot(right, right))
    if got.shape != right.shape or size < 1e-12:
        return 0.0
    factor = round(float(np.vdot(right, got)) / size, 9)
    return factor if is_close(got, factor * right, TOLERANCE) else 0.0


def is_dz2_right(backward: Backward) -> bool:
    """Whether dz2 is right where it is used."""
    if backward.right_as("dW2") or backward.right_as("db2"):
        return True
    return backward.is_seen("dz2") and (bool(backward.last("dz2")) or backward.is_seen("da1"))


def _dz2(backward: Backward) -> Traced:
    """The array dz2. Where nothing tells its scale, it is expected undivided, as in its formula."""
    note = _right_dz2(backward)
    if note is not None:
        own = _one_of(backward.conventions("dz2", note.value), "sum")
        return Traced(own, own, note)
    note = note_of(backward, "dz2")
    if note is None or is_dz2_right(backward):  # in a form that is not recognised
        return Traced("sum")
    scale = _scale_in(backward.example, "dz2", note.value) or _size_of(backward, "dz2", note.value)
    return Traced(scale or "sum", "", note)


def _right_dz2(backward: Backward) -> Note | None:
    """The right dz2; of a script that has both, the one that its da1 is computed from."""
    if not is_dz2_right(backward):
        return None
    da1 = next((n for n in backward.computed("da1") if backward.conventions("da1", n.value)), None)
    da1 = da1 or note_of(backward, "da1")
    scale = _scale_in(backward.example, "da1", da1.value) if da1 is not None else ""
    return _right_note(backward, "dz2", scale)


def _right_note(backward: Backward, name: str, preferred: str) -> Note | None:
    """The last right note of an array, of those in the preferred convention if there are any.

    What was assigned comes first: `a1.T @ (dz2 / n)` does not change dz2.
    """
    right = [n for n in backward.computed(name) if backward.conventions(name, n.value)]
    right = [note for note in right if note.kind == TARGET] or right
    best = [note for note in right if preferred in backward.conventions(name, note.value)]
    found = best or right
    return found[-1] if found else None


def _on_the_way(backward: Backward, name: str, before: str, convention: str) -> Traced:
    """The array da1 or dz1, computed from one that is in the scale `before`.

    The scale may change here into that of the gradients. Any other change is a mistake.
    """
    styles = backward.right_as("dW1"), backward.right_as("db1")
    note, own = _broken(backward, name), ""
    if note is None:
        note = _right_note(backward, name, before if before in styles[0] | styles[1] else "")
        if note is not None:
            own = _one_of(backward.conventions(name, note.value), before)
        note = note or note_of(backward, name)
    scale = own or (_scale_in(backward.example, name, note.value) if note is not None else "")
    may_change = scale == convention or all(convention in style for style in styles)
    return Traced(scale if scale and may_change else before, own, note)


def _broken(backward: Backward, name: str) -> Note | None:
    """What da1 or dz1 was changed into, if it was right before, and what follows from it is not."""
    if backward.right_as("dW1") or backward.right_as("db1"):
        return None
    if name == "dz1":
        is_broken = backward.is_seen(name) and not backward.last(name)
        return backward.computed(name)[-1] if is_broken else None
    right = backward.example.right(name)
    multiples = [note for note in backward.computed(name) if factor_of(note.value, right)]
    if not multiples or backward.is_seen("dz1"):
        return None
    return None if backward.conventions(name, multiples[-1].value) else multiples[-1]


def _one_of(found: Collection[str], preferred: str) -> str:
    """The preferred convention if it is among those found, else another of them, or ""."""
    return preferred if preferred in found else next(iter(found), "")


def _scale_in(example: Example, name: str, got: np.ndarray) -> str:
    """The convention of an array of which the sign or some entries are wrong, "" if unknown."""
    right = {one: example.right(name, one) for one in CONVENTIONS}
    for one, array in right.items():
        if abs(abs(factor_of(got, array)) - 1) < TOLERANCE:
            return one
    if got.shape != right["sum"].shape:
        return ""
    equal = {one: _equal(got, array) for one, array in right.items()}
    best = max(CONVENTIONS, key=lambda one: equal[one])
    enough = ENOUGH * np.count_nonzero(right["sum"])
    return best if equal[best] > enough and equal[best] > min(equal.values()) else ""


def _equal(got: np.ndarray, right: np.ndarray) -> int:
    """How many entries are equal and not 0."""
    close = np.isclose(got, right, rtol=TOLERANCE, atol=0)
    return int(np.count_nonzero(close & (right != 0)))


def _size_of(backward: Backward, name: str, got: np.ndarray) -> str:
    """The convention that a wrong array was meant in: the closer one if it is off by a number.

    The number, or 1 by it, is a whole one: of two entries that add up to 0, as in db2, some factor
    is always found. If there is none, it is the mean if the script computed the same array times n,
    else unknown, "".
    """
    n = backward.example.n
    share = abs(factor_of(got, backward.example.right(name)))
    if share and (whole(share) or whole(1 / share)):
        return "sum" if share * share > 1 / n else "mean"
    notes = [note.value for note in backward.notes if note.value.shape == got.shape]
    is_divided = any(is_close(value / n, got) for value in notes)
    return "mean" if n > 1 and got.any() and is_divided else ""


def whole(number: float) -> int:
    """The number if it is a whole one, else 0."""
    return round(number) if abs(number - round(number)) < 1e-3 else 0

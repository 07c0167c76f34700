"""Comparing answers with expected ones, and `CheckFailed`, which says how they differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.entries import entries
from assignment.failure import CheckFailed as CheckFailed

RETURN_MISSING = "is a return statement missing?"


def expect_array(
    name: str,
    got: Any,
    expected: np.ndarray,
    *,
    hint: str = "",
    tolerance: float = 1e-6,
    absolute: float | None = None,
    where: dict[str, np.ndarray] | None = None,
) -> np.ndarray:
    """The answer as a float64 array. Raises CheckFailed for another type, shape or value.

    An element may differ by `absolute` (`tolerance` if None) plus `tolerance` times |expected|.
    `where` names arrays of the expected shape; the message shows their elements at the first
    difference.
    """
    answer = expect_numbers(name, got, f"an array of shape {expected.shape}", hint)
    if answer.shape != expected.shape:
        raise CheckFailed(
            f"{name} has shape {answer.shape}",
            f"{expected.shape}",
            kind="wrong-shape",
            hint=hint,
        )
    off = np.abs(answer - expected) > (
        tolerance if absolute is None else absolute
    ) + tolerance * np.abs(expected)
    finite = np.isfinite(answer)
    wrong = off | ~finite
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong if finite.all() else ~finite)[0])
        count = (
            f" ({np.count_nonzero(wrong)} of {wrong.size} values differ)" if wrong.size > 1 else ""
        )
        failure = CheckFailed(
            f"{name}{_at(index)} is {_number(answer[index])}{'' if where else count}",
            _number(expected[index]),
            where=f"{_given(where, index)}{count}" if where else "",
            kind="" if finite.all() else "not-finite",
            hint=hint,
        )
        if wrong.size > 1:
            failure.wrong = {name: entries(wrong, answer, expected)}
        raise failure
    return answer


def expect_numbers(name: str, got: Any, expected: str, hint: str = "") -> np.ndarray:
    """The answer as a float64 array. Raises CheckFailed if it holds no numbers or booleans."""
    if got is None:
        raise CheckFailed(f"{name} is None", f"{expected}", kind="wrong-type", hint=RETURN_MISSING)
    if not isinstance(got, np.ndarray | np.generic):
        from assignment.handles import a_type  # which imports this module

        raise CheckFailed(f"{name} is {a_type(got)}", f"{expected}", kind="wrong-type", hint=hint)
    if got.dtype.kind not in "fiub":
        raise CheckFailed(f"{name} has dtype {got.dtype}", "numbers", kind="wrong-type", hint=hint)
    return np.asarray(got, np.float64)


def expect_unchanged(name: str, now: np.ndarray, before: np.ndarray) -> None:
    """Raises CheckFailed if an argument was changed in place."""
    if not np.array_equal(now, before):
        raise CheckFailed(
            f"{name} was changed in place",
            "no change",
            kind="changes-input",
            hint=f"compute a new array, or work on {name}.copy().",
        )


def _at(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


def _number(value: Any) -> str:
    return f"{float(value):.6g}"


def _given(arrays: dict[str, np.ndarray], index: tuple[int, ...]) -> str:
    """The elements of other arrays at the first difference."""
    return " and ".join(f"{name}{_at(index)} is {_number(a[index])}" for name, a in arrays.items())

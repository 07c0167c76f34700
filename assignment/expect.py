"""Comparing answers with expected ones, and `CheckFailed`, which says how they differ."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

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
        raise CheckFailed(
            f"{name}{_at(index)} is {_number(answer[index])}{'' if where else count}",
            _number(expected[index]),
            where=f"{_given(where, index)}{count}" if where else "",
            kind="" if finite.all() else "not-finite",
            hint=hint,
        )
    return answer


def expect_numbers(name: str, got: Any, expected: str, hint: str = "") -> np.ndarray:
    """The answer as a float64 array. Raises CheckFailed if it holds no numbers or booleans."""
    if got is None:
        raise CheckFailed(f"{name} is None", f"{expected}", kind="wrong-type", hint=RETURN_MISSING)
    if not isinstance(got, np.ndarray | np.generic):
        raise CheckFailed(
            f"{name} is a {type(got).__name__}", f"{expected}", kind="wrong-type", hint=hint
        )
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


def numerical_gradient(
    loss: Callable[[], float], parameter: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """∂loss/∂parameter by central differences, (L(θ + s) - L(θ - s)) / 2s, element by element.

    `parameter` must be the float64 array that `loss` reads; it is changed in place and put back.
    The error is of the order of s² and of the rounding, 1e-16 / s: about 1e-10 for losses near 1.
    """
    gradient = np.empty_like(parameter)
    for index in np.ndindex(parameter.shape):
        value = parameter[index]
        parameter[index] = value + step
        above = loss()
        parameter[index] = value - step
        below = loss()
        parameter[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


def expect_gradients(
    gradients: Any, mean: dict[str, np.ndarray], n: int, tolerance: float = 1e-5
) -> str:
    """The convention of all four gradients, "mean" or "sum" (n times the mean).

    Raises CheckFailed if they keep to neither. `tolerance` is relative to the largest element of
    each gradient; central differences in float64 are accurate to 1e-8 of it, and a wrong formula is
    off by far more.
    """
    if not isinstance(gradients, dict):
        raise CheckFailed(
            f"backward returned a {type(gradients).__name__}",
            "a dict of four arrays",
            kind="wrong-type",
            hint=RETURN_MISSING if gradients is None else 'the keys are "W1", "b1", "W2" and "b2".',
        )
    answers = {}
    for name, expected in mean.items():
        if name not in gradients:
            raise CheckFailed(
                f"the key {name!r} is missing, got {sorted(map(str, gradients))}",
                "W1, b1, W2 and b2",
                hint="name each gradient after its parameter.",
            )
        got = expect_numbers(
            f'gradients["{name}"]', gradients[name], f"an array of shape {expected.shape}"
        )
        if expected.ndim == 1 and got.shape == (1, len(expected)):
            got = got[0]
        if got.shape != expected.shape:
            raise CheckFailed(
                f'gradients["{name}"] has shape {got.shape}',
                f"{expected.shape}, that of {name}",
                kind="wrong-shape",
                hint=_shape_hint(got.shape, expected.shape),
            )
        if not np.isfinite(got).all():
            raise CheckFailed(
                f'gradients["{name}"] has elements that are not finite', kind="not-finite"
            )
        answers[name] = got
    conventions = {"mean": 1.0, "sum": float(n)}
    right = {
        convention: [
            name for name in mean if _is_close(answers[name], factor * mean[name], tolerance)
        ]
        for convention, factor in conventions.items()
    }
    for convention, names in right.items():
        if len(names) == len(mean):
            return convention
    raise CheckFailed(_gradient_verdict(answers, mean, right, n), hint=_gradient_hint(right))


def _is_close(got: np.ndarray, expected: np.ndarray, tolerance: float) -> bool:
    return bool(np.abs(got - expected).max() <= tolerance * (np.abs(expected).max() + 1e-12))


def _shape_hint(got: tuple[int, ...], expected: tuple[int, ...]) -> str:
    if got == expected[::-1] and len(got) == 2:
        return "it is transposed: swap the factors of the matrix product."
    if len(got) > len(expected) and math.prod(got) == math.prod(expected):
        return "drop the extra axis."
    if len(got) > len(expected):
        return "sum over the images, axis 0."
    return "each gradient has the shape of its parameter."


def _gradient_verdict(
    answers: dict[str, np.ndarray], mean: dict[str, np.ndarray], right: dict[str, list[str]], n: int
) -> str:
    lines = []
    for name, expected in mean.items():
        agrees = [convention for convention in ("mean", "sum") if name in right[convention]]
        if agrees:
            lines.append(f"{name} is right ({agrees[0]} over the batch)")
        else:
            ratio = _constant_ratio(answers[name], expected)
            lines.append(
                f"{name} is wrong"
                + (f" (the mean's gradient times {ratio:.6g})" if ratio is not None else "")
            )
    return f"the gradients differ from numerical ones for a batch of {n}: {'; '.join(lines)}"


def _constant_ratio(got: np.ndarray, expected: np.ndarray) -> float | None:
    """The factor between the two if it is the same everywhere, else None."""
    norm = float(np.vdot(expected, expected))
    ratio = float(np.vdot(expected, got)) / norm if norm else 0.0
    return ratio if abs(ratio) > 1e-6 and _is_close(got, ratio * expected, 1e-4) else None


def _gradient_hint(right: dict[str, list[str]]) -> str:
    if set(right["mean"]) - set(right["sum"]) and set(right["sum"]) - set(right["mean"]):
        return (
            "some gradients are summed over the batch and some averaged; keep to one for all four."
        )
    found = right["mean"] or right["sum"]
    if "W2" in found or "b2" in found:
        return "the output layer is right; follow dz2 back through W2, then through ReLU at z1."
    return "start at dz2 = a2 - y_true: all four gradients depend on it."

"""From the loss to the parameters: fresh gradients, one step of the optimizer that was passed in."""

from __future__ import annotations

import math
from itertools import combinations_with_replacement
from typing import Any

from assignment.failure import CheckFailed, quoted

DISTANCE = 0.2  # of the optimizer's step, by which others may move the parameters along it: decay
VECTORS = ("fresh", "left", "followed")  # gradients of a parameter, as observing/steps.py has them
ALONG = 0.97  # the cosine above which two directions are the same, but for clipping and rounding


def descent_faults(answer: dict[str, Any]) -> list[CheckFailed]:
    """Why the parameters did not follow this batch's gradients in one step; empty if they did.

    `answer` is what observing/steps.py found.
    """
    rows, found = answer["parameters"], list[CheckFailed]()
    try:
        expect_own_step(answer, rows)
        expect_movement(answer, rows)
    except CheckFailed as fault:
        return [fault]
    if answer["twice"]:
        found.append(
            CheckFailed(
                "backward() was called twice on the same loss",
                "once: each call adds the gradients again",
                kind="torch-several-steps",
                hint="delete the second call.",
            )
        )
    if answer["steps"] > 1:
        found.append(
            CheckFailed(
                f"the optimizer's step() ran {answer['steps']} times",
                "a single step",
                kind="torch-several-steps",
                hint="call the optimizer's step() once per batch.",
            )
        )
    try:
        expect_this_batch_alone(rows)
        if answer["steps"] == 1:
            expect_plain_step(rows)
    except CheckFailed as fault:
        found.append(fault)
    return found


def expect_plain_step(rows: list[dict[str, Any]]) -> None:
    """Raises CheckFailed if anything but the optimizer moved the parameters."""
    graded = _graded(rows)
    farther = _product(graded, "moved", "stepped") / max(_product(graded, "stepped"), 1e-300)
    if _cosine(graded, "moved", "followed") < ALONG or abs(farther - 1) > DISTANCE:
        raise CheckFailed(
            "the parameters did not move as the optimizer's step() moves them",
            "one step of the optimizer",
            kind="torch-own-optimizer",
            hint="the optimizer's step() alone changes the parameters.",
        )


def expect_own_step(answer: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Raises CheckFailed if something other than the optimizer took a step."""
    moved = any(not row["still"] for row in _graded(rows))
    if answer["others"] or (moved and not answer["steps"]):
        what = (
            "the step was taken by another optimizer"
            if answer["others"]
            else "the parameters changed without the optimizer's step()"
        )
        raise CheckFailed(
            what,
            "a step of the optimizer that is passed in",
            kind="torch-own-optimizer",
            hint="use the argument `optimizer`: configure_optimizer made it, and it keeps the "
            "learning rate and the momentum from step to step.",
        )


def expect_movement(answer: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Raises CheckFailed unless a step moved every parameter that has a gradient."""
    graded = _graded(rows)
    if all(row["still"] for row in graded):
        raise _explained(answer, rows)
    largest = max(row["largest"] for row in graded)
    for row in graded:
        # a bias before a batch normalisation has a gradient of 0, except for rounding
        if row["still"] and row["largest"] > 1e-3 * largest:
            raise CheckFailed(
                f"{quoted(row['name'])} did not change in a step",
                "a change of every parameter",
                hint="does the optimizer's step() come after backward(), for all parameters?",
            )


def _explained(answer: dict[str, Any], rows: list[dict[str, Any]]) -> CheckFailed:
    """Why no parameter moved: no step, gradients zeroed too early, detached loss, no gradients."""
    if answer["reached"] and not answer["steps"]:
        return CheckFailed(
            "gradients were computed but no parameter changed",
            "a step downhill",
            kind="torch-no-step",
            hint="the optimizer's step() moves the parameters, after the gradients are computed.",
        )
    if answer["reached"]:
        return CheckFailed(
            "the gradients were cleared before a step could follow them"
            if not answer["gradients_left"]
            else "the optimizer's step() came before the gradients were computed",
            "a step downhill",
            kind="torch-no-backward",
            hint="in order: zero the gradients, backward() of the loss, the optimizer's step().",
        )
    if answer["backwards"]:
        return CheckFailed(
            "backward was called, but no parameter got a gradient",
            "a loss that depends on all of them",
            kind="torch-loss-detached",
            hint="is the loss computed from what forward returned?",
        )
    return CheckFailed(
        "no parameter changed, and there are no gradients",
        "a step downhill",
        kind="torch-no-backward",
        hint="backward() of the loss computes the gradients that the optimizer's step() follows.",
    )


def expect_this_batch_alone(rows: list[dict[str, Any]]) -> None:
    """Raises CheckFailed unless the optimizer found this batch's gradients, clipped or not."""
    graded = _graded(rows)
    if _adds_last_batch(graded) or any(_follows_last_batch(row, graded) for row in graded):
        raise CheckFailed(
            "the step followed the last batch's gradients too",
            "the gradients of this batch only",
            kind="torch-no-zero-grad",
            hint="PyTorch adds new gradients to old ones: zero them in every step.",
        )
    if _cosine(graded, "followed", "fresh") < ALONG and not _clipped(graded):
        raise CheckFailed(
            "the optimizer followed something other than the gradients of this batch",
            "the gradients that backward() of the loss computed",
            hint="nothing but clipping may change the gradients before the optimizer's step().",
        )


def _clipped(graded: list[dict[str, Any]]) -> bool:
    """Whether each parameter's gradient is this batch's but for its length, or cut off somewhere."""
    largest = max(row["largest"] for row in graded)
    return all(
        row["shrunk"]
        or _cosine([row], "followed", "fresh") >= ALONG
        or row["largest"] <= 1e-3 * largest
        for row in graded
    )


def _adds_last_batch(graded: list[dict[str, Any]]) -> bool:
    """Whether what the optimizer found is a fresh + b left, with a share b of what was left.

    The two are compared by their factors, since a gradient may be scaled by any number.
    """
    p = {pair: _product(graded, *pair) for pair in combinations_with_replacement(VECTORS, 2)}
    fresh, left, both = p["fresh", "fresh"], p["left", "left"], p["fresh", "left"]
    apart = fresh * left - both**2
    if apart <= 1e-6 * fresh * left:
        return False
    a = (p["fresh", "followed"] * left - p["left", "followed"] * both) / apart
    b = (p["left", "followed"] * fresh - p["fresh", "followed"] * both) / apart
    rest = p["followed", "followed"] - a * p["fresh", "followed"] - b * p["left", "followed"]
    return b > 0.1 * abs(a) and rest <= 0.01 * b**2 * apart / fresh


def _follows_last_batch(row: dict[str, Any], graded: list[dict[str, Any]]) -> bool:
    """Whether what the optimizer found is the last batch's gradient rather than this one's."""
    total = math.sqrt(sum(one["fresh fresh"] for one in graded))
    return (
        math.sqrt(row["left left"]) > total
        and _cosine([row], "left", "followed") > 0.95
        and _cosine([row], "fresh", "followed") < 0.95
    )


def _graded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parameters that got a gradient in this step; all of them if none did."""
    return [row for row in rows if row["graded"]] or rows


def _cosine(rows: list[dict[str, Any]], a: str, b: str) -> float:
    """Of two vectors, over several parameters."""
    return _product(rows, a, b) / max(math.sqrt(_product(rows, a) * _product(rows, b)), 1e-300)


def _product(rows: list[dict[str, Any]], one: str, other: str | None = None) -> float:
    """The inner product of two vectors over several parameters, or of one with itself."""
    other = other or one
    name = f"{one} {other}" if f"{one} {other}" in rows[0] else f"{other} {one}"
    return sum(float(row[name]) for row in rows)

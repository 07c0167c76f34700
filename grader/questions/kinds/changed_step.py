"""What does training_step do with one statement moved, or without it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from assignment.answers import Tensor
from assignment.handles import probe
from assignment.questions.drafting import Choice, Draft
from assignment.questions.question import OPTIONS
from grader.questions.changed_lines import Change, changes_of
from grader.questions.subject import Subject

STEPS, IMAGES = 2, 16
MOST = 8  # changes that are tried

# effect: the option, and what a reader believes who takes it for the right one
EFFECTS: dict[str, tuple[str, str, str]] = {
    "same": ("both steps do the same as before", "the change does not matter", ""),
    "never": (
        "neither step changes any parameter",
        "no gradient reaches the optimizer, or it takes no step",
        "torch-no-step",
    ),
    "second": (
        "the first step does the same as before, the second does not",
        "gradients of the first step are still there in the second",
        "torch-no-zero-grad",
    ),
    "late": (
        "the first step changes no parameter, the second does",
        "the optimizer follows the gradients of the step before",
        "",
    ),
    "other": (
        "already the first step changes parameters in another way",
        "the optimizer follows other gradients from the start",
        "",
    ),
    "error": ("the first step ends with an error", "a name or a graph is missing then", ""),
}


@dataclass(frozen=True)
class _Steps:
    states: np.ndarray
    returned: list[float]
    failed: int


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for each change that was tried."""
    changes = changes_of(subject, f"{subject.part.class_name}.training_step")
    changes = [changes[i] for i in rng.permutation(len(changes))[:MOST]]
    own, *others = _steps(subject, changes)
    if own is None or own.failed:
        return
    found = [
        (change, effect)
        for change, other in zip(changes, others, strict=True)
        if (effect := _effect(own, other))
    ]
    effects = [effect for _, effect in found]
    for change, effect in found:
        option, belief, _ = EFFECTS[effect]
        yield Draft(
            text="This is the body of your training_step after one statement was moved or left "
            "out. A new network takes two steps with it, with two batches, by plain gradient "
            "descent. What happens, compared with your own?",
            key=option,
            others=tuple(_others(effect, effects, rng)),
            why=f"`{change.statement}` was {change.what}. Both versions were run: {option}; "
            f"{belief}.",
            code=change.code,
            evidence={
                "how": "two steps of both versions were run, and the parameters compared",
                "change": change.what,
                "effect": effect,
            },
            balance=effect,
        )


def _steps(subject: Subject, changes: list[Change]) -> list[_Steps | None]:
    """The steps of the student's own network, and of that with each change."""
    X, y = Tensor(subject.images[:IMAGES]), Tensor(np.arange(IMAGES) % 10)
    sources = [np.frombuffer(change.source.encode(), np.uint8) for change in changes]
    answers = probe(subject.network(), "several_steps", X, y, STEPS, sources)
    return [
        None
        if answer is None
        else _Steps(
            np.asarray(answer["states"], np.float64),
            [float(value) for value in answer["returned"]],
            int(answer["failed"]),
        )
        for answer in answers
    ]


def _effect(own: _Steps, other: _Steps | None) -> str:
    """Which of the effects, "" for none of them."""
    if other is None:
        return ""
    if other.failed:
        return "error" if other.failed == 1 else ""
    if own.states.shape != other.states.shape or not np.isfinite(other.states).all():
        return ""
    first, second = (_same(own.states[i], other.states[i]) for i in (1, 2))
    if first and second:
        same = np.allclose(own.returned, other.returned, rtol=1e-4)
        return "same" if same else ""
    if first:
        return "second"
    changes = [not _same(other.states[i], other.states[i + 1]) for i in (0, 1)]
    return {
        (False, False): "never",
        (False, True): "late",
        (True, True): "other",
    }.get((changes[0], changes[1]), "")


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.allclose(a, b, rtol=1e-6, atol=1e-7))


def _others(effect: str, found: list[str], rng: np.random.Generator) -> Iterator[Choice]:
    """Effects of other changes first, so that the right one is not the only one that can occur."""
    occurring = [name for name in EFFECTS if name in found and name != effect]
    rest = [name for name in EFFECTS if name not in found]
    order = [
        *(occurring[i] for i in rng.permutation(len(occurring))),
        *(rest[i] for i in rng.permutation(len(rest))),
    ]
    for name in order[: OPTIONS - 1]:
        option, belief, misconception = EFFECTS[name]
        yield Choice(option, belief, misconception)

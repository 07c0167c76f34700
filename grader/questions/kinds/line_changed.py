"""What does a change to one line do: which gradients does it alter, and to what?"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from assignment.checks.numpy.cases import NAMES
from assignment.questions import subsets
from assignment.questions.array_at_line import in_words
from assignment.questions.drafting import Choice, Draft
from assignment.questions.question import Code
from assignment.questions.small_network import Batch, different_sizes, random_batch, whole_batch
from grader.questions.changed import Gradients, different, gradients
from grader.questions.subject import Subject
from grader.variants.variants import Variant

# what one line can change: itself and all that follows from it
OCCURRING = (
    (), ("W1",), ("b1",), ("W2",), ("b2",), ("W1", "b1"), ("W1", "b1", "W2"), NAMES,
)  # fmt: skip
TRIED = 12  # changes, of which about half still run
OFTEN = 0.7  # how often "all four" is left out, if there are enough other answers
ENOUGH = 6  # of those that run


def which(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """Which of the four gradients come out different?"""
    batch = random_batch(different_sizes(rng), rng)
    right, changed = _all(subject, batch, rng)
    answers = [(variant, different(right, found)) for variant, found in changed]
    answers = [(variant, names) for variant, names in answers if tuple(names) in OCCURRING]
    # most lines come before all gradients, and a guesser would know
    without = [(variant, names) for variant, names in answers if len(names) < len(NAMES)]
    if len({tuple(names) for _, names in without}) > 1 and rng.random() < OFTEN:
        answers = without
    for variant, names in answers:
        yield Draft(
            text="One line of your script is changed as shown here. Which gradients that backward "
            "returns come out different?",
            key=subsets.in_words(names),
            others=tuple(subsets.others(names, OCCURRING)),
            why="Both scripts were run on the same random batch, and their gradients compared. A "
            "value matters for all that is computed from it later, and for nothing else.",
            code=_shown(subject, variant),
            evidence={
                "how": "the script was run with and without the change",
                "operator": variant.operator,
                "differ": names,
            },
        )


def value(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """What is a gradient after the change?"""
    batch = whole_batch(subject, rng)
    right, changed = _all(subject, batch, rng)
    given = {"X": batch.X, **batch.parameters, "y_true": batch.Y}
    shown = ", ".join(f"{name} = {in_words(value)}" for name, value in given.items())
    for variant, found in changed:
        for name in different(right, found):
            shape = batch.parameters[name].shape
            if not _is_whole(found[name]):
                continue
            others = [Choice(in_words(right[name].reshape(shape)), "the change made no difference")]
            others += [
                Choice(in_words(other[name].reshape(shape)), f"the change were: {_short(one)}")
                for one, other in changed
                if one is not variant and _is_whole(other[name])
            ]
            yield Draft(
                text=f"One line of your script is changed as shown here. Then this batch is given "
                f"to forward and backward: {shown}. Which gradient of {name} does backward return?",
                key=in_words(found[name].reshape(shape)),
                others=tuple(others),
                why="The changed script was run on this batch; without the change, the gradient of "
                f"{name} is {in_words(right[name].reshape(shape))}.",
                code=_shown(subject, variant),
                evidence={
                    "how": "the script was run with the change",
                    "operator": variant.operator,
                    "gradient": name,
                },
                balance=f"{variant.operator} {name}",
            )


def _all(
    subject: Subject, batch: Batch, rng: np.random.Generator
) -> tuple[Gradients, list[tuple[Variant, Gradients]]]:
    """The gradients as they are, and after each of some changes that still run."""
    right = gradients(subject, batch)
    if right is None:
        raise ValueError("backward gives no finite gradients")
    candidates = [variant for variant in subject.variants if _is_short(variant)]
    # one for each line first, since some lines have many more changes than others
    rounds: dict[int, list[Variant]] = {}
    of_line: dict[int, int] = {}
    for i in rng.permutation(len(candidates)):
        number = of_line[candidates[i].line] = of_line.get(candidates[i].line, 0) + 1
        rounds.setdefault(number, []).append(candidates[i])
    chosen = [variant for number in sorted(rounds) for variant in rounds[number]]
    found: list[tuple[Variant, Gradients]] = []
    for variant in chosen[:TRIED]:
        changed = gradients(subject, batch, variant.source)
        if changed is not None:
            found.append((variant, changed))
        if len(found) == ENOUGH:
            break
    return right, found


def _is_short(variant: Variant) -> bool:
    """Whether the statement and its change are one line each."""
    is_short = "\n" not in variant.before + variant.after and bool(variant.after)
    if variant.operator == "swap operands" and "/" in variant.before:  # nobody would
        return False
    return is_short and (variant.operator != "other name" or _is_plausible(variant))


def _is_plausible(variant: Variant) -> bool:
    """Whether a name was exchanged for one that looks almost the same, such as z1 for a1."""
    words = [re.findall(r"\w+", text) for text in (variant.before, variant.after)]
    pairs = [(a, b) for a, b in zip(*words, strict=False) if a != b]
    return len(pairs) == 1 and _is_alike(*pairs[0])


def _is_alike(one: str, other: str) -> bool:
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _short(variant: Variant) -> str:
    return f"line {variant.line} becomes {variant.after}"


def _shown(subject: Subject, variant: Variant) -> Code:
    return Code(f"{subject.name}.py", variant.line, f"{variant.after}  # was: {variant.before}")


def _is_whole(value: np.ndarray) -> bool:
    return bool(np.abs(value).max() < 1e5 and np.allclose(value, np.round(value), atol=1e-6))

"""How many values does dropout set to zero in the last of the lines that are shown?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from assignment.questions.drafting import Draft
from grader.questions.call_sequences import (
    CALL,
    EVAL,
    GIVEN,
    PREDICT,
    STEP,
    TRAIN,
    as_code,
    observed,
)
from grader.questions.own_layers import path_of
from grader.questions.spread import Wrong, spread
from grader.questions.subject import Subject

# most leave dropout on in the last line, or off; what they do with this network is observed
MOSTLY_ON = (
    (STEP,), (CALL,), (TRAIN, STEP), (STEP, CALL), (STEP, STEP), (EVAL, TRAIN, CALL),
    (PREDICT, TRAIN, CALL), (PREDICT, TRAIN, STEP),
)  # fmt: skip
MOSTLY_OFF = (
    (PREDICT,), (STEP, PREDICT), (TRAIN, PREDICT), (EVAL, CALL), (PREDICT, CALL), (PREDICT, STEP),
    (EVAL, STEP), (TRAIN, STEP, PREDICT),
)  # fmt: skip
IMAGES = 20  # with 20, the average is a whole number for usual shares
NEAR = 0.3  # how far a measured average may be from the layer's share, as a part of it
TRIES = 4
RESTS = 0.25  # share of questions in which dropout rests, as one of four options says


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question about a sequence of calls; in most, dropout works in the last."""
    for _ in range(TRIES):
        sequences = MOSTLY_OFF if rng.random() < RESTS else MOSTLY_ON
        calls = sequences[int(rng.integers(len(sequences)))]
        dropouts = observed(subject, calls, IMAGES)["dropouts"]
        if not dropouts:
            return
        names = sorted(map(str, dropouts))
        name = names[int(rng.integers(len(names)))]
        draft = _draft(subject, calls, name, dropouts, rng)
        if draft is not None:
            yield draft
            return


def _draft(
    subject: Subject,
    calls: tuple[str, ...],
    name: str,
    dropouts: dict[str, dict[str, Any]],
    rng: np.random.Generator,
) -> Draft | None:
    share = float(dropouts[name]["p"])
    given, zeroed = int(dropouts[name]["given"][-1]), float(dropouts[name]["zeroed"][-1])
    average = share * given
    if not 0 < share < 1 or not given or abs(average - round(average)) > 1e-6:
        return None
    if zeroed and abs(zeroed - average) > NEAR * average:
        return None  # a layer that is used in another way
    key = round(average) if zeroed else 0
    nothing = Wrong(0, "dropout rested in this line")
    wrong = list(_mistaken(given, share, IMAGES, dropouts, name))
    return Draft(
        text=f"{GIVEN.format(n=IMAGES)} During the last line, how many values does your layer "
        f"self.{path_of(name)} multiply by 0, on average?",
        key=f"{key:,}",
        others=spread(key, wrong, rng, smallest=nothing if key else None),
        why=f"In this line, {given:,} values reach the layer, whose share is {share:g}. "
        + (
            f"It is in training mode, and {share:g} * {given:,} is {key:,}."
            if key
            else "It is in evaluation mode, where it changes nothing."
        ),
        code=as_code(subject, calls),
        evidence={"how": "the lines were run, and the layer was watched", "layer": name},
    )


def _mistaken(
    given: int, share: float, n: int, dropouts: dict[str, dict[str, Any]], name: str
) -> Iterator[Wrong]:
    """The numbers that known misunderstandings lead to."""
    yield Wrong(round(share * given), "dropout worked in this line", "torch-not-in-eval-mode")
    yield Wrong(round((1 - share) * given), "its number was the share of values that are kept")
    yield Wrong(given, "dropout set all values to zero")
    yield Wrong(round(share * given / n), "one image was meant, not the batch")
    yield Wrong(round((1 - share) * given / n), "it was the share that is kept, of one image")
    yield Wrong(round(share * n), "dropout left out whole images")
    yield Wrong(round(share * given * 2), "dropout worked in the backward pass a second time")
    yield Wrong(round((1 - share) * share * given), "values that are kept were drawn once more")
    for other, facts in dropouts.items():
        if other != name:
            count = float(facts["p"]) * int(facts["given"][-1])
            yield Wrong(round(count), f"the question was about self.{path_of(other)}")

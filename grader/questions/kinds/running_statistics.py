"""How many batches do the lines that are shown add to running statistics?"""

from __future__ import annotations

from collections.abc import Iterator

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

LINES = (6, 10)  # at least and at most
IMAGES = 8
MOST = 7  # batches that a usual network adds
CALLS = (TRAIN, TRAIN, EVAL, CALL, CALL, STEP, STEP, PREDICT, PREDICT)
TRIES = 300


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question about a random sequence of calls, for networks with batch normalisation."""
    calls = _drawn(rng)
    tracked = observed(subject, calls, IMAGES)["tracked"]
    if not tracked:
        return
    names = sorted(map(str, tracked))
    name = names[int(rng.integers(len(names)))]
    added = [int(number) for number in tracked[name]]
    key = sum(added)
    yield Draft(
        text=f"{GIVEN.format(n=IMAGES)} How many batches do these lines add to the running "
        f"statistics of your layer self.{path_of(name)}?",
        key=f"{key:,}",
        others=spread(key, _mistaken(calls, key), rng),
        why="Line by line: " + ", ".join(map(str, added)) + ". Only in training mode are they "
        "updated, whichever method calls the network.",
        code=as_code(subject, calls),
        evidence={"how": "the lines were run, and the layer's counter was read", "layer": name},
    )


def _drawn(rng: np.random.Generator) -> list[str]:
    """Calls of which a usual network adds each number of batches equally often."""
    wanted = int(rng.integers(MOST + 1))
    calls: list[str] = []
    for _ in range(TRIES):
        count = int(rng.integers(LINES[0], LINES[1] + 1))
        calls = [CALLS[i] for i in rng.integers(len(CALLS), size=count)]
        if _usual(calls) == wanted:
            break
    return calls


def _usual(calls: list[str]) -> int:
    """The batches added if predict leaves the network in evaluation mode, as most do."""
    added, is_training = 0, True
    for call in calls:
        added += is_training and call in (CALL, STEP)
        is_training = call == TRAIN or (is_training and call not in (EVAL, PREDICT))
    return added


def _mistaken(calls: list[str], key: int) -> Iterator[Wrong]:
    """The numbers that known misunderstandings lead to."""
    runs = [call for call in calls if call in (CALL, STEP, PREDICT)]
    yield Wrong(len(runs), "each batch that goes through was added, whatever the mode")
    yield Wrong(calls.count(STEP), "each training step added its batch, and nothing else did")
    yield Wrong(calls.count(STEP) + calls.count(CALL), "all but predict added their batch")
    yield Wrong(calls.count(CALL), "calls of net added their batch, and training steps did not")
    yield Wrong(calls.count(PREDICT), "predict added its batch, and nothing else did")
    yield Wrong(0, "batches were added by fit alone")
    yield Wrong(len(calls), "each line added a batch")
    yield Wrong(key - 1, "the first batch only set them up")
    yield Wrong(key - calls.count(CALL), "calls of net by themselves added none")
    yield Wrong(key - calls.count(STEP), "training steps added none")
    yield Wrong(key + 1, "the batch that created the layer was one of them")
    yield Wrong(key + calls.count(PREDICT), "predict added its batch too")
    yield Wrong(key + calls.count(STEP), "a training step added its batch forward and backward")
    yield Wrong(len(runs) - key, "they were updated in evaluation mode")

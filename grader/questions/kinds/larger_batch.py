"""How many updates does fit make if the batch size is changed?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assignment.questions.drafting import Draft
from grader.questions.fit_calls import Run, constants, drawn_run, step_name, updates
from grader.questions.spread import Wrong, spread
from grader.questions.subject import Subject

# how many times as large, in words
FACTORS = ((2.0, "doubled"), (3.0, "tripled"), (0.5, "halved"))


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question about one change of BATCH_SIZE."""
    size, step = subject.whole("BATCH_SIZE"), step_name(subject)
    factor, in_words = FACTORS[int(rng.integers(len(FACTORS)))]
    changed = int(size * factor)
    run = drawn_run(max(size, changed), 1, rng)
    if changed != size * factor or run is None:
        return
    run = replace(run, batch_size=changed)
    before, key = updates(subject, replace(run, batch_size=size)), updates(subject, run)
    yield Draft(
        text=f"In your script, BATCH_SIZE is {in_words}, and nothing else is changed. How many "
        f"times does fit call {step} in one epoch of {run.images:,} training images?",
        key=f"{key:,}",
        others=spread(key, _mistaken(run, before, key, factor), rng),
        why=f"With {size:,} images in a batch, your fit calls {step} {before:,} times an epoch; "
        f"with {changed:,} it calls it {key:,} times.",
        code=constants(subject, "BATCH_SIZE"),
        evidence={
            "how": f"fit was run with both batch sizes, and calls of {step} were counted",
            "images": run.images,
            "before": before,
        },
    )


def _mistaken(run: Run, before: int, key: int, factor: float) -> Iterator[Wrong]:
    """The numbers that known misunderstandings lead to; `run` has the changed batch size."""
    yield Wrong(before, "the batch size did not change the number")
    yield Wrong(round(before * factor), "the number grew with the batch size")
    yield Wrong(round(before / factor**2), "the batch size counted twice")
    yield Wrong(round(before / factor**0.5), "the number changed with the square root")
    yield Wrong(run.full, "the images after the last full batch were left out")
    yield Wrong(run.full + 1, "a last batch came after the full ones, even without images")
    yield Wrong(run.full - 1, "the last batch of an epoch was left out")
    yield Wrong(run.batch_size, "an epoch had as many updates as a batch has images")
    yield Wrong(abs(before - key), "the question was how many updates come or go")
    yield Wrong(before + key, "the updates of both runs were added up")
    yield Wrong(run.images, "each image was an update of its own")

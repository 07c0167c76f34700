"""How many updates does fit make, in an epoch or in all?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assignment.questions.drafting import Draft
from grader.questions.fit_calls import Run, constants, drawn_run, step_name, updates
from grader.questions.spread import Wrong, spread
from grader.questions.subject import Subject


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question about one epoch, and one about the whole run."""
    batch_size, step = subject.whole("BATCH_SIZE"), step_name(subject)
    all_epochs = subject.whole("EPOCHS")
    for epochs, how_long in ((1, "in one epoch"), (all_epochs, "in a whole run")):
        run = drawn_run(batch_size, epochs, rng)
        if run is None:
            continue
        key = updates(subject, run)
        yield Draft(
            text=f"With the constants of your script and {run.images:,} training images: how many "
            f"times does fit call {step} {how_long}?",
            key=f"{key:,}",
            others=spread(key, mistaken(run, all_epochs, subject), rng),
            why=f"{run.images:,} images are {run.full:,} batches of {batch_size:,} and {run.rest:,} "
            f"more, so fit calls {step} {key // epochs:,} times an epoch"
            + (f", and {key:,} times in {epochs:,} epochs." if epochs > 1 else "."),
            code=constants(subject, "EPOCHS", "BATCH_SIZE"),
            evidence={"how": f"fit was run, and calls of {step} were counted", **vars(run)},
            balance=how_long,
        )


def mistaken(run: Run, all_epochs: int, subject: Subject) -> Iterator[Wrong]:
    """The numbers that known misunderstandings lead to."""
    full, epochs = run.full, run.epochs
    in_epoch = full + (run.rest > 0)
    yield Wrong(full * epochs, "the images after the last full batch were left out")
    yield Wrong((full + 1) * epochs, "a last batch came after the full ones, even without images")
    yield Wrong(in_epoch, "the whole run was one epoch")
    yield Wrong(in_epoch * all_epochs, "the question was about a whole run")
    yield Wrong(run.images * epochs, "each image was an update of its own")
    yield Wrong(epochs, "an epoch was one update")
    yield Wrong(run.batch_size * epochs, "an epoch had as many updates as a batch has images")
    yield Wrong(in_epoch + epochs, "epochs were added, not multiplied")
    yield Wrong((full - 1) * epochs, "the last batch of an epoch was left out")
    yield Wrong(2 * in_epoch * epochs, "validation took as many updates as training")
    yield Wrong(in_epoch * (epochs + 1), "there was an epoch before the first")
    if epochs > 1:
        yield Wrong(in_epoch * (epochs - 1), "the last epoch did not count")
    if subject.name != "pytorch_cnn":
        size = subject.whole("HIDDEN_SIZE")
        yield Wrong(-(-run.images // size) * epochs, "a batch had HIDDEN_SIZE images")

"""How many updates a student's fit makes, by running it on a few images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assignment.answers import Tensor
from assignment.handles import probe
from assignment.questions.question import Code
from grader.questions.subject import Subject
from grader.training.training_notes import counted, step_of, watch

MOST = 60_000  # images that fit may go through, each epoch counted
BATCHES = (3, 40)  # full batches in an epoch, at least and at most
TOGETHER = 6  # lines of constants that are shown as one
CLASSES = 10
SMALL = 4  # pixels and hidden units of part 1's network, which really trains


@dataclass(frozen=True)
class Run:
    """A run of fit to ask about."""

    images: int
    epochs: int
    batch_size: int

    @property
    def full(self) -> int:
        """Full batches in an epoch."""
        return self.images // self.batch_size

    @property
    def rest(self) -> int:
        """Images after those."""
        return self.images % self.batch_size


def step_name(subject: Subject) -> str:
    """What fit calls for each batch."""
    return step_of(subject.name == "numpy_ann")


def drawn_run(batch_size: int, epochs: int, rng: np.random.Generator) -> Run | None:
    """A number of images: in half of the runs, the last batch is full. None if it takes too long."""
    fewest, most = BATCHES
    most = min(most, MOST // (epochs * batch_size) - 1)
    if most < fewest:
        return None
    rest = int(rng.integers(1, batch_size)) if batch_size > 1 and rng.integers(2) else 0
    return Run(int(rng.integers(fewest, most + 1)) * batch_size + rest, epochs, batch_size)


def updates(subject: Subject, run: Run) -> int:
    """How often fit calls the step. Raises ValueError if that could not be counted."""
    found: int | None
    if subject.name == "numpy_ann":
        found = _of_numpy(subject, run)
    else:
        image = Tensor(np.zeros((1, *subject.part.image_shape), np.float32))
        found = probe(subject.network(), "fit_steps", image, run.images, run.epochs, run.batch_size)
    if type(found) is not int or found < 1:
        raise ValueError("the updates of fit could not be counted")
    return found


def _of_numpy(subject: Subject, run: Run) -> int | None:
    """The calls of backward while a small network of the student's class is fitted."""
    net = subject.module.NumpyANN(input_size=SMALL, hidden_size=SMALL, output_size=CLASSES, seed=0)
    X, Y = np.zeros((run.images, SMALL)), np.eye(CLASSES)[np.zeros(run.images, int)]
    name = step_name(subject)
    watch(subject.student, net, name)
    net.fit(X, Y, X[:1], Y[:1], epochs=run.epochs, batch_size=run.batch_size, learning_rate=0.01)
    calls = counted(subject.student, name)
    return calls.calls if calls else None


def constants(subject: Subject, *names: str) -> Code | None:
    """The lines from the first to the last of these constants; only the last if they are far."""
    found = [subject.constant_line(name) for name in names]
    lines = [code.line for code in found if code is not None]
    if len(lines) == len(names) and max(lines) - min(lines) < TOGETHER:
        return subject.code_of(min(lines), max(lines))
    return found[-1]

"""Which gradients are zero everywhere after the code that is shown?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assignment.checks.numpy.cases import NAMES
from assignment.questions.drafting import Draft
from assignment.questions.question import Code
from assignment.questions.script import Script
from assignment.questions.small_network import Batch, different_sizes, random_batch
from assignment.questions.subsets import in_words, others

OCCURRING = ((), ("W1",), ("W1", "b1"), ("W1", "b1", "W2"))
# what is done to the network or the batch, and what happens then
SITUATIONS: tuple[tuple[dict[str, float], str], ...] = (
    ({"net.b1": -1000}, "ReLU never fires, so a1 is zero and its slope is zero everywhere"),
    ({"net.b1": 1000}, "ReLU always fires, so its slope is one everywhere"),
    ({"net.W2": 0}, "nothing of dz2 gets back through W2"),
    ({"net.W1": 0, "net.b1": -1}, "ReLU never fires, as all of z1 is -1"),
    ({"net.W1": 0, "net.b1": 1}, "every hidden unit has the value 1 for every image"),
    ({"X": 0}, "the images are black, and W1's gradient is a product with them"),
    ({"X": 0, "net.b1": 0}, "z1 is zero, where a1 and the slope are zero too"),
    ({"net.W2": 0, "X": 0}, "nothing gets back through W2, and the images are black"),
)


def drafts(script: Script, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for each situation."""
    for change, what_happens in SITUATIONS:
        batch = random_batch(different_sizes(rng), rng)
        zero = [n for n, g in _gradients(script, batch, change).items() if not g.any()]
        lines = "".join(f"{name}[:] = {value:g}\n" for name, value in change.items())
        source = f"{lines}net.forward(X)\ngradients = net.backward(X, y_true)"
        if tuple(zero) not in OCCURRING:  # a guesser would see that no other is like it
            continue
        yield Draft(
            text="Before these lines, net is a new NumpyANN with random weights and biases, and X "
            "a batch of random images. Which gradients are zero everywhere afterwards?",
            key=in_words(zero),
            others=tuple(
                others(
                    zero, OCCURRING, missing="{} still got a gradient", more="{} got no gradient"
                )
            ),
            why=f"Here {what_happens}. The lines were run with your network.",
            code=Code("try.py", 1, source),
            evidence={"how": "the lines were run with the student's network", "zero": zero},
        )


def _gradients(script: Script, batch: Batch, change: dict[str, float]) -> dict[str, np.ndarray]:
    arrays = {"X": batch.X, **{f"net.{name}": v for name, v in batch.parameters.items()}}
    for name, value in change.items():
        arrays[name] = np.full_like(arrays[name], value)
    parameters = {name: arrays[f"net.{name}"] for name in NAMES}
    changed = replace(batch, parameters=parameters, X=arrays["X"])
    net = changed.network(script)
    net.forward(changed.X)
    return changed.gradients(net)

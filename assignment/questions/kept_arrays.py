"""Which gradients change if an array that forward keeps is overwritten before backward?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assignment.checks.numpy.cases import NAMES
from assignment.handles import as_array
from assignment.questions.drafting import Draft
from assignment.questions.script import Script
from assignment.questions.small_network import Batch, different_sizes, random_batch
from assignment.questions.subsets import in_words, others

# what changes in right code
OCCURRING = ((), ("W2",), ("W1", "b1"), ("W1", "b1", "W2"), NAMES)
KEPT = ("z1", "a1", "z2", "a2")


def drafts(script: Script, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for each of the four arrays that one line of forward keeps."""
    batch = random_batch(different_sizes(rng), rng)
    right = _gradients(script, batch, "", rng)
    for name in KEPT:
        lines = [s for s in script.statements if s.targets == (f"self.{name}",)]
        if len(lines) != 1:
            continue
        changed = _gradients(script, batch, name, rng)
        differ = [n for n in NAMES if not np.allclose(right[n], changed[n])]
        if tuple(differ) not in OCCURRING:  # a guesser would see that no other is like it
            continue
        yield Draft(
            text="After forward, the array that this line keeps is overwritten with other numbers "
            "of the same shape; then backward runs. Which gradients come out different?",
            key=in_words(differ),
            others=tuple(others(differ, OCCURRING)),
            why=f"Your backward was run with self.{name} as it was and with other numbers in it, of "
            "other signs too. What it does not read, directly or through another value, cannot matter.",
            code=script.code(lines[0]),
            evidence={"how": "backward was run with both", "array": name, "differ": differ},
        )


def _gradients(
    script: Script, batch: Batch, name: str, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The four gradients, with other numbers in one of the arrays that forward kept, "" for none.

    Of z1 only the signs may matter, so every sign changes; by chance, all of few could stay.
    """
    net = batch.network(script)
    net.forward(batch.X)
    if name:
        kept = as_array(getattr(net, name))
        setattr(net, name, np.where(kept > 0, -1, 1) * np.abs(rng.normal(size=np.shape(kept))))
    return batch.gradients(net)

"""A small network of the student's, to run forward and backward with known numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assignment.checks.numpy.cases import NAMES, Sizes, network_with
from assignment.handles import Handle, as_array
from assignment.questions.script import Script, Step

PASSES = ("NumpyANN.forward", "NumpyANN.backward")
TRIES = 3000  # one draw in some hundred will do
LARGE = 30  # between logits, softmax gives 0 and 1 to thirteen digits


@dataclass(frozen=True)
class Batch:
    """A network's parameters by name, images `X (n, d)` and one-hot targets `Y (n, k)`."""

    sizes: Sizes
    parameters: dict[str, np.ndarray]
    X: np.ndarray
    Y: np.ndarray

    def network(self, script: Script) -> Handle:
        """The student's network with these parameters, before any pass."""
        return network_with(script.module, self.parameters)

    def steps(self, script: Script) -> list[Step]:
        """What lines of forward and backward assigned in one pass.

        Not those of other functions: a line such as `out = z.copy()` says not whose z it is.
        """
        net = self.network(script)
        steps = script.steps([(net.forward, [self.X]), (net.backward, [self.X, self.Y])])
        return [step for step in steps if step.statement.function in PASSES]

    def gradients(self, net: Handle) -> dict[str, np.ndarray]:
        """The gradients of its backward by name, after a forward pass that has been made.

        Raises ValueError if they are not the four arrays.
        """
        answer = net.backward(self.X, self.Y)
        found = {name: np.ravel(as_array(answer[name])) for name in NAMES}
        if any(found[name].size != self.parameters[name].size for name in NAMES):
            raise ValueError("a gradient has another number of elements than its parameter")
        return found


def different_sizes(rng: np.random.Generator) -> Sizes:
    """Sizes from 2 to 9, no two of them equal, so that each shape says what it belongs to."""
    return Sizes(*(int(size) for size in rng.permutation(np.arange(2, 10))[:4]))


def random_batch(sizes: Sizes, rng: np.random.Generator) -> Batch:
    """Random numbers of ordinary size, in which nothing is zero by chance.

    Each hidden unit is on for some images and off for others, each image has a unit that is on, and
    the biases have both signs.
    """
    n, d, h, k = sizes.n, sizes.d, sizes.h, sizes.k
    for _ in range(TRIES):
        X, W1 = rng.uniform(size=(n, d)), rng.normal(size=(d, h))
        products = X.dot(W1)
        b1 = -products.mean(axis=0)
        if (products > -b1).any(axis=1).all() and b1.min() < 0 < b1.max():
            break
    W2, b2 = rng.normal(size=(h, k)), rng.normal(size=k)
    parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    return Batch(sizes, parameters, X, np.eye(k)[rng.integers(k, size=n)])


def whole_batch(script: Script, rng: np.random.Generator) -> Batch:
    """Two of each, in whole numbers. Softmax gives 0 and 1, so all gradients are whole too.

    Each hidden unit is on for one image and off for the other, and both images are classified
    wrong, so that no gradient is zero everywhere. Raises ValueError if no such network is drawn.
    """
    sizes = Sizes(2, 2, 2, 2)
    for _ in range(TRIES):
        draw = [rng.integers(-3, 4, shape).astype(float) for shape in ((2, 2), 2, (2, 2), 2)]
        W1, b1, W2, b2 = draw
        parameters = {"W1": W1, "b1": b1, "W2": LARGE * W2, "b2": LARGE * b2}
        X = rng.integers(0, 4, (2, 2)).astype(float)
        if not ((X.dot(W1) > -b1).sum(axis=0) == 1).all():
            continue
        batch = Batch(sizes, parameters, X, np.eye(2))
        net = batch.network(script)
        probabilities = as_array(net.forward(batch.X))
        hidden = as_array(net.a1)
        is_sure = np.abs(probabilities - np.round(probabilities)).max() < 1e-9
        if is_sure and ((hidden > 0).sum(axis=0) == 1).all() and probabilities.trace() < 0.5:
            return batch
    raise ValueError("no network with whole numbers was found")

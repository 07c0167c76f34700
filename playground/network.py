"""A network of any layers; one vector holds all parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from playground import stacks
from playground.arguments import check_images, check_labels
from playground.configuration import BUILDING_SETTINGS, TRAINING_SETTINGS, Configuration
from playground.errors import PlaygroundError
from playground.layers import Layer, Linear
from playground.losses import LOSSES
from playground.pixels import as_numbers, mirror_images
from playground.registry import choose
from playground.values import generator
from playground.vectors import Vectors

if TYPE_CHECKING:
    from playground.training import TrainingRun

BLOCK_SIZE = 1000  # images per forward pass in evaluation: their activations fit into the cache


class Snapshot(NamedTuple):
    """All that training changes in a network: its parameters and the state of its layers."""

    parameters: np.ndarray
    state: np.ndarray


class Network:
    """A stack of layers and a loss, built from a configuration or from a list of layers.

    `Network(784, 10, Configuration(…))` is the multilayer perceptron, or whatever the configuration
    names. `Network([Linear(784, 300), ReLU(), Linear(300, 10)])` has exactly these layers; of its
    configuration, `network`, `hidden_sizes`, `activation` and `dropout` are ignored. The network draws
    the parameters of all its layers; `layer.copy()` instead of a layer keeps those it has.

    `X (n, d)` holds numbers, or uint8 pixels, which are divided by 255. Labels `(n,)` run from 0 to
    k - 1. With `flips`, the logits are the mean over each image and its mirror image. All weights,
    then all biases, are views into `parameters (m,)`, and their gradients into `gradients (m,)`:
    one vector is faster to update, copy and save than many small arrays. `sizes` are the inputs
    and the outputs of each layer with weights; `rng` draws the parameters, then the dropout.

    Raises PlaygroundError if the layers do not fit together.

    >>> from playground.layers import ReLU
    >>> Network(784, 10, Configuration(hidden_sizes=(300, 100))).parameter_count
    266610
    >>> Network([Linear(784, 300), ReLU(), Linear(300, 10)])
    Network([Linear(784, 300), ReLU(), Linear(300, 10)])
    """

    @overload
    def __init__(
        self,
        inputs: Sequence[Layer],
        *,
        configuration: Configuration | None = None,
        seed: int | np.random.Generator = 0,
        dtype: Any = np.float32,
    ): ...

    @overload
    def __init__(
        self,
        inputs: int,
        classes: int,
        configuration: Configuration | None = None,
        *,
        seed: int | np.random.Generator = 0,
        dtype: Any = np.float32,
    ): ...

    def __init__(
        self,
        inputs: int | Sequence[Layer],
        classes: int | None = None,
        configuration: Configuration | None = None,
        *,
        seed: int | np.random.Generator = 0,
        dtype: Any = np.float32,
    ):
        self.configuration = Configuration() if configuration is None else configuration
        if not isinstance(self.configuration, Configuration):
            raise PlaygroundError(
                f"configuration is a {type(configuration).__name__}, expected a Configuration"
            )
        self.composed = isinstance(inputs, Sequence)
        self.layers = self._stack(inputs, classes)
        stacks.check(self.layers)
        self.shapes = stacks.output_shapes(self.layers)
        self.rng = generator(seed)
        stacks.initialize(self.layers, self.configuration.initializer, self.rng)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise PlaygroundError(f"dtype is {self.dtype}, expected float32 or float64")
        self._gather()
        self._choose_loss()

    def _stack(self, inputs: int | Sequence[Layer], classes: int | None) -> tuple[Layer, ...]:
        """The given layers, or those of the configuration."""
        if isinstance(inputs, Sequence) and classes is None:
            return tuple(inputs)
        if isinstance(inputs, Sequence) or classes is None:
            raise PlaygroundError(
                f"found Network({inputs!r}, {classes!r}), expected either Network(784, 10, "
                "Configuration()) or Network([Linear(784, 10)], configuration=Configuration())"
            )
        return tuple(stacks.from_configuration(inputs, classes, self.configuration))

    def _gather(self) -> None:
        """Gathers the layers' arrays into vectors."""
        self.vectors = Vectors(self.layers, self.dtype)
        self.linears = [layer for layer in self.layers if isinstance(layer, Linear)]
        self._first = next(i for i, layer in enumerate(self.layers) if layer.parameter_names)

    def _choose_loss(self) -> None:
        kind = LOSSES[self.configuration.loss]
        self.loss, self.plain_loss = kind(self.configuration.label_smoothing), kind()

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle keeps: the vectors would come apart from the layers' arrays,
        and the losses hold the last batch."""
        self.vectors.update()
        anew = ("vectors", "loss", "plain_loss")
        return {name: value for name, value in vars(self).items() if name not in anew}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._gather()
        self._choose_loss()

    def __repr__(self) -> str:
        return f"Network([{', '.join(map(repr, self.layers))}])"

    def summary(self) -> str:
        """A table of the layers: the shape of their output for one image, and their parameters.

        >>> from playground.layers import ReLU
        >>> print(Network([Linear(784, 300), ReLU(), Linear(300, 10)]).summary())
        layer               output  parameters
        Linear(784, 300)       300     235,500
        ReLU()                 300           0
        Linear(300, 10)         10       3,010
        total                          238,510
        """
        return stacks.table(self.layers, self.shapes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of inputs, then the number of outputs of each layer with weights."""
        outputs = [
            math.prod(shape)
            for layer, shape in zip(self.layers, self.shapes[1:], strict=True)
            if any(np.ndim(getattr(layer, name)) >= 2 for name in layer.parameter_names)
        ]
        return (self.shapes[0][0], *outputs)

    @property
    def parameters(self) -> np.ndarray:
        """All parameters, `(m,)`: changing the vector changes the layers."""
        self.vectors.update()
        return self.vectors.parameters

    @parameters.setter
    def parameters(self, values: np.ndarray) -> None:
        self.parameters[...] = values  # in place, so that the layers take part

    @property
    def weights(self) -> np.ndarray:
        """The part of `parameters` that weight decay shrinks."""
        self.vectors.update()
        return self.vectors.weights

    @weights.setter
    def weights(self, values: np.ndarray) -> None:
        self.weights[...] = values  # in place, so that the layers take part

    @property
    def gradients(self) -> np.ndarray:
        """The gradients of the last batch, `(m,)`."""
        self.vectors.update()
        return self.vectors.gradients

    @gradients.setter
    def gradients(self, values: np.ndarray) -> None:
        self.gradients[...] = values  # in place, so that the layers take part

    @property
    def parameter_count(self) -> int:
        """The number of trainable parameters."""
        return self.vectors.parameters.size

    def snapshot(self) -> Snapshot:
        """A copy of the parameters and of the state, such as running means, for `restore`."""
        self.vectors.update()
        return Snapshot(self.vectors.parameters.copy(), self.vectors.state.copy())

    def restore(self, snapshot: Snapshot) -> None:
        """Brings the parameters and the state back to a snapshot of a network of this shape."""
        self.vectors.update()
        self.vectors.parameters[...], self.vectors.state[...] = snapshot

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        X_val: np.ndarray | None = None,
        y_val: np.ndarray | None = None,
        *,
        seed: int | np.random.Generator = 0,
        verbose: bool = False,
        **settings: Any,
    ) -> TrainingRun:
        """Trains as `training.train` does, after changing settings, as in `fit(X, y, epochs=3)`.

        A second call goes on with the parameters and settings that the first one ended with; a new
        Network starts anew. If the training fails, the settings are those from before.

        Raises PlaygroundError for a setting that is unknown, or that the network is built from.
        """
        from playground.training import train  # which itself needs this module

        for name in settings:
            if name in BUILDING_SETTINGS:
                raise PlaygroundError(
                    f"{name} cannot be changed, because the network is built from it: make a new one"
                )
            choose("setting", name, TRAINING_SETTINGS)
        before = self.configuration
        try:
            self.configuration = replace(before, **settings)
            self._choose_loss()
            return train(self, X, y, X_val, y_val, seed=seed, verbose=verbose)
        except BaseException:  # the next call starts from what worked
            self.configuration = before
            self._choose_loss()
            raise

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        """Logits `(n, k)` of a batch `X (n, d)` of floats."""
        for layer in self.layers:
            X = layer.forward(X, training=training)
        return X

    def backward(self, gradient: np.ndarray) -> None:
        """Writes the gradients of the last batch to `gradients (m,)`, given ∂L/∂logits `(n, k)`."""
        for layer in reversed(self.layers[self._first + 1 :]):
            gradient = layer.backward(gradient)
        # without ∂L/∂X of the first layer, which would take a quarter of the time
        self.layers[self._first].find_gradients(gradient)
        self.vectors.update()

    def train_batch(self, X: np.ndarray, y: np.ndarray) -> float:
        """The loss of a batch; writes its gradients to `gradients (m,)`."""
        loss = self.loss.forward(self.forward(X, training=True), y)
        self.backward(self.loss.backward())
        return loss

    def probabilities(self, X: np.ndarray) -> np.ndarray:
        """Class probabilities `(n, k)`."""
        return self.loss.probabilities(self._logits(X))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The most probable class of each row, `(n,)`."""
        labels: np.ndarray = self._logits(X).argmax(axis=1)
        return labels

    def evaluate(self, X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        """Mean loss without label smoothing, and accuracy in [0, 1]. Raises PlaygroundError."""
        logits = self._logits(X)
        check_labels(y, len(logits), logits.shape[1])
        return self.plain_loss.forward(logits, y), float(np.mean(logits.argmax(axis=1) == y))

    def check(self, X: Any, *, name: str = "X") -> None:
        """Raises PlaygroundError unless `X` holds rows for this network."""
        check_images(X, self.shapes[0][0], name=name, dtype=self.dtype)

    def _logits(self, X: np.ndarray) -> np.ndarray:
        self.check(X)
        logits = np.empty((len(X), *self.shapes[-1]), self.dtype)
        for start in range(0, len(X), BLOCK_SIZE):
            block = as_numbers(X[start : start + BLOCK_SIZE], self.dtype)
            logits[start : start + BLOCK_SIZE] = self.forward(block)
            if self.configuration.flips:
                logits[start : start + BLOCK_SIZE] += self.forward(mirror_images(block))
        if self.configuration.flips:
            logits /= 2
        return logits

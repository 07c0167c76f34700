"""Six optimizers. Each holds a network's parameters θ and gradients g as two vectors.

`step(α)` updates θ in place from the current gradients, which it may overwrite, and the learning
rate α. The formulas are those of PyTorch's optimizers, against which every step is tested; the
docstrings say where a paper or another library differs. Weight decay λ is decoupled from the
gradient in all six: θ ← (1 - αλ) θ before the step (Loshchilov and Hutter 2019, arXiv:1711.05101),
as in PyTorch's AdamW. PyTorch's plain SGD and Adam add λθ to g instead, which is equivalent only
for SGD without momentum.

The constants (momentum, β₁, …) are attributes with the usual defaults: `optimizer.momentum = 0.95`
changes one.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import NoReturn, TypedDict, Unpack

import numpy as np

from playground.arrays import aligned_zeros
from playground.errors import PlaygroundError


class Decay(TypedDict, total=False):
    """Weight decay: λ, and the view of the parameters that it applies to (default: all)."""

    weight_decay: float
    decayed: np.ndarray


class Optimizer(ABC):
    """Updates `parameters (m,)` from `gradients (m,)`; both arrays are shared with the network."""

    def __init__(self, parameters: np.ndarray, gradients: np.ndarray, **decay: Unpack[Decay]):
        self.parameters, self.gradients = parameters, gradients
        self.weight_decay = decay.get("weight_decay", 0.0)
        self.decayed = decay.get("decayed", parameters)
        self.steps = 0
        # for intermediate results, so that a step allocates no memory
        self.scratch = aligned_zeros(parameters.size, parameters.dtype)

    def __getstate__(self) -> NoReturn:
        """Refuses copies and pickles: they would update arrays that belong to no network."""
        raise PlaygroundError(
            "an optimizer shares its arrays with a network and cannot be copied or pickled: make a "
            "new one for the copied network"
        )

    def step(self, learning_rate: float) -> None:
        """Makes one step with the current gradients."""
        self.steps += 1
        if self.weight_decay:
            self.decayed *= 1 - learning_rate * self.weight_decay
        self._descend(learning_rate)

    @abstractmethod
    def _descend(self, learning_rate: float) -> None:
        """Updates the parameters; may overwrite `scratch` and the gradients."""


class SGD(Optimizer):
    """θ ← θ - α g: stochastic gradient descent (Robbins and Monro 1951)."""

    def _descend(self, learning_rate: float) -> None:
        self.gradients *= learning_rate  # in place, so that only two vectors use the cache
        self.parameters -= self.gradients


class Momentum(Optimizer):
    """v ← μ v + g, θ ← θ - α v: gradient descent with momentum (Polyak 1964).

    Sutskever et al. 2013 and Keras store α v instead of v, which differs only while α changes.
    """

    momentum = 0.9

    def __init__(self, parameters: np.ndarray, gradients: np.ndarray, **decay: Unpack[Decay]):
        super().__init__(parameters, gradients, **decay)
        self.velocity = aligned_zeros(parameters.size, parameters.dtype)

    def _descend(self, learning_rate: float) -> None:
        self.velocity *= self.momentum
        self.velocity += self.gradients
        self.parameters -= np.multiply(self.velocity, learning_rate, out=self.scratch)


class Nesterov(Momentum):
    """v ← μ v + g, θ ← θ - α (g + μ v): uses the gradient at the look-ahead point (Nesterov 1983).

    The paper stores the current point and evaluates the gradient at the look-ahead point; here, as
    in PyTorch, θ is the look-ahead point itself (Sutskever et al. 2013).
    """

    def _descend(self, learning_rate: float) -> None:
        self.velocity *= self.momentum
        self.velocity += self.gradients
        step = np.multiply(self.velocity, self.momentum, out=self.scratch)
        step += self.gradients
        step *= learning_rate
        self.parameters -= step


class RMSprop(Optimizer):
    """s ← ρ s + (1 - ρ) g², θ ← θ - α g / (√s + ε): a step size for each parameter.

    Source: Hinton 2012, lecture 6e of "Neural networks for machine learning", with ρ = 0.9; the
    default here is PyTorch's 0.99. Keras and TensorFlow put ε under the root.
    """

    rho, epsilon = 0.99, 1e-8

    def __init__(self, parameters: np.ndarray, gradients: np.ndarray, **decay: Unpack[Decay]):
        super().__init__(parameters, gradients, **decay)
        self.squares = aligned_zeros(parameters.size, parameters.dtype)

    def _descend(self, learning_rate: float) -> None:
        step = np.square(self.gradients, out=self.scratch)
        step *= 1 - self.rho
        self.squares *= self.rho
        self.squares += step
        np.sqrt(self.squares, out=step)
        step += self.epsilon
        np.divide(self.gradients, step, out=step)
        step *= learning_rate
        self.parameters -= step


class Adam(Optimizer):
    """m ← β₁ m + (1 - β₁) g, s ← β₂ s + (1 - β₂) g², θ ← θ - α m̂ / (√ŝ + ε).

    m̂ = m / (1 - β₁ᵗ) and ŝ = s / (1 - β₂ᵗ) correct the bias of starting at 0.
    Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.

    The code stores m / (1 - β₁) and s / (1 - β₂) and computes √ŝ + ε up to a constant factor, which
    saves three passes over all parameters per step.
    """

    beta1, beta2, epsilon = 0.9, 0.999, 1e-8

    def __init__(self, parameters: np.ndarray, gradients: np.ndarray, **decay: Unpack[Decay]):
        super().__init__(parameters, gradients, **decay)
        self.mean = aligned_zeros(parameters.size, parameters.dtype)
        self.squares = aligned_zeros(parameters.size, parameters.dtype)

    def _descend(self, learning_rate: float) -> None:
        root, factor = self._update_moments()
        step = np.divide(self.mean, root, out=root)
        step *= learning_rate * (1 - self.beta1) / (1 - self.beta1**self.steps) / factor
        self.parameters -= step

    def _update_moments(self) -> tuple[np.ndarray, float]:
        """A root (in `scratch`) and a factor, whose product is √ŝ + ε of this step."""
        self.mean *= self.beta1
        self.mean += self.gradients
        root: np.ndarray = np.square(self.gradients, out=self.scratch)
        self.squares *= self.beta2
        self.squares += root
        factor = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.steps))
        np.sqrt(self.squares, out=root)
        root += self.epsilon / factor
        return root, factor


class Nadam(Adam):
    """Adam with Nesterov momentum: m̂ = μ' m / (1 - Π μ μ') + (1 - μ) g / (1 - Π μ).

    μ = β₁ (1 - 0.96^(ψt) / 2) grows towards β₁, with ψ = 0.004; μ' is the value for the next step
    and Π the product of all μ so far. Source: Dozat 2016, "Incorporating Nesterov momentum into
    Adam", whose schedule PyTorch and Keras use. m itself decays with β₁, as in PyTorch; with μ in
    the paper.
    """

    momentum_decay = 0.004
    product = 1.0  # of all μ so far

    def __init__(self, parameters: np.ndarray, gradients: np.ndarray, **decay: Unpack[Decay]):
        super().__init__(parameters, gradients, **decay)
        self.direction = aligned_zeros(parameters.size, parameters.dtype)

    def _descend(self, learning_rate: float) -> None:
        now, following = self._momentum(self.steps), self._momentum(self.steps + 1)
        self.product *= now
        root, factor = self._update_moments()
        of_gradient = (1 - now) / (1 - self.product)
        of_mean = following * (1 - self.beta1) / (1 - self.product * following)
        step = np.multiply(self.mean, of_mean / of_gradient, out=self.direction)
        step += self.gradients
        step /= root
        step *= learning_rate * of_gradient / factor
        self.parameters -= step

    def _momentum(self, step: int) -> float:
        return self.beta1 * (1 - 0.5 * math.pow(0.96, step * self.momentum_decay))


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSprop,
    "adam": Adam,
    "nadam": Nadam,
}

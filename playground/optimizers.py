"""Six ways to step downhill. An optimizer holds a network's parameters θ and gradients g as two vectors.

`step(α)` changes θ in place by the gradients of the moment, which it may use up, and the learning rate α. The
formulas are those of PyTorch's optimizers, against which every step is tested; each docstring says where a paper or
another library has it otherwise. Weight decay λ is decoupled from the gradient for all six, θ ← (1 - αλ) θ before the
step (Loshchilov and Hutter 2019, arXiv:1711.05101), as in PyTorch's AdamW; its plain SGD and Adam add λθ to g instead,
which comes to the same for SGD without momentum only.

The constants (momentum, β₁, …) are attributes with the usual defaults: `optimizer.momentum = 0.95` changes one.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TypedDict, Unpack

import numpy as np

from playground.arrays import aligned_zeros


class Decay(TypedDict, total=False):
    """Weight decay: λ, and the part of the parameters that it shrinks (all of them if left out)."""

    weight_decay: float
    decayed: np.ndarray


class Optimizer(ABC):
    """Steps on `parameters (m,)` by `gradients (m,)`, both arrays shared with whoever fills in the gradients."""

    def __init__(self, parameters: np.ndarray, gradients: np.ndarray, **decay: Unpack[Decay]):
        self.parameters, self.gradients = parameters, gradients
        self.weight_decay = decay.get("weight_decay", 0.0)
        self.decayed = decay.get("decayed", parameters)
        self.steps = 0
        self.scratch = aligned_zeros(
            parameters.size, parameters.dtype
        )  # for intermediate results: no step allocates anything

    def step(self, learning_rate: float) -> None:
        """One step with the gradients of the moment."""
        self.steps += 1
        if self.weight_decay:
            self.decayed *= 1 - learning_rate * self.weight_decay
        self._descend(learning_rate)

    @abstractmethod
    def _descend(self, learning_rate: float) -> None:
        """Change the parameters; may overwrite `scratch` and the gradients, which the next batch finds anew."""


class SGD(Optimizer):
    """θ ← θ - α g: stochastic gradient descent (Robbins and Monro 1951)."""

    def _descend(self, learning_rate: float) -> None:
        self.gradients *= (
            learning_rate  # in place: two vectors stay in the cache where three would not
        )
        self.parameters -= self.gradients


class Momentum(Optimizer):
    """v ← μ v + g, θ ← θ - α v: a ball that rolls on (Polyak 1964).

    Sutskever et al. 2013 and Keras keep α v in place of v, which differs only where α changes.
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
    """v ← μ v + g, θ ← θ - α (g + μ v): looks at the slope where the ball is about to be (Nesterov 1983).

    The paper takes the gradient at that place; here, as in PyTorch, θ is that place itself (Sutskever et al. 2013).
    """

    def _descend(self, learning_rate: float) -> None:
        self.velocity *= self.momentum
        self.velocity += self.gradients
        step = np.multiply(self.velocity, self.momentum, out=self.scratch)
        step += self.gradients
        step *= learning_rate
        self.parameters -= step


class RMSprop(Optimizer):
    """s ← ρ s + (1 - ρ) g², θ ← θ - α g / (√s + ε): every parameter at its own pace.

    Source: Hinton 2012, lecture 6e of "Neural networks for machine learning", with ρ = 0.9; PyTorch's 0.99 is kept here.
    Keras and TensorFlow have ε under the root.
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

    m̂ = m / (1 - β₁ᵗ) and ŝ = s / (1 - β₂ᵗ) make up for the start at 0.
    Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.

    Kept here are m / (1 - β₁) and s / (1 - β₂), and √ŝ + ε is found but for a factor: three fewer passes over all
    parameters a step, and the constants join those of the corrections.
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
        """A root, in `scratch`, and a factor: √ŝ + ε of this step is their product."""
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
    """Adam that steps along Nesterov's momentum: m̂ = μ' m / (1 - Π μ μ') + (1 - μ) g / (1 - Π μ) in place of m / (1 - β₁ᵗ).

    μ = β₁ (1 - 0.96^(ψt) / 2) grows towards β₁, with ψ = 0.004; μ' is that of the next step, Π the product so far.
    Source: Dozat 2016, "Incorporating Nesterov momentum into Adam", whose schedule PyTorch and Keras follow. The mean
    itself decays with β₁, as in PyTorch; the paper's has μ.
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

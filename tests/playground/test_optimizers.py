"""Each optimizer makes the same steps as PyTorch's, in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.experiments.torch_networks import TORCH_OPTIMIZERS
from playground.optimizers import OPTIMIZERS, Momentum, Optimizer
from tests.playground.support import SEEDS

DECAYED_IN_TORCH: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": lambda parameters, lr: torch.optim.SGD(parameters, lr, weight_decay=0.1),
    "adam": lambda parameters, lr: torch.optim.AdamW(parameters, lr, weight_decay=0.1),
    "nadam": lambda parameters, lr: torch.optim.NAdam(
        parameters, lr, weight_decay=0.1, decoupled_weight_decay=True
    ),
}


@pytest.fixture(autouse=True)
def _double_precision() -> Iterator[None]:
    """PyTorch's Nadam uses the default type for Π μ; float32 would be off by 1e-8."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def follow(
    ours: Optimizer,
    theirs: torch.optim.Optimizer,
    gradients: Iterable[np.ndarray],
    rates: list[float],
) -> None:
    """Takes the steps of both and compares the parameters after each."""
    (tensor,) = theirs.param_groups[0]["params"]
    for gradient, rate in zip(gradients, rates, strict=True):
        ours.gradients[...] = gradient
        tensor.grad = torch.tensor(gradient)
        theirs.param_groups[0]["lr"] = rate
        ours.step(rate)
        theirs.step()
        np.testing.assert_allclose(ours.parameters, tensor.detach().numpy(), rtol=1e-11, atol=1e-13)


def start(seed: int, size: int = 7) -> tuple[np.random.Generator, np.ndarray, torch.Tensor]:
    rng = np.random.default_rng(seed)
    parameters = rng.standard_normal(size)
    return rng, parameters, torch.tensor(parameters.copy(), requires_grad=True)


def test_every_optimizer_is_compared_with_one_of_pytorchs_own() -> None:
    assert set(TORCH_OPTIMIZERS) == set(OPTIMIZERS)
    for make in TORCH_OPTIMIZERS.values():
        theirs = make([torch.zeros(1, requires_grad=True)], lr=0.1)
        assert type(theirs).__module__.startswith("torch.optim.")


@pytest.mark.parametrize("name", OPTIMIZERS)
@given(seed=SEEDS, rates=st.lists(st.floats(1e-4, 0.5), min_size=1, max_size=15))
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_an_optimizer_takes_the_steps_of_pytorch(name: str, seed: int, rates: list[float]) -> None:
    rng, parameters, tensor = start(seed)
    gradients = [rng.standard_normal(7) * 10.0 ** rng.integers(-3, 3) for _ in rates]
    gradients[0][0] = 0.0  # a unit that did not take part
    follow(
        OPTIMIZERS[name](parameters, np.empty(7)),
        TORCH_OPTIMIZERS[name]([tensor], lr=0.1),
        gradients,
        rates,
    )


@pytest.mark.parametrize("name", DECAYED_IN_TORCH)
def test_weight_decay_is_that_of_pytorch_where_pytorch_decouples_it(name: str) -> None:
    rng, parameters, tensor = start(0)
    ours = OPTIMIZERS[name](parameters, np.empty(7), weight_decay=0.1)
    follow(
        ours,
        DECAYED_IN_TORCH[name]([tensor], lr=0.1),
        rng.standard_normal((20, 7)),
        [0.05, 0.01] * 10,
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_shrinks_the_decayed_part_before_the_step_and_nothing_else(name: str) -> None:
    rng, parameters, _ = start(1)
    plain = parameters.copy()
    plain[:4] *= 1 - 0.1 * 0.5
    gradients = rng.standard_normal(7)
    OPTIMIZERS[name](plain, gradients.copy()).step(0.1)
    OPTIMIZERS[name](parameters, gradients, weight_decay=0.5, decayed=parameters[:4]).step(0.1)
    np.testing.assert_allclose(parameters, plain, rtol=1e-14)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_keeps_float32_and_changes_the_parameters_in_place(name: str) -> None:
    parameters, gradients = np.ones(3, np.float32), np.empty(3, np.float32)
    optimizer = OPTIMIZERS[name](parameters, gradients)
    for _ in range(2):
        gradients[...] = [1.0, -2.0, 0.0]  # found anew for each step, which may use them up
        optimizer.step(0.1)
    assert optimizer.parameters is parameters
    assert parameters.dtype == np.float32
    assert parameters[0] < 1 < parameters[1]
    assert parameters[2] == 1


def test_a_constant_of_an_optimizer_can_be_changed() -> None:
    parameters, gradients = np.zeros(1), np.ones(1)
    optimizer = Momentum(parameters, gradients)
    optimizer.momentum = 0.5
    optimizer.step(1.0)
    optimizer.step(1.0)
    assert parameters[0] == -(1 + 1.5)

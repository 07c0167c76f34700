"""The learning rates are those of PyTorch's schedulers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.schedules import SCHEDULES, one_cycle, stepwise

schedulers = torch.optim.lr_scheduler
IN_TORCH: dict[str, Callable[[Any, int, float], Any]] = {
    "constant": lambda optimizer, steps, peak: schedulers.ConstantLR(optimizer, factor=1.0),
    "step": lambda optimizer, steps, peak: schedulers.StepLR(
        optimizer, math.ceil(steps / 3), gamma=0.1
    ),
    "cosine": lambda optimizer, steps, peak: schedulers.CosineAnnealingLR(optimizer, steps),
    "one-cycle": lambda optimizer, steps, peak: schedulers.OneCycleLR(
        optimizer, peak, steps, cycle_momentum=False
    ),
}


def rates_in_torch(name: str, steps: int, peak: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak)
    scheduler = IN_TORCH[name](optimizer, steps, peak)
    rates = [scheduler.get_last_lr()[0]]
    for _ in range(steps - 1):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return rates


@pytest.mark.parametrize("name", SCHEDULES)
@given(steps=st.integers(2, 60), peak=st.floats(1e-4, 10))
@settings(max_examples=15, deadline=None)
def test_a_schedule_gives_the_rates_of_pytorch(name: str, steps: int, peak: float) -> None:
    rates = [SCHEDULES[name](step, steps, peak) for step in range(steps)]
    assert rates == pytest.approx(rates_in_torch(name, steps, peak), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
@given(steps=st.integers(1, 200))
@settings(deadline=None)
def test_a_schedule_is_defined_for_runs_of_any_length_and_never_exceeds_its_peak(
    name: str, steps: int
) -> None:
    rates = [SCHEDULES[name](step, steps, 2.0) for step in range(steps)]
    assert all(0 <= rate <= 2 * (1 + 1e-12) for rate in rates)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_single_step_has_the_peak(name: str) -> None:
    assert SCHEDULES[name](0, 1, 2.0) == 2.0


def test_one_cycle_rises_for_the_share_of_the_steps_that_it_is_told() -> None:
    rates = [one_cycle(step, 100, 1.0, rise=0.1) for step in range(100)]
    assert rates.index(max(rates)) == 9


def test_stepwise_has_as_many_stairs_as_it_is_told() -> None:
    assert [stepwise(step, 4, 8.0, stairs=4, factor=0.5) for step in range(4)] == [8, 4, 2, 1]

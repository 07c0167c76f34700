"""Devices and precisions: what is asked for, or one line that says why not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from playground.convnets import processor
from playground.convnets.evaluation import logits
from playground.convnets.networks import build
from playground.convnets.processor import Processor, choose_processor
from playground.errors import PlaygroundError
from tests.playground.convnets.support import QUICK, few


def test_a_precision_asked_for_is_used() -> None:
    assert choose_processor("cpu", "float32") == Processor("cpu", half=False)
    assert choose_processor("cpu", "bfloat16") == Processor("cpu", half=True)


@pytest.mark.parametrize("gains", [True, False])
def test_auto_takes_bfloat16_where_the_processor_gains_from_it(
    gains: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "gains_from_bfloat16", lambda device: gains)
    assert choose_processor("cpu", "auto").half == gains


@pytest.mark.parametrize(("can", "gains"), [
    ({"avx512_bf16": True}, True),
    ({"avx512_bf16": False, "amx_bf16": True}, True),
    ({"avx2": True}, False),  # where it would be emulated
    ({}, False),
], ids=str)  # fmt: skip
def test_a_cpu_gains_from_bfloat16_if_it_multiplies_such_numbers_itself(
    can: dict[str, bool], gains: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: can, raising=False)
    assert processor.gains_from_bfloat16("cpu") == gains


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is available here")
def test_a_device_that_is_not_here_is_answered_in_one_line() -> None:
    with pytest.raises(
        PlaygroundError,
        match=r"^device 'cuda' is not available here, expected auto or one of: .*cpu$",
    ):
        choose_processor("cuda", "auto")


def test_a_precision_that_cannot_be_is_answered_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("utils.choose_device", lambda name: "mps")
    with pytest.raises(
        PlaygroundError, match=r"^precision bfloat16 is not faster on mps, expected float32"
    ):
        choose_processor("auto", "bfloat16")
    with pytest.raises(PlaygroundError, match="unknown precision 'float23', did you mean 'float"):
        replace(QUICK, precision="float23")


def test_bfloat16_and_float32_nearly_agree() -> None:
    model, X = build(QUICK, 0), few()[0][:50]
    exact, near = (
        logits(model, replace(QUICK, precision=name), X, "cpu") for name in ("float32", "bfloat16")
    )
    assert not np.array_equal(exact, near)
    np.testing.assert_allclose(near, exact, atol=0.05 * np.abs(exact).max())

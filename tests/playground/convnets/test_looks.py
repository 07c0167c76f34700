"""The live page's view of a convolutional network."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from playground.convnets.configuration import NETWORKS, ConvConfiguration
from playground.convnets.evaluation import logits
from playground.convnets.images import as_input, to_device
from playground.convnets.looks import ConvNetSubject
from playground.convnets.networks import build
from playground.convnets.processor import choose_processor
from playground.convnets.training import train_convnet
from playground.live import recorder as recorder_module
from playground.live.controls import LiveControls
from playground.live.looks import choose_sample
from playground.live.recorder import Recorder
from tests.playground.live.support import images

SMALL = ConvConfiguration(width=4, depth=1, epochs=1, batch_size=40, precision="float32")
CPU = choose_processor("cpu", "float32")


def test_watching_changes_nothing_and_sees_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "LOOK_INTERVAL", 0)
    monkeypatch.setattr(recorder_module, "LOOK_SHARE", math.inf)
    alone, model = build(SMALL, 0), build(SMALL, 0)
    train_convnet(alone, SMALL, *images(), *images(40), device="cpu")
    subject = ConvNetSubject(model, SMALL, CPU)
    recorder = Recorder(subject, choose_sample(*images(), 10), LiveControls(), steps=3)
    train_convnet(
        model,
        SMALL,
        *images(),
        *images(40),
        device="cpu",
        after_step=recorder.after_step,
        after_epoch=recorder.after_epoch,
        controls=recorder.controls,
    )
    for name, values in alone.state_dict().items():
        assert torch.equal(values, model.state_dict()[name]), name
    state = recorder.wait_for_news(-1, 1)[1]
    assert (state["step"], len(state["losses"]), len(state["validation"])) == (3, 3, 1)
    assert None not in state["losses"] + state["norms"]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_look_has_filters_dead_channels_and_answers(network: str) -> None:
    configuration = ConvConfiguration(network=network, width=4, depth=1, precision="float32")
    model = build(configuration, 0).eval()
    is_fast = network == "fast"
    first = model.stages[0] if is_fast else model.features[:2]  # with its activation
    if is_fast:
        first.normalisation.weight.data[1] = 0  # then the outputs of channel 1 are its bias, 0
    else:
        first[0].bias.data[1] = -1000
    sample = choose_sample(*images(60), 10)
    look = ConvNetSubject(model, configuration, CPU).look(sample)
    pixels = as_input(to_device(sample.images, "cpu"))
    with torch.no_grad():
        outputs = first(F.pixel_unshuffle(pixels, 2) if is_fast else pixels)
    least, most = outputs.amin((0, 2, 3)), outputs.amax((0, 2, 3))
    assert look.dead[1]
    assert look.dead.tolist() == (least == most).tolist()
    assert look.dead_shares[0] == look.dead.mean()
    side = 6 if is_fast else 3
    assert look.filters.shape == (len(look.dead), side, side)
    expected = torch.from_numpy(logits(model, configuration, sample.images, "cpu")).softmax(1)
    np.testing.assert_allclose(look.probabilities, expected[: sample.shown], atol=1e-5)

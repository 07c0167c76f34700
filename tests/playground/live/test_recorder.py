"""What is written down of a training, and that watching leaves it as it is."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from playground.convolutions import Conv2D, Flatten, Reshape
from playground.errors import PlaygroundError
from playground.layers import Layer, Linear, ReLU
from playground.live import recorder as recorder_module
from playground.live.controls import LiveControls
from playground.live.looks import Look, NetworkSubject, Sample, choose_sample
from playground.live.recorder import Recorder
from playground.live.series import Series
from playground.network import Network
from playground.training import Step, TrainingRun, train
from tests.playground.live.support import images, recorder_of, small
from tests.playground.own_layers import BatchNorm


@pytest.fixture(autouse=True)
def look_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "LOOK_INTERVAL", 0)
    monkeypatch.setattr(recorder_module, "LOOK_SHARE", math.inf)


def watched(recorder: Recorder) -> TrainingRun:
    assert isinstance(recorder.subject, NetworkSubject)
    return train(
        recorder.subject.network,
        *images(),
        *images(40),
        after_step=recorder.after_step,
        after_epoch=recorder.after_epoch,
        controls=recorder.controls,
    )


def state_of(recorder: Recorder) -> dict[str, Any]:
    state = recorder.wait_for_news(-1, 1)[1]
    json.dumps(state, allow_nan=False)
    return state


@pytest.mark.parametrize(
    "settings",
    [{"optimizer": "sgd"}, {"dropout": 0.3, "flips": True}, {"network": "lenet"}],
    ids=str,
)
def test_watching_changes_nothing_in_the_training(settings: dict[str, Any]) -> None:
    alone, network = small(**settings), small(**settings)
    train(alone, *images(), *images(40))
    recorder = recorder_of(network)
    run = watched(recorder)
    np.testing.assert_array_equal(network.parameters, alone.parameters)
    state = state_of(recorder)
    assert state["step"] == len(state["losses"]) == 16  # 2 epochs of ceil(120 / 16) steps
    assert [loss for _, loss, _ in state["validation"]] == run.history.val_losses
    assert len(state["dead"]) == 1 + 16 + 2


def test_gradient_norm_is_the_one_before_the_step() -> None:
    network, seen = small(optimizer="sgd", epochs=1, batch_size=120), list[Step]()
    before = network.parameters.copy()
    train(network, *images(), after_step=seen.append)
    rate = network.configuration.learning_rate
    moved = np.linalg.norm(before - network.parameters)
    assert seen[0].gradient_norm == pytest.approx(moved / rate, rel=1e-3)
    assert seen[0].learning_rate == rate


def test_dead_units_and_answers_are_those_of_the_network() -> None:
    network = small()
    network.linears[0].b[2] = -1000
    network.linears[1].b[:] = -1000
    sample = choose_sample(*images(), 10)
    look = NetworkSubject(network).look(sample)
    assert look.dead.tolist() == [unit == 2 for unit in range(8)]
    assert look.dead_shares == (1 / 8, 1)
    np.testing.assert_array_equal(look.filters[3].ravel(), network.linears[0].W[:, 3])
    np.testing.assert_allclose(look.probabilities, network.probabilities(sample.images[:40]))
    assert sample.labels[:40].tolist() == [label for label in range(10) for _ in range(4)]


@pytest.mark.parametrize(("layers", "filters", "hidden"), [
    ([Reshape(1, 28, 28), Conv2D(1, 3, 5, stride=4), ReLU(), Flatten(), Linear(108, 10)],
     (3, 5, 5), 1),
    ([BatchNorm(784), Linear(784, 10)], (0, 1, 1), 0),
    ([Linear(784, 6), Linear(6, 4), ReLU(), Linear(4, 10)], (6, 28, 28), 1),
], ids=["convolution", "own", "linear"])  # fmt: skip
def test_networks_of_any_layers_can_be_shown(
    layers: list[Layer], filters: tuple[int, ...], hidden: int
) -> None:
    recorder = recorder_of(Network(layers))
    look = recorder.subject.look(recorder.sample)
    assert look.filters.shape == filters
    assert len(look.dead) == filters[0]
    assert len(look.dead_shares) == hidden
    assert state_of(recorder)["look"]["side"] == filters[1]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_network_that_diverged_can_still_be_shown(value: float) -> None:
    network = small()
    network.parameters[:] = value
    recorder = recorder_of(network)
    recorder.after_step(Step(1, 1, 0.5, 0.1, value))
    recorder.finish("the training loss is nan")
    state = state_of(recorder)
    assert state["ended"] == "the training loss is nan"
    assert state["norms"] == [None]


def test_what_a_paused_page_shows_is_the_network_as_it_is_held() -> None:
    network = small()
    recorder = recorder_of(network)
    shown, parts = recorder.subject.look, list[bool]()

    def look(sample: Sample) -> Look:
        parts.append(recorder.wait_for_news(-1, 1)[1]["paused"])  # what a page is told meanwhile
        return shown(sample)

    recorder.subject.look = look  # type: ignore[method-assign]
    recorder.obey({"action": "pause"})
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(recorder.after_step, Step(1, 1, 1.0))
        version, state = 0, state_of(recorder)
        while not state["paused"]:
            version, state = recorder.wait_for_news(version, 1)
        recorder.obey({"action": "resume"})
        held.result(60)
    assert parts == [False]


def test_the_page_pauses_slows_down_and_stops_a_training() -> None:
    recorder = recorder_of(small(epochs=10_000))
    recorder.obey({"action": "pause"})
    recorder.obey({"action": "rate", "factor": 0.5})
    with ThreadPoolExecutor(1) as threads:
        training = threads.submit(watched, recorder)
        wait_for_step(recorder, 1)
        held = state_of(recorder)
        assert held["paused"]
        assert held["step"] == 1
        recorder.obey({"action": "resume"})
        wait_for_step(recorder, 20)
        recorder.obey({"action": "stop"})
        run = training.result(timeout=30)
    state = state_of(recorder)
    assert state["rate"] == 0.5 * 1e-3
    # of the last epoch, all steps may have been made but not its evaluation
    assert len(run.history.val_losses) in {state["step"] // 8, (state["step"] - 1) // 8}
    assert [text for _, text in recorder.log] == [
        "paused", "learning rate times 0.5", "resumed", "stopped",
    ]  # fmt: skip


def wait_for_step(recorder: Recorder, number: int) -> None:
    version, state = recorder.wait_for_news(-1, 30)
    while state["step"] < number:
        newer, state = recorder.wait_for_news(version, 30)
        assert newer > version
        version = newer


@pytest.mark.parametrize("command", [
    None, [], {}, {"action": "explode"}, {"action": ["stop"]}, {"action": "rate"},
    *({"action": "rate", "factor": factor} for factor in (0, -1, True, "1", math.nan, 1e4, [1])),
], ids=str)  # fmt: skip
def test_other_commands_are_refused_and_change_nothing(command: object) -> None:
    controls = LiveControls()
    with pytest.raises(PlaygroundError, match="expected"):
        controls.obey(command)
    assert (controls.rate_factor, controls.paused, controls.stopped) == (1, False, False)


def test_long_curves_are_means_of_equally_many_steps() -> None:
    series = Series(most=8)
    for step in range(100):
        series.add(step, 2 * step)
    # 100 steps: 16 in each of 6 points, the last 4 in none yet
    assert series.stride == 16
    assert series.losses == [np.mean(range(16 * i, 16 * i + 16)) for i in range(6)]
    assert series.norms == [2 * loss for loss in series.losses]
    assert len(series.smooth) == 6


def test_a_constant_loss_is_smoothed_to_itself() -> None:
    series = Series()
    for _ in range(60):
        series.add(0.7, 1)
    np.testing.assert_allclose(series.smooth, 0.7)

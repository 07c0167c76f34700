"""Training: it learns, it repeats itself, it keeps what it promises to keep."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import utils
from playground.configuration import Configuration
from playground.errors import Diverged, PlaygroundError
from playground.initializers import INITIALIZERS
from playground.layers import ACTIVATIONS
from playground.losses import LOSSES
from playground.network import Network
from playground.optimizers import OPTIMIZERS
from playground.schedules import SCHEDULES
from playground.training import (
    Batches,
    Controls,
    Step,
    StopTraining,
    TrainingRun,
    train,
)
from tests.playground.support import clusters, small_network

EASY: dict[str, Any] = {
    "hidden_sizes": (16,),
    "epochs": 15,
    "batch_size": 16,
    "learning_rate": 0.02,
}


def trained(seed: int = 0, **settings: Any) -> tuple[Network, TrainingRun]:
    network = Network(4, 3, Configuration(**{**EASY, **settings}), seed=seed)
    return network, train(network, *clusters(), *clusters(60, seed=1), seed=seed)


@pytest.mark.parametrize("settings", [
    *(
        {"optimizer": name, "learning_rate": 0.02 if name in ("rmsprop", "adam", "nadam") else 0.2}
        for name in OPTIMIZERS
    ),
    *({"loss": name} for name in LOSSES),
    *({"activation": name} for name in ACTIVATIONS),
    *({"schedule": name} for name in SCHEDULES),
    *({"initializer": name} for name in INITIALIZERS),
    {"dropout": 0.2, "label_smoothing": 0.1, "weight_decay": 0.1},
    {"hidden_sizes": ()},
    {"hidden_sizes": (16, 8, 8)},
    {"batch_size": 1000},
], ids=str)  # fmt: skip
def test_a_network_learns_to_tell_three_clouds_apart(settings: dict[str, Any]) -> None:
    network, run = trained(**settings)
    assert network.evaluate(*clusters(300, seed=2))[1] > 0.97
    assert run.history.train_losses[-1] < run.history.train_losses[0]


def test_the_history_is_that_of_the_network_after_each_epoch() -> None:
    network, run = trained(epochs=3)
    assert [len(curve) for curve in run.history.curves().values()] == [3] * 4
    X_val, y_val = clusters(60, seed=1)
    assert network.evaluate(X_val, y_val) == (
        run.history.val_losses[-1],
        run.history.val_accuracies[-1],
    )
    assert (
        network.evaluate(*(array[:60] for array in clusters()))[0] == run.history.train_losses[-1]
    )


def test_the_loss_of_every_step_is_recorded_and_told() -> None:
    told: list[Step] = []
    network = Network(4, 3, Configuration(**{**EASY, "epochs": 2, "batch_size": 64}), seed=0)
    X, y = clusters()
    first = network.evaluate(X, y)[0]
    run = train(network, X, y, after_step=told.append)
    assert [(step.number, step.epoch) for step in told] == [
        *((number, 1) for number in (1, 2, 3, 4)),  # 200 points in batches of 64
        *((number, 2) for number in (5, 6, 7, 8)),
    ]
    assert run.history.step_losses == [step.loss for step in told]
    assert run.history.step_losses[0] == pytest.approx(first, rel=0.2)


def test_the_learning_rate_can_be_lowered_between_two_steps() -> None:
    network, controls = small_network(epochs=1, batch_size=50), Controls()
    seen = []

    def after_step(step: Step) -> None:
        seen.append(network.parameters.copy())
        controls.rate_factor = 0.0 if step.number == 2 else 1.0

    train(network, *clusters(), after_step=after_step, controls=controls)
    moved = [not np.array_equal(before, after) for before, after in pairwise(seen)]
    assert moved == [True, False, True]


@pytest.mark.parametrize("stop", [5, 4])
def test_a_training_stopped_from_outside_keeps_what_it_has(stop: int) -> None:
    def after_step(step: Step) -> None:
        if step.number > stop:  # in the second epoch of four steps
            raise StopTraining

    network = Network(4, 3, Configuration(**{**EASY, "batch_size": 50, "keep_best": True}), seed=0)
    run = train(network, *clusters(), *clusters(60, seed=1), after_step=after_step)
    assert (len(run.history.val_losses), len(run.history.step_losses), run.best_epoch) == (1, 4, 1)
    assert network.evaluate(*clusters(60, seed=1))[0] == run.history.val_losses[0]


def test_after_each_epoch_its_curves_are_shown_and_what_is_raised_ends_the_training() -> None:
    class Enough(Exception):
        pass

    seen = []

    def after_epoch(epoch: int, history: utils.History) -> None:
        seen.append((epoch, len(history.val_losses)))
        if epoch == 2:
            raise Enough

    with pytest.raises(Enough):
        train(
            Network(4, 3, Configuration(**EASY)),
            *clusters(),
            *clusters(60, seed=1),
            after_epoch=after_epoch,
        )
    assert seen == [(1, 1), (2, 2)]


def test_one_seed_gives_one_result_bit_by_bit() -> None:
    settings = {"dropout": 0.3, "flips": True, "epochs": 2}
    (one, run), (again, rerun), (other, _) = (trained(seed, **settings) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.parameters, again.parameters)
    assert run.history == rerun.history
    assert not np.array_equal(one.parameters, other.parameters)


def test_a_run_with_plain_descent_is_the_one_computed_step_by_step() -> None:
    settings = {
        "optimizer": "sgd",
        "schedule": "cosine",
        "epochs": 2,
        "batch_size": 7,
        "learning_rate": 0.1,
    }
    network, again = (small_network(**settings) for _ in range(2))
    X, y = clusters(20)
    train(network, X, y, seed=3)
    rng = np.random.default_rng(3)
    for step in range(6):  # 2 epochs of 3 batches
        if step % 3 == 0:
            order = rng.permutation(20)
        index = order[7 * (step % 3) :][:7]
        again.train_batch(X[index].astype(float), y[index])
        again.parameters -= 0.1 * (1 + math.cos(math.pi * step / 6)) / 2 * again.gradients
    np.testing.assert_allclose(network.parameters, again.parameters, rtol=1e-10)


@pytest.mark.parametrize("size", [1, 3, 10, 11])
def test_an_epoch_shows_every_image_once_with_its_label_and_in_another_order_each_time(
    size: int,
) -> None:
    X = np.arange(20, dtype=np.float32).reshape(10, 2)
    batches = Batches(X, np.arange(10), small_network(2, batch_size=size), np.random.default_rng(0))
    epochs = []
    for _ in range(2):
        pairs = [(batch.copy(), labels) for batch, labels in batches]
        assert len(pairs) == len(batches)
        order = np.concatenate([labels for _, labels in pairs])
        np.testing.assert_array_equal(np.concatenate([batch for batch, _ in pairs]), X[order])
        assert sorted(order) == list(range(10))
        epochs.append(order.tolist())
    assert epochs[0] != epochs[1]


def test_flips_mirror_about_half_of_the_images_and_keep_their_labels() -> None:
    X = np.tile(np.array([[0, 255, 0, 255]], np.uint8), (400, 1))
    y = np.arange(400)
    network = small_network(flips=True, batch_size=64)
    batches = [
        (batch.copy(), labels) for batch, labels in Batches(X, y, network, np.random.default_rng(0))
    ]
    images = np.concatenate([batch for batch, _ in batches])
    mirrored = (images == [1, 0, 1, 0]).all(axis=1)
    assert ((images == [0, 1, 0, 1]).all(axis=1) | mirrored).all()
    assert mirrored.sum() == pytest.approx(200, abs=50)  # 5 deviations of 400 coins
    assert sorted(np.concatenate([labels for _, labels in batches])) == list(range(400))


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_shifts_move_each_image_to_one_of_the_places_near_by_and_fill_with_black(
    dtype: type,
) -> None:
    n, side = 300, 6
    X = np.random.default_rng(0).integers(1, 256, (n, side * side)).astype(dtype)
    network = small_network(side * side, shifts=1, batch_size=64)
    scale = 255 if dtype is np.uint8 else 1
    pairs = [
        (batch.reshape(-1, side, side) * scale, labels)
        for batch, labels in Batches(X, np.arange(n), network, np.random.default_rng(0))
    ]
    shown, order = (np.concatenate(each) for each in zip(*pairs, strict=True))
    assert sorted(order) == list(range(n))
    padded = np.pad(X[order].reshape(n, side, side), ((0, 0), (1, 1), (1, 1)))
    places = np.array(
        [
            np.isclose(padded[:, down : down + side, right : right + side], shown).all((1, 2))
            for down in range(3)
            for right in range(3)
        ]
    )
    assert (places.sum(axis=0) == 1).all()
    assert (places.sum(axis=1) > 5).all()  # 33 expected of each


def test_shifts_and_flips_go_together() -> None:
    image = np.zeros((3, 3), np.uint8)
    image[1, 0] = 255  # mirrored, the pixel is in the last column
    X, y = np.tile(image.reshape(1, 9), (300, 1)), np.zeros(300, int)
    network = small_network(9, shifts=1, flips=True)
    seen = np.concatenate([b.copy() for b, _ in Batches(X, y, network, np.random.default_rng(0))])
    # of three places in a row, one is outside for the image and for its mirror image
    assert (seen.sum(axis=1) == 1).mean() == pytest.approx(2 / 3, abs=0.14)
    assert (seen.sum(axis=0) > 0).reshape(3, 3)[:, [0, 2]].all()


def test_pixels_and_their_255th_parts_train_alike() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 4), np.uint8)
    as_bytes, as_numbers = (small_network(**{**EASY, "epochs": 2}) for _ in range(2))
    train(as_bytes, pixels, np.arange(50) % 3)
    train(as_numbers, pixels / 255, np.arange(50) % 3)
    np.testing.assert_allclose(as_bytes.parameters, as_numbers.parameters, rtol=1e-12)


def test_keep_best_ends_with_the_parameters_of_the_best_epoch() -> None:
    settings = {
        "learning_rate": 0.5,
        "optimizer": "sgd",
        "epochs": 8,
        "hidden_sizes": (3,),
        "initializer": "normal",
    }
    network, run = trained(keep_best=True, **settings)
    accuracies = run.history.val_accuracies
    assert run.best_epoch == accuracies.index(max(accuracies)) + 1
    assert network.evaluate(*clusters(60, seed=1))[1] == max(accuracies)
    assert network.evaluate(*clusters(60, seed=1))[0] == run.history.val_losses[run.best_epoch - 1]


def test_patience_stops_that_many_epochs_after_the_best() -> None:
    _, run = trained(epochs=200, patience=3)
    assert len(run.history.val_losses) == run.best_epoch + 3 < 200


@pytest.mark.parametrize("settings", [{"keep_best": True}, {"patience": 2}])
def test_what_needs_validation_images_says_so_where_there_are_none(
    settings: dict[str, Any],
) -> None:
    with pytest.raises(PlaygroundError, match="need validation images"):
        train(small_network(**settings), *clusters())


def test_without_validation_images_their_curves_hold_nan() -> None:
    run = train(small_network(epochs=2), *clusters())
    assert np.isnan([*run.history.val_losses, *run.history.val_accuracies]).tolist() == [True] * 4
    assert np.isfinite(run.history.train_losses).all()
    assert run.best_epoch == 0


def test_a_diverged_run_says_when_and_what_to_try() -> None:
    with pytest.raises(
        Diverged, match=r"loss is (nan|inf) in epoch 1, .*: try a learning rate below 1e\+30"
    ):
        trained(learning_rate=1e30, optimizer="sgd")


def test_a_run_that_diverges_in_its_last_step_is_refused(tmp_path: Path) -> None:
    seen: list[int] = []
    # the only step: its own loss is still finite
    network = small_network(optimizer="sgd", learning_rate=1e308, epochs=1, batch_size=1000)
    with pytest.raises(Diverged, match=r"loss is (nan|inf) in epoch 1, .*rate below 1e\+308"):
        train(
            network,
            *clusters(),
            after_epoch=lambda epoch, history: seen.append(epoch),
            checkpoint=tmp_path / "run.npz",
        )
    assert not seen
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("setting", [{"flips": True}, {"shifts": 1}], ids=str)
def test_flips_and_shifts_of_what_is_no_square_are_refused(setting: dict) -> None:
    with pytest.raises(PlaygroundError, match="need square images, but a row has 5 numbers"):
        train(small_network(5, **setting), np.ones((6, 5)), np.arange(6) % 3)


def test_training_leaves_its_arguments_alone() -> None:
    (X, y), (before, labels) = clusters(), clusters()
    train(small_network(epochs=2, dropout=0.1, label_smoothing=0.1), X, y, X[:50], y[:50])
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(y, labels)


def test_the_epoch_table_is_printed_only_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    train(small_network(epochs=2), *clusters())
    assert capsys.readouterr().out == ""
    train(small_network(epochs=2), *clusters(), *clusters(30), verbose=True)
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_three_epochs_on_a_sixth_of_fashion_mnist_recognise_four_of_five() -> None:
    data = utils.load_fashion_mnist(train_size=9000)
    network = Network(
        784, 10, Configuration(hidden_sizes=(64,), epochs=3, batch_size=32, learning_rate=2e-3)
    )
    train(network, *data[:4])
    assert network.evaluate(data.X_test, data.y_test)[1] > 0.80

"""Training of the convolutional networks: it learns, it repeats itself, it keeps the best epoch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import utils
from playground.convnets.configuration import NETWORKS
from playground.convnets.evaluation import evaluate, logits
from playground.convnets.networks import build
from playground.convnets.training import train_convnet
from playground.errors import Diverged, PlaygroundError
from playground.training import Controls, Step, StopTraining
from tests.playground.convnets.support import QUICK, assert_same_parameters, few, trained


@pytest.mark.parametrize("changes", [
    {"precision": "bfloat16", "flips": True},
    {"schedule": "constant", "label_smoothing": 0.1, "weight_decay": 0.05},
    *(
        pytest.param(
            {"network": name, "learning_rate": 5e-4, "batch_size": 16, "epochs": 2},
            marks=pytest.mark.exhaustive,
        )
        for name in ("v1", "v2", "v3")
    ),
], ids=str)  # fmt: skip
def test_a_few_steps_on_500_images_teach_most_of_the_classes(changes: dict[str, Any]) -> None:
    configuration = replace(QUICK, **{"epochs": 4, **changes})
    model, images = build(configuration, 0), few(500, 300)
    run = train_convnet(model, configuration, *images, device="cpu")
    assert run.history.val_accuracies[run.best_epoch - 1] > 0.6
    assert run.history.train_losses[-1] < 1.5


def test_one_seed_gives_one_result_bit_by_bit() -> None:
    configuration = replace(QUICK, flips=True, shifts=1, cutout=5)
    (one, run), (again, rerun), (other, _) = (trained(configuration, seed) for seed in (1, 1, 2))
    assert_same_parameters(one, again)
    assert run.history == rerun.history
    assert not torch.equal(one.head.weight, other.head.weight)


def test_dropout_follows_the_seed_and_torchs_generator_stays_as_it_was() -> None:
    configuration = replace(QUICK, network="v3", epochs=1)
    before = torch.random.get_rng_state()
    one, _ = trained(configuration)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(1)
    again, _ = trained(configuration)
    assert_same_parameters(one, again)


def test_the_history_is_that_of_the_network_after_each_epoch() -> None:
    configuration = replace(QUICK, flips=True, epochs=1)
    model, run = trained(configuration)
    X_train, y_train, X_val, y_val = few()
    history = run.history
    assert evaluate(model, configuration, X_val, y_val, "cpu") == (
        history.val_losses[0],
        history.val_accuracies[0],
    )
    assert evaluate(model, configuration, X_train, y_train, "cpu") == (
        history.train_losses[0],
        history.train_accuracies[0],
    )


def test_the_best_epoch_is_kept() -> None:
    # ends two epochs after the best
    configuration = replace(QUICK, epochs=60, schedule="constant", patience=2)
    model, run = trained(configuration)
    accuracies = run.history.val_accuracies
    assert run.best_epoch == accuracies.index(max(accuracies)) + 1 == len(accuracies) - 2
    found = evaluate(model, configuration, *few()[2:], "cpu")
    assert found == (run.history.val_losses[run.best_epoch - 1], max(accuracies))


def test_the_mean_of_the_weights_is_what_is_evaluated_and_kept() -> None:
    """The mean after each step, by hand: the first weights, then 0.8 of it and 0.2 of the new."""
    configuration = replace(QUICK, epochs=1, averaging=0.8)
    model, means = build(configuration, 0), []

    def after_step(step: Step) -> None:
        weights = model.head.weight.detach().clone()
        means.append(weights if not means else 0.8 * means[-1] + 0.2 * weights)

    run = train_convnet(model, configuration, *few(), device="cpu", after_step=after_step)
    torch.testing.assert_close(model.head.weight.detach(), means[-1])
    found = evaluate(model, configuration, *few()[2:], "cpu")
    assert found == (run.history.val_losses[0], run.history.val_accuracies[0])


def test_the_mean_of_the_weights_has_batch_statistics_of_its_own() -> None:
    """A mean of weights that hardly move: its statistics are those of the images."""
    configuration = replace(QUICK, epochs=1, batch_size=200, averaging=0.9, learning_rate=1e-9)
    model = build(configuration, 0)
    stem = next(layer for layer in model.modules() if isinstance(layer, torch.nn.Conv2d))
    seen: list[torch.Tensor] = []
    stem.register_forward_hook(lambda layer, given, output: seen.append(output.detach()))
    train_convnet(model, configuration, *few(), device="cpu")
    norm = next(layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm2d))
    expected = seen[0].mean(dim=(0, 2, 3))  # of the only batch, all images, before the first step
    torch.testing.assert_close(norm.running_mean, expected, rtol=0.02, atol=1e-3)


def test_the_loss_of_every_step_is_recorded_and_told() -> None:
    told: list[Step] = []
    _, run = trained(after_step=told.append)
    # 200 images in batches of 32, 2 epochs
    assert [step.number for step in told] == list(range(1, 15))
    assert [step.epoch for step in told] == [1] * 7 + [2] * 7
    assert run.history.step_losses == [step.loss for step in told]


def test_a_rate_of_nothing_leaves_the_weights_as_they_are() -> None:
    model, _ = trained(replace(QUICK, epochs=1), controls=Controls(rate_factor=0.0))
    start = build(QUICK, 0)
    assert all(map(torch.equal, model.parameters(), start.parameters()))


def test_a_training_stopped_from_outside_keeps_its_best_epoch() -> None:
    def after_step(step: Step) -> None:
        if step.epoch == 2:
            raise StopTraining

    model, run = trained(after_step=after_step)
    assert (len(run.history.val_losses), run.best_epoch) == (1, 1)
    assert evaluate(model, QUICK, *few()[2:], "cpu")[0] == run.history.val_losses[0]


def test_patience_stops_that_many_epochs_after_the_best() -> None:
    _, run = trained(replace(QUICK, epochs=60, schedule="constant", patience=2))
    assert len(run.history.val_losses) == run.best_epoch + 2 < 60


def test_without_validation_images_the_last_epoch_is_kept_and_their_curves_hold_nan() -> None:
    run = train_convnet(build(QUICK, 0), QUICK, *few()[:2], device="cpu")
    assert np.isnan([*run.history.val_losses, *run.history.val_accuracies]).tolist() == [True] * 4
    assert np.isfinite(run.history.train_losses).all()
    assert run.best_epoch == 0


def test_patience_needs_validation_images() -> None:
    with pytest.raises(PlaygroundError, match="patience needs validation images"):
        train_convnet(build(QUICK, 0), replace(QUICK, patience=1), *few()[:2])


def test_after_each_epoch_its_curves_are_shown_and_what_is_raised_ends_the_training() -> None:
    class Enough(Exception):
        pass

    seen = []

    def after_epoch(epoch: int, history: utils.History) -> None:
        seen.append((epoch, len(history.val_losses)))
        if epoch == 2:
            raise Enough

    with pytest.raises(Enough):
        trained(replace(QUICK, epochs=5), after_epoch=after_epoch)
    assert seen == [(1, 1), (2, 2)]


def test_a_diverged_run_says_when_and_what_to_try() -> None:
    with pytest.raises(
        Diverged, match=r"loss is (nan|inf) in epoch \d, .*: try a learning rate below 1e\+38"
    ):
        trained(replace(QUICK, network="v1", learning_rate=1e38, schedule="constant"))


def test_a_run_that_diverges_in_its_last_step_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    changes = {"network": "v1", "learning_rate": 1e30, "schedule": "constant"}
    configuration = replace(QUICK, **changes, epochs=1, batch_size=200)  # a single step
    with pytest.raises(Diverged, match=r"loss is (nan|inf) in epoch 1, .*rate below 1e\+30"):
        trained(configuration, checkpoint=path)
    assert not path.exists()


@pytest.mark.parametrize(
    "X", [np.zeros((4, 100), np.uint8), np.zeros((4, 784)), np.zeros(784, np.uint8)]
)
def test_what_is_no_images_is_refused(X: np.ndarray) -> None:
    with pytest.raises(
        PlaygroundError, match=r"X_train has shape .* and type .*, expected \(n, 784\) uint8 pixels"
    ):
        train_convnet(build(QUICK, 0), QUICK, X, np.zeros(len(X), np.int64))


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_do_not_depend_on_what_is_judged_with_them(name: str) -> None:
    configuration = replace(QUICK, network=name, flips=True)
    model, X = build(configuration, 0), few()[0]
    together = logits(model, configuration, X[:20], "cpu")
    assert together.shape == (20, 10)
    assert together.dtype == np.float32
    np.testing.assert_allclose(
        logits(model, configuration, X[5:6], "cpu")[0], together[5], rtol=1e-3, atol=1e-4
    )


def test_a_network_trained_with_flips_judges_an_image_as_its_mirror_image() -> None:
    configuration = replace(QUICK, flips=True)
    model, X = build(configuration, 0), few()[0][:20]
    mirrored = X.reshape(-1, 28, 28)[:, :, ::-1].reshape(-1, 784)
    found, other = (
        logits(model, configuration, images, "cpu")
        for images in (X, np.ascontiguousarray(mirrored))
    )
    np.testing.assert_allclose(found, other, rtol=1e-3, atol=1e-5)


def test_the_epoch_table_is_printed_only_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    trained()
    assert capsys.readouterr().out == ""
    trained(verbose=True)
    assert len(capsys.readouterr().out.splitlines()) == 3

"""An interrupted run of the NumPy network goes on as if nothing had happened, or is extended."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import utils
from playground.configuration import Configuration
from playground.errors import BadFile, PlaygroundError
from playground.history import EPOCH_TABLE
from playground.network import Network
from playground.optimizers import OPTIMIZERS
from playground.training import Controls, TrainingRun, train
from tests.playground.support import clusters

LONG = Configuration(
    hidden_sizes=(6,), epochs=4, batch_size=32, learning_rate=0.02, dropout=0.2, flips=True, shifts=1,
    keep_best=True, schedule="cosine", weight_decay=0.1,
)  # fmt: skip


class Interrupted(Exception):
    pass


def trained(configuration: Configuration = LONG, **settings: Any) -> tuple[Network, TrainingRun]:
    network = Network(4, 3, configuration, seed=1)
    settings = {"seed": 2, **settings}
    return network, train(network, *clusters(100), *clusters(60, seed=1), **settings)


def interrupted(
    path: Path, configuration: Configuration = LONG, *, after: int = 2, **settings: Any
) -> Path:
    """A run that ends when that many epochs are in the checkpoint."""

    def after_epoch(epoch: int, history: utils.History) -> None:
        if epoch == after:
            raise Interrupted

    with pytest.raises(Interrupted):
        trained(configuration, checkpoint=path, after_epoch=after_epoch, **settings)
    return path


def assert_same(one: tuple[Network, TrainingRun], other: tuple[Network, TrainingRun]) -> None:
    np.testing.assert_array_equal(one[0].parameters, other[0].parameters)
    assert (one[1].history, one[1].best_epoch) == (other[1].history, other[1].best_epoch)


@pytest.mark.parametrize(("changes", "after"), [
    *(({"optimizer": name}, 2) for name in OPTIMIZERS),
    ({}, 1),
    ({}, 4),
    ({"patience": 1, "learning_rate": 1.0, "optimizer": "sgd"}, 1),
], ids=str)  # fmt: skip
def test_a_resumed_run_is_the_uninterrupted_one_bit_by_bit(
    changes: dict[str, Any], after: int, tmp_path: Path
) -> None:
    configuration = replace(LONG, **changes)
    path = interrupted(tmp_path / "run.npz", configuration, after=after)
    assert_same(trained(configuration), trained(configuration, checkpoint=str(path), resume=True))


def test_a_finished_run_is_extended_to_more_epochs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, short = tmp_path / "run.npz", replace(LONG, schedule="constant", epochs=2)
    trained(short, checkpoint=path)
    long = replace(short, epochs=4)
    assert_same(trained(long), trained(long, checkpoint=path, resume=True, verbose=True))
    assert "resumed after epoch 2 of 2, extended to 4\n" in capsys.readouterr().out


def test_the_table_has_the_same_head_as_from_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    trained(verbose=True)
    assert capsys.readouterr().out.splitlines()[0] == EPOCH_TABLE


def test_a_learning_rate_that_was_changed_stays_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = trained(controls=Controls(rate_factor=0.5))
    path = interrupted(tmp_path / "run.npz", controls=Controls(rate_factor=0.5))
    assert_same(whole, trained(checkpoint=path, resume=True, verbose=True))
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["resumed after epoch 2 of 4", EPOCH_TABLE]
    trained(checkpoint=path, resume=True, verbose=True)  # nothing is left to do
    assert capsys.readouterr().out == "resumed after epoch 4 of 4\n"


def test_patience_that_has_run_out_ends_a_resumed_run_too(tmp_path: Path) -> None:
    impatient = replace(LONG, patience=1, learning_rate=1e-9, epochs=9)
    _, run = trained(impatient, checkpoint=tmp_path / "run.npz")
    _, again = trained(impatient, checkpoint=tmp_path / "run.npz", resume=True)
    assert len(run.history.val_losses) == len(again.history.val_losses) == run.best_epoch + 1


@pytest.mark.parametrize(("configuration", "settings", "message"), [
    (replace(LONG, epochs=3), {}, "of a run of 4 epochs, expected at least as many to resume it"),
    (replace(LONG, optimizer="sgd"), {}, "its optimizer is 'adam', expected 'sgd'"),
    (LONG, {"seed": 3}, "its seed is 2, expected 3"),
    (LONG, {"seed": np.random.default_rng(0)}, "a checkpoint needs an integer"),
])  # fmt: skip
def test_a_checkpoint_of_another_run_is_refused_in_one_line(
    configuration: Configuration, settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = interrupted(tmp_path / "run.npz")
    with pytest.raises(PlaygroundError) as caught:
        trained(configuration, checkpoint=path, resume=True, **settings)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_other_images_or_types_is_refused(tmp_path: Path) -> None:
    path = interrupted(tmp_path / "run.npz", replace(LONG, keep_best=False))
    network = Network(4, 3, replace(LONG, keep_best=False), dtype=np.float64)
    data = (*clusters(100), *clusters(60, seed=1))
    with pytest.raises(PlaygroundError, match="its dtype is 'float32', expected 'float64'"):
        train(network, *data, seed=2, checkpoint=path, resume=True)
    with pytest.raises(PlaygroundError, match="its checksum of the images is"):
        train(network, *clusters(90), *data[2:], seed=2, checkpoint=path, resume=True)


@pytest.mark.parametrize("kind", ["MT19937", "PCG64", "Philox", "SFC64"])
def test_a_network_of_any_generator_is_resumed(kind: str, tmp_path: Path) -> None:
    def run(epochs: int, **settings: Any) -> tuple[Network, TrainingRun]:
        rng = np.random.Generator(getattr(np.random, kind)(5))
        network = Network(4, 3, replace(LONG, schedule="constant", epochs=epochs), seed=rng)
        return network, train(network, *clusters(100), *clusters(60, seed=1), **settings)

    path = tmp_path / "run.npz"
    run(2, checkpoint=path)
    assert_same(run(3), run(3, checkpoint=path, resume=True))


def test_a_checkpoint_of_an_earlier_version_has_the_type_of_its_arrays(tmp_path: Path) -> None:
    path = interrupted(tmp_path / "run.npz")
    with np.load(path) as archive:
        identity = json.loads(str(archive["description"]))["identity"]
    assert identity.pop("dtype") == "float32"
    altered(path, {"identity": identity})
    assert_same(trained(), trained(checkpoint=path, resume=True))


def altered(path: Path, changes: dict[str, Any]) -> None:
    """Replaces arrays of a checkpoint, or parts of its description; None removes them."""
    with np.load(path) as archive:
        arrays = dict(archive)
    description = json.loads(str(arrays["description"]))
    for name, value in changes.items():
        target = description if name in description else arrays
        target.pop(name) if value is None else target.update({name: value})
    content = io.BytesIO()
    np.savez(content, **{**arrays, "description": np.array(json.dumps(description))})
    path.write_bytes(content.getvalue())


@pytest.mark.parametrize("changes", [
    {"kind": "something else"},
    {"curves": {"train_losses": [1.0]}},
    {"curves": None},
    {"generators": []},
    {"best": [1]},
    {"best": None},
    {"seconds": "long"},
    {"rate_factor": 0},
    {"rate_factor": "fast"},
    {"parameters": np.zeros(3, np.float32)},
    {"parameters": np.full(51, np.nan, np.float32)},
    {"optimizer.mean": None},
    {"optimizer.squares": np.zeros(51)},
], ids=str)  # fmt: skip
def test_a_damaged_checkpoint_is_refused_in_one_line(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    path = interrupted(tmp_path / "run.npz")
    altered(path, {"seconds": 1000.0})
    assert trained(checkpoint=path, resume=True)[1].seconds > 1000  # so far it is whole
    altered(path, changes)
    with pytest.raises(BadFile, match=r"run\.npz is (not a|a damaged) checkpoint.*exp") as caught:
        trained(checkpoint=path, resume=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"junk\n", b"PK\x03\x04junk"])
def test_what_is_no_checkpoint_is_called_that(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "run.npz").write_bytes(content)
    with pytest.raises(BadFile, match="is not a checkpoint, or damaged, expected one from train"):
        trained(checkpoint=tmp_path / "run.npz", resume=True)
    with pytest.raises(BadFile, match=r"none\.npz cannot be read \(No such file"):
        trained(checkpoint=tmp_path / "none.npz", resume=True)

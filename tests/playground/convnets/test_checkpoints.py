"""An interrupted run goes on as if nothing had happened, and with no file but its own."""

from __future__ import annotations

import contextlib
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import utils
from playground.convnets.configuration import ConvConfiguration
from playground.convnets.networks import build
from playground.convnets.storage import load, save
from playground.convnets.training import train_convnet
from playground.errors import BadFile, PlaygroundError
from playground.history import EPOCH_TABLE
from playground.training import Controls
from tests.playground.convnets.support import QUICK, assert_same_parameters, few, trained

LONGER = replace(QUICK, epochs=3, flips=True, shifts=1, cutout=4)


class Interrupted(Exception):
    pass


def interrupted(
    path: Path, configuration: ConvConfiguration = LONGER, *, after: int = 2, **settings: Any
) -> None:
    """A run that ends when that many epochs are in the checkpoint."""

    def after_epoch(epoch: int, history: utils.History) -> None:
        if epoch == after:
            raise Interrupted

    with pytest.raises(Interrupted):
        trained(configuration, checkpoint=path, after_epoch=after_epoch, **settings)


@pytest.mark.parametrize(("changes", "after"), [
    ({}, 1),
    ({}, 3),
    ({"schedule": "constant", "patience": 1, "averaging": 0.9}, 3),
    pytest.param(
        {"network": "v3", "batch_size": 100, "epochs": 2}, 1, marks=pytest.mark.exhaustive
    ),
], ids=str)  # fmt: skip
def test_a_resumed_run_is_the_uninterrupted_one_bit_by_bit(
    changes: dict[str, Any], after: int, tmp_path: Path
) -> None:
    configuration = replace(LONGER, **changes)
    whole, run = trained(configuration)
    after = min(after, len(run.history.val_losses))
    interrupted(tmp_path / "run.pt", configuration, after=after)
    resumed, rerun = trained(configuration, checkpoint=str(tmp_path / "run.pt"), resume=True)
    assert_same_parameters(whole, resumed)
    assert (run.history, run.best_epoch) == (rerun.history, rerun.best_epoch)


def test_a_learning_rate_that_was_changed_stays_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, run = trained(LONGER, controls=Controls(rate_factor=0.5))
    interrupted(tmp_path / "run.pt", controls=Controls(rate_factor=0.5))
    resumed, rerun = trained(LONGER, checkpoint=tmp_path / "run.pt", resume=True, verbose=True)
    assert_same_parameters(whole, resumed)
    assert run.history == rerun.history
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["resumed after epoch 2 of 3", EPOCH_TABLE]


def test_a_run_can_be_extended(tmp_path: Path) -> None:
    short = replace(QUICK, epochs=1, schedule="constant")
    long = replace(short, epochs=2)
    whole, run = trained(long)
    trained(short, checkpoint=tmp_path / "run.pt")
    extended, rerun = trained(long, checkpoint=tmp_path / "run.pt", resume=True)
    assert_same_parameters(whole, extended)
    assert run.history == rerun.history


def test_seconds_are_those_of_all_parts_of_a_run(tmp_path: Path) -> None:
    _, run = trained(LONGER, checkpoint=tmp_path / "run.pt")
    _, again = trained(LONGER, checkpoint=tmp_path / "run.pt", resume=True)
    assert again.seconds == run.seconds


@pytest.mark.parametrize(("settings", "message"), [
    ({"configuration": replace(LONGER, epochs=2)}, "of 3 epochs, expected at least as many to resume it, not 2"),
    ({"configuration": replace(LONGER, network="v1")}, "its network is 'fast', expected 'v1'"),
    ({"seed": 1}, "its seed is 0, expected 1"),
    ({"train_size": 150}, "its checksum of the images is"),
], ids=str)  # fmt: skip
def test_a_checkpoint_of_another_run_is_refused_in_one_line(
    settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    interrupted(tmp_path / "run.pt")
    configuration, seed = settings.get("configuration", LONGER), settings.get("seed", 0)
    images = few(settings.get("train_size", 200))
    with pytest.raises(PlaygroundError, match=r"run\.pt is a checkpoint of a") as caught:
        train_convnet(
            build(configuration, seed),
            configuration,
            *images,
            device="cpu",
            seed=seed,
            checkpoint=tmp_path / "run.pt",
            resume=True,
        )
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_failed_write_leaves_the_epoch_before_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.pt"
    interrupted(path, after=1)
    before = path.read_bytes()

    def no_space(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(OSError, match="No space"):
        trained(LONGER, checkpoint=path, resume=True)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def altered(path: Path, changes: dict[str, Any]) -> Path:
    """A checkpoint, some of whose parts are replaced."""
    interrupted(path, after=1)
    content = torch.load(path, weights_only=True)
    for where, value in changes.items():
        *parents, last = where.split("/")
        part = content
        for parent in parents:
            part = part[int(parent) if parent.isdigit() else parent]
        part[int(last) if last.isdigit() else last] = value
    torch.save(content, path)
    return path


@pytest.mark.parametrize("changes", [
    {"kind": "something else"},
    {"model": {}},
    {"model/head.weight": torch.zeros(3)},
    {"model/head.weight": torch.full((10, 32), torch.nan)},
    {"progress": {}},
    {"progress/surprise": 1},
    {"progress/rate_factor": -1.0},
    {"progress/history/val_losses": []},
    {"progress/history": {"train_losses": []}},
    {"progress/best_state": {"head.weight": 0}},
    {"optimizer": 3},
    {"optimizer/state": {}},
    {"optimizer/state/0/exp_avg": torch.zeros(2)},
], ids=str)  # fmt: skip
def test_a_checkpoint_that_contradicts_itself_is_refused_in_one_line(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    path = altered(tmp_path / "run.pt", changes)
    with pytest.raises(
        BadFile, match=r"run\.pt is (not a|a damaged) checkpoint.*, expected"
    ) as caught:
        trained(LONGER, checkpoint=path, resume=True)
    assert "\n" not in str(caught.value)


def test_an_unaltered_checkpoint_is_not_refused(tmp_path: Path) -> None:
    _, run = trained(LONGER, checkpoint=altered(tmp_path / "run.pt", {}), resume=True)
    assert len(run.history.val_losses) == 3


@pytest.mark.parametrize(
    "content", [b"", b"hello\n", b"junk", b"a text, \n\n of lines\n", pickle.dumps({"epochs": 3})]
)
@pytest.mark.filterwarnings("always")
def test_a_checkpoint_that_is_no_file_of_torchs_is_called_that(
    content: bytes, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    (tmp_path / "run.pt").write_bytes(content)
    with pytest.raises(BadFile) as caught:
        trained(checkpoint=tmp_path / "run.pt", resume=True)
    reason = "(not a torch file, or damaged), expected one from train-cnn --checkpoint"
    assert str(caught.value) == f"{tmp_path / 'run.pt'} is not a checkpoint {reason}"
    assert not recwarn.list


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        BadFile,
        match=r"run\.pt cannot be read \(No such file or directory\), expected a checkpoint",
    ):
        trained(checkpoint=tmp_path / "run.pt", resume=True)


def test_a_loaded_network_is_the_saved_one(tmp_path: Path) -> None:
    model, _ = trained()
    save(model, QUICK, str(tmp_path / "network.pt"))
    loaded, configuration = load(str(tmp_path / "network.pt"))
    assert configuration == QUICK
    assert_same_parameters(loaded, model)
    assert torch.equal(
        loaded.eval()(torch.ones(1, 1, 28, 28)), model.eval()(torch.ones(1, 1, 28, 28))
    )


@pytest.mark.parametrize("changes", [
    {"kind": "convolutional network in training, format 1"},
    {"configuration": {"network": "v9"}},
    {"configuration": {"surprise": 1}},
    {"configuration": 5},
    {"configuration": {"network": "fast", "width": 10**7}},
    {"configuration": {"network": "v1"}},
    {"state": 5},
], ids=str)  # fmt: skip
def test_a_file_that_is_no_saved_network_is_refused_in_one_line(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "network.pt"
    save(build(QUICK, 0), QUICK, path)
    torch.save({**torch.load(path, weights_only=True), **changes}, path)
    with pytest.raises(
        BadFile, match=r"network\.pt is not a saved network.*, expected one from train-cnn --save"
    ) as caught:
        load(path)
    assert "\n" not in str(caught.value)


class PickleTrap:
    """Leaves a mark when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("unpickled"),))


def test_a_pickle_in_a_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"trap": PickleTrap()}, "network.pt")
    torch.load("network.pt", weights_only=False)
    assert Path("unpickled").exists()  # the trap works
    Path("unpickled").unlink()
    with pytest.raises(BadFile, match="is not a saved network"):
        load(Path("network.pt"))
    assert not Path("unpickled").exists()


@given(where=st.floats(0, 1, exclude_max=True), what=st.integers(0, 255), cut=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_is_refused_or_read_but_never_crashes(
    where: float, what: int, cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.pt"
    save(build(QUICK, 0), QUICK, path)
    content = bytearray(path.read_bytes())
    place = int(where * len(content))
    content[place] = what
    path.write_bytes(content[:place] if cut else content)
    with contextlib.suppress(BadFile):
        load(path)

"""Saved networks come back as they were; anything else is refused in one line."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.errors import BadFile
from playground.layers import Layer, Linear
from playground.losses import LOSSES
from playground.network import Network
from playground.storage import load, save
from tests.playground.own_layers import BatchNorm
from tests.playground.support import clusters, small_network


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loaded_network_is_the_saved_one(loss: str, tmp_path: Path) -> None:
    network = small_network(
        hidden_sizes=(5, 2), activation="tanh", loss=loss, label_smoothing=0.1, dropout=0.2
    )
    save(network, tmp_path / "network.npz")
    loaded = load(str(tmp_path / "network.npz"))
    X = np.random.default_rng(0).standard_normal((6, 4))
    assert loaded.configuration == network.configuration
    assert loaded.parameters.dtype == np.float64
    np.testing.assert_array_equal(loaded.probabilities(X), network.probabilities(X))


def test_a_configuration_with_numbers_of_numpy_can_be_saved(tmp_path: Path) -> None:
    network = small_network(
        hidden_sizes=(np.int64(5),), learning_rate=np.float32(0.5), epochs=np.int32(3)
    )
    save(network, str(tmp_path / "network.npz"))
    assert load(tmp_path / "network.npz").configuration == network.configuration


def test_a_network_of_layers_is_loaded_with_new_layers_like_them(tmp_path: Path) -> None:
    def layers() -> list[Layer]:
        return [Linear(4, 5), BatchNorm(5), Linear(5, 3)]

    network, path = Network(layers(), dtype=np.float64), tmp_path / "network.npz"
    X, y = clusters()
    network.fit(X, y, epochs=1, optimizer="sgd")
    save(network, path)
    loaded = load(path, layers())
    np.testing.assert_array_equal(loaded.probabilities(X), network.probabilities(X))
    assert loaded.configuration.optimizer == "sgd"
    for wrong in (None, [Linear(4, 5), Linear(5, 3)]):
        with pytest.raises(BadFile, match=r"its layers are \[Linear\(4, 5\), BatchNorm\(\), Lin"):
            load(path, wrong)
    with pytest.raises(
        BadFile, match=r"cannot be loaded: layer 1, .* is part of a network already"
    ):
        load(path, network.layers)
    save(small_network(), path)
    with pytest.raises(BadFile, match="made from a configuration"):
        load(path, layers())


def test_a_file_of_the_first_format_is_still_read(tmp_path: Path) -> None:
    network, path = small_network(), tmp_path / "network.npz"
    description = {"format": 1, "inputs": 4, "classes": 3, **asdict(network.configuration)}
    del description["network"]
    np.savez(path, description=np.array(json.dumps(description)), parameters=network.parameters)
    np.testing.assert_array_equal(load(path).parameters, network.parameters)


def test_a_failed_save_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "network.npz"
    save(small_network(seed=1), path)
    before = path.read_bytes()

    def no_space(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(OSError, match="No space"):
        save(small_network(seed=2), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def altered(path: Path, description: dict[str, Any] | None = None, parameters: Any = None) -> Path:
    """A file like a saved network, but for some of its description, or with other parameters."""
    save(small_network(), path)
    with np.load(path) as archive:
        changed = {**json.loads(str(archive["description"])), **(description or {})}
        arrays = {name: archive[name] for name in ("parameters", "state")}
    arrays |= {} if parameters is None else {"parameters": parameters}
    np.savez(path, description=np.array(json.dumps(changed)), **arrays)
    return path


@pytest.mark.parametrize("changes", [
    {"description": {"format": 3}},
    {"description": {"layers": ["Linear(4, 3)"]}},
    {"description": {"layers": 5}},
    {"description": {"inputs": 0}},
    {"description": {"inputs": "many"}},
    {"description": {"inputs": 5}},
    {"description": {"inputs": 10**9}},
    {"description": {"hidden_sizes": 5}},
    {"description": {"hidden_sizes": [5, -1]}},
    {"description": {"activation": "__import__"}},
    {"description": {"surprise": 1}},
    {"parameters": np.array([1.0, 2.0])},
    {"parameters": np.full(43, np.nan)},
    {"parameters": np.full(43, "1.0")},
    {"parameters": np.zeros(10**6)},
], ids=str)  # fmt: skip
def test_a_file_that_contradicts_itself_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(
        BadFile,
        match=r"network\.npz (is not a saved network \(.+\), expected|cannot be loaded: its)",
    ) as caught:
        load(altered(tmp_path / "network.npz", **changes))
    assert "\n" not in str(caught.value)


def test_an_unaltered_file_is_not_refused(tmp_path: Path) -> None:
    assert load(altered(tmp_path / "network.npz")).parameter_count == 43


class Trap:
    """Leaves a mark when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("unpickled"),))


def test_a_pickle_in_a_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(Trap()))
    assert Path("unpickled").exists()  # the trap works
    Path("unpickled").unlink()
    with pytest.raises(BadFile, match="allow_pickle"):
        load(altered(tmp_path / "network.npz", parameters=np.array([Trap()], dtype=object)))
    assert not Path("unpickled").exists()


def test_an_array_that_claims_to_be_huge_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = altered(tmp_path / "network.npz")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**15,)}
    )
    with zipfile.ZipFile(path) as archive:
        description = archive.read("description.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("description.npy", description)
        archive.writestr("parameters.npy", header.getvalue())
    with pytest.raises(BadFile, match="is not a saved network"):
        load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"nowhere\.npz cannot be read \(No such file or directory\)"):
        load(tmp_path / "nowhere.npz")


@given(where=st.floats(0, 1, exclude_max=True), what=st.integers(0, 255), cut=st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_damaged_file_is_refused_or_read_but_never_crashes(
    where: float, what: int, cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    save(small_network(), path)
    content = bytearray(path.read_bytes())
    place = int(where * len(content))
    content[place] = what
    path.write_bytes(content[:place] if cut else content)
    with contextlib.suppress(BadFile):
        load(path)

"""The loss landscape: the plane, the loss on it, the paths, and the command that draws them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from playground.__main__ import main
from playground.configuration import Configuration
from playground.datasets import Split
from playground.errors import PlaygroundError
from playground.landscape.paths import RATES, record_path
from playground.landscape.plane import loss_on_grid, plane_through
from playground.network import Network
from playground.optimizers import OPTIMIZERS
from playground.training import train
from tests.playground.support import clusters, small_network

RNG = np.random.default_rng(0)


def test_the_plane_holds_both_ends_and_is_closest_to_the_rest() -> None:
    points = RNG.normal(size=(30, 50)) * np.linspace(1, 3, 50)
    end, start = points[0], points[-1]
    plane = plane_through(end, start, points)
    distance = np.linalg.norm(start - end)
    np.testing.assert_allclose(
        plane.coordinates(np.stack([end, start])), [[0, 0], [distance, 0]], atol=1e-12
    )
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)
    places = plane.coordinates(points)
    rest = points - end - np.outer(places[:, 0], plane.directions[0])
    total = ((points - end) ** 2).sum()
    largest = np.linalg.svd(rest, compute_uv=False)[0] ** 2
    np.testing.assert_allclose(
        plane.explained, [(places[:, 0] ** 2).sum() / total, largest / total]
    )
    np.testing.assert_allclose(plane.coordinates(plane.point(2, -3)), [2, -3])


def test_points_on_one_line_are_refused() -> None:
    line = np.outer(np.arange(5.0), np.ones(7))
    with pytest.raises(PlaygroundError, match="on one line, expected them to span a plane"):
        plane_through(line[-1], line[0], line)


def test_the_grid_has_the_loss_at_its_points() -> None:
    network = small_network()
    kept = network.parameters.copy()
    points = kept + RNG.normal(size=(6, network.parameter_count))
    plane = plane_through(kept, points[0], points)
    X, y = clusters(40)
    grid = loss_on_grid(network, plane, [plane.coordinates(points)], X, y, size=3)
    np.testing.assert_array_equal(network.parameters, kept)
    network.parameters[...] = plane.point(grid.a[2], grid.b[1])
    assert grid.losses[1, 2] == pytest.approx(network.evaluate(X, y)[0])
    places = plane.coordinates(points)
    assert grid.a[0] < places[:, 0].min() < places[:, 0].max() < grid.a[-1]


def test_paths_lead_from_one_start_to_the_trained_networks() -> None:
    assert RATES.keys() == OPTIMIZERS.keys()
    X, y = clusters()
    split = Split(X, y, X[:0], y[:0])
    plain = Configuration(hidden_sizes=(5,), epochs=2, batch_size=50)
    paths = {name: record_path(name, plain, split, classes=3, seed=4) for name in ("sgd", "adam")}
    alone = Network(4, 3, Configuration(hidden_sizes=(5,), epochs=2, batch_size=50), seed=4)
    np.testing.assert_array_equal(paths["sgd"][0], alone.parameters)
    np.testing.assert_array_equal(paths["sgd"][0], paths["adam"][0])
    settings = {"optimizer": "adam", "learning_rate": RATES["adam"]}
    alone = Network(
        4, 3, Configuration(hidden_sizes=(5,), epochs=2, batch_size=50, **settings), seed=4
    )
    train(alone, X, y, seed=4)
    np.testing.assert_array_equal(paths["adam"][-1], alone.parameters)
    assert len(paths["adam"]) == 9  # the start, and after each of 2 epochs of 4 steps


def test_the_command_draws_all_optimizers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "landscape.svg"
    sizes = "--epochs 1 --train-size 300 --validation-size 10 --hidden-sizes 6 --grid 4"
    assert main(["landscape", *sizes.split(), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert [line.split(":")[0] for line in printed.splitlines()] == [*OPTIMIZERS, "Loss landscape"]
    assert out.read_text().startswith("<?xml")


def test_the_command_writes_a_page_with_the_loss_at_each_point(tmp_path: Path) -> None:
    out = tmp_path / "landscape.html"
    sizes = "--epochs 1 --train-size 300 --validation-size 10 --hidden-sizes 6 --grid 4"
    assert main(["landscape", *sizes.split(), "--out", str(out)]) == 0
    text = out.read_text()
    data = json.loads(text.partition('id="data">')[2].partition("<")[0])
    assert [path["name"] for path in data["paths"]] == list(OPTIMIZERS)
    assert data["steps"] == [0, 1, 2, 3]  # 300 images in batches of 128
    ends = {path["name"]: path["losses"][-1] for path in data["paths"]}
    assert data["best"] == min(ends, key=lambda name: ends[name])
    assert len({path["losses"][0] for path in data["paths"]}) == 1  # they have one start
    assert all(len(path["losses"]) == len(path["places"]) == 4 for path in data["paths"])
    assert "default-src 'none'" in text


@pytest.mark.parametrize("ending", [".svg", ".html"])
def test_a_loss_of_zero_is_drawn_too(ending: str, tmp_path: Path) -> None:
    """A network that has learned its only image has none."""
    out = tmp_path / f"landscape{ending}"
    sizes = "--epochs 30 --train-size 1 --validation-size 1 --hidden-sizes 30 --grid 3"
    assert main(["landscape", *sizes.split(), "--out", str(out)]) == 0
    assert out.exists()


@pytest.mark.parametrize(("arguments", "words"), [
    ("--out landscape.txt", "expected a name that ends in .png or .svg or .pdf or .html"),
    ("--epochs 0", "epochs is 0, expected an integer of at least 1"),
    ("--hidden-sizes 0", "hidden_sizes[0] is 0"),
])  # fmt: skip
def test_bad_options_are_one_line(
    arguments: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["landscape", *arguments.split()]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1

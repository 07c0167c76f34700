"""The experiments with convolutional networks, in quick mode: measurements, figures, findings."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from playground.convnets.configuration import CONV_RECIPES
from playground.convnets.networks import build
from playground.experiments import ExperimentSettings, Result, figures, present, results, run
from playground.experiments.network_vs_cnn import find, measure
from playground.experiments.settings import Data
from playground.experiments.torch_trials import averaged_and_plain, cnn_variant, train_cnn
from playground.experiments.v3_recipe import find as find_gains
from playground.experiments.what_a_unit_sees import (
    CNN,
    FILTER_SCALE,
    animation,
    draw_frame,
    filters_of,
    mosaic,
    stem_of,
)
from playground.experiments.what_a_unit_sees import measure as measure_film
from tests.support import ROOT

TINY = ExperimentSettings(
    quick=True, seeds=1, device="cpu", train_size=128, validation_size=50, test_size=100, epochs=2
)
WITH_CNN = ("network-vs-cnn", "evolution", "v3-recipe", "what-a-unit-sees")


class Found(dict[str, Result]):
    """The results by name; an experiment runs when it is first asked for."""

    def __missing__(self, name: str) -> Result:
        self[name] = run(name, TINY)
        return self[name]


@pytest.fixture(scope="module")
def found() -> Found:
    return Found()


@pytest.mark.parametrize(
    "name", [pytest.param(WITH_CNN[0], marks=pytest.mark.exhaustive), *WITH_CNN[1:]]
)
def test_a_result_has_its_trials_survives_json_and_has_small_figures(
    name: str, found: dict[str, Result]
) -> None:
    result = found[name]
    assert (result.experiment, result.quick, result.seeds, result.device) == (name, True, 1, "cpu")
    assert results.to_json(results.from_json(results.to_json(result))) == results.to_json(result)
    assert all(
        0 <= variant.test_accuracy.mean <= 1 < variant.parameters for variant in result.variants
    )
    assert name in result.figures
    for figure in result.figures.values():
        assert len(figures.as_png(figure)) < 200_000
        assert len(figures.as_svg(figure)) < 500_000


def test_a_cnn_of_one_seed_is_the_same_again_and_watched_from_the_start() -> None:
    configuration, seen = replace(CONV_RECIPES["fast"], width=4, epochs=2), list[float]()
    trials = [
        train_cnn(
            configuration,
            TINY.data(),
            3,
            device="cpu",
            watch=lambda model: seen.append(filters_of(model).sum()),
        )[1]
        for _ in range(2)
    ]
    assert trials[0].history["val_losses"] == trials[1].history["val_losses"]
    assert len(set(seen[:3])) == 3  # start, first epoch, second
    assert seen[:3] == seen[3:]


@pytest.mark.parametrize("name", WITH_CNN)
def test_seconds_are_measured_at_one_precision_and_number_of_threads(
    name: str, found: dict[str, Result]
) -> None:
    result = found[name]
    precisions = {variant.configuration.get("precision", "float32") for variant in result.variants}
    assert precisions == {"float32"}
    assert result.versions["threads"] == torch.get_num_threads()


# network-vs-cnn


def test_errors_are_counted_by_class_and_right_images_by_who_has_them() -> None:
    y = np.array([0, 0, 1, 1])
    data = Data(("a", "b"), *[np.zeros((0, 784))] * 5, y)
    network = [np.array([0, 1, 1, 0]), np.array([0, 0, 1, 0])]
    cnn = [np.array([0, 0, 0, 0]), np.array([0, 0, 0, 0])]
    measures = measure({"network": network, "CNN": cnn}, data)
    assert measures["errors_by_class"] == {"network": [0.25, 0.5], "CNN": [0.0, 1.0]}
    assert measures["right_with_seed_0"] == {
        "both": 1,
        "only the network": 1,
        "only the CNN": 1,
        "neither": 1,
    }


@pytest.mark.exhaustive
def test_the_cnn_has_no_more_epochs_than_its_budget_and_the_finding_counts_images(
    found: dict[str, Result],
) -> None:
    result = found["network-vs-cnn"]
    network, cnn = result.variants
    assert (network.name, cnn.name) == ("network", "CNN")
    assert 1 <= cnn.configuration["epochs"] <= 2
    right = result.measures["right_with_seed_0"]
    assert sum(right.values()) == 100
    assert (
        f"{right['only the CNN']} images are classified correctly by the CNN only"
        in result.finding.details[-1]
    )


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1.2, "With about the same training time"), (8.0, "With 8.0 times the training time")],
)
def test_a_budget_that_was_not_kept_is_said(
    seconds: float, words: str, found: dict[str, Result]
) -> None:
    result = found["network-vs-cnn"]
    variants = tuple(
        replace(variant, trials=(replace(variant.trials[0], seconds=spent),))
        for variant, spent in zip(result.variants, (1.0, seconds), strict=True)
    )
    assert find(replace(result, variants=variants)).summary.startswith(words)


# evolution


def test_the_evolution_has_a_table_and_statistics_of_each_step(found: dict[str, Result]) -> None:
    result = found["evolution"]
    names = ["from scratch", "v1", "v2", "v3", "fast"]
    assert [variant.name for variant in result.variants] == names
    table = result.files["evolution/README.md"].decode()
    for variant in result.variants:
        statistics = json.loads(result.files[f"evolution/{variant.name.replace(' ', '-')}.json"])
        assert statistics["test_accuracy"]["mean"] == variant.test_accuracy.mean
        assert f"| {100 * variant.test_accuracy.mean:.2f} % |" in table
        assert f"| {variant.parameters:,} | 2 |" in table


# v3-recipe


def test_one_training_gives_the_averaged_and_the_plain_weights() -> None:
    recipe = replace(CONV_RECIPES["fast"], width=4, epochs=3, averaging=0.9)
    averaged, plain = averaged_and_plain("fast", recipe, TINY.data(), TINY)
    alone = cnn_variant("fast", replace(recipe, averaging=0.0), TINY.data(), TINY)
    assert (averaged.name, plain.name) == ("fast, averaged", "fast")
    assert plain.configuration == alone.configuration
    (one,), (other,) = plain.trials, alone.trials
    assert replace(one, seconds=0.0, history={}) == replace(other, seconds=0.0, history={})
    for curve in set(results.CURVES) - {"seconds"}:
        assert one.history[curve] == other.history[curve]
    assert averaged.curve("val_losses") != plain.curve("val_losses")


def test_plain_weights_are_trained_alone_if_only_the_averaged_ones_were_kept(
    tmp_path: Path,
) -> None:
    recipe = replace(CONV_RECIPES["fast"], width=4, epochs=2, averaging=0.9)
    settings = replace(TINY, finished=tmp_path)
    _, plain = averaged_and_plain("fast", recipe, TINY.data(), settings)
    (tmp_path / "fast-0.json").unlink()
    _, again = averaged_and_plain("fast", recipe, TINY.data(), settings)
    assert again.curve("val_losses") == plain.curve("val_losses")


def test_the_gains_of_the_recipe_add_up(found: dict[str, Result]) -> None:
    result = found["v3-recipe"]
    gains = [
        float(gain.replace("−", "-"))
        for gain in re.findall(r"([+−]\d+\.\d\d) points", find_gains(result).summary)
    ]
    constant, both = (result.variant(name) for name in ("constant rate", "cosine, averaged"))
    schedule, averaging, on_top = gains
    total = 100 * (both.test_accuracy.mean - constant.test_accuracy.mean)
    assert schedule + on_top == pytest.approx(total, abs=0.011)
    alone = result.variant("constant rate, averaged").test_accuracy.mean
    assert averaging == pytest.approx(100 * (alone - constant.test_accuracy.mean), abs=0.006)


# what-a-unit-sees


def test_the_animation_has_a_frame_for_the_start_and_each_epoch_and_is_small(
    found: dict[str, Result],
) -> None:
    content = found["what-a-unit-sees"].files["what-a-unit-sees.gif"]
    animation = Image.open(io.BytesIO(content))
    assert animation.n_frames == 3
    assert len(content) < 1_000_000


def test_the_small_weights_of_the_start_are_recorded_and_said(found: dict[str, Result]) -> None:
    result = found["what-a-unit-sees"]
    assert result.variant("CNN").measures["filter_scale"] == FILTER_SCALE
    assert f"first filters of {FILTER_SCALE} times their usual size" in result.finding.details[-1]
    committed = results.read(ROOT / "results" / "what-a-unit-sees.json")
    assert committed.variant("CNN").measures["filter_scale"] == FILTER_SCALE
    assert committed.finding == present(committed).finding


def test_a_kept_training_leaves_no_film_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def repeated(*arguments: object) -> None:
        (settings,) = (one for one in arguments if isinstance(one, ExperimentSettings))
        raise InterruptedError(f"finished: {settings.finished}")

    monkeypatch.setattr("playground.experiments.what_a_unit_sees.repeat", repeated)
    with pytest.raises(InterruptedError, match="finished: None"):
        run("what-a-unit-sees", replace(TINY, finished=tmp_path))


def test_the_animation_keeps_the_sign_of_every_weight() -> None:
    film = np.random.default_rng(0).normal(0, 1, (2, 25, 28, 28))
    film[:, 0] = np.linspace(-3, 3, 784).reshape(28, 28)
    film[:, 1] = np.where(np.arange(784) % 2, 1e-9, -1e-9).reshape(28, 28)
    films, reached = {"network": film}, {"network": "90.00 %"}
    frames = Image.open(io.BytesIO(animation(films, reached)))
    frames.seek(1)
    pixels = np.asarray(frames.convert("RGB")).astype(int)
    figure = draw_frame(films, reached, 1)
    figure.set_dpi(figures.PNG_DPI)
    figure.draw_without_rendering()
    weights = mosaic(film[1], columns=5)
    rows, columns = np.nonzero(~np.isnan(weights))
    x, y = figure.axes[0].transData.transform(np.stack([columns, rows], axis=1)).T
    shown = pixels[(len(pixels) - y).astype(int), x.astype(int)]
    assert np.array_equal(np.sign(shown[:, 0] - shown[:, 2]), np.sign(weights[rows, columns]))


def test_filters_are_put_together_from_the_channels_of_a_space_to_depth_stem() -> None:
    model = build(CNN, 0)
    image = torch.rand(1, 1, 28, 28, generator=torch.manual_seed(0))
    with torch.no_grad():
        response = stem_of(model)(torch.nn.functional.pixel_unshuffle(image, 2))[0, 5, 3, 4]
    seen = image[
        0, 0, 2 * 3 - 2 : 2 * 3 + 4, 2 * 4 - 2 : 2 * 4 + 4
    ].numpy()  # rows 4 to 9, columns 6 to 11
    assert float((filters_of(model)[5] * seen).sum()) == pytest.approx(float(response), rel=1e-4)


def test_noise_is_told_from_a_smooth_pattern_and_turning_is_measured() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((8, 28, 28))
    smooth = np.tile(np.linspace(-1, 1, 28), (8, 28, 1))
    measures = measure_film(np.array([noise, smooth, -noise]))
    likeness, turned = measures["likeness_of_neighbours"], measures["turned"]
    assert abs(likeness[0]) < 0.05 < 0.9 < likeness[1]
    assert turned == [pytest.approx(0, abs=1e-3), pytest.approx(90, abs=5), pytest.approx(180)]


def test_a_mosaic_has_every_image_and_gaps_between() -> None:
    image = mosaic(np.arange(1, 4).reshape(3, 1, 1) * np.ones((3, 2, 2)), columns=2)
    nan = np.nan
    np.testing.assert_array_equal(
        image,
        [
            [1, 1, nan, 2, 2],
            [1, 1, nan, 2, 2],
            [nan] * 5,
            [3, 3, nan, nan, nan],
            [3, 3, nan, nan, nan],
        ],
    )

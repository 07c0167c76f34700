"""Records of experiments: what is written to disk and read back."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from playground.errors import BadFile
from playground.experiments import (
    Finding,
    Variant,
    results,
)
from playground.experiments.results import SeedSpread
from tests.playground.results_support import small_result, trial


def test_a_result_comes_back_from_json_as_it_was() -> None:
    result = small_result(
        quick=True, measures={"table": [[1, 2], [3, 4]], "text": "a [bracket,\n 1]"}, device="cuda"
    )
    assert results.from_json(results.to_json(result)) == result


def test_the_json_holds_configuration_curves_means_deviations_seconds_and_versions() -> None:
    content = json.loads(results.to_json(small_result()))
    adam = content["variants"][0]
    assert adam["test_accuracy"] == {
        "mean": 0.9,
        "deviation": pytest.approx(0.0002**0.5),
        "values": [0.89, 0.91],
    }
    assert adam["configuration"]["hidden_sizes"] == [30, 10]
    assert set(adam["trials"][1]["history"]) == set(results.CURVES)
    assert (content["seconds"], content["quick"]) == (12.5, False)
    assert content["versions"]["numpy"] == np.__version__
    assert content["versions"]["cores"] >= 1


def test_json_holds_null_for_what_is_no_number_and_numpy_values_as_plain_ones() -> None:
    text = results.dump(
        {"a": math.nan, "b": np.float32(0.5), "c": np.arange(3), "d": (True, None), "e": []}
    )
    assert json.loads(text) == {"a": None, "b": 0.5, "c": [0, 1, 2], "d": [True, None], "e": []}
    assert '"c": [0, 1, 2]' in text  # on one line


def test_a_curve_that_was_not_measured_comes_back_as_nan() -> None:
    result = small_result(variants=(Variant("sgd", {}, 1, (trial(val_losses=(math.nan, 0.5)),)),))
    (back,) = results.from_json(results.to_json(result)).variants
    assert math.isnan(back.trials[0].history["val_losses"][0])
    assert back.trials[0].history["val_losses"][1] == 0.5


def test_a_finding_of_an_older_version_is_a_summary() -> None:
    old = json.loads(results.to_json(small_result())) | {"finding": "adam is best."}
    assert results.from_json(json.dumps(old)).finding == Finding("adam is best.")


def test_the_deviation_is_that_of_a_sample_and_of_one_value_there_is_none() -> None:
    assert SeedSpread((1.0, 2.0, 3.0)).deviation == 1.0  # ((1 + 0 + 1) / 2) ** 0.5
    assert math.isnan(SeedSpread((1.0,)).deviation)


@pytest.mark.parametrize("content", [
    "", "[]", "{", "null", '{"format": 1}', '{"format": 2}', "[" * 100_000,
    results.to_json(small_result())[:-300],
    results.to_json(small_result()).replace('"train_losses"', '"train"'),
    results.to_json(small_result()).replace('"adam is best."', "7"),
    results.to_json(small_result()).replace("0.91", '"much"'),
    results.to_json(small_result()).replace('"correct": ""', '"correct": "%"'),
], ids=range(12))  # fmt: skip
def test_a_damaged_result_is_named_in_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "optimizers.json"
    path.write_text(content)
    with pytest.raises(BadFile, match=r"optimizers\.json is not the result") as caught:
        results.read(path)
    assert "\n" not in str(caught.value)


def test_a_result_that_is_no_text_or_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "optimizers.json"
    with pytest.raises(BadFile, match=r"optimizers\.json cannot be read \(No such file"):
        results.read(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFile, match=r"optimizers\.json is not the result"):
        results.read(path)

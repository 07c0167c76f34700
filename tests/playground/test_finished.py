"""An experiment that was interrupted repeats no training that had finished."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from playground.configuration import Configuration
from playground.experiments.finished import Answers
from playground.experiments.results import Trial, Variant
from playground.experiments.settings import Data, ExperimentSettings
from playground.experiments.trials import repeat
from playground.network import Network

CONFIGURATION = Configuration(hidden_sizes=(4,))
ANSWERS = Answers.of(np.array([[0.25, 0.75], [0.5, 0.5]]))
DATA = Data(("a", "b"), *(np.zeros(size) for size in (6, 6, 3, 3, 2, 2)))


def trained(
    folder: Path,
    seeds: int,
    configuration: Configuration = CONFIGURATION,
    data: Data = DATA,
    **options: Any,
) -> tuple[Variant, list[int]]:
    """The variant, and the seeds that had to be trained for it."""
    asked: list[int] = []

    def train_one(configuration: Configuration, data: Data, seed: int) -> tuple[Network, Trial]:
        asked.append(seed)
        history = {"val_accuracies": (0.5, 0.6 + seed / 10)}
        curves = dict.fromkeys(
            ("train_losses", "val_losses", "train_accuracies", "seconds"), (1.0,)
        )
        return Network(2, 2, configuration), Trial(seed, 0.3, 0.9, 1.0, curves | history, "oA==")

    settings = ExperimentSettings(seeds=seeds, finished=folder)
    variant = repeat("The first!", configuration, data, settings, train_one, **options)
    return variant, asked


def test_only_what_is_missing_is_trained(tmp_path: Path) -> None:
    first, asked = trained(tmp_path, 2)
    assert asked == [0, 1]
    both, asked = trained(tmp_path, 3)
    assert asked == [2]
    assert both.trials[:2] == first.trials
    assert both.parameters == first.parameters


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"identity": {}, "trial": 1}', '{"answers": 7']
)
def test_a_damaged_record_is_replaced(content: str, tmp_path: Path) -> None:
    first, _ = trained(tmp_path, 1)
    (tmp_path / "the-first--0.json").write_text(content)
    again, asked = trained(tmp_path, 1)
    assert asked == [0]
    assert again == first


def test_another_configuration_is_another_training(tmp_path: Path) -> None:
    trained(tmp_path, 1)
    assert trained(tmp_path, 1, replace(CONFIGURATION, epochs=3))[1] == [0]


def test_other_data_device_or_threads_are_another_training(tmp_path: Path) -> None:
    trained(tmp_path, 1)
    assert trained(tmp_path, 1)[1] == []
    other = DATA._replace(X_train=DATA.X_train + 1)
    assert trained(tmp_path, 1, data=other)[1] == [0]
    assert trained(tmp_path, 1, data=other, device="cuda")[1] == [0]
    with threadpool_limits(1 + ExperimentSettings().threads()):
        assert trained(tmp_path, 1, data=other, device="cuda")[1] == [0]


def test_answers_are_kept_with_a_record_and_asked_for_again_if_it_has_none(tmp_path: Path) -> None:
    trained(tmp_path, 1)

    def asked_for(seeds: int) -> tuple[list[Answers], list[int]]:
        given: list[Answers] = []
        options = {"answers_of": lambda network: ANSWERS, "answers": given}
        return given, trained(tmp_path, seeds, **options)[1]

    first, asked = asked_for(1)
    assert asked == [0]  # its record had no answers
    again, asked = asked_for(2)
    assert asked == [1]
    for answers in (*first, *again):
        np.testing.assert_array_equal(answers.labels, [1, 0])
        np.testing.assert_array_equal(answers.probabilities, [0.75, 0.5])
    assert (len(first), len(again)) == (1, 2)


def test_answers_to_other_images_are_a_damaged_record(tmp_path: Path) -> None:
    options = {"answers_of": lambda network: ANSWERS}
    assert trained(tmp_path, 1, answers=[], **options)[1] == [0]
    (file,) = tmp_path.iterdir()
    content = json.loads(file.read_text())
    for labels in ([1], [[1, 0]], 7):
        content["answers"]["labels"] = labels
        file.write_text(json.dumps(content))
        assert trained(tmp_path, 1, answers=[], **options)[1] == [0]
    assert trained(tmp_path, 1, answers=[], **options)[1] == []

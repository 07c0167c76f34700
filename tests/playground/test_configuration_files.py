"""Configurations as YAML: written, edited by people, read back, damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from playground.configuration import RECIPES, Configuration
from playground.configuration_files import read_configuration, write_configuration
from playground.errors import BadFile


@pytest.mark.parametrize("configuration", [
    *RECIPES.values(),
    Configuration(hidden_sizes=(), learning_rate=1e-5, patience=3, keep_best=True),
], ids=str)  # fmt: skip
def test_what_is_written_is_read_back(configuration: Configuration, tmp_path: Path) -> None:
    write_configuration(tmp_path / "best.yaml", configuration, "two lines\nof comment")
    assert read_configuration(tmp_path / "best.yaml") == configuration
    lines = (tmp_path / "best.yaml").read_text().splitlines()
    assert lines[:2] == ["# two lines", "# of comment"]
    assert len(lines) == 2 + len(vars(configuration))


def test_what_a_file_leaves_out_is_as_usual(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "epochs: 3\nlearning_rate: 1e-2  # YAML takes this for a text\n"
    )
    assert read_configuration(tmp_path / "mine.yaml") == replace(
        Configuration(), epochs=3, learning_rate=0.01
    )


def test_json_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps({"hidden_sizes": [64, 32], "optimizer": "sgd"}))
    assert read_configuration(tmp_path / "mine.json") == Configuration(
        hidden_sizes=(64, 32), optimizer="sgd"
    )


def test_names_of_weights_and_biases_sweeps_are_understood(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "hidden_layers: 3\nhidden_size: 64\nweight_init: xavier\nbatch_size: 32\n"
    )
    assert read_configuration(tmp_path / "mine.yaml") == Configuration(
        hidden_sizes=(64, 64, 64), initializer="xavier", batch_size=32
    )


@pytest.mark.parametrize(("content", "message"), [
    (b"hidden_layers: 3\n", "hidden_size is missing, expected both"),
    (b"hidden_layers: 1e9\nhidden_size: 3\n", "hidden_layers is '1e9', expected an integer"),
    (b"hidden_layers: 99999999999\nhidden_size: 3\n", "hidden_layers is 99999999999, expected at"),
    (b"hidden_layers: 3\nhidden_size: 3\nhidden_sizes: [3]\n", "mean the same, expected one"),
    (b"weight_init: he\ninitializer: he\n", "initializer and weight_init mean the same"),
    (b"", "it does not consist of `name: value` lines"),
    (b"- 1\n- 2\n", "it does not consist of `name: value` lines"),
    (b"optimiser: adam\n", "unknown setting 'optimiser', did you mean 'optimizer'?"),
    (b"1: 2\n", "unknown setting 1"),
    (b"optimizer: adm\n", "unknown optimizer 'adm', did you mean 'adam'?"),
    (b"epochs: ten\n", "epochs is 'ten', expected an integer of at least 1"),
    (b"learning_rate: fast\n", "learning_rate is 'fast', expected a number"),
    (b"learning_rate: [1, 2]\n", "learning_rate is (1, 2), expected a positive number"),
    (b"flips: 1\n", "flips is 1, expected true or false"),
    (b"hidden_sizes: 300\n", "hidden_sizes is 300, expected integers"),
    (b"epochs: !!python/object/apply:os.getcwd []\n", "could not determine a constructor"),
    (b"epochs: [1\n", "expected ',' or ']'"),
    (b"\x80\x02\x00", "can't decode byte"),
    (b"[" * 50_000, "recursion"),
    (b"#" * 200_000, "it has 200000 bytes"),
])  # fmt: skip
def test_a_file_that_is_none_is_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "best.yaml"
    path.write_bytes(content)
    with pytest.raises(BadFile) as caught:
        read_configuration(path)
    assert str(caught.value).startswith(f"{path} is not a configuration (")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"best\.yaml cannot be read \(No such file or directory\)"):
        read_configuration(tmp_path / "best.yaml")

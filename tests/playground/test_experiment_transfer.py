"""The experiment about transfer: what a sweep found on one dataset, on the other as it is."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from playground.configuration import Configuration
from playground.errors import PlaygroundError
from playground.experiments import ExperimentSettings, Result, figures, results, run, transfer

TINY = ExperimentSettings(
    quick=True, seeds=2, train_size=300, validation_size=100, test_size=200, epochs=2
)
SIZES = ((8,), (16,), (32,))


@pytest.fixture(scope="module")
def best_of_a_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sweep") / "top.json"
    entries = [
        {"configuration": asdict(Configuration(hidden_sizes=sizes)), "val_accuracy": 0.9}
        for sizes in SIZES
    ]
    path.write_text(json.dumps({"top": entries}))
    return path


@pytest.fixture(scope="module")
def result(best_of_a_sweep: Path) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "SWEEP_RESULTS", best_of_a_sweep)
        return run("transfer", TINY)


def test_the_three_best_are_trained_on_both_datasets_as_they_are(result: Result) -> None:
    names = [f"1 x {size} adam" for (size,) in SIZES]
    assert [variant.name for variant in result.variants] == [
        *(f"{name}, fashion-mnist" for name in names),
        *(f"{name}, mnist" for name in names),
        "standard, mnist",
    ]
    for clothing, digits, sizes in zip(
        result.variants[:3], result.variants[3:6], SIZES, strict=True
    ):
        assert clothing.configuration == digits.configuration
        assert tuple(digits.configuration["hidden_sizes"]) == sizes
        assert [trial.seed for trial in digits.trials] == [0, 1]


def test_the_finding_has_the_results_own_figures(result: Result) -> None:
    for variant in result.variants[:6]:
        accuracy = variant.test_accuracy
        reached = f"{100 * accuracy.mean:.2f} ± {100 * accuracy.deviation:.2f} %"
        assert reached in str(result.finding)


def test_configurations_that_look_alike_have_names_of_their_own() -> None:
    alike = [(Configuration(), 0.9), (Configuration(batch_size=32), 0.8)]
    assert transfer.names_of(alike) == ["2 x 300 adam (number 1)", "2 x 300 adam (number 2)"]


def test_the_result_survives_json_and_has_a_small_figure(result: Result) -> None:
    assert results.from_json(results.to_json(result)) == result
    assert len(figures.as_png(result.figures["transfer"])) < 200_000


def test_without_a_sweep_a_quick_run_makes_a_small_one_and_a_full_run_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(transfer, "SWEEP_RESULTS", tmp_path / "top.json")
    chosen = transfer.best_configurations(TINY)
    assert [accuracy for _, accuracy in chosen] == sorted(
        (accuracy for _, accuracy in chosen), reverse=True
    )
    assert len(chosen) == 3
    assert capsys.readouterr().out == ""
    with pytest.raises(PlaygroundError, match=r"top\.json is missing.*python -m playground sweep"):
        transfer.best_configurations(ExperimentSettings())


def test_the_committed_best_of_the_sweep_can_be_read() -> None:
    chosen = transfer.best_configurations(ExperimentSettings())
    assert len(chosen) == 3
    assert all(accuracy > 0.88 for _, accuracy in chosen)

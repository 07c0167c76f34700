"""Sweeps resume, end unpromising trials early and never use the test images."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from playground import datasets
from playground.__main__ import main
from playground.configuration_files import from_values
from playground.errors import PlaygroundError
from playground.history import History
from playground.sweeps import SweepSettings, report, run_log, sweep, trial
from playground.sweeps.space import configuration_of, distributions, parameters_of, space
from playground.sweeps.study import opened, requeue_unfinished
from playground.tracking import Tracker
from tests.playground.sweep_support import OPTIONS, SMALL, load, states
from tests.support import ROOT, sampled


def test_a_point_of_the_space_is_a_configuration_and_the_other_way_round() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(20):
        parameters = study.ask(distributions(10)).params
        configuration = configuration_of(parameters)
        assert parameters_of(configuration, 10) == parameters
        assert configuration.hidden_sizes == (parameters["width"],) * parameters["depth"]
        assert configuration.learning_rate == parameters["learning_rate"]


def test_each_trial_is_kept_with_its_configuration_curves_and_accuracy(swept: Path) -> None:
    trials = load(swept).get_trials()
    assert len(trials) == 8
    for found in trials:
        assert set(found.params) == set(space(2))
        history = json.loads(found.user_attrs["history"])
        assert list(found.intermediate_values.values()) == history["val_accuracies"]
        assert from_values(json.loads(found.user_attrs["configuration"])) == configuration_of(
            found.params
        )
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    assert all(
        trial.value == json.loads(trial.user_attrs["history"])["val_accuracies"][-1]
        for trial in complete
    )


def test_the_same_sweep_goes_on_with_other_trials(swept: Path, tmp_path: Path) -> None:
    path = tmp_path / "sweep.db"
    shutil.copy(swept, path)
    before = [trial.params for trial in load(path).get_trials()]
    sweep(path, SMALL, 8)
    assert [trial.params for trial in load(path).get_trials()] == before
    sweep(path, SMALL, 10)
    after = [trial.params for trial in load(path).get_trials()]
    assert after[:8] == before
    assert len({json.dumps(parameters, sort_keys=True) for parameters in after}) == 10


def test_a_sweep_never_looks_at_the_test_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = datasets.load("fashion-mnist")
    without_test = dataset._replace(X_test=None, y_test=None)  # whatever looks at them fails
    monkeypatch.setattr("playground.datasets.load", lambda *arguments: without_test)
    trial._split.cache_clear()
    study = sweep(tmp_path / "sweep.db", SMALL, 2)
    assert report.write(study, SMALL, tmp_path / "report")


def test_what_was_running_when_a_sweep_was_killed_is_tried_again_and_only_once(
    tmp_path: Path,
) -> None:
    path = tmp_path / "sweep.db"
    with opened(path, SMALL) as study:
        lost = study.ask(distributions(2)).params
    with opened(path, SMALL) as study:
        requeue_unfinished(study)
        assert [trial.state.name for trial in study.get_trials()] == ["FAIL", "WAITING"]
    sweep(path, SMALL, 1)
    assert [trial.state.name for trial in load(path).get_trials()] == ["FAIL", "COMPLETE"]
    assert load(path).get_trials()[1].params == lost


def test_ctrl_c_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = []

    def interrupted(task: trial.TrialTask, then: trial.Report) -> trial.TrialOutcome:
        calls.append(task)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return trial.run_trial(task, then)

    monkeypatch.setattr("playground.sweeps.executors.run_trial", interrupted)
    path = tmp_path / "sweep.db"
    arguments = [
        "sweep",
        *OPTIONS,
        "--trials",
        "2",
        "--study",
        str(path),
        "--output",
        str(tmp_path / "out"),
    ]
    assert main(arguments) == 2
    error = (
        f"error: interrupted; {path} holds 1 of 2 trials, run the same command again to resume\n"
    )
    assert capsys.readouterr().err == error
    assert states(path) == ["COMPLETE", "FAIL", "WAITING"]
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith(f"{path} holds 1 finished trials; resuming\n")
    assert states(path) == ["COMPLETE", "FAIL", "COMPLETE"]


def test_a_folder_with_another_readme_is_refused_before_any_trial(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "README.md").write_text("mine")
    path = tmp_path / "sweep.db"
    assert main(["sweep", *OPTIONS, "--study", str(path), "--output", str(tmp_path)]) == 2
    assert "README.md is no earlier report" in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.exhaustive
def test_killed_outright_it_goes_on_too(tmp_path: Path) -> None:
    path = tmp_path / "sweep.db"
    options = [
        "--epochs",
        "50",
        "--train-size",
        "3000",
        "--study",
        str(path),
        "--output",
        str(tmp_path / "out"),
    ]
    command = [sys.executable, "-m", "playground", "sweep", "--pruner", "none", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the first trial is done
        process.send_signal(signal.SIGKILL)
    sweep(path, SweepSettings(train_size=3000, epochs=50), 1)
    assert "RUNNING" not in states(path)
    assert states(path)[0] == "COMPLETE"


@pytest.mark.parametrize("pruner", sampled(["median", "hyperband"], every=2))
def test_the_hopeless_is_ended_early(pruner: str, tmp_path: Path) -> None:
    """Trials whose accuracy is told rather than trained: every fifth is good."""

    with opened(tmp_path / "sweep.db", SweepSettings(epochs=9), pruner) as study:
        open_tracker = lambda run, settings: Tracker(tmp_path, run, settings)  # noqa: E731
        told = run_log.RunLog(study, SweepSettings(epochs=9), 18, open_tracker, verbose=False)
        while told.has_more:
            task, history, end = told.begin(), History(), "complete"
            good = task.number % 5 == 0
            for epoch in range(1, task.configuration.epochs + 1):
                history.record((1.0, 0.5), (1.0, 0.9 if good else 0.1 + task.number / 1000))
                if told.report(task.number, epoch, history):
                    end = "pruned"
                    break
            told.end(trial.TrialOutcome(task.number, end, history, 0, 0.0))
        found = study.get_trials()
    pruned = [trial for trial in found if trial.state == TrialState.PRUNED]
    assert len(pruned) >= 3
    assert all(trial.last_step < trial.params["epochs"] for trial in pruned)
    assert study.best_value == 0.9


def test_what_diverges_counts_as_pruned_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "sweep.db", SMALL) as study:
        study.enqueue_trial(
            {
                "optimizer": "sgd",
                "learning_rate": 0.3,
                "depth": 1,
                "width": 32,
                "activation": "relu",
            }
        )
    monkeypatch.setattr("playground.network.Network.train_batch", lambda *arguments: float("nan"))
    sweep(tmp_path / "sweep.db", SMALL, 1)
    (only,) = load(tmp_path / "sweep.db").get_trials()
    assert (only.state, only.user_attrs["end"]) == (TrialState.PRUNED, "diverged")
    with pytest.raises(PlaygroundError, match="no trial is complete yet"):
        report.write(load(tmp_path / "sweep.db"), SMALL, tmp_path)

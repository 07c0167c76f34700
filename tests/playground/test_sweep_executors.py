"""Sweeps by several workers: all that they report is in the one study."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from optuna.trial import TrialState

from playground.__main__ import main
from playground.sweeps import SweepSettings, sweep
from tests.playground.sweep_support import OPTIONS, SMALL, load
from tests.support import ROOT

CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.readline()
"""


def test_processes_work_on_one_study_that_only_the_parent_opens(tmp_path: Path) -> None:
    path = tmp_path / "sweep.db"
    sweep(path, SMALL, 4, jobs=2, pruner="none")
    trials = load(path).get_trials()
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 4
    assert all(len(trial.intermediate_values) == trial.params["epochs"] for trial in trials)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, each a process of its own."""
    script = tmp_path_factory.mktemp("cluster") / "cluster.py"
    script.write_text(CLUSTER)
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, script],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate("\n")


@pytest.mark.exhaustive
def test_workers_of_a_dask_scheduler_do_the_trials_and_all_are_in_the_one_study(
    scheduler: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sweep.db"
    files = [
        "--study",
        str(path),
        "--output",
        str(tmp_path / "out"),
        "--tracker",
        "csv",
        "--log-dir",
        str(tmp_path),
    ]
    assert (
        main(["sweep", *OPTIONS, "--trials", "5", "--dask", scheduler, "--pruner", "none", *files])
        == 0
    )
    trials = load(path).get_trials()
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 5
    assert all(len(trial.intermediate_values) == trial.params["epochs"] for trial in trials)
    rows = (tmp_path / "epochs.csv").read_text().splitlines()[1:]
    assert len(rows) == sum(trial.params["epochs"] for trial in trials)
    assert "Best validation accuracy" in capsys.readouterr().out


@pytest.mark.exhaustive
def test_dask_trials_are_ended_early_too(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "playground.sweeps.run_log.RunLog.report", lambda self, number, epoch, history: epoch == 1
    )
    study = sweep(
        tmp_path / "sweep.db", SweepSettings(train_size=20_000, epochs=40), 2, dask=scheduler
    )
    for found in study.get_trials():
        assert found.state == TrialState.PRUNED
        assert (
            len(json.loads(found.user_attrs["history"])["val_accuracies"]) < found.params["epochs"]
        )

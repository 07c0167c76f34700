"""The same sweep run by Weights & Biases: its `sweep.yaml`, and this process as its agent.

With an account, W&B chooses the configurations by Bayesian optimisation; results also go to the
study, so that the report is the same. Without an account Optuna chooses, and each trial is an
offline run for a later `wandb sync`.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assignment.files import write_atomically
from playground.configuration import Configuration
from playground.configuration_files import LAYERS, OTHER_NAMES, UNITS, from_values
from playground.errors import PlaygroundError
from playground.extras import require
from playground.history import History
from playground.sweeps.run_log import RunLog, summary_of
from playground.sweeps.settings import SweepSettings
from playground.sweeps.space import BASE, Choice, Logarithmic, space
from playground.sweeps.trial import TrialTask, run_trial
from playground.tracking.tracker import newest
from playground.tracking.wandb_tracker import PROJECT, refusal, start

SWEEP_ID = "wandb_sweep"  # attribute of the study with the id of its W&B sweep


def definition(settings: SweepSettings) -> dict[str, Any]:
    """The sweep in W&B's format, with names that `from_values` understands.

    Hidden layers and their units are two numbers there: W&B cannot draw an axis of lists.
    """
    names = {"depth": LAYERS, "width": UNITS}
    parameters: dict[str, Any] = {}
    for name, dimension in space(settings.epochs).items():
        name = names.get(name, name)
        if isinstance(dimension, Choice):
            parameters[name] = {"values": list(dimension.values)}
        elif isinstance(dimension, Logarithmic):
            parameters[name] = {
                "distribution": "log_uniform_values",
                "min": dimension.low,
                "max": dimension.high,
            }
        else:
            parameters[name] = {
                "distribution": "int_uniform",
                "min": dimension.low,
                "max": dimension.high,
            }
    parameters["schedule"] = {"value": BASE.schedule}
    return {
        "name": f"{settings.source}, up to {settings.epochs} epochs",
        "method": "bayes",
        "metric": {"name": "val_accuracy", "goal": "maximize"},
        "parameters": parameters,
    }


def export(path: Path, settings: SweepSettings) -> None:
    """Writes `sweep.yaml` for `wandb sweep`; its agents call `train --no-test`."""
    require("yaml", "playground")
    import yaml

    whole = {
        **definition(settings),
        "early_terminate": {"type": "hyperband", "min_iter": 2},
        "project": PROJECT,
        "command": [
            "${env}",
            "${interpreter}",
            "-m",
            "playground",
            "train",
            "--no-test",
            "--tracker",
            "wandb",
            "--config",
            "${args_json_file}",
            *settings.train_options,
        ],
    }
    text = yaml.safe_dump(whole, sort_keys=False, default_flow_style=None, width=120)
    write_atomically(path, text.encode())


def run_as_agent(log: RunLog, log_dir: Path) -> None:
    """Runs trials chosen by W&B until the study has enough. Raises PlaygroundError on refusal."""
    require("wandb", "tracking")
    import wandb

    left = log.trials - log.finished
    if left <= 0:
        return
    failures: list[Exception] = []

    def one() -> None:
        try:
            _one_trial(log, log_dir)
        except Exception as error:  # W&B's agent would print the traceback and retry three times
            failures.append(error)

    project = os.environ.get("WANDB_PROJECT", PROJECT)
    try:
        sweep = log.study.user_attrs.get(SWEEP_ID) or wandb.sweep(
            definition(log.settings), project=project
        )
        log.study.set_user_attr(SWEEP_ID, sweep)
        wandb.agent(sweep, function=one, count=left, project=project)
    except (wandb.Error, ValueError, OSError) as error:
        raise PlaygroundError(refusal(error)) from None
    if failures:
        raise PlaygroundError(" ".join(str(failures[0]).split()) or repr(failures[0]))


def _one_trial(log: RunLog, log_dir: Path) -> None:
    """Trains the configuration of a new W&B run and records the result."""
    run = start(log_dir, "online")
    known = (*asdict(Configuration()), LAYERS, UNITS, *OTHER_NAMES)
    configuration = from_values({name: run.config[name] for name in known if name in run.config})

    def report_epoch(number: int, epoch: int, history: History) -> bool:
        run.log({"epoch": epoch, **newest(history)}, step=epoch)
        return False  # never stop early

    outcome = run_trial(
        TrialTask(log.finished, configuration, log.settings, log.data_dir), report_epoch
    )
    run.summary.update(summary_of(outcome))
    run.finish()
    log.add_finished(configuration, outcome)

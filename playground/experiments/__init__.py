"""Experiments with networks: `python -m playground run NAME`.

Each experiment is a module with `run(settings) -> Result` that trains the variants it compares,
draws figures and states its finding in a text computed from the results. Read in this order:
settings, results, trials (the trainings), phrases, figures, report (the files); then any
experiment. `EXPERIMENTS` lists all of them.

    from playground.experiments import ExperimentSettings, run

    result = run("optimizers", ExperimentSettings(quick=True))
    print(result.finding)
    result.figures["optimizers"]  # a matplotlib Figure
"""

from playground.experiments.registry import EXPERIMENTS, Experiment, run
from playground.experiments.results import Result, Trial, Variant
from playground.experiments.settings import ExperimentSettings

__all__ = ["EXPERIMENTS", "Experiment", "ExperimentSettings", "Result", "Trial", "Variant", "run"]

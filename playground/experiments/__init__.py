"""Experiments with networks: `python -m playground run NAME`.

Each experiment is a module with `run(settings) -> Result` that trains the variants it compares,
and `find(result)` and `draw(result)`, which compute its finding and its figures from the records.
Read in this order: settings, results, trials (the trainings), comparisons (intervals), phrases,
figures, report (the files); then any experiment. `EXPERIMENTS` lists all of them.

    from playground.experiments import ExperimentSettings, run

    result = run("optimizers", ExperimentSettings(quick=True))
    print(result.finding)
    result.figures["optimizers"]  # a matplotlib Figure
"""

from playground.experiments.registry import EXPERIMENTS, Experiment, present, run
from playground.experiments.results import Finding, Result, Trial, Variant
from playground.experiments.settings import ExperimentSettings

__all__ = [
    "EXPERIMENTS",
    "Experiment",
    "ExperimentSettings",
    "Finding",
    "Result",
    "Trial",
    "Variant",
    "present",
    "run",
]

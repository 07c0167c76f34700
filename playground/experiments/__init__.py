"""Questions about networks, each answered by a module of its own: `python -m playground run NAME`.

An experiment is a module with `run(settings) -> Result`: it trains what it compares, draws what it found and says it
in words whose every figure comes from the results. Read in this order: settings, results, trials (the trainings),
phrases, figures, report (the files); then any experiment. `EXPERIMENTS` names them all.

    from playground.experiments import ExperimentSettings, run

    result = run("optimizers", ExperimentSettings(quick=True))
    print(result.finding)
    result.figures["optimizers"]  # a matplotlib Figure
"""

from playground.experiments.registry import EXPERIMENTS, Experiment, run
from playground.experiments.results import Result, Trial, Variant
from playground.experiments.settings import ExperimentSettings

__all__ = ["EXPERIMENTS", "Experiment", "ExperimentSettings", "Result", "Trial", "Variant", "run"]

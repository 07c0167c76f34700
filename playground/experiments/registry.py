"""The experiments by name. A module is imported only when its experiment runs."""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from playground.experiments.results import Result
from playground.experiments.settings import ExperimentSettings
from playground.extras import require
from playground.registry import choose


@dataclass(frozen=True)
class Experiment:
    """A question, the default number of seeds, and the packages needed besides matplotlib.

    With `uses_mnist`, it compares Fashion-MNIST with MNIST, so that no CSV files can replace them.
    """

    question: str
    seeds: int = 3
    needs: tuple[str, ...] = ()
    uses_mnist: bool = False


EXPERIMENTS: dict[str, Experiment] = {
    "optimizers": Experiment(
        "Which of six optimizers learns fastest, and does PyTorch agree?", needs=("torch",)
    ),
    "network-vs-cnn": Experiment(
        "How much better is a CNN than the best plain network, given the same time?",
        needs=("torch",),
    ),
    "fashion-vs-mnist": Experiment("How much harder is clothing than digits?", uses_mnist=True),
    "losses": Experiment("Is squared error as good a loss as cross-entropy?"),
    "activations-and-initialisation": Experiment(
        "Which activations and initialisations let a deep network learn?"
    ),
    "evolution": Experiment(
        "What does each step from a plain network to the fast CNN gain?", seeds=1, needs=("torch",)
    ),
    "confusion": Experiment("Which classes are confused?", needs=("sklearn",)),
    "transfer": Experiment(
        "Are the best configurations for clothing also good for digits?",
        needs=("optuna",),
        uses_mnist=True,
    ),
    "what-a-unit-sees": Experiment(
        "What patterns do the units of the first layer learn, and when?",
        seeds=1,
        needs=("torch", "PIL"),
    ),
}


def run(name: str, settings: ExperimentSettings | None = None) -> Result:
    """Runs an experiment. Raises PlaygroundError if it is unknown or a package is missing."""
    experiment = choose("experiment", name, EXPERIMENTS)
    settings = settings or ExperimentSettings()
    check_needs([name])
    seeds = settings.seeds or (1 if settings.quick else experiment.seeds)
    started = time.perf_counter()
    module = importlib.import_module(f"playground.experiments.{name.replace('-', '_')}")
    result: Result = module.run(replace(settings, seeds=seeds))
    return replace(result, quick=settings.quick, seconds=time.perf_counter() - started)


def check_needs(names: Sequence[str]) -> None:
    """Raises PlaygroundError if a package that an experiment needs is not installed."""
    for name in names:
        for package in ("matplotlib", *EXPERIMENTS[name].needs):
            require(package, "playground")

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
    """A question, over how many seeds it is asked, and the packages that its module needs beside NumPy and matplotlib."""

    question: str
    seeds: int = 3
    needs: tuple[str, ...] = ()


EXPERIMENTS: dict[str, Experiment] = {
    "optimizers": Experiment(
        "Which of six optimizers learns fastest, and does PyTorch agree?", needs=("torch",)
    ),
    "network-vs-cnn": Experiment(
        "What does a CNN have over the best plain network, for the same seconds?", needs=("torch",)
    ),
    "fashion-vs-mnist": Experiment("How much harder is clothing than digits?"),
    "losses": Experiment("Does squared error do as well as cross-entropy?"),
    "activations-and-initialisation": Experiment(
        "Which activations and which first weights let a deep network learn?"
    ),
    "evolution": Experiment(
        "What does each step from a plain network to the fast CNN bring?", seeds=1, needs=("torch",)
    ),
    "confusion": Experiment("What is taken for what?", needs=("sklearn",)),
    "transfer": Experiment(
        "Does what a sweep found best for clothing do for digits?", needs=("optuna",)
    ),
    "what-a-unit-sees": Experiment(
        "What do the units of a first layer look for, and when do they find it?",
        seeds=1,
        needs=("torch", "PIL"),
    ),
}


def run(name: str, settings: ExperimentSettings | None = None) -> Result:
    """The result of the experiment of that name. Raises PlaygroundError for an unknown one or what it cannot do here."""
    experiment = choose("experiment", name, EXPERIMENTS)
    settings = settings or ExperimentSettings()
    check_needs([name])
    seeds = settings.seeds or (1 if settings.quick else experiment.seeds)
    started = time.perf_counter()
    module = importlib.import_module(f"playground.experiments.{name.replace('-', '_')}")
    result: Result = module.run(replace(settings, seeds=seeds))
    return replace(result, quick=settings.quick, seconds=time.perf_counter() - started)


def check_needs(names: Sequence[str]) -> None:
    """Raises PlaygroundError where an experiment needs a package that is not installed."""
    for name in names:
        for package in ("matplotlib", *EXPERIMENTS[name].needs):
            require(package, "playground")

"""The experiments by name. A module is imported only when its experiment runs."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from playground.experiments.results import Result
from playground.experiments.settings import ExperimentSettings
from playground.extras import require
from playground.registry import choose


@dataclass(frozen=True)
class Experiment:
    """A question, the default number of seeds, and the packages that only this one needs.

    With `uses_mnist`, it compares Fashion-MNIST with MNIST, so that no CSV files can replace them.
    `quick_seconds` is about what a quick run takes on one idle core.
    """

    question: str
    seeds: int = 5
    needs: tuple[str, ...] = ()
    uses_mnist: bool = False
    quick_seconds: int = 10


EXPERIMENTS: dict[str, Experiment] = {
    "optimizers": Experiment(
        "Which of six optimizers learns fastest, and does PyTorch agree?",
        needs=("torch",),
        quick_seconds=30,
    ),
    "network-vs-cnn": Experiment(
        "How much better is a CNN than the best plain network, given the same time?",
        needs=("torch",),
        quick_seconds=30,
    ),
    "fashion-vs-mnist": Experiment(
        "How much harder is clothing than digits?", uses_mnist=True, quick_seconds=5
    ),
    "losses": Experiment("Is squared error as good a loss as cross-entropy?"),
    "activations-and-initialisation": Experiment(
        "Which activations and initialisations let a deep network learn?"
    ),
    "evolution": Experiment(
        "What does each step from a plain network to the fast CNN gain?",
        needs=("torch",),
        quick_seconds=60,
    ),
    "v3-recipe": Experiment(
        "What do the schedule, the averaging and the batch size of v3 gain?",
        seeds=1,
        needs=("torch",),
        quick_seconds=90,
    ),
    "confusion": Experiment("Which classes are confused?", needs=("sklearn",)),
    "transfer": Experiment(
        "Are the best configurations for clothing also good for digits?",
        needs=("optuna",),
        quick_seconds=15,
        uses_mnist=True,
    ),
    "what-a-unit-sees": Experiment(
        "What patterns do the units of the first layer learn, and when?",
        seeds=1,
        needs=("torch", "PIL"),
        quick_seconds=25,
    ),
}


def run(name: str, settings: ExperimentSettings | None = None) -> Result:
    """Runs an experiment. Raises PlaygroundError if it is unknown or a package is missing."""
    experiment = choose("experiment", name, EXPERIMENTS)
    settings = settings or ExperimentSettings()
    check_needs([name])
    seeds = settings.seeds or (1 if settings.quick else experiment.seeds)
    with _same_threads(settings.threads()) as threads:
        started = time.perf_counter()
        result: Result = _module(name).run(replace(settings, seeds=seeds))
        seconds = time.perf_counter() - started
    versions = {**result.versions, "threads": threads}
    return present(replace(result, quick=settings.quick, seconds=seconds, versions=versions))


def present(result: Result) -> Result:
    """The result with its finding and with the figures that its records suffice to draw.

    Its seconds include the trainings that an interrupted run had finished.
    """
    module = _module(result.experiment)
    # one training may give two trials, then with the same seconds
    trainings = {(trial.seed, trial.seconds) for v in result.variants for trial in v.trials}
    return replace(
        result,
        finding=module.find(result),
        figures={**result.figures, **module.draw(result)},
        seconds=max(result.seconds, sum(seconds for _, seconds in trainings)),
    )


def _module(name: str) -> Any:
    return importlib.import_module(f"playground.experiments.{name.replace('-', '_')}")


@contextmanager
def _same_threads(threads: int) -> Iterator[int]:
    """Gives NumPy and PyTorch the same number of threads, so that their seconds can be compared."""
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")  # check_needs has imported it if the experiment needs it
    before = torch.get_num_threads() if torch else 0
    with threadpool_limits(threads):
        if torch:
            torch.set_num_threads(threads)
        try:
            yield threads
        finally:
            if torch:
                torch.set_num_threads(before)


def check_needs(names: Sequence[str]) -> None:
    """Raises PlaygroundError if a package that an experiment needs is not installed."""
    for name in names:
        for package in ("matplotlib", "scipy", "threadpoolctl", *EXPERIMENTS[name].needs):
            require(package, "playground")

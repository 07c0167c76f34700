"""Small results of experiments, made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from playground.experiments import Finding, Result, Trial, Variant, results


def trial(seed: int = 0, accuracy: float = 0.9, **curves: tuple[float, ...]) -> Trial:
    history = dict.fromkeys(results.CURVES, (0.5, 0.25)) | curves
    return Trial(seed, 0.3, accuracy, 2.5, history)


def variant(name: str, *accuracies: float, **measures: Any) -> Variant:
    trials = tuple(trial(seed, accuracy) for seed, accuracy in enumerate(accuracies))
    return Variant(name, {"hidden_sizes": [30, 10], "optimizer": name}, 1000, trials, measures)


def small_result(name: str = "optimizers", **changes: Any) -> Result:
    variants = (variant("adam", 0.89, 0.91), variant("sgd", 0.8, 0.8, note="slow"))
    result = Result(
        name,
        variants,
        {"train": 50, "validation": 10, "test": 10_000},
        Finding("adam is best.", ("sgd: 10.00 points below adam",)),
        seconds=12.5,
    )
    return replace(result, **changes)

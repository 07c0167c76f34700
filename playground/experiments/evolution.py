"""From a NumPy network to the fast CNN, step by step: what each step gains and costs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from playground.configuration import RECIPES
from playground.convnets.configuration import CONV_RECIPES, NETWORKS
from playground.experiments import phrases
from playground.experiments.figures import (
    BLACK,
    COLOURS,
    draw_bars,
    draw_curve,
    draw_errors,
    new_figure,
    tidy,
)
from playground.experiments.results import Finding, Result, Variant, dump, variant_to_json
from playground.experiments.settings import ExperimentSettings
from playground.experiments.trials import PARTS_PER_EPOCH, network_variant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NUMPY_STEP = "from scratch"
STEPS = {
    NUMPY_STEP: "784-300-100-10 in NumPy",
    **{name: NETWORKS[name] for name in ("v1", "v2", "v3", "fast")},
}
HEAD = """\
# The evolution, step by step

Written by `python -m playground run evolution`; do not edit. Accuracy and loss are measured on the
test images and given as mean ± standard deviation if there are several seeds; seconds are those of
the training, with the quickest of the seeds. The convolutional networks keep the epoch with the best
validation accuracy, the network from scratch keeps its last one.

| network | description | test accuracy | test loss | parameters | epochs | seconds |
|---|---|---|---|---|---|---|
"""


def run(settings: ExperimentSettings) -> Result:
    """Trains each network with its recipe."""
    from playground.experiments.torch_trials import cnn_variant

    data = settings.data()
    variants = [
        network_variant(NUMPY_STEP, RECIPES["standard"], data, settings),
        *(cnn_variant(name, CONV_RECIPES[name], data, settings) for name in list(STEPS)[1:]),
    ]
    statistics = {
        f"evolution/{v.name.replace(' ', '-')}.json": dump(variant_to_json(v)).encode()
        for v in variants
    }
    return Result(
        "evolution",
        variants=tuple(variants),
        images=data.images,
        device=settings.torch_device(),
        files={**statistics, "evolution/README.md": table(variants).encode()},
    )


def table(variants: Sequence[Variant]) -> str:
    """The steps as a Markdown table."""
    rows = [
        f"| [{v.name}]({v.name.replace(' ', '-')}.json) | {STEPS[v.name]} "
        f"| {phrases.percent(v.test_accuracy)} | {v.test_loss.mean:.3f} | {v.parameters:,} "
        f"| {v.configuration['epochs']} | {v.quickest.seconds:.0f} |\n"
        for v in variants
    ]
    return HEAD + "".join(rows)


def find(result: Result) -> Finding:
    """Compares each step with the previous one, and names the largest and the slowest network."""
    variants, images = result.variants, result.images["test"]
    steps = [phrases.versus(after, before, images) for before, after in pairwise(variants)]
    start, fast = variants[0], variants[-1]
    slowest = max(variants, key=lambda variant: variant.quickest.seconds)
    most = max(variant.parameters for variant in variants)
    largest = phrases.listed(variant.name for variant in variants if variant.parameters == most)
    return Finding(
        f"The test accuracy goes from {phrases.percent(start.test_accuracy)} ({start.name}) to "
        f"{phrases.percent(fast.test_accuracy)} ({fast.name}). {fast.name} has "
        f"{fast.parameters:,} parameters and trains in {fast.quickest.seconds:.0f} s.",
        (
            *steps,
            f"the most parameters, {most:,}, are in {largest}",
            f"{slowest.name} is the slowest with {slowest.quickest.seconds:.0f} s",
            f"{start.name} keeps its last epoch, the others that with the best validation accuracy",
        ),
    )


def draw(result: Result) -> dict[str, Figure]:
    """Validation accuracy over time, errors and sizes; training losses over the steps."""
    variants = result.variants
    figure = new_figure(11, 4.4)
    curves, errors, sizes = figure.subplots(1, 3, width_ratios=(1.6, 1, 1))
    for variant in variants:
        draw_curve(curves, variant, "val_accuracies", percent=True, x="seconds")
    tidy(curves, "seconds of training", "validation accuracy (%)")
    curves.set_xscale("log")
    curves.legend()
    draw_errors(errors, variants)
    counts = [variant.parameters for variant in variants]
    millions = [count / 1e6 for count in counts]
    draw_bars(
        sizes, [variant.name for variant in variants], millions, [f"{count:,}" for count in counts]
    )
    tidy(sizes, "parameters (millions)", "")
    sizes.set_xlim(0, 1.6 * max(millions))
    return {"evolution": figure, "evolution-steps": draw_steps(variants, result.images["train"])}


def draw_steps(variants: Sequence[Variant], images: int) -> Figure:
    """The training loss over the steps of seed 0, one panel per network, with validation losses."""
    figure = new_figure(13, 3.2)
    panels = figure.subplots(1, len(variants), sharey=True)
    for axes, variant in zip(panels, variants, strict=True):
        trial, colour = variant.trials[0], COLOURS[variant.name]
        per_epoch = -(-images // variant.configuration["batch_size"])
        epochs = np.arange(1, len(trial.history["val_losses"]) + 1)
        if trial.step_losses:
            steps = per_epoch * np.linspace(0, len(epochs), len(trial.step_losses) + 1)[1:]
            axes.plot(steps, trial.step_losses, color=colour, linewidth=1, label="training")
        axes.plot(
            per_epoch * epochs,
            trial.history["val_losses"],
            color=BLACK,
            marker="o",
            markersize=3,
            linewidth=1,
            label="validation",
        )
        tidy(axes, "step", "", title=variant.name)
        axes.locator_params(axis="x", nbins=3)
        axes.legend(fontsize=8)
    # without the first quarter of an epoch, whose losses are many times the others
    trials = [variant.trials[0] for variant in variants]
    shown = [loss for trial in trials for loss in trial.step_losses[PARTS_PER_EPOCH // 4 :]]
    shown += [loss for trial in trials for loss in trial.history["val_losses"]]
    panels[0].set(ylabel="loss (nats)", ylim=(0, 1.1 * max(shown)))
    return figure

"""What each choice that the description of v3 leaves open gains: schedule, averaging, batch size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from playground.convnets.configuration import CONV_RECIPES
from playground.experiments import phrases
from playground.experiments.figures import (
    BLUE,
    GREEN,
    ORANGE,
    draw_curve,
    draw_errors,
    new_figure,
    tidy,
)
from playground.experiments.results import Finding, Result, Variant
from playground.experiments.settings import ExperimentSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RECIPE = CONV_RECIPES["v3"]
TRAININGS = {
    "constant rate": replace(RECIPE, schedule="constant"),
    "cosine": RECIPE,
    "cosine, batches of 128": replace(RECIPE, batch_size=128),
}
LINES = dict(zip(TRAININGS, ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^")), strict=True))


def run(settings: ExperimentSettings) -> Result:
    """Trains v3 with each choice; each training gives averaged weights and those of its steps."""
    from playground.experiments.torch_trials import averaged_and_plain

    data = settings.data()
    return Result(
        "v3-recipe",
        variants=tuple(
            variant
            for name, configuration in TRAININGS.items()
            for variant in averaged_and_plain(name, configuration, data, settings)
        ),
        images=data.images,
        device=settings.torch_device(),
    )


def find(result: Result) -> Finding:
    """The gain of each choice, alone and together, and the scores that the choice was based on."""
    constant, cosine, larger = (
        (result.variant(name), result.variant(f"{name}, averaged")) for name in TRAININGS
    )
    images = result.images["test"]
    return Finding(
        f"{phrases.versus(cosine[1], constant[0], images)}. The schedule alone gives "
        f"{_gain(constant[0], cosine[0])}, averaging alone {_gain(constant[0], constant[1])}, and "
        f"averaging in addition to the schedule {_gain(cosine[0], cosine[1])}.",
        (
            *(phrases.versus(pair[1], pair[0], images) for pair in (constant, cosine, larger)),
            phrases.versus(cosine[0], constant[0], images),
            phrases.versus(cosine[1], constant[1], images),
            phrases.versus(cosine[1], larger[1], images),
            *(
                f"{v.name}: validation accuracy {100 * max(v.curve('val_accuracies')[0]):.2f} %, "
                f"test loss {v.test_loss.mean:.3f}"
                for v in result.variants
            ),
        ),
    )


def _gain(before: Variant, after: Variant) -> str:
    """The signed difference of two test accuracies."""
    gain = 100 * (after.test_accuracy.mean - before.test_accuracy.mean)
    return f"{gain:+.2f} points".replace("-", "−")


def draw(result: Result) -> dict[str, Figure]:
    """Validation accuracy and loss by epoch, with and without averaging; test errors."""
    figure = new_figure(11, 4.4)
    accuracies, losses, errors = figure.subplots(1, 3, width_ratios=(1.2, 1.2, 1))
    for name, (colour, marker) in LINES.items():
        for variant, style in (
            (result.variant(f"{name}, averaged"), "-"),
            (result.variant(name), "--"),
        ):
            look: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": style}
            draw_curve(accuracies, variant, "val_accuracies", percent=True, **look)
            draw_curve(losses, variant, "val_losses", **look)
    tidy(accuracies, "epoch", "validation accuracy (%)")
    tidy(losses, "epoch", "validation loss")
    draw_errors(errors, result.variants)
    figure.legend(
        *accuracies.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    )
    return {"v3-recipe": figure}

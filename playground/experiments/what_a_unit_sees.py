"""The first layer's weights as images while a network and a CNN learn: from noise to patterns."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from playground.configuration import Configuration
from playground.convnets.configuration import CONV_RECIPES, ConvConfiguration
from playground.experiments import phrases
from playground.experiments.figures import as_png, new_figure, parts
from playground.experiments.results import Finding, Result, Trial, Variant
from playground.experiments.settings import Data, ExperimentSettings
from playground.experiments.trials import repeat, train_network
from playground.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

EPOCHS = 15
TRAIN_SIZE = 8000  # few, because with all images most of the change happens in the first epoch
# Few units, so that all can be shown; small initial weights and weight decay, so that patterns
# stand out from the initial noise; tanh, because ReLU units can become inactive
NETWORK = Configuration(
    hidden_sizes=(25,), activation="tanh", initializer="normal", learning_rate=5e-4,
    weight_decay=0.5, epochs=EPOCHS,
)  # fmt: skip
CNN = replace(CONV_RECIPES["fast"], width=25, epochs=EPOCHS, precision="float32")
# scales the CNN's initial filters; the following normalisation cancels the effect on its output
FILTER_SCALE = 0.03
COLUMNS, UNITS_SHOWN = 5, 10  # units per row of the animation; units per row of the figure
FRAME_MS = 400  # duration of a frame of the animation
LEVELS, GREYS = 32, 16  # colours of weights and of text; few keep the file of the animation small


def run(settings: ExperimentSettings) -> Result:
    """Trains both with seed 0 only: a mean over the weights of several seeds has no meaning."""
    from playground.experiments.torch_trials import train_cnn

    # a kept training would leave the film empty
    settings, data = replace(settings, seeds=1, finished=None), settings.data()
    data = data._replace(X_train=data.X_train[:TRAIN_SIZE], y_train=data.y_train[:TRAIN_SIZE])
    units, filters = list[np.ndarray](), list[np.ndarray]()

    def train_watched_network(
        configuration: Configuration, data: Data, seed: int
    ) -> tuple[Network, Trial]:
        return train_network(
            configuration, data, seed, watch=lambda network: units.append(units_of(network))
        )

    def train_watched_cnn(
        configuration: ConvConfiguration, data: Data, seed: int
    ) -> tuple[Any, Trial]:
        return train_cnn(
            configuration,
            data,
            seed,
            device=settings.torch_device(),
            prepare=lambda model: stem_of(model).weight.data.mul_(FILTER_SCALE),
            watch=lambda model: filters.append(filters_of(model)),
        )

    network = repeat("network", NETWORK, data, settings, train_watched_network)
    cnn = repeat("CNN", CNN, data, settings, train_watched_cnn)
    films = {"network": np.array(units), "CNN": np.array(filters)}
    reached = {variant.name: phrases.percent(variant.test_accuracy) for variant in (network, cnn)}
    added: dict[str, dict[str, float]] = {"network": {}, "CNN": {"filter_scale": FILTER_SCALE}}
    variants = tuple(
        replace(variant, measures={**measure(films[variant.name]), **added[variant.name]})
        for variant in (network, cnn)
    )
    return Result(
        "what-a-unit-sees",
        variants=variants,
        images=data.images,
        device=settings.torch_device(),
        figures={"what-a-unit-sees": draw_sheet(films)},
        files={"what-a-unit-sees.gif": animation(films, reached)},
    )


def units_of(network: Network) -> np.ndarray:
    """The weights of the first layer's units as images, `(units, 28, 28)`."""
    return network.linears[0].W.T.reshape(-1, 28, 28).copy()


def stem_of(model: Any) -> Any:
    """A CNN's first convolution."""
    from torch import nn

    return next(module for module in model.modules() if isinstance(module, nn.Conv2d))


def filters_of(model: Any) -> np.ndarray:
    """The filters of a CNN's first convolution, `(filters, side, side)`."""
    from torch.nn.functional import pixel_shuffle

    stem = stem_of(model)
    # a stem that reads each 2x2 square of pixels as four channels: restore the square
    weights = pixel_shuffle(stem.weight.detach().float().cpu(), math.isqrt(stem.in_channels))
    filters: np.ndarray = weights[:, 0].numpy().copy()
    return filters


def measure(film: np.ndarray) -> dict[str, list[float]]:
    """The similarity of neighbouring weights and the rotation of the units, from the start on.

    `likeness_of_neighbours` is the correlation of each weight with its right and lower neighbours:
    0 in noise, near 1 in a smooth pattern. `turned` is the mean angle in degrees between a unit's
    weights and its initial weights.
    """
    return {
        "likeness_of_neighbours": [_likeness(picture) for picture in film],
        "turned": [_angle(film[0], picture) for picture in film],
    }


def _likeness(picture: np.ndarray) -> float:
    right = np.stack([picture[:, :, :-1].ravel(), picture[:, :, 1:].ravel()])
    down = np.stack([picture[:, :-1].ravel(), picture[:, 1:].ravel()])
    one, other = np.concatenate([right, down], axis=1).astype(np.float64)
    return float(np.mean((one - one.mean()) * (other - other.mean())) / (one.std() * other.std()))


def _angle(start: np.ndarray, now: np.ndarray) -> float:
    one, other = (picture.reshape(len(picture), -1).astype(np.float64) for picture in (start, now))
    cosines = np.sum(one * other, axis=1) / (
        np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    )
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean())


def find(result: Result) -> Finding:
    """How smooth the patterns become and how far the units turn, in each of the two."""
    epochs = len(result.variants[0].measures["turned"]) - 1
    rises = phrases.listed(_rise(variant) for variant in result.variants)
    return Finding(
        f"In {phrases.counted(epochs, 'epoch')} the first layers turn from noise into patterns: "
        f"the correlation of neighbouring weights rises {rises}.",
        (*(_detail(variant) for variant in result.variants), _start(*result.variants)),
    )


def draw(result: Result) -> dict[str, Figure]:
    """None: the figures need the weights, which are not part of the result."""
    return {}


def _rise(variant: Variant) -> str:
    likeness = variant.measures["likeness_of_neighbours"]
    # + 0.0 turns -0.0 into 0.0
    first, last = (f"{round(likeness[epoch], 2) + 0.0:.2f}" for epoch in (0, -1))
    return f"from {first} to {last} in the {variant.name}".replace("-", "−")


def _detail(variant: Variant) -> str:
    turned = variant.measures["turned"]
    halfway = next(epoch for epoch, angle in enumerate(turned) if 2 * angle >= turned[-1])
    return (
        f"{variant.name}: the weight vectors turn by {turned[-1]:.0f}° on average, half of it by "
        f"epoch {halfway}; the final test accuracy is {phrases.percent(variant.test_accuracy)}"
    )


def _start(network: Variant, cnn: Variant) -> str:
    scale = cnn.measures.get("filter_scale", 0.03)  # not recorded by earlier versions
    return (
        "so that patterns show, both start from unusually small weights: the network with "
        f"initializer {network.configuration['initializer']}, the CNN with first filters of "
        f"{scale:g} times their usual size"
    )


def mosaic(picture: np.ndarray, columns: int) -> np.ndarray:
    """One image of the square images `(n, side, side)`, `columns` per row, with gaps of NaN."""
    n, side, _ = picture.shape
    gap = max(1, side // 14)
    framed = np.full((-(-n // columns) * columns, side + gap, side + gap), np.nan)
    framed[:n, :side, :side] = picture
    rows = framed.reshape(-1, columns, side + gap, side + gap).swapaxes(1, 2)
    return rows.reshape(-1, columns * (side + gap))[:-gap, :-gap]


def weight_colours() -> ListedColormap:
    """Blues for negative weights, reds for positive ones: no colour stands for both signs.

    The palest colours of "RdBu_r" are left out, so that weak weights show their sign too.
    """
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    half = LEVELS // 2
    places = np.concatenate([np.linspace(0, 0.47, half), np.linspace(0.53, 1, half)])
    return ListedColormap(colormaps["RdBu_r"](places))


def draw_weights(axes: Axes, picture: np.ndarray, columns: int, largest: float) -> AxesImage:
    """Draws positive weights in red, negative ones in blue, darker the larger they are."""
    image = axes.imshow(
        mosaic(picture, columns),
        cmap=weight_colours(),
        vmin=-largest,
        vmax=largest,
        interpolation="nearest",
    )
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return image


def _largest(film: np.ndarray) -> float:
    """The weight at which the colour scale ends: the 99.5 % quantile of the last picture."""
    return float(np.quantile(np.abs(film[-1]), 0.995))


def draw_sheet(films: Mapping[str, np.ndarray]) -> Figure:
    """The first units at four moments of the training, one row each."""
    figure = new_figure(9, 7.8)
    for part, (name, film) in zip(parts(figure, len(films), 1), films.items(), strict=True):
        moments = sorted({round(share * (len(film) - 1)) for share in (0, 0.07, 0.3, 1)})
        side = film.shape[2]
        part.suptitle(
            f"{name}: weights of {UNITS_SHOWN} units of the first layer, "
            f"{side} x {side} pixels each\n"
            "red: positive, blue: negative weights",
            fontsize=10,
        )
        for axes, epoch in zip(
            part.subplots(len(moments), 1, squeeze=False).flat, moments, strict=True
        ):
            draw_weights(axes, film[epoch][:UNITS_SHOWN], UNITS_SHOWN, _largest(film))
            axes.set_ylabel(
                f"epoch {epoch}" if epoch else "start", rotation=0, ha="right", va="center"
            )
    return figure


def animation(films: Mapping[str, np.ndarray], reached: Mapping[str, str]) -> bytes:
    """All units from start to end as an animated GIF; `reached` holds the test accuracies."""
    epochs = range(min(map(len, films.values())))
    return as_gif([draw_frame(films, reached, epoch) for epoch in epochs])


def draw_frame(films: Mapping[str, np.ndarray], reached: Mapping[str, str], epoch: int) -> Figure:
    """All units after an epoch, with the scale of the colours below."""
    figure = new_figure(6.4, 4.5)
    moment = f"after epoch {epoch}" if epoch else "at the start"
    grid = figure.add_gridspec(2, len(films), height_ratios=(14, 1))
    for column, (name, film) in enumerate(films.items()):
        axes, largest = figure.add_subplot(grid[0, column]), _largest(film)
        image = draw_weights(axes, film[epoch], COLUMNS, largest)
        axes.set_title(f"{name} {moment}\ntest accuracy in the end: {reached[name]}", fontsize=10)
    scale = figure.colorbar(
        image,
        cax=figure.add_subplot(grid[1, :]),
        orientation="horizontal",
        ticks=[-largest, 0, largest],
    )
    scale.set_ticklabels(["negative: against", "0", "positive: for"])
    first, *_, last = scale.ax.get_xticklabels()
    first.set_horizontalalignment("left")  # inside the figure
    last.set_horizontalalignment("right")
    scale.set_label("weights of the units of the first layer")
    return figure


def as_gif(figures: Sequence[Figure]) -> bytes:
    """The figures as the frames of a GIF. All share one palette, so that no colour flickers.

    The palette holds exactly the colours of the weights: one chosen from the frames would merge
    rare dark colours, which stand for opposite signs.
    """
    from PIL import Image

    colours = np.round(255 * weight_colours()(np.arange(LEVELS))[:, :3])
    greys = np.repeat(np.linspace(0, 255, GREYS)[:, None], 3, axis=1)
    palette = np.concatenate([colours, greys]).astype(np.uint8)
    frames = []
    for figure in figures:
        pixels = np.asarray(Image.open(io.BytesIO(as_png(figure))).convert("RGB"))
        found, places = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
        distances = np.square(found[:, None].astype(int) - palette).sum(axis=2)
        indices = distances.argmin(axis=1).astype(np.uint8)[places]
        frame = Image.fromarray(indices.reshape(pixels.shape[:2]), "P")
        frame.putpalette(palette.tobytes())
        frames.append(frame)
    content = io.BytesIO()
    times = [FRAME_MS] * (len(frames) - 1) + [4 * FRAME_MS]  # time to look at the end
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0)
    return content.getvalue()

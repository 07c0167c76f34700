# %% [markdown]
# # Optimizers and hyperparameters, in words and pictures
#
# What does a linear layer do, and what does ReLU add? What is the effect of the batch size, the
# learning rate, the optimizer or the number of epochs? Each part changes one thing, keeps
# everything else and describes the result.

# %%
from dataclasses import replace
from itertools import pairwise

import numpy as np

from playground import Configuration, Network, train
from playground.experiments.figures import (
    BLUE,
    COLOURS,
    GREEN,
    MARKERS,
    ORANGE,
    PINK,
    RED,
    SKY,
    new_figure,
    tidy,
)
from playground.notebooks import is_quick, say, settings, show, table
from playground.optimizers import OPTIMIZERS
from playground.training import TrainingRun
from utils import TRAIN_COLOUR, VAL_COLOUR

if is_quick():
    say("**A quick run: it shows that the notebook works; its numbers say little about networks.**")

# %% [markdown]
# ## 1. Linear layers turn, stretch and shear
#
# A linear layer computes $z = xW + b$. In two dimensions its effect on a grid of points can be
# drawn: straight lines stay straight, and parallel lines stay parallel. Two linear layers in a row
# can do no more than a single one.

# %%
W1, b1 = np.array([[1.0, 0.6], [-0.4, 0.9]]), np.array([0.2, -0.1])
W2, b2 = np.array([[0.9, -0.5], [0.3, 1.1]]), np.array([-0.2, 0.3])
grid = np.stack(np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)), axis=-1)  # (9, 9, 2)
first, second = grid @ W1 + b1, (grid @ W1 + b1) @ W2 + b2
bent = np.maximum(0, first) @ W2 + b2
figure = new_figure(11, 3)
titles = ("the grid", "after one linear layer", "after two", "with ReLU between the two")
for axes, points, title in zip(
    figure.subplots(1, 4), (grid, first, second, bent), titles, strict=True
):
    for lines, colour in ((points, BLUE), (points.swapaxes(0, 1), ORANGE)):
        for line in lines:
            axes.plot(*line.T, color=colour, linewidth=1)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_title(title, fontsize=10)
show(figure)
single = grid @ (W1 @ W2) + (b1 @ W2 + b2)
same, apart = np.abs(single - second).max(), np.abs(bent - second).max()
say(
    "The single layer with W = W₁W₂ and b = b₁W₂ + b₂ puts every point where the two put it, to "
    f"within {same:.0e}.",
    f"With ReLU between them, points lie up to {apart:.1f} away from there: the grid is folded.",
)

# %% [markdown]
# ## 2. ReLU bends
#
# Two classes of points form two spirals. Without a hidden layer the boundary between them is a
# straight line; each hidden unit adds a fold to it.


# %%
def spirals(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points `(n, 2)` on two arms, and which arm each is on."""
    rng = np.random.default_rng(seed)
    y, turn = rng.integers(0, 2, n), rng.uniform(0.3, 2.2, n)
    angle = np.pi * (turn + y)
    X = turn[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1) + rng.normal(
        0, 0.08, (n, 2)
    )
    return X.astype(np.float32), y


X, y = spirals(1500, seed=0)
X_test, y_test = spirals(2000, seed=1)
side = np.linspace(-2.6, 2.6, 150, dtype=np.float32)
plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
figure, rows = new_figure(11, 3), []
for axes, hidden_sizes in zip(figure.subplots(1, 4), [(), (4,), (32,), (32, 32)], strict=True):
    epochs = 10 if is_quick() else 200
    configuration = Configuration(
        hidden_sizes=hidden_sizes, learning_rate=0.01, epochs=epochs, batch_size=50
    )
    network = Network(2, 2, configuration, seed=0)
    train(network, X, y, seed=0)
    probabilities = network.probabilities(plane)[:, 1].reshape(150, 150)
    axes.contourf(side, side, probabilities, levels=[0, 0.5, 1], colors=["#cfe4f2", "#f7d9c4"])
    for label, colour in ((0, BLUE), (1, RED)):
        axes.scatter(*X[y == label][:250].T, s=4, color=colour)
    accuracy = network.evaluate(X_test, y_test)[1]
    name = " + ".join(map(str, hidden_sizes)) or "none"
    rows.append((name, network.parameter_count, f"{accuracy:.1%}"))
    axes.set_title(f"hidden units: {name}\n{accuracy:.1%}", fontsize=10)
show(figure)
table("hidden units | parameters | right, of 2,000 other points", rows)
straight, folded = float(rows[0][2].rstrip("%")), float(rows[-1][2].rstrip("%"))
say(f"A straight border gets {straight:.1f} % right, two hidden layers of ReLUs {folded:.1f} %.")

# %% [markdown]
# ## 3. Six ways downhill
#
# The loss has the shape of a long valley: steep across, $10y^2$, and almost flat along, $x^2/5$.
# All optimizers start at the same point and take 40 steps. They differ in what they remember:
# nothing (SGD), the previous direction (momentum, Nesterov), the size of the gradients (RMSprop),
# or both (Adam, Nadam).


# %%
def path(name: str, learning_rate: float, steps: int = 40) -> np.ndarray:
    """The path of an optimizer, `(steps + 1, 2)`."""
    position, gradients = np.array([-4.0, 1.0]), np.zeros(2)
    optimizer, places = OPTIMIZERS[name](position, gradients), [position.copy()]
    for _ in range(steps):
        gradients[...] = position * [0.4, 20.0]
        optimizer.step(learning_rate)
        places.append(position.copy())
    return np.array(places)


def height(place: np.ndarray) -> float:
    return float(place[0] ** 2 / 5 + 10 * place[1] ** 2)


rates = {"sgd": 0.09, "momentum": 0.02, "nesterov": 0.02, "rmsprop": 0.2, "adam": 0.4, "nadam": 0.4}
x, y_ = np.meshgrid(np.linspace(-4.5, 2.5, 80), np.linspace(-1.6, 1.6, 60))
figure, rows = new_figure(11, 4.6), []
for axes, (name, rate) in zip(
    figure.subplots(2, 3, sharex=True, sharey=True).flat, rates.items(), strict=True
):
    places = path(name, rate)
    axes.contour(
        x,
        y_,
        x**2 / 5 + 10 * y_**2,
        levels=[0.05, 0.2, 1, 3, 8, 16],
        colors="lightgrey",
        linewidths=0.8,
    )
    axes.plot(*places.T, color=COLOURS[name], marker=MARKERS[name], markersize=3, linewidth=1)
    axes.set_title(f"{name}, learning rate {rate:g}", fontsize=10)
    turns = int(sum(before[1] * after[1] < 0 for before, after in pairwise(places)))
    rows.append((name, rate, turns, f"{height(places[-1]):.1g}"))
show(figure)
table(
    "optimizer | learning rate | times across the valley | height after 40 steps, from 13.2", rows
)
lowest = min(rows, key=lambda row: float(row[3]))
say(
    f"Lowest after 40 steps is {lowest[0]}, with these learning rates and in this valley: the "
    "height along the way depends on",
    "both. The six on real images, each with a learning rate chosen for it, are in "
    "`neural_network_from_scratch`.",
)

# %% [markdown]
# The remaining parts use Fashion-MNIST and one network (784-128-10, Adam) with a short training, in
# which differences are clearly visible.

# %%
size = {"train_size": 1000, "validation_size": 500} if is_quick() else {"train_size": 12_000}
data = replace(settings(), **size).data()
BASE = Configuration(
    hidden_sizes=(128,), learning_rate=1e-3, batch_size=64, epochs=2 if is_quick() else 12
)


def learn(**changes: object) -> tuple[Network, TrainingRun]:
    """A network trained with the settings above, except for the changes."""
    network = Network(784, 10, replace(BASE, **changes), seed=0)
    return network, train(network, data.X_train, data.y_train, data.X_val, data.y_val, seed=0)


# %% [markdown]
# ## 4. The learning rate

# %%
figure, rows = new_figure(10, 3.6), []
losses, accuracies = figure.subplots(1, 2)
styles = zip([1e-5, 1e-4, 1e-3, 1e-2, 1e-1], [SKY, BLUE, GREEN, ORANGE, RED], "ov^sD", strict=True)
for rate, colour, marker in styles:
    history = learn(learning_rate=rate)[1].history
    epochs = range(1, len(history.val_losses) + 1)
    look = {"color": colour, "marker": marker, "markersize": 4, "label": f"{rate:g}"}
    losses.plot(epochs, history.train_losses, **look)
    accuracies.plot(epochs, [100 * value for value in history.val_accuracies], **look)
    rows.append((rate, history.train_losses[-1], history.val_accuracies[-1]))
losses.locator_params(axis="x", integer=True)
tidy(losses, "epoch", "training loss (nats)")
tidy(accuracies, "epoch", "validation accuracy (%)")
losses.set_ylim(0, 2.5)
losses.legend(title="learning rate")
show(figure)
shown = [(f"{rate:g}", f"{loss:.3f}", f"{accuracy:.2%}") for rate, loss, accuracy in rows]
table("learning rate | training loss at the end | validation accuracy at the end", shown)
best = max(rows, key=lambda row: row[2])
low, high = (100 * (best[2] - row[2]) for row in (rows[0], rows[-1]))
say(
    f"Best is {best[0]:g}. With {rows[0][0]:g} the network ends {low:.1f} points lower: its steps "
    "are too small to arrive.",
    f"With {rows[-1][0]:g} it ends {high:.1f} points lower: its steps leap over what they look "
    "for.",
)

# %% [markdown]
# ## 5. The batch size
#
# A small batch has a noisy gradient but allows more steps per epoch; a large one needs less time
# per image.

# %%
figure, rows = new_figure(10, 3.6), []
by_epoch, by_step = figure.subplots(1, 2, sharey=True)
styles = zip([8, 32, 128, 512, 2048], [RED, ORANGE, GREEN, BLUE, SKY], "Ds^vo", strict=True)
for batch_size, colour, marker in styles:
    run = learn(batch_size=batch_size)[1]
    curve = [100 * value for value in run.history.val_accuracies]
    steps = -(-len(data.y_train) // batch_size)
    look = {"color": colour, "marker": marker, "markersize": 4, "label": str(batch_size)}
    by_epoch.plot(range(1, len(curve) + 1), curve, **look)
    by_step.plot(steps * np.arange(1, len(curve) + 1), curve, **look)
    rows.append((batch_size, steps, run.seconds / len(curve), run.history.val_accuracies[-1]))
by_epoch.locator_params(axis="x", integer=True)
tidy(by_epoch, "epoch", "validation accuracy (%)")
tidy(by_step, "steps", "")
by_step.set_xscale("log")
by_epoch.legend(title="batch size")
show(figure)
shown = [
    (size, steps, f"{seconds:.2f}", f"{accuracy:.2%}") for size, steps, seconds, accuracy in rows
]
table("batch size | steps an epoch | seconds an epoch | validation accuracy at the end", shown)
best, small, large = max(rows, key=lambda row: row[3]), rows[0], rows[-1]
say(
    f"Best is {best[0]}. An epoch with batches of {small[0]} takes {small[2] / large[2]:.1f} "
    f"times as long as with {large[0]}:",
    f"{small[1]:,} small products keep the processor less busy than {large[1]} large. With "
    f"{large[0]}, the same epochs hold so few",
    f"steps that the network ends {100 * (best[3] - large[3]):.1f} points lower; a larger "
    "learning rate would make up for some.",
)

# %% [markdown]
# ## 6. Epochs: when to stop
#
# With few images and many epochs, the network memorises its training images.

# %%
few = data._replace(X_train=data.X_train[:1000], y_train=data.y_train[:1000])
configuration = replace(BASE, epochs=4 if is_quick() else 60, batch_size=32)
network = Network(784, 10, configuration, seed=0)
run = train(network, few.X_train, few.y_train, few.X_val, few.y_val, seed=0)
history, epochs = run.history, range(1, configuration.epochs + 1)
figure = new_figure(10, 3.6)
for axes, what, factor, label in zip(
    figure.subplots(1, 2),
    ("losses", "accuracies"),
    (1, 100),
    ("loss (nats)", "accuracy (%)"),
    strict=True,
):
    axes.plot(
        epochs,
        factor * np.array(getattr(history, f"train_{what}")),
        color=TRAIN_COLOUR,
        label="training",
    )
    axes.plot(
        epochs,
        factor * np.array(getattr(history, f"val_{what}")),
        color=VAL_COLOUR,
        label="validation",
    )
    tidy(axes, "epoch", label)
    axes.legend()
show(figure)
lowest, last = int(np.argmin(history.val_losses)), history.val_losses[-1]
best, end = max(history.val_accuracies), history.val_accuracies[-1]
say(
    f"On {len(few.y_train):,} images the validation loss is lowest in epoch {lowest + 1}, "
    f"{min(history.val_losses):.3f}, and ends",
    f"at {last:.3f}, while the training loss goes on to {history.train_losses[-1]:.3f}. The "
    "accuracy is best in epoch",
    f"{run.best_epoch}, {best:.1%}, and {end:.1%} at the end. `keep_best` of a Configuration "
    "keeps the best epoch, and `patience`",
    "stops so many epochs after it.",
)

# %% [markdown]
# ## 7. Depth and width

# %%
figure, rows = new_figure(7, 3.6), []
axes = figure.subplots()
for depth, colour, marker in zip((1, 2, 4), (BLUE, ORANGE, PINK), "os^", strict=True):
    reached = []
    for width in (8, 32, 128, 512):
        network, run = learn(hidden_sizes=(width,) * depth)
        reached.append((network.parameter_count, run.history.val_accuracies[-1]))
        rows.append(
            (depth, width, f"{network.parameter_count:,}", f"{run.history.val_accuracies[-1]:.2%}")
        )
    counts, values = zip(*reached, strict=True)
    axes.plot(
        counts,
        [100 * v for v in values],
        color=colour,
        marker=marker,
        label=f"{depth} hidden layer{'s' if depth > 1 else ''}",
    )
axes.set_xscale("log")
axes.legend()
tidy(axes, "parameters", "validation accuracy (%)")
show(figure)
table("hidden layers | units in each | parameters | validation accuracy", rows)
ordered = sorted(rows, key=lambda row: float(row[3].rstrip("%")))
(depth, width, _, accuracy), (most_depth, most_width, _, most) = ordered[0], ordered[-1]
say(
    f"Worst is {depth} x {width} ({accuracy}), best {most_depth} x {most_width} ({most}). One "
    f"seed each, on {len(data.y_val):,}",
    "validation images: differences below about half a point may be chance.",
)

# %% [markdown]
# # Layers of your own
#
# A network is a list of layers. This notebook composes one, writes two new layers in about ten
# lines each, checks their gradients, and ends with a convolutional network in NumPy. All
# comparisons use 10,000 training images and 2,000 validation images of Fashion-MNIST; the test
# images are not used.

# %%
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from playground import (
    Conv2D,
    Flatten,
    Layer,
    Linear,
    MaxPool,
    Network,
    PlaygroundError,
    ReLU,
    Reshape,
    Tanh,
    TrainingRun,
    check_gradients,
    datasets,
    plots,
    storage,
)
from playground.experiments.figures import BLUE, ORANGE, new_figure, tidy
from playground.notebooks import is_quick, say, show, table

if is_quick():
    say("**A quick run: it shows that the notebook works; its numbers say little about networks.**")

# %% [markdown]
# ## 1. A network is a list of layers
#
# Each layer computes an output from the output of the one before it. `Linear(784, 300)` takes 784
# numbers and returns 300. The network finds out all shapes by itself, and says which layer does not
# fit.

# %%
dataset = datasets.load("fashion-mnist")
data = datasets.split(
    dataset,
    train_size=500 if is_quick() else 10_000,
    validation_size=200 if is_quick() else 2_000,
)
EPOCHS = 1 if is_quick() else 6

network = Network([Linear(784, 300), ReLU(), Linear(300, 100), ReLU(), Linear(100, 10)])
print(network.summary())

# %%
try:
    Network([Linear(784, 300), ReLU(), Linear(200, 10)])
except PlaygroundError as error:
    print(error)

# %% [markdown]
# `fit` trains it. Settings that are not about the layers, such as the learning rate, are given
# here.

# %%
run = network.fit(*data, epochs=EPOCHS, batch_size=64, learning_rate=1e-3)


def curves(runs: dict[str, TrainingRun]) -> Figure:
    """Training (dashed) and validation accuracy after each epoch."""
    figure = new_figure(7, 3.4)
    axes = figure.subplots()
    for (name, run), colour in zip(runs.items(), (BLUE, ORANGE), strict=False):
        epochs = range(1, len(run.history.val_accuracies) + 1)
        for style, accuracies, label in (
            ("--", run.history.train_accuracies, None),
            ("o-", run.history.val_accuracies, name),
        ):
            axes.plot(epochs, 100 * np.array(accuracies), style, color=colour, label=label)
    axes.legend(loc="lower right")
    tidy(axes, "epoch", "accuracy (%)")
    return figure


show(curves({"784-300-100-10": run}))
say(f"After {EPOCHS} epochs: {network.evaluate(data.X_val, data.y_val)[1]:.1%} of the validation",
    "images. The dashed curve is the accuracy on training images.")  # fmt: skip

# %% [markdown]
# ## 2. A layer in ten lines: Leaky ReLU
#
# A layer has two methods. `forward` computes the output and keeps what `backward` needs. `backward`
# is given $\partial L / \partial \text{output}$ and returns $\partial L / \partial X$, by the chain rule. ReLU
# passes no gradient where its input is negative; Leaky ReLU passes a tenth of it.


# %%
class LeakyReLU(Layer):
    """x where it is positive, x / 10 elsewhere."""

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        self.positive = X > 0
        return np.where(self.positive, X, 0.1 * X)

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        return np.where(self.positive, gradient, 0.1 * gradient)


x = np.linspace(-3, 3, 601)
figure = new_figure(8, 2.8)
for axes, layer in zip(figure.subplots(1, 3), (ReLU(), LeakyReLU(), Tanh()), strict=True):
    axes.plot(x, layer.forward(x[None])[0], color=BLUE, label="forward")
    axes.plot(x, layer.backward(np.ones((1, x.size)))[0], color=ORANGE, label="slope")
    tidy(axes, "x", "", title=repr(layer))
axes.legend(loc="lower right")
show(figure)

# %% [markdown]
# Is `backward` right? `check_gradients` changes each input a little and compares the differences of
# the output with the gradient. It returns the largest relative errors.

# %%
check_gradients(LeakyReLU())

# %% [markdown]
# A mistake is named. Here the gradient forgets the tenth:


# %%
class Forgetful(LeakyReLU):
    def backward(self, gradient: np.ndarray) -> np.ndarray:
        return gradient * self.positive


try:
    check_gradients(Forgetful())
except PlaygroundError as error:
    print(error)

# %% [markdown]
# ## 3. A layer with parameters and running means: BatchNorm
#
# BatchNorm shifts and scales each column of a batch to mean 0 and variance 1, and then to a mean and
# a scale that are learned (Ioffe and Szegedy 2015). Two lists tell the network about them:
#
# * `parameter_names`: what the optimizer changes. `backward` sets a gradient for each, named with a
#   `d` before it.
# * `state_names`: what training changes without a gradient. The running means are used when the
#   network predicts, where a batch can be a single image. They are saved, and restored together
#   with the parameters of the best epoch.


# %%
class BatchNorm(Layer):
    parameter_names = ("scale", "shift")
    state_names = ("mean", "variance")

    def __init__(self, units: int):
        self.input_size = units
        self.scale, self.shift = np.ones(units), np.zeros(units)
        self.mean, self.variance = np.zeros(units), np.ones(units)

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        mean, variance = self.mean, self.variance
        if training:
            mean, variance = X.mean(axis=0), X.var(axis=0)
            self.mean = 0.9 * self.mean + 0.1 * mean
            self.variance = 0.9 * self.variance + 0.1 * variance
        self.deviation = np.sqrt(variance + 1e-5)
        self.normal = (X - mean) / self.deviation
        return self.normal * self.scale + self.shift

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        self.dscale, self.dshift = (gradient * self.normal).sum(axis=0), gradient.sum(axis=0)
        d = gradient * self.scale
        # the mean and the variance of the batch depend on X, too
        d -= d.mean(axis=0) + self.normal * (d * self.normal).mean(axis=0)
        return d / self.deviation


check_gradients(BatchNorm(4))

# %% [markdown]
# Does it help? Six hidden layers with plain gradient descent, with and without it:


# %%
def deep(*, normalised: bool) -> Network:
    layers: list[Layer] = [Linear(784, 100), LeakyReLU()]
    for _ in range(5):
        layers.append(Linear(100, 100))
        layers += [BatchNorm(100)] if normalised else []
        layers.append(LeakyReLU())
    return Network([*layers, Linear(100, 10)])


networks = {"without BatchNorm": deep(normalised=False), "with BatchNorm": deep(normalised=True)}
runs = {
    name: one.fit(*data, epochs=EPOCHS, optimizer="sgd", learning_rate=0.05, schedule="cosine")
    for name, one in networks.items()
}
show(curves(runs))
table(
    "network | parameters | validation accuracy",
    [
        (name, f"{one.parameter_count:,}", f"{runs[name].history.val_accuracies[-1]:.1%}")
        for name, one in networks.items()
    ],
)
say("One seed and one learning rate: this shows that the layer works, not how much it gains.")

# %% [markdown]
# ## 4. Saved and loaded
#
# A file holds numbers and the names of the layers, never code. So a network with layers of your own
# is loaded with new layers like those it was made from.

# %%
small = Network([Linear(784, 32), BatchNorm(32), LeakyReLU(), Linear(32, 10)])
small.fit(*data, epochs=1)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "small.npz"
    storage.save(small, path)
    loaded = storage.load(path, [Linear(784, 32), BatchNorm(32), LeakyReLU(), Linear(32, 10)])
np.array_equal(loaded.probabilities(data.X_val), small.probabilities(data.X_val))

# %% [markdown]
# ## 5. Convolutions, in NumPy
#
# Images have the shape `(n, channels, height, width)`; `Reshape` makes them from rows. This is
# LeNet-5 (LeCun et al. 1998) with ReLU and max-pooling. `python -m playground train --recipe lenet`
# trains the same network on all images, in two to three minutes on one core.

# %%
lenet = Network([
    Reshape(1, 28, 28),
    Conv2D(1, 6, 5, padding=2), ReLU(), MaxPool(2),
    Conv2D(6, 16, 5), ReLU(), MaxPool(2),
    Flatten(),
    Linear(400, 120), ReLU(), Linear(120, 84), ReLU(), Linear(84, 10),
])  # fmt: skip
print(lenet.summary())

# %%
run = lenet.fit(
    *data, epochs=EPOCHS, optimizer="nadam", learning_rate=6e-3, schedule="one-cycle", batch_size=64
)
say(f"LeNet recognises {run.history.val_accuracies[-1]:.1%} of the validation images after",
    f"{EPOCHS} epochs, with {lenet.parameter_count:,} parameters; the network of section 1, with",
    f"{network.parameter_count:,}, {network.evaluate(data.X_val, data.y_val)[1]:.1%}.")  # fmt: skip

# %% [markdown]
# What the six kernels of the first layer make of an image, after ReLU; white is 0. Some answer to
# edges on one side. Call the layers one by one to look inside.

# %%
image = dataset.X_train[:1].astype(np.float32) / 255
maps = image
for layer in lenet.layers[:3]:
    maps = layer.forward(maps)
pictures = np.concatenate([image.reshape(1, 784), maps[0].reshape(6, 784)])
pictures *= 255 / pictures.max(axis=1, keepdims=True).clip(1e-6)
show(plots.image_grid(
    pictures, ["image", *(f"kernel {number}" for number in range(1, 7))], columns=7
))  # fmt: skip

# %% [markdown]
# Try your own: a residual block, a layer that adds noise, a trainable mean instead of the maximum.
# `check_gradients(layer, (2, 3, 8, 8))` checks a layer for images.

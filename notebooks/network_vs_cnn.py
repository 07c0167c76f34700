# %% [markdown]
# # A plain network against a convolutional one
#
# The best network in NumPy and the CNN `fast` in PyTorch, with the same training time. Which one is
# more accurate, where does each make mistakes, and why? A convolution knows something about images
# before it has seen one.

# %%
from dataclasses import replace

import numpy as np

from playground import RECIPES, Configuration, Network, train
from playground.convnets.configuration import CONV_RECIPES
from playground.convnets.evaluation import logits
from playground.convnets.networks import ConvNetV1, build, parameter_count
from playground.convnets.training import train_convnet
from playground.experiments.figures import BLUE, ORANGE, draw_image, new_figure, tidy
from playground.notebooks import (
    is_quick,
    results_of,
    say,
    settings,
    show,
    show_code,
    show_figure,
    table,
)

if is_quick():
    say("**A quick run: it shows that the notebook works; its numbers say little about networks.**")

# %% [markdown]
# ## 1. How many parameters does each have?
#
# A linear layer has a weight for every pair of pixel and unit. A convolution has a few weights and
# uses them at every position.

# %%
rows = []
for name in ("quick", "best"):
    network = Network(784, 10, RECIPES[name], seed=0)
    rows.append(
        (
            f"network, recipe {name}",
            "-".join(map(str, network.sizes)),
            f"{network.parameter_count:,}",
        )
    )
for name, recipe in CONV_RECIPES.items():
    rows.append(
        (f"CNN, recipe {name}", recipe.network, f"{parameter_count(build(recipe, seed=0)):,}")
    )
table("network | layers | parameters", rows)
linear, convolution = 784 * 64 + 64, 3 * 3 * 64 + 64
say(
    f"From 784 pixels to 64 units, a linear layer has {linear:,} parameters; a convolution with "
    "64 filters of 3 x 3 pixels",
    f"has {convolution:,}.",
)

# %% [markdown]
# ## 2. The same training time for both
#
# `python -m playground run network-vs-cnn` trains both with five seeds, in one to two hours. These are
# its results:

# %%
duel = results_of("network-vs-cnn")
show_figure(duel, "network-vs-cnn")
say(duel.finding)

# %% [markdown]
# Images that only one of the two classifies correctly:

# %%
show_figure(duel, "network-vs-cnn-images")
right = duel.measures["right_with_seed_0"]
say(
    f"Both are right on {right['both']:,} of the test images, and both wrong on "
    f"{right['neither']:,}."
)

# %% [markdown]
# ## 3. What if the image moves?
#
# Shuffle the pixels, in the same way for every image. For the plain network nothing changes,
# because its first layer does not know which pixels are neighbours. A convolution looks at
# neighbouring pixels, which carry little information after shuffling.

# %%
data = settings(train_size=20_000).data()
PLAIN = Configuration(
    hidden_sizes=(256, 128),
    epochs=settings().epochs_of(6),
    schedule="one-cycle",
    learning_rate=2e-3,
)
# without mirror images, which make no sense for shuffled pixels
CNN = replace(CONV_RECIPES["fast-short"], epochs=settings().epochs_of(3), flips=False)
order = np.random.default_rng(0).permutation(784)


def trained(pixels: np.ndarray) -> tuple[object, object]:
    """Both networks, trained on images with their pixels in this order."""
    X_train, X_val = data.X_train[:, pixels], data.X_val[:, pixels]
    network, cnn = Network(784, 10, PLAIN, seed=0), build(CNN, seed=0)
    train(network, X_train, data.y_train, X_val, data.y_val, seed=0)
    train_convnet(cnn, CNN, X_train, data.y_train, X_val, data.y_val, device="cpu", seed=0)
    return network, cnn


def accuracies(network: object, cnn: object, X: np.ndarray) -> tuple[float, float]:
    """The accuracies of both on the test images in the form of `X`."""
    answers = network.predict(X), logits(cnn, CNN, X, "cpu").argmax(axis=1)
    return tuple(float(np.mean(answer == data.y_test)) for answer in answers)


as_they_are, shuffled = trained(np.arange(784)), trained(order)
plain = accuracies(*as_they_are, data.X_test), accuracies(*shuffled, data.X_test[:, order])
figure = new_figure(9, 2.4)
for number, axes in enumerate(figure.subplots(1, 8)):
    image = data.X_test[number // 2]
    draw_image(
        axes, image[order] if number % 2 else image, title="shuffled" if number % 2 else "as it is"
    )
show(figure)
names = ("in their places", "shuffled")
table(
    "pixels | network | CNN",
    [(name, *(f"{value:.2%}" for value in pair)) for name, pair in zip(names, plain, strict=True)],
)
lost = [100 * (before - after) for before, after in zip(*plain, strict=True)]
say(
    f"Shuffled, the network loses {lost[0]:.1f} points and the CNN {lost[1]:.1f}: that much of "
    "the CNN's accuracy rests on",
    "knowing which pixels are neighbours.",
)

# %% [markdown]
# Now move the images as a whole by one pixel, two and more. The training images were never moved:


# %%
def moved(X: np.ndarray, right: int) -> np.ndarray:
    """The images `(n, 784)` moved to the right, with black pixels entering from the left."""
    images = X.reshape(-1, 28, 28)
    result = np.zeros_like(images)
    result[:, :, right:] = images[:, :, : 28 - right]
    return result.reshape(X.shape)


shifts = range(7)
reached = np.array([accuracies(*as_they_are, moved(data.X_test, right)) for right in shifts])
figure = new_figure(7, 3.6)
axes = figure.subplots()
for column, name, colour, marker in ((0, "network", BLUE, "o"), (1, "CNN", ORANGE, "s")):
    axes.plot(shifts, 100 * reached[:, column], color=colour, marker=marker, label=name)
axes.legend()
tidy(axes, "pixels moved to the right", "test accuracy (%)")
show(figure)
two, six = 100 * (reached[0] - reached[2]), 100 * (reached[0] - reached[6])
say(
    f"Moved by two pixels, the network loses {two[0]:.1f} points and the CNN {two[1]:.1f}; by "
    f"six, {six[0]:.1f} and {six[1]:.1f}.",
    "Convolutions find the same pattern wherever it is; only the layers behind them learn where "
    "patterns are.",
)

# %% [markdown]
# ## 4. The code of a convolutional network
#
# The first and simplest of the CNNs that the experiment `evolution` compares:

# %%
show_code(ConvNetV1)

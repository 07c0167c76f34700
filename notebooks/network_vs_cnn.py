# %% [markdown]
# # A plain network against a convolutional one
#
# The best network in NumPy and the CNN `fast` in PyTorch, with the same seconds of training. Who gets further, who errs where,
# and why: what a convolution knows about images before it has seen one.

# %%
from dataclasses import replace

import numpy as np

from playground import RECIPES, Configuration, Network, train
from playground.convnets.configuration import CONV_RECIPES
from playground.convnets.evaluation import logits
from playground.convnets.networks import ConvNetV1, build, parameter_count
from playground.convnets.training import train_convnet
from playground.experiments import run
from playground.experiments.figures import BLUE, ORANGE, draw_image, new_figure, tidy
from playground.notebooks import is_quick, say, settings, show, show_code, table

if is_quick():
    say("**A quick run: it shows that the notebook works; its numbers say little about networks.**")

# %% [markdown]
# ## 1. How many numbers does each learn?
#
# A linear layer has a weight for every pixel and every unit. A convolution has a few weights, which it uses at every place.

# %%
rows = []
for name in ("quick", "best"):
    network = Network(784, 10, RECIPES[name], seed=0)
    rows.append((f"network, recipe {name}", "-".join(map(str, network.sizes)), f"{network.parameter_count:,}"))
for name, recipe in CONV_RECIPES.items():
    rows.append((f"CNN, recipe {name}", recipe.network, f"{parameter_count(build(recipe, seed=0)):,}"))
table("network | layers | parameters", rows)
linear, convolution = 784 * 64 + 64, 3 * 3 * 64 + 64
say(
    f"From 784 pixels to 64 units, a linear layer has {linear:,} parameters; a convolution with 64 filters of 3 x 3 pixels",
    f"has {convolution:,}.",
)

# %% [markdown]
# ## 2. The same seconds for both

# %%
duel = run("network-vs-cnn", settings())
show(duel.figures["network-vs-cnn"])
say(duel.finding)

# %% [markdown]
# Images that one of the two has right and the other wrong:

# %%
show(duel.figures["network-vs-cnn-images"])
right = duel.measures["right_with_seed_0"]
say(f"Both are right on {right['both']:,} of the test images, and both wrong on {right['neither']:,}.")

# %% [markdown]
# ## 3. What if the image moves?
#
# Shuffle all pixels, alike in every image: to the plain network nothing has changed, for its first layer has no notion of which
# pixels are neighbours. A convolution looks at neighbours, and shuffled ones tell it little.

# %%
data = settings(train_size=20_000).data()
PLAIN = Configuration(hidden_sizes=(256, 128), epochs=settings().epochs_of(6), schedule="one-cycle", learning_rate=2e-3)
# without mirror images, which mean nothing where pixels are shuffled
CNN = replace(CONV_RECIPES["fast-short"], epochs=settings().epochs_of(3), flips=False)
order = np.random.default_rng(0).permutation(784)


def trained(pixels: np.ndarray) -> tuple[object, object]:
    """Both networks, trained on images whose pixels stand in this order."""
    X_train, X_val = data.X_train[:, pixels], data.X_val[:, pixels]
    network, cnn = Network(784, 10, PLAIN, seed=0), build(CNN, seed=0)
    train(network, X_train, data.y_train, X_val, data.y_val, seed=0)
    train_convnet(cnn, CNN, X_train, data.y_train, X_val, data.y_val, device="cpu", seed=0)
    return network, cnn


def accuracies(network: object, cnn: object, X: np.ndarray) -> tuple[float, float]:
    """The shares of test images that both have right, when they look like `X`."""
    answers = network.predict(X), logits(cnn, CNN, X, "cpu").argmax(axis=1)
    return tuple(float(np.mean(answer == data.y_test)) for answer in answers)


as_they_are, shuffled = trained(np.arange(784)), trained(order)
plain = accuracies(*as_they_are, data.X_test), accuracies(*shuffled, data.X_test[:, order])
figure = new_figure(9, 2.4)
for number, axes in enumerate(figure.subplots(1, 8)):
    image = data.X_test[number // 2]
    draw_image(axes, image[order] if number % 2 else image, title="shuffled" if number % 2 else "as it is")
show(figure)
table("pixels | network | CNN", [
    ("in their places", *(f"{value:.2%}" for value in plain[0])), ("shuffled", *(f"{value:.2%}" for value in plain[1]))
])  # fmt: skip
lost = [100 * (before - after) for before, after in zip(*plain, strict=True)]
say(
    f"Shuffled, the network loses {lost[0]:.1f} points and the CNN {lost[1]:.1f}: that much of the CNN's accuracy rests on",
    "knowing which pixels are neighbours.",
)

# %% [markdown]
# And moved as a whole, by one pixel, two, and more, though in training nothing ever was:


# %%
def moved(X: np.ndarray, right: int) -> np.ndarray:
    """The images `(n, 784)` moved to the right; what comes in from the left is black."""
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
    f"Moved by two pixels, the network loses {two[0]:.1f} points and the CNN {two[1]:.1f}; by six, {six[0]:.1f} and {six[1]:.1f}.",
    "Convolutions find the same pattern wherever it is; only the layers behind them learn where patterns are.",
)

# %% [markdown]
# ## 4. What the code of a convolution is about
#
# The first of the CNNs that the experiment `evolution` compares, from the plain one on:

# %%
show_code(ConvNetV1)

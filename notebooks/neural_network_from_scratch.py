# %% [markdown]
# # A neural network from scratch, in ten questions
#
# Everything here uses NumPy: layers, losses and optimizers come from `playground/`, a small library
# written to be read. Each question of a classic course assignment is answered with a figure, and
# every number in an answer is computed by the cell above it. Hyperparameters are chosen on
# validation images; the test images are used once, at the end.

# %%
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from optuna.visualization import plot_parallel_coordinate

from playground import Configuration, Network, datasets, layers, losses, plots, sweeps, train
from playground.configuration_files import from_values
from playground.experiments import confusion, present, run, transfer
from playground.experiments.figures import BLUE, ORANGE, new_figure, tidy
from playground.notebooks import is_quick, say, settings, show, show_code, table
from playground.optimizers import Momentum
from playground.sweeps import figures, space
from playground.sweeps.records import best, records_of
from playground.tracking import wandb_tracker

if is_quick():
    say("**A quick run: it shows that the notebook works; its numbers say little about networks.**")

# %% [markdown]
# ## 1. What does the data look like?
#
# Fashion-MNIST has 60,000 training images and 10,000 test images of 28 x 28 grey pixels, in ten
# classes of clothing.

# %%
dataset = datasets.load("fashion-mnist")
chosen = datasets.one_of_each(dataset.y_train, 10, np.random.default_rng(0))
show(
    plots.image_grid(dataset.X_train[chosen], dataset.class_names, title="one image of each class")
)
counts = np.bincount(dataset.y_train)
black = np.mean(dataset.X_train == 0)
say(
    f"The smallest class has {counts.min():,} training images and the largest {counts.max():,}: "
    "guessing is right in",
    f"{counts.max() / counts.sum():.0%} of the cases. {black:.0%} of all pixels are black, the "
    "background.",
)

# %% [markdown]
# ## 2. A network with any number of layers
#
# A linear layer computes $z = xW + b$, followed by ReLU, $\max(0, z)$. Softmax turns the outputs of
# the last layer, the logits, into probabilities. This is the complete code of ReLU and softmax:

# %%
show_code(layers.ReLU, losses.softmax)

# %% [markdown]
# The number and the width of the layers are settings. An untrained network knows nothing: its
# probabilities are near 1/10 each.

# %%
rows = []
for hidden_sizes in [(), (32,), (300, 100), (128, 128, 128, 128)]:
    network = Network(784, 10, Configuration(hidden_sizes=hidden_sizes), seed=0)
    probabilities = network.probabilities(dataset.X_train[:1000])
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    likeliest = probabilities.max(axis=1).mean()
    rows.append(
        (
            " + ".join(map(str, hidden_sizes)) or "none",
            f"{network.parameter_count:,}",
            f"{likeliest:.2f}",
        )
    )
table("hidden units | parameters | mean probability of the likeliest class, untrained", rows)

# %% [markdown]
# ## 3. Backpropagation, and six optimizers
#
# Backpropagation computes the gradient of the loss with respect to every parameter; an optimizer
# uses it to update the parameters. Most optimizers take a few lines, such as this one:

# %%
show_code(Momentum)

# %% [markdown]
# All six train the same network on the same batches, each with the best learning rate on the
# validation images. PyTorch's optimizers (open circles) start from the same weights. This run uses 20,000
# images; `python -m playground run optimizers` uses all of them.

# %%
optimizers = run("optimizers", settings(train_size=20_000))
show(optimizers.figures["optimizers"])
say(optimizers.finding)

# %% [markdown]
# ## 4. A sweep: which configuration is best?
#
# Nine settings vary at the same time. Optuna chooses the trials: at random at first, then more
# often near good ones. A trial that is worse than half of the others at the same epoch is ended
# early. All comparisons use validation images only.

# %%
common = (
    sweeps.SweepSettings(train_size=1000, validation_size=500, epochs=2)
    if is_quick()
    else sweeps.SweepSettings(train_size=12_000, epochs=6)
)
with tempfile.TemporaryDirectory() as folder:
    study = sweeps.sweep(
        Path(folder) / "sweep.db", common, trials=8 if is_quick() else 40, verbose=False
    )
    records, importance = records_of(study), figures.importance(study)
    interactive = plot_parallel_coordinate(study)
complete, top = [record for record in records if record.end == "complete"], best(records, 3)
table(
    "setting | between",
    [(name, str(dimension)) for name, dimension in space.space(common.epochs).items()],
)
ends = [record.end for record in records]
say(
    f"{len(records)} trials on {common.train_size:,} images: {ends.count('complete')} trained to "
    "their end,",
    f"{ends.count('pruned')} ended early, {ends.count('diverged')} diverged.",
)

# %% [markdown]
# Weights & Biases calls the same thing a sweep: a dictionary says what varies, and an agent calls a
# function once per trial. A configuration of the playground understands the usual names, such as
# `hidden_layers`, `hidden_size` and `weight_init`. With an account (`wandb login`), this cell
# starts a sweep of three trials; without one, it makes one offline run.

# %%
sweep_config = {
    "method": "bayes",
    "metric": {"name": "val_accuracy", "goal": "maximize"},
    "parameters": {
        "hidden_layers": {"values": [1, 2, 3]},
        "hidden_size": {"values": [32, 64, 128]},
        "weight_init": {"values": ["xavier", "he"]},
        "optimizer": {"values": ["sgd", "adam", "nadam"]},
        "learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-2},
        "epochs": {"value": 2},
    },
}
few = replace(settings(), train_size=2000, validation_size=500).data()


def one_trial(folder: str, mode: str, **options: object) -> str:
    """Trains the configuration of a new W&B run and logs its validation accuracy."""
    run = wandb_tracker.start(Path(folder), mode, **options)  # wandb.init, without its output
    configuration = from_values(dict(run.config))
    network = Network(784, 10, configuration, seed=0)
    history = train(
        network,
        few.X_train,
        few.y_train,
        few.X_val,
        few.y_val,
        after_epoch=lambda epoch, history: run.log({"val_accuracy": history.val_accuracies[-1]}),
    ).history
    run.finish()
    return f"{configuration.hidden_sizes}: {history.val_accuracies[-1]:.1%} after two epochs."


if not find_spec("wandb"):
    say("Weights & Biases is not installed: `pip install wandb`.")
elif wandb_tracker.mode() == "online":
    import wandb

    sweep_id = wandb.sweep(sweep_config, project=wandb_tracker.PROJECT)
    wandb.agent(sweep_id, lambda: one_trial(".", "online"), count=3)
else:
    point = {"hidden_layers": 2, "hidden_size": 64, "weight_init": "he", "epochs": 2}
    with tempfile.TemporaryDirectory() as folder:
        say("One offline run, hidden units", one_trial(folder, "offline", config=point))

# %% [markdown]
# ## 5. The accuracy of every trial, in chronological order

# %%
figure = new_figure(9, 3.4)
axes = figure.subplots()
numbers, accuracies = (
    [r.number for r in complete],
    np.array([100 * r.val_accuracy for r in complete]),
)
axes.scatter(numbers, accuracies, color=BLUE, s=18, label="a trial, trained to its end")
axes.step(
    numbers, np.maximum.accumulate(accuracies), where="post", color=ORANGE, label="the best so far"
)
axes.legend(loc="lower right")
tidy(axes, "trial", "validation accuracy (%)")
show(figure)
half = len(complete) // 2
first, second = np.median(accuracies[:half]), np.median(accuracies[half:])
say(
    f"The best trial is number {top[0].number}: {top[0].val_accuracy:.2%} of the validation "
    "images. The median of the first",
    f"{half} trials that were trained to their end is {first:.1f} %, that of the other "
    f"{len(complete) - half} {second:.1f} %.",
    "The search learned where to look."
    if second > first
    else "So few trials do not show that the search learns.",
)

# %% [markdown]
# ## 6. Which settings matter?
#
# Each line is a trial; better trials are darker. The same figure follows as Optuna draws it with
# Plotly, of the trials that were trained to their end: point at a line to read its settings. This
# one needs Jupyter, Colab or VS Code; where notebooks are only displayed, its place stays empty. The
# figures below show the share of the variance of the accuracy that each setting explains, and the
# correlation of each setting with the accuracy.

# %%
show(figures.parallel(records, common.epochs))
interactive.show()

# %%
show(importance)
show(figures.correlation(complete, common.epochs))
values = figures.correlations(complete, common.epochs)
names = sorted(values, key=values.__getitem__)
up, down = (
    ", ".join(f"**{name}** ({values[name]:+.2f})" for name in part)
    for part in (names[:-4:-1], names[:3])
)
say(
    f"The accuracy rises most with {up} and falls most with {down} (rank correlations over "
    f"{len(complete)} trials;",
    "below about 0.3 they may be chance).",
    figures.WHY_THEY_DIFFER,
)

# %%
quarter, sentences = best(records, max(3, len(complete) // 4)), []
for name in ("optimizer", "activation", "initializer"):
    found = [getattr(record.configuration, name) for record in quarter]
    favourite = max(set(found), key=found.count)
    sentences.append(
        f"Of the best {len(found)} trials, {found.count(favourite)} have the {name} {favourite}."
    )
bad = [record for record in complete if record.val_accuracy < 0.6]
kinds = sorted(
    {f"{record.configuration.initializer} with {record.configuration.optimizer}" for record in bad}
)
named = f": {', '.join(kinds)}" if bad else ""
say(*sentences, f"{len(bad)} stay below 60 % though trained to their end{named}.")

# %% [markdown]
# ## 7. The best configuration, on the test images
#
# It is now trained on all training images and tested once; no choice depends on the result.

# %%
data = settings().data()
winner = replace(top[0].configuration, epochs=settings().epochs_of(top[0].configuration.epochs))
network = Network(784, 10, winner, seed=0)
history = train(network, data.X_train, data.y_train, data.X_val, data.y_val, seed=0).history
_, accuracy = network.evaluate(data.X_test, data.y_test)
measures = confusion.measure([network.predict(data.X_test)], data)
show(confusion.draw_matrix(measures, data.class_names))
matrix, recall = np.array(measures["matrix"]), np.array(measures["recall"])
true, taken = divmod(int((matrix * (1 - np.eye(10))).argmax()), 10)
hardest, easiest = data.class_names[recall.argmin()], data.class_names[recall.argmax()]
say(
    f"{accuracy:.2%} of {len(data.y_test):,} test images are right (validation: "
    f"{history.val_accuracies[-1]:.2%}).",
    f"{hardest} is hardest to find, {recall.min():.0%} of them, {easiest} easiest, "
    f"{recall.max():.0%}. Most often,",
    f"{data.class_names[true]} is taken for {data.class_names[taken]}: {matrix[true, taken]:.0f} "
    f"of {matrix[true].sum():.0f}.",
)

# %% [markdown]
# ## 8. Squared error or cross-entropy?
#
# The gradient of cross-entropy is largest for confident mistakes. That of squared error vanishes
# there, because softmax is flat where it is confident (figure on the right). Again with 20,000
# images.

# %%
compared = run("losses", settings(train_size=20_000))
show(compared.figures["losses"])
say(compared.finding)

# %% [markdown]
# ## 9. Is the code correct?
#
# A gradient can be computed without backpropagation: change one parameter a little and measure how
# much the loss changes. Both gradients must agree for every parameter.


# %%
def numerical_gradients(
    network: Network, X: np.ndarray, y: np.ndarray, step: float = 1e-6
) -> np.ndarray:
    """∂L/∂θ by differences, one parameter at a time."""
    gradients = np.empty(network.parameter_count)
    for index in range(network.parameter_count):
        network.parameters[index] += step
        above = network.loss.forward(network.forward(X), y)
        network.parameters[index] -= 2 * step
        below = network.loss.forward(network.forward(X), y)
        network.parameters[index] += step
        gradients[index] = (above - below) / (2 * step)
    return gradients


rng, rows = np.random.default_rng(0), []
X, y = rng.standard_normal((8, 6)), rng.integers(0, 3, 8)
for loss in losses.LOSSES:
    for activation in layers.ACTIVATIONS:
        configuration = Configuration(hidden_sizes=(5, 4), loss=loss, activation=activation)
        small = Network(6, 3, configuration, seed=1, dtype=np.float64)
        small.train_batch(X, y)
        backward, numerical = small.gradients.copy(), numerical_gradients(small, X, y)
        assert np.allclose(backward, numerical, atol=1e-7)
        rows.append(
            (
                loss,
                activation,
                f"{np.abs(backward - numerical).max() / np.abs(numerical).max():.0e}",
            )
        )
table("loss | activation | largest difference, relative to the largest derivative", rows)

# %% [markdown]
# The tests in `tests/playground` check every layer in this way, and compare each step of all six
# optimizers with PyTorch's.
#
# ## 10. Three configurations for MNIST
#
# With time for only three trainings on another dataset, which configurations should be tried? The
# three best ones of the sweep, without changes.

# %%
found = [(record.configuration, record.val_accuracy) for record in top]
digits = present(transfer.compare(found, settings()))
show(digits.figures["transfer"])
on_mnist, standard = digits.variants[len(top) : 2 * len(top)], digits.variants[-1]
rows = []
for record, variant in zip(top, on_mnist, strict=True):
    words = " ".join(space.in_words(record.configuration).split())
    rows.append(
        (
            words,
            record.configuration.epochs,
            f"{record.val_accuracy:.2%}",
            f"{variant.test_accuracy.mean:.2%}",
        )
    )
table(
    "configuration | epochs | sweep, validation images of Fashion-MNIST | test images of MNIST",
    rows,
)
say(digits.finding)

# %%
spread = max(v.test_accuracy.mean for v in on_mnist) - min(v.test_accuracy.mean for v in on_mnist)
say(
    f"**Recommendation**: the first of the table; on MNIST the three lie {100 * spread:.2f} "
    "points apart. The recipe",
    "`standard`, tuned on all of Fashion-MNIST's training images, has "
    f"{standard.test_accuracy.mean:.2%} and is the better",
    "start."
    if standard.test_accuracy.mean > on_mnist[0].test_accuracy.mean
    else "start only if it must be known before a sweep.",
)

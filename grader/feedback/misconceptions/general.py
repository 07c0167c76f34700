"""Mistakes in training and plots, and general symptoms that any section can show."""

from __future__ import annotations

from grader.feedback.misconceptions.entry import Misconception

TRAINING_SECTIONS, PLOT_SECTIONS, ANYWHERE = ("1.7", "2.6", "3.6"), ("2.7", "3.7"), ("any",)

GENERAL = (
    # training
    Misconception(
        "train-diverged", TRAINING_SECTIONS,
        "LEARNING_RATE = 1e6",
    ),
    Misconception(
        "train-below-bar", TRAINING_SECTIONS,
        "LEARNING_RATE = 1e-9",
    ),
    Misconception(
        "train-time-limit", TRAINING_SECTIONS,
        "for i in range(len(X)): ...",
    ),
    Misconception(
        "train-crashed", TRAINING_SECTIONS,
        "X_train @ X_train",
    ),
    Misconception(
        "constant-invalid", TRAINING_SECTIONS,
        'BATCH_SIZE = "64"',
        shown_at_once=True,
    ),
    Misconception(
        "train-one-class", TRAINING_SECTIONS,
        "return np.zeros(len(X), int)",
    ),
    Misconception(
        "train-without-backward", ("1.7",),
        "return {name: np.zeros_like(getattr(self, name)) for name in (...)}",
    ),
    # curves and plots
    Misconception(
        "history-not-from-this-run", (*PLOT_SECTIONS, "2.5", "3.5"),
        "return History([0.3], [0.3], [0.95], [0.95])",
    ),
    Misconception(
        "plot-missing", PLOT_SECTIONS,
        "# python pytorch_ann.py was never run to its end",
        shown_at_once=True,
    ),
    Misconception(
        "plot-not-png", PLOT_SECTIONS,
        "plt.savefig('plot.jpg')",
    ),
    Misconception(
        "plot-blank", PLOT_SECTIONS,
        "plt.show(); plt.savefig(path)",
    ),
    Misconception(
        "plot-not-from-this-run", PLOT_SECTIONS,
        "# another learning rate since the plot was drawn",
    ),
    # any
    Misconception(
        "not-written", ANYWHERE,
        'raise NotImplementedError("TODO 1.2: relu in numpy_ann.py")',
        shown_at_once=True,
    ),
    Misconception(
        "syntax-error", ANYWHERE,
        "def relu(z)",
        shown_at_once=True,
    ),
    Misconception(
        "wrong-shape", ANYWHERE,
        "return np.maximum(z, 0).ravel()",
        general=True,
    ),
    Misconception(
        "wrong-type", ANYWHERE,
        "return None",
        general=True,
    ),
    Misconception(
        "not-finite", ANYWHERE,
        "return z / (z > 0)",
        general=True,
    ),
    Misconception(
        "changes-input", ANYWHERE,
        "X -= X.mean()",
        general=True,
    ),
    Misconception(
        "forbidden-import", ANYWHERE,
        "import scipy",
        shown_at_once=True,
    ),
    Misconception(
        "time-limit", ANYWHERE,
        "while z.any(): ...",
    ),
    Misconception(
        "raises", ANYWHERE,
        "return self.a2[:, 99]",
        general=True,
    ),
)  # fmt: skip

"""Mistakes in training and plots, and general symptoms that any section can show."""

from __future__ import annotations

from grader.feedback.misconceptions.entry import Misconception

TRAINING_SECTIONS, PLOT_SECTIONS, ANYWHERE = ("1.7", "2.6", "3.6"), ("2.7", "3.7"), ("any",)

GENERAL = (
    # training
    Misconception(
        "train-diverged", TRAINING_SECTIONS,
        "Training diverged: the loss is no longer a number, or far above the loss of guessing. "
        "Steps that are too long climb instead of descending; try a learning rate ten times "
        "smaller.",
        "LEARNING_RATE = 1e6",
    ),
    Misconception(
        "train-below-bar", TRAINING_SECTIONS,
        "Training ran but did not reach the bar. Compare the training and validation curves: if "
        "both are poor, train longer or change the learning rate; if only validation is poor, look "
        "for overfitting.",
        "LEARNING_RATE = 1e-9",
    ),
    Misconception(
        "train-time-limit", TRAINING_SECTIONS,
        "Training took longer than allowed. Loops over single images or pixels are the usual "
        "cause; matrix products do the same work a hundred times faster.",
        "for i in range(len(X)): ...",
    ),
    Misconception(
        "train-crashed", TRAINING_SECTIONS,
        "Training stopped with the error shown above. Run the script yourself with --train-size "
        "1000 to reproduce it sooner.",
        "X_train @ X_train",
    ),
    Misconception(
        "constant-invalid", TRAINING_SECTIONS,
        "A constant at the top of the script has a value that no training can use. The script "
        "itself says so, and so does the checklist.",
        'BATCH_SIZE = "64"',
        shown_at_once=True,
    ),
    Misconception(
        "train-one-class", TRAINING_SECTIONS,
        "Your network gives every image the same label. Usually steps that are too long switched "
        "its units off, or the targets that it is trained on, or the argmax in predict, are the "
        "same for all images.",
        "return np.zeros(len(X), int)",
    ),
    Misconception(
        "train-without-backward", ("1.7",),
        "The gradients that your backward returns do not make the loss smaller, so they cannot be "
        "what trained the network. The point of part 1 is training by your own backward; start "
        "with 1.6.",
        "return {name: np.zeros_like(getattr(self, name)) for name in (...)}",
    ),
    # curves and plots
    Misconception(
        "history-not-from-this-run", (*PLOT_SECTIONS, "2.5", "3.5"),
        "The learning curves that fit returns are not those of the network that it trained. "
        "Measure the validation accuracy of the network after every epoch, with the validation "
        "images that fit is given.",
        "return History([0.3], [0.3], [0.95], [0.95])",
    ),
    Misconception(
        "plot-missing", PLOT_SECTIONS,
        "The plot is not in the submission. The script writes it at the end of training.",
        "# python pytorch_ann.py was never run to its end",
        shown_at_once=True,
    ),
    Misconception(
        "plot-not-png", PLOT_SECTIONS,
        "The file is not a PNG picture that can be opened. Submit the file that the script wrote, "
        "unchanged.",
        "plt.savefig('plot.jpg')",
    ),
    Misconception(
        "plot-blank", PLOT_SECTIONS,
        "The picture is empty. Draw the plot after training, when there is a history to draw.",
        "plt.show(); plt.savefig(path)",
    ),
    Misconception(
        "plot-not-from-this-run", PLOT_SECTIONS,
        "The plot is not the one that the script you submitted writes. Run the script as it "
        "is now and submit the plot that it writes.",
        "# another learning rate since the plot was drawn",
    ),
    # any
    Misconception(
        "not-written", ANYWHERE,
        "This section is not written yet.",
        'raise NotImplementedError("TODO 1.2: relu in numpy_ann.py")',
        is_shown=False, shown_at_once=True,
    ),
    Misconception(
        "syntax-error", ANYWHERE,
        "Python cannot read the script. The line above is where it stopped; the mistake is there "
        "or just before.",
        "def relu(z)",
        shown_at_once=True,
    ),
    Misconception(
        "wrong-shape", ANYWHERE,
        "The answer has the wrong shape. Print the shapes of the inputs and of the result.",
        "return np.maximum(z, 0).ravel()",
        general=True, is_shown=False,
    ),
    Misconception(
        "wrong-type", ANYWHERE,
        "The answer has the wrong type.",
        "return None",
        general=True, is_shown=False,
    ),
    Misconception(
        "not-finite", ANYWHERE,
        "The answer contains infinities or NaN. Look for divisions by 0, logarithms of 0 and "
        "exponentials of large numbers.",
        "return z / (z > 0)",
        general=True, is_shown=False,
    ),
    Misconception(
        "changes-input", ANYWHERE,
        "An argument was changed in place, and the caller still needs it.",
        "X -= X.mean()",
        general=True, is_shown=False,
    ),
    Misconception(
        "forbidden-import", ANYWHERE,
        "The script imports a package that is not allowed here; the notes in the README list those "
        "that are.",
        "import scipy",
        shown_at_once=True,
    ),
    Misconception(
        "time-limit", ANYWHERE,
        "Your code did not return in time; the last line above is where it was stopped. Usually "
        "that is a loop that never ends, or a Python loop over images, pixels or single numbers: "
        "NumPy and PyTorch do the same to the whole array at once, in milliseconds.",
        "while z.any(): ...",
    ),
    Misconception(
        "raises", ANYWHERE,
        "Your code raised an error; the lines above are yours, and the last one is where it "
        "happened.",
        "return self.a2[:, 99]",
        general=True, is_shown=False,
    ),
)  # fmt: skip

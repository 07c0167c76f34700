"""What parts 2 and 3 are asked: the same of both networks, which differ in their class and in the shape of an image.

Everything is judged by behaviour, on images drawn anew for every marking; float32 answers may differ by rounding.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from grader.marking import Marking
from grader.plots import check_carried, read_plot
from grader.protocol import Tensor
from grader.student import Remote, Student, as_array
from grader.submission import PLOTS
from grader.training import expect_labels
from utils import JUDGEMENTS, PARTS, Wrong, expect_array, expect_numbers

CLOSE = 1e-4  # float32 through a few layers: 1e-6 of rounding, and room for another order of summing


def model_of(student: Student, script: str) -> Remote:
    """A fresh network. Raises Wrong if the constructor gives no network."""
    model = getattr(student, PARTS[script].class_name)(seed=1)
    if not isinstance(model, Remote):
        raise Wrong(
            f"{PARTS[script].class_name}() gave a {type(model).__name__}, expected an nn.Module.", kind="wrong-type"
        )
    return model


def images(rng: np.random.Generator, script: str, n: int) -> Tensor:
    """Random images in [0, 1], float32."""
    return Tensor(rng.uniform(size=(n, *PARTS[script].image_shape)).astype(np.float32))


def labels(rng: np.random.Generator, n: int) -> Tensor:
    """Random labels, int64."""
    return Tensor(rng.integers(10, size=n))


def check_layers(student: Student, script: str, rng: np.random.Generator) -> None:
    """2.1 / 3.1: layers are registered and of the right kind."""
    structure = model_of(student, script).probe("structure")
    name = PARTS[script].class_name
    if not isinstance(structure, dict) or not structure.get("module"):
        raise Wrong(f"{name} is no nn.Module, expected a class derived from it.", kind="wrong-type")
    if structure["unregistered"]:
        raise Wrong(f"self.{structure['unregistered'][0]} holds layers in a plain list or dict, where PyTorch does not find them.",
                    kind="torch-layers-not-registered", hint="nn.Sequential or nn.ModuleList registers them.")  # fmt: skip
    if not structure["parameters"]:
        raise Wrong(f"{name} has no parameters, expected the weights of its layers.", kind="torch-layers-not-registered",
                    hint="layers must be attributes of self.")  # fmt: skip
    if script == "pytorch_ann" and structure["convolutions"]:
        raise Wrong("a convolution was found, expected none in part 2.", kind="torch-ann-has-conv",
                    hint="linear layers and activations; part 3 convolves.")  # fmt: skip
    if script == "pytorch_cnn" and not structure["convolutions"]:
        raise Wrong("no convolution was found, expected at least one.", kind="torch-cnn-has-no-conv",
                    hint="nn.Conv2d(1, channels, kernel_size=3, padding=1).")  # fmt: skip


def check_forward(student: Student, script: str, rng: np.random.Generator) -> None:
    """2.2 / 3.2: logits of the right shape, neither probabilities nor cut off at 0, from a network that is not linear."""
    model = model_of(student, script)
    for n in (int(rng.integers(2, 9)), 1):
        logits = model.probe("logits", images(rng, script, n), "eval")
        answer = expect_numbers("what forward returns", as_array(logits), f"a tensor of shape ({n}, 10)")
        if answer.shape != (n, 10):
            kind = "torch-wrong-output-size" if answer.ndim == 2 and answer.shape[0] == n else "wrong-shape"
            raise Wrong(f"forward gave shape {answer.shape} for {n} images, expected ({n}, 10).", kind=kind,
                        hint="one row for each image, one logit for each of the 10 classes.")  # fmt: skip
        if not np.isfinite(answer).all():
            raise Wrong("forward gave logits that are not finite.", kind="not-finite")
    answer = np.asarray(as_array(model.probe("logits", images(rng, script, 32), "eval")), np.float64)
    for rows, what in ((answer, "probabilities"), (np.exp(answer), "log-probabilities")):
        if np.allclose(rows.sum(axis=1), 1, atol=CLOSE) and (rows >= 0).all():
            raise Wrong(f"the rows are {what}, expected logits.", kind="torch-softmax-before-loss",
                        hint="no softmax at the end: the cross-entropy of 2.3 and 3.3 applies it.")  # fmt: skip
    if (answer >= 0).all() and (answer == 0).any():
        raise Wrong("no logit is negative and some are exactly 0, expected any real numbers.", kind="torch-relu-on-logits",
                    hint="is there an activation behind the last layer?")  # fmt: skip
    if script == "pytorch_ann":
        expect_nonlinear(model, script, rng)


def expect_nonlinear(model: Remote, script: str, rng: np.random.Generator) -> None:
    """f(a) + f(b) = f(a + b) + f(0) holds for affine functions; one pair that breaks it shows a non-linearity."""
    # ten times as bright as images are: a sigmoid is nearly straight for small inputs, and rounding stays far below
    a, b = (Tensor(10 * images(rng, script, 16).array) for _ in range(2))
    left, right = (np.asarray(as_array(side), np.float64) for side in model.probe("linearity", a, b))
    if np.allclose(left, right, rtol=1e-5, atol=1e-5 * np.abs(left).max()):
        raise Wrong("the network is linear in its input, expected a non-linear activation between its layers.",
                    kind="torch-no-activation", hint="an activation such as F.relu behind each hidden layer.")  # fmt: skip


def check_training_step(student: Student, script: str, rng: np.random.Generator) -> None:
    """2.3 / 3.3: returns the loss as a float, moves every parameter downhill, and starts each step from gradients of zero."""
    X, y = images(rng, script, 24), labels(rng, 24)
    model = model_of(student, script)
    before = model.probe("parameters")
    loss = model.probe("step", X, y, 0.1, 1)
    expect_loss(loss)
    after = model.probe("parameters")
    still = [bool(np.array_equal(a, b)) for a, b in zip(before, after, strict=True)]
    gradients = model.probe("gradients")
    if all(still):
        expect_reason_for_stillness(gradients)
    names = [entry[0] for entry in model.probe("structure")["parameters"] if entry[2]]
    if len(names) == len(still) and any(still):
        raise Wrong(f"{names[still.index(True)]} did not change in a step, expected every parameter to.",
                    hint="is this layer used in forward?")  # fmt: skip
    expect_zeroed(student, script, X, y)
    losses = model_of(student, script).probe("steps", X, y, 40)
    for value in losses:
        expect_loss(value)
    if not min(losses[-5:]) < 0.9 * losses[0]:
        raise Wrong(f"40 steps on one batch took the loss from {losses[0]:.3f} to {losses[-1]:.3f}, expected it to fall.",
                    hint="the loss compares logits with labels: F.cross_entropy(logits, y_batch).")  # fmt: skip


def expect_loss(loss: Any) -> None:
    """Raises Wrong unless a step's loss is a finite float."""
    if isinstance(loss, Tensor):
        raise Wrong("training_step returned a tensor, expected a float.", kind="torch-loss-not-float",
                    hint="loss.item() is the number in a one-element tensor.")  # fmt: skip
    if isinstance(loss, bool) or not isinstance(loss, float | np.floating):
        name = loss.opaque.type_name if isinstance(loss, Remote) else type(loss).__name__
        raise Wrong(f"training_step returned a {name}, expected a float.", kind="torch-loss-not-float",
                    hint="is a return statement missing?" if loss is None else "")  # fmt: skip
    if not math.isfinite(loss):
        raise Wrong(f"the loss is {loss}, expected a finite number.", kind="not-finite")


def expect_reason_for_stillness(gradients: list[np.ndarray | None]) -> None:
    """Raises Wrong: no parameter moved; whether there are gradients says what is missing."""
    if any(g is not None and np.any(g) for g in gradients):
        raise Wrong("gradients are there but no parameter changed, expected a step downhill.", kind="torch-no-step",
                    hint="optimizer.step() moves the parameters.")  # fmt: skip
    raise Wrong("no parameter changed and there are no gradients, expected a step downhill.", kind="torch-no-backward",
                hint="loss.backward() computes the gradients that optimizer.step() follows.")  # fmt: skip


def expect_zeroed(student: Student, script: str, X: Tensor, y: Tensor) -> None:
    """Raises Wrong if a second step's gradients contain the first's, seen with steps of length 0 and the same dropout."""
    model = model_of(student, script)
    sizes = []
    for _ in range(2):
        model.probe("step", X, y, 0.0, 2)
        sizes.append(sum(float(np.abs(g).sum()) for g in model.probe("gradients") if g is not None))
    if sizes[1] > 1.5 * sizes[0] > 0:
        raise Wrong(f"for the same batch the second step's gradients are {sizes[1] / sizes[0]:.2f} times the first's, expected 1.",
                    kind="torch-no-zero-grad", hint="PyTorch adds to old gradients: zero them in every step.")  # fmt: skip


def check_predict(student: Student, script: str, rng: np.random.Generator) -> None:
    """2.4 / 3.4: labels, in evaluation mode, without gradients."""
    model = model_of(student, script)
    for n in (int(rng.integers(12, 20)), 1):
        X = images(rng, script, n)
        answer = model.probe("predict", X)
        given = answer["labels"]
        shown = as_array(given)
        if isinstance(shown, np.ndarray) and shown.shape == (n, 10):
            raise Wrong(f"predict gave shape {shown.shape} for {n} images, expected labels of shape ({n},).",
                        kind="torch-predicts-logits", hint="the index of the largest logit of each row.")  # fmt: skip
        if isinstance(shown, np.ndarray) and shown.shape == (10,) and n != 10:
            raise Wrong(f"predict gave shape (10,) for {n} images, expected ({n},).", kind="torch-argmax-axis",
                        hint="the largest of each row: over the classes, not over the images.")  # fmt: skip
        got = expect_labels(given, n)
        if answer["training"]:
            raise Wrong("layers were in training mode while predicting.", kind="torch-not-in-eval-mode",
                        hint="switch to evaluation mode first: dropout must not be active.")  # fmt: skip
        if answer["recording"] or (isinstance(given, Tensor) and given.requires_grad):
            raise Wrong("gradients were recorded while predicting.", kind="torch-predict-with-gradients",
                        hint="torch.no_grad() switches the recording off.")  # fmt: skip
        logits = np.asarray(as_array(model.probe("logits", X, "eval")), np.float64)
        if logits.shape != (n, 10):
            raise Wrong(f"forward gave shape {logits.shape} for {n} images, expected ({n}, 10).", kind="wrong-shape")
        largest = logits.argmax(axis=1)
        clear = np.ptp(np.sort(logits, axis=1)[:, -2:], axis=1) > CLOSE  # where rounding cannot decide
        expect_array("predict(X)", np.where(clear, got, largest), largest.astype(np.float64),
                     hint="the index of the largest logit in each row.")  # fmt: skip


def check_judgement(student: Student) -> None:
    """2.5 / 3.5: one of the three words, however it is written."""
    judgement = student.JUDGEMENT
    if isinstance(judgement, str) and judgement.strip().lower() in JUDGEMENTS:
        return
    unwritten = isinstance(judgement, str) and judgement.startswith("TODO")
    raise Wrong(f"JUDGEMENT is {str(judgement)[:50]!r}, expected one of {', '.join(JUDGEMENTS)}.",
                kind="not-written" if unwritten else "wrong-type", hint="README, reading learning curves.")  # fmt: skip


def check_plot(marking: Marking, script: str) -> None:
    """2.7 / 3.7: the plot is there, decodes, is not blank, and carries the history of a run of this script."""
    name = PLOTS[script]
    if script not in marking.submission.plots:
        problem = marking.submission.problems.get(name, "is missing")
        raise Wrong(f"{name} {problem}.", kind="plot-missing", hint=f"python {script}.py writes it.")
    _, carried = read_plot(name, marking.submission.plots[script])
    run = marking.runs.get(script)
    if carried is not None:
        comparable = run if marking.options.train_size is None else None
        check_carried(name, script, carried, comparable.history if comparable else None)

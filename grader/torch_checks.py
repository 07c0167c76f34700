"""What parts 2 and 3 are asked: the same of both networks, which differ in their class and in the shape of an image.

Everything is judged by behaviour, on images drawn anew for every marking; float32 answers may differ by rounding.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from grader.errors import StudentFault
from grader.judgement import accepted_judgements
from grader.marking import Marking
from grader.plots import check_carried, expect_picture, read_plot
from grader.protocol import Tensor
from grader.reference.numpy_ann import softmax
from grader.student import Remote, Student, as_array, type_name
from grader.submission import PLOTS
from grader.training import expect_labels
from utils import JUDGEMENTS, PARTS, RETURN_MISSING, History, Wrong, expect_array, expect_numbers

CLOSE = 1e-4  # float32 through a few layers: 1e-6 of rounding, and room for another order of summing


def model_of(student: Student, script: str) -> Remote:
    """A fresh network. Raises Wrong if the constructor gives no network."""
    model = getattr(student, PARTS[script].class_name)(seed=1)
    if not isinstance(model, Remote):
        raise Wrong(
            f"{PARTS[script].class_name}() gave a {type(model).__name__}, expected an nn.Module.", kind="wrong-type"
        )
    model.probe("materialise", Tensor(np.zeros((2, *PARTS[script].image_shape), np.float32)))
    return model


def images(rng: np.random.Generator, script: str, n: int) -> Tensor:
    """Random images in [0, 1], float32."""
    return Tensor(rng.uniform(size=(n, *PARTS[script].image_shape)).astype(np.float32))


def check_layers(student: Student, script: str, rng: np.random.Generator) -> None:
    """2.1 / 3.1: layers are registered and of the right kind."""
    model = model_of(student, script)
    structure = model.probe("structure")
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
    if structure["stacks"] and _runs_linearly(model, script, rng):
        raise Wrong(f"self.{structure['stacks'][0]} holds linear layers with nothing non-linear between them.",
                    kind="torch-no-activation", hint="an activation such as nn.ReLU() behind each hidden layer.")  # fmt: skip
    if script == "pytorch_cnn" and not structure["convolutions"]:
        raise Wrong("no convolution was found, expected at least one.", kind="torch-cnn-has-no-conv",
                    hint="nn.Conv2d(1, channels, kernel_size=3, padding=1).")  # fmt: skip


def check_forward(student: Student, script: str, rng: np.random.Generator) -> None:
    """2.2 / 3.2: logits of the right shape, neither probabilities nor cut off at 0, from a network that is not linear."""
    model = model_of(student, script)
    for n in (int(rng.integers(2, 9)), 1):
        logits = model.probe("logits", images(rng, script, n))
        answer = expect_numbers("what forward returns", as_array(logits), f"a tensor of shape ({n}, 10)")
        if answer.shape != (n, 10):
            kind = "torch-wrong-output-size" if answer.ndim == 2 and answer.shape[0] == n else "wrong-shape"
            raise Wrong(f"forward gave shape {answer.shape} for {n} images, expected ({n}, 10).", kind=kind,
                        hint="one row for each image, one logit for each of the 10 classes.")  # fmt: skip
        if not np.isfinite(answer).all():
            raise Wrong("forward gave logits that are not finite.", kind="not-finite")
    answer = np.asarray(as_array(model.probe("logits", images(rng, script, 32))), np.float64)
    for rows, what in ((answer, "probabilities"), (np.exp(answer), "log-probabilities")):
        if np.allclose(rows.sum(axis=1), 1, atol=CLOSE) and (rows >= 0).all():
            raise Wrong(f"the rows are {what}, expected logits.", kind="torch-softmax-before-loss",
                        hint="no softmax at the end: the cross-entropy of 2.3 and 3.3 applies it.")  # fmt: skip
    if (answer >= 0).all() and (answer == 0).any():
        raise Wrong("no logit is negative and some are exactly 0, expected any real numbers.", kind="torch-relu-on-logits",
                    hint="is there an activation behind the last layer?")  # fmt: skip
    expect_activation_free_output(model, script, rng)
    expect_rows_apart(model, script, rng)
    if model.probe("changes_input", images(rng, script, 4)):
        raise Wrong("X was changed in place by forward, expected it to stay as it was.", kind="changes-input")
    expect_nonlinear(model, script, rng)
    expect_gradients_everywhere(model, script, rng)


def expect_activation_free_output(model: Remote, script: str, rng: np.random.Generator) -> None:
    """Raises Wrong for logits that saturate: a thousand times brighter images drive a sigmoid or tanh to its end."""
    answer = np.asarray(as_array(model.probe("logits", Tensor(1000 * images(rng, script, 16).array))), np.float64)
    largest = np.abs(answer).max()
    if abs(largest - 1) < 1e-6 and np.isclose(np.abs(answer), 1, atol=1e-6).mean() > 0.1:
        raise Wrong("the logits never leave [-1, 1], expected any real numbers.", kind="torch-relu-on-logits",
                    hint="is there an activation behind the last layer?")  # fmt: skip


def expect_rows_apart(model: Remote, script: str, rng: np.random.Generator) -> None:
    """Raises Wrong if an image's logits depend on the other images of its batch."""
    X = images(rng, script, 6)
    together = np.asarray(as_array(model.probe("logits", X)), np.float64)
    alone = np.concatenate([as_array(model.probe("logits", Tensor(X.array[i : i + 1]))) for i in range(2)])
    if not np.allclose(together[:2], alone, rtol=1e-3, atol=1e-3 * np.abs(together).max()):
        raise Wrong("an image's logits change with the other images of its batch, expected each row for itself.",
                    hint="is something computed over axis 0, that of the images?")  # fmt: skip


def expect_gradients_everywhere(model: Remote, script: str, rng: np.random.Generator) -> None:
    """Raises Wrong if the loss cannot reach a parameter: a layer that is not used, or is cut off."""
    X, y = learnable(rng, script, 8)
    gradients = model.probe("fresh_gradients", X, y)["gradients"]
    for (name, _, trained), gradient in zip(model.probe("structure")["parameters"], gradients, strict=False):
        if trained and gradient is None:
            raise Wrong(f"{name} gets no gradient, expected the loss to reach every parameter.",
                        hint="is the layer used in forward, and nothing detached?")  # fmt: skip


def expect_nonlinear(model: Remote, script: str, rng: np.random.Generator) -> None:
    """Raises Wrong for a forward pass without an activation; layers in one nn.Sequential are the affair of 2.1."""
    if not model.probe("structure")["stacks"] and _is_linear(model, script, rng):
        raise Wrong("the network is linear in its input, expected a non-linear activation between its layers.",
                    kind="torch-no-activation", hint="an activation such as F.relu behind each hidden layer.")  # fmt: skip


def _is_linear(model: Remote, script: str, rng: np.random.Generator) -> bool:
    """f(a) + f(b) = f(a + b) + f(0) holds for affine functions; one pair that breaks it shows a non-linearity."""
    # ten times as bright as images are: a sigmoid is nearly straight for small inputs, and rounding stays far below
    a, b = (Tensor(10 * images(rng, script, 16).array) for _ in range(2))
    left, right = (np.asarray(as_array(side), np.float64) for side in model.probe("linearity", a, b))
    return bool(np.allclose(left, right, rtol=1e-5, atol=1e-5 * np.abs(left).max()))


def _runs_linearly(model: Remote, script: str, rng: np.random.Generator) -> bool:
    try:
        return _is_linear(model, script, rng)
    except (StudentFault, TypeError, ValueError):
        return False  # forward does not run, which 2.2 will say


def check_training_step(student: Student, script: str, rng: np.random.Generator) -> None:
    """2.3 / 3.3: returns the loss as a float and moves every parameter against this batch's gradient of cross-entropy."""
    (X, y), (X_other, y_other) = (learnable(rng, script, 24) for _ in range(2))
    model = model_of(student, script)
    model.probe("still_dropout")
    still = model.probe("parameters")
    expect_loss(model.probe("step", X_other, y_other, 0.0))  # a step of length 0, whose gradients must not stay
    if any(not np.array_equal(a, b) for a, b in zip(still, model.probe("parameters"), strict=False)):
        raise Wrong("the parameters changed although the optimizer's learning rate was 0, expected them to stay.",
                    hint="take the step with the optimizer that is passed in.")  # fmt: skip
    leftover = model.probe("gradients")
    model.probe("magnify_gradients")
    fresh = model.probe("fresh_gradients", X, y)
    before = model.probe("parameters")
    loss = model.probe("step", X, y, RATE)
    expect_loss(loss)
    moved = [b - a for b, a in zip(before, model.probe("parameters"), strict=False)]
    gradients = _filled(fresh["gradients"], moved)
    expect_movement(model, moved, gradients)
    expect_direction(_flat(moved), _flat(gradients), _flat(_filled(leftover, moved)))
    length = float(np.linalg.norm(_flat(moved))) / max(RATE * float(np.linalg.norm(_flat(gradients))), 1e-300)
    if 1.5 < length < 0.5 * len(y.array):
        raise Wrong(f"the step is {length:.2f} times as long as the gradient and the learning rate make it, expected one step.",
                    hint="one optimizer.step() for one batch.")  # fmt: skip
    expect_loss_of_logits(loss, fresh["logits"], y, summed=length > 1.5)
    expect_learning(student, script, X, y)


RATE = 0.05  # of the one step whose direction is compared: long against the rounding of float32, short for the network


def learnable(rng: np.random.Generator, script: str, n: int) -> tuple[Tensor, Tensor]:
    """Images that show their label: a random pattern for each class, and noise."""
    patterns = rng.uniform(size=(10, *PARTS[script].image_shape))
    y = rng.integers(10, size=n)
    X = 0.7 * patterns[y] + 0.3 * rng.uniform(size=(n, *PARTS[script].image_shape))
    return Tensor(X.astype(np.float32)), Tensor(y)


def expect_movement(model: Remote, moved: list[np.ndarray], gradients: list[np.ndarray]) -> None:
    """Raises Wrong unless a step moved every parameter that has a gradient."""
    if not any(np.any(change) for change in moved):
        if any(g is not None and np.any(g) for g in model.probe("gradients")):
            raise Wrong("gradients are there but no parameter changed, expected a step downhill.", kind="torch-no-step",
                        hint="optimizer.step() moves the parameters.")  # fmt: skip
        raise Wrong("no parameter changed and there are no gradients, expected a step downhill.", kind="torch-no-backward",
                    hint="loss.backward() computes the gradients that optimizer.step() follows.")  # fmt: skip
    largest = max(float(np.abs(gradient).max(initial=0)) for gradient in gradients)
    for (name, *_), change, gradient in zip(model.probe("structure")["parameters"], moved, gradients, strict=False):
        # a bias in front of a batch normalisation has a gradient of 0 but for rounding
        if not np.any(change) and np.abs(gradient).max(initial=0) > 1e-4 * largest:
            raise Wrong(f"{name} did not change in a step, expected every parameter to.",
                        hint="does the optimizer step come after loss.backward(), for all parameters?")  # fmt: skip


def expect_direction(step: np.ndarray, gradient: np.ndarray, leftover: np.ndarray) -> None:
    """Raises Wrong unless a step followed this batch's gradient of the cross-entropy, and no other.

    Only the direction counts, to a cosine of 0.95: label smoothing, weight decay and clipped gradients keep it (above 0.99 for
    a network that has not been trained); another loss, other labels or the last batch's gradients do not.
    """
    if _cosine(step, gradient) >= 0.95:
        return
    if abs(_cosine(step, leftover)) > 0.95 > abs(_cosine(gradient, leftover)):
        raise Wrong("the step followed the last batch's gradients too, expected this one's.", kind="torch-no-zero-grad",
                    hint="PyTorch adds to old gradients: zero them in every step.")  # fmt: skip
    if _cosine(step, gradient) < -0.9:
        raise Wrong(
            "the step goes uphill, expected it to follow the negative gradient.", hint="is the sign of the loss right?"
        )
    raise Wrong("the step does not follow the gradient of the cross-entropy of this batch.",
                hint="the loss compares logits with labels, all of the batch: F.cross_entropy(logits, y_batch).")  # fmt: skip


def _filled(gradients: list[np.ndarray | None], like: list[np.ndarray]) -> list[np.ndarray]:
    """Gradients with zeros where there is none."""
    return [np.zeros_like(b) if a is None else as_array(a) for a, b in zip(gradients, like, strict=False)]


def _flat(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays] or [np.zeros(0)])


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-300))


def expect_loss_of_logits(loss: float, logits: Any, y: Tensor, *, summed: bool) -> None:
    """Raises Wrong if the returned loss is that of softmax applied twice, or of another size than the cross-entropy.

    `summed`: the step was as long as that of the sum over the batch, so the loss may be the sum too.
    """
    expected = cross_entropy(logits, y)
    rows = softmax(np.asarray(as_array(logits), np.float64))
    twice = cross_entropy(Tensor(rows), y)
    if abs(loss - twice) < CLOSE < abs(expected - twice) and abs(loss - twice) < 0.1 * abs(loss - expected):
        raise Wrong(f"the loss is {loss:.4f}, that of softmax applied twice, expected {expected:.4f} for these logits.",
                    kind="torch-softmax-before-loss", hint="cross-entropy takes logits: it applies softmax itself.")  # fmt: skip
    total = len(y.array) * expected
    if not 0.5 * expected < loss < 2 * expected and not (summed and 0.5 * total < loss < 2 * total):
        raise Wrong(f"the loss is {loss:.4f} where the cross-entropy of the batch is {expected:.4f}.",
                    hint="return the batch's loss, as it was before the step.")  # fmt: skip


def expect_learning(student: Student, script: str, X: Tensor, y: Tensor) -> None:
    """Raises Wrong unless steps on one batch lower the cross-entropy of its logits, which is measured here."""
    model = model_of(student, script)
    before = cross_entropy(model.probe("logits", X), y)
    for value in model.probe("steps", X, y, 25):
        expect_loss(value)
    after = cross_entropy(model.probe("logits", X), y)
    if not after < before - 0.01:
        raise Wrong(f"25 steps on one batch took its cross-entropy from {before:.3f} to {after:.3f}, expected it to fall.",
                    hint="the loss compares logits with labels, and the step goes downhill.")  # fmt: skip


def cross_entropy(logits: Any, y: Tensor) -> float:
    """Mean cross-entropy of logits `(n, 10)` with labels `(n,)`."""
    n = len(y.array)
    rows = expect_numbers("what forward returns", as_array(logits), f"a tensor of shape ({n}, 10)")
    if rows.shape != (n, 10):
        raise Wrong(f"forward gave shape {rows.shape} for {n} images, expected ({n}, 10).", kind="wrong-shape")
    return -float(np.log(np.maximum(softmax(rows), 1e-300))[np.arange(n), y.array].mean())


def expect_loss(loss: Any) -> None:
    """Raises Wrong unless a step's loss is a finite float."""
    if isinstance(loss, bool) or not isinstance(loss, float | np.floating):
        hint = RETURN_MISSING if loss is None else "loss.item() is the number in a one-element tensor."
        kind = "torch-loss-not-float"
        raise Wrong(f"training_step returned a {type_name(loss)}, expected a float.", kind=kind, hint=hint)
    if not math.isfinite(loss):
        raise Wrong(f"the loss is {loss}, expected a finite number.", kind="not-finite")


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
        if isinstance(shown, np.ndarray) and shown.shape in ((10,), ()) and n != 10:
            raise Wrong(f"predict gave shape {shown.shape} for {n} images, expected ({n},).", kind="torch-argmax-axis",
                        hint="the largest of each row: over the classes, not over the images.")  # fmt: skip
        if (
            isinstance(shown, np.ndarray)
            and shown.shape == (n,)
            and shown.dtype.kind == "f"
            and (shown != np.floor(shown)).any()
        ):
            raise Wrong("predict gave logits, the largest of each image, expected their indices.",
                        kind="torch-predicts-logits", hint="not how large it is, but which one it is.")  # fmt: skip
        got = expect_labels(given, n)
        if answer["training"]:
            raise Wrong("layers were in training mode while predicting.", kind="torch-not-in-eval-mode",
                        hint="switch to evaluation mode first: dropout must not be active.")  # fmt: skip
        if answer["recording"] or (isinstance(given, Tensor) and given.requires_grad):
            raise Wrong("gradients were recorded while predicting.", kind="torch-predict-with-gradients",
                        hint="torch.no_grad() switches the recording off.")  # fmt: skip
        logits = np.asarray(as_array(model.probe("logits", X)), np.float64)
        if logits.shape != (n, 10):
            raise Wrong(f"forward gave shape {logits.shape} for {n} images, expected ({n}, 10).", kind="wrong-shape")
        largest = logits.argmax(axis=1)
        clear = np.ptp(np.sort(logits, axis=1)[:, -2:], axis=1) > CLOSE  # where rounding cannot decide
        expect_array("predict(X)", np.where(clear, got, largest), largest.astype(np.float64),
                     hint="the index of the largest logit in each row.")  # fmt: skip


def check_judgement(marking: Marking, script: str) -> None:
    """2.5 / 3.5: one of the three words, however it is written, and one that the curves of this marking allow."""
    judgement = marking.students[script].JUDGEMENT
    word = judgement.strip().lower() if isinstance(judgement, str) else ""
    if word not in JUDGEMENTS:
        kind = "not-written" if isinstance(judgement, str) and judgement.startswith("TODO") else "wrong-type"
        raise Wrong(f"JUDGEMENT is {str(judgement)[:50]!r}, expected one of {', '.join(JUDGEMENTS)}.", kind=kind,
                    hint="README, reading learning curves.")  # fmt: skip
    history = _curves(marking, script)
    if history is None:
        return
    right, figures = accepted_judgements(history, marking.rubric.bars[script], marking.rubric.judgement)
    if word not in right:
        raise Wrong(f"JUDGEMENT is {word!r}, but this training's curves say otherwise: {figures}.",
                    hint="the gap between the curves tells overfitting, their level underfitting.")  # fmt: skip


def _curves(marking: Marking, script: str) -> History | None:
    """The learning curves of this marking's training, if there is one on all images and it came to an end."""
    if not marking.trains(script) or marking.options.train_size is not None:
        return None
    try:
        history = marking.run_of(script).history
    except (StudentFault, Wrong):
        return None  # 2.6 and 3.6 say why
    finite = (
        history is not None
        and np.isfinite([*history.val_losses, *history.train_accuracies, *history.val_accuracies]).all()
    )
    return history if finite else None


def check_plot(marking: Marking, script: str) -> None:
    """2.7 / 3.7: the plot is there, decodes, is not blank, and carries the history of a run of this script."""
    name = PLOTS[script]
    if script not in marking.submission.plots:
        problem = marking.submission.problems.get(name, "is missing")
        raise Wrong(f"{name} {problem}.", kind="plot-missing", hint=f"python {script}.py writes it.")
    pixels, carried = read_plot(name, marking.submission.plots[script])
    if carried is None:
        expect_picture(name, pixels)
        marking.remark("not verifiable: the picture carries no history; full points")
    else:
        check_carried(name, script, carried, _curves(marking, script))

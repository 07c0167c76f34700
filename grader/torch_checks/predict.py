"""2.4 and 3.4: labels, in evaluation mode, without gradients."""

from __future__ import annotations

import numpy as np

from grader.protocol import Tensor
from grader.student import Student, as_array
from grader.torch_checks.models import CLOSE, images, model_of
from grader.training import expect_labels
from utils import Wrong, expect_array


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

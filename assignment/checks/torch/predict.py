"""2.4 and 3.4: labels, in evaluation mode, without gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.answers import Tensor
from assignment.checks.labels import expect_labels
from assignment.checks.torch.models import CLOSE, images, rows_of, softmax, with_chosen_weights
from assignment.failure import CheckFailed, together
from assignment.handles import Handle, Module, as_array, kind_of, probe

IN_TRAINING_MODE = "torch-not-in-eval-mode"
MOST_PASSES = 100  # over the images in one prediction
MOST_WEIGHTED = 10  # copies of the images in a weighted average
MOST_TURNS, NUDGE = 2000, 1e-3  # of the search for their weights
LARGEST = "the index of the largest logit in each row."


def check_predict(module: Module, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed unless predict returns the index of each row's largest logit.

    It is asked about a few images, others, many, and one.
    """
    model = with_chosen_weights(module, script, rng)
    few = int(rng.integers(12, 20))
    for n in (few, few, 230, 1):
        X = images(rng, script, n)
        answer = prediction(model, X, int(rng.integers(1 << 31)))
        faults = _mode_faults(answer)
        try:
            got = expect_one_label_each(answer["labels"], n, answer["passes"])
        except CheckFailed as fault:
            faults.insert(0, fault)
        if faults:
            raise together(faults)
        expect_largest(model, X, got, answer["passes"], answer["places"])


def prediction(model: Handle, X: Tensor, seed: int) -> dict[str, Any]:
    """What predict returned, and what was observed meanwhile.

    Raises CheckFailed if batch normalisation refused a single image, which it does in training mode
    only.
    """
    try:
        answer: dict[str, Any] = probe(model, "predict", X, seed)
    except Exception as error:
        if kind_of(error) == IN_TRAINING_MODE:
            raise _in_training_mode() from None
        raise
    return answer


def expect_one_label_each(given: Any, n: int, passes: list[Any]) -> np.ndarray:
    """The labels `(n,)`; `passes` are the logits that they come from.

    Raises CheckFailed for logits, for an argmax over images, and for wrong shapes and types.
    """
    shown = np.asarray(given) if isinstance(given, int | float) else as_array(given)
    if isinstance(shown, np.ndarray) and n > 10:  # with fewer images a shape is ambiguous
        if shown.shape == (n, 10):
            raise CheckFailed(
                f"predict returned shape {shown.shape} for {n} images",
                f"labels of shape ({n},)",
                kind="torch-predicts-logits",
                hint="the index of the largest logit of each row.",
            )
        if shown.shape == () or (shown.shape == (10,) and _over_images(shown, passes)):
            raise CheckFailed(
                f"predict returned shape {shown.shape} for {n} images",
                f"({n},)",
                kind="torch-argmax-axis",
                hint="take the largest of each row: over the classes, not over the images.",
            )
        if shown.shape == (n,) and shown.dtype.kind == "f" and (shown != np.floor(shown)).any():
            raise CheckFailed(
                "predict returned the largest logit of each image",
                "the index of that logit",
                kind="torch-predicts-logits",
                hint="the label is not how large that logit is, but which one it is.",
            )
    return expect_labels(given, n)


def _over_images(shown: np.ndarray, passes: list[Any]) -> bool:
    """Whether ten labels are the largest logits' indices over the images of a pass."""
    rows = rows_of(passes, 1_000_000) if passes else np.zeros((0, 10))
    return not len(rows) or any(np.array_equal(z.argmax(0), shown) for z in (rows, softmax(rows)))


def _mode_faults(answer: dict[str, Any]) -> list[CheckFailed]:
    """Layers in training mode, gradients recorded, images changed."""
    found = [_in_training_mode()] if answer["training"] else []
    labels = answer["labels"]
    if answer["recording"] or (isinstance(labels, Tensor) and labels.requires_grad):
        found.append(
            CheckFailed(
                "gradients were recorded while predicting",
                "no recording of gradients",
                kind="torch-predict-with-gradients",
                hint="torch.no_grad() switches the recording off.",
            )
        )
    if answer["changed"]:
        found.append(
            CheckFailed(
                "X was changed in place by predict",
                "no change to X",
                kind="changes-input",
                hint="compute a new tensor.",
            )
        )
    return found


def _in_training_mode() -> CheckFailed:
    return CheckFailed(
        "layers were in training mode while predicting",
        "evaluation mode",
        kind="torch-not-in-eval-mode",
        hint="switch to evaluation mode first: dropout must not be active.",
    )


def expect_largest(
    model: Handle, X: Tensor, got: np.ndarray, passes: list[Any], places: list[Any]
) -> None:
    """Raises CheckFailed unless labels are the largest logits' indices, up to rounding.

    `passes` are the logits that forward returned meanwhile, in chunks or for several copies of the
    images, whose average counts; `places` says of which image each row is. If it was not called,
    the network is asked.
    """
    n = len(X.array)
    passes = passes or [probe(model, "logits", X)]
    rows = rows_of(passes, MOST_PASSES * n)
    if len(rows) < n:
        raise CheckFailed(
            f"forward was called for {len(rows)} of {n} images",
            "all of them",
            kind="wrong-shape",
        )
    found = _in_order(rows, places, n) or _views(rows, [len(as_array(one)) for one in passes], n)
    wrong = min((_wrong(views, got) for views in found), key=len)
    if len(wrong) and any(_fits_weighted(views, got) for views in found):
        return
    if len(wrong):
        first, expected = int(wrong[0]), found[0][0].argmax(axis=1)
        as_they_came = len(rows) == n and _are_largest(rows, got).all()
        raise CheckFailed(
            f"predict(X)[{first}] is {got[first]} ({len(wrong)} of {n} labels differ)",
            f"{expected[first]}",
            hint="the labels come in another order than the images of X."
            if as_they_came
            else LARGEST,
        )


def _in_order(rows: np.ndarray, places: list[Any], n: int) -> list[np.ndarray]:
    """The logits as `(copies, n, 10)` if every row belongs to a known image, as often as others."""
    order = np.array([place for call in places for place in call], int)
    if len(order) != len(rows) or (order < 0).any() or (order >= n).any():
        return []
    if (np.bincount(order, minlength=n) * n != len(rows)).any():
        return []
    return [rows[order.argsort(kind="stable")].reshape(n, -1, 10).swapaxes(0, 1)]


def _views(rows: np.ndarray, sizes: list[int], n: int) -> list[np.ndarray]:
    """The logits as `(copies, n, 10)`, in every order in which images may have been repeated.

    `sizes` are the numbers of images of each call.
    """
    copies = len(rows) // n
    if len(rows) % n:  # such as one image first, to see how many classes there are
        return [rows[-n:][None]]
    found = [rows.reshape(copies, n, 10), rows.reshape(n, copies, 10).swapaxes(0, 1)]
    if copies > 1 and len(sizes) % copies == 0:  # copy after copy of each chunk
        calls = np.split(rows, np.cumsum(sizes)[:-1])
        groups = [calls[i : i + copies] for i in range(0, len(calls), copies)]
        if all(len({len(call) for call in group}) == 1 for group in groups):
            found.append(np.concatenate([np.stack(group) for group in groups], axis=1))
    return found


def _wrong(views: np.ndarray, got: np.ndarray) -> np.ndarray:
    """The images whose label is the largest of no view, nor of their average."""
    averages = [views.mean(axis=0), np.mean([softmax(view) for view in views], axis=0)]
    right = np.zeros(len(got), bool)
    for logits in (*views, *averages):
        right |= _are_largest(logits, got)
    return np.flatnonzero(~right)


def _are_largest(logits: np.ndarray, got: np.ndarray) -> np.ndarray:
    chosen = logits[np.arange(len(got)), got.clip(0, 9)]
    largest: np.ndarray = (chosen >= logits.max(axis=1) - CLOSE) & (got >= 0) & (got < 10)
    return largest


def _fits_weighted(views: np.ndarray, got: np.ndarray) -> bool:
    """Whether the labels are those of an average of the copies in which each has its weight."""
    if not 1 < len(views) <= MOST_WEIGHTED:
        return False
    n = np.arange(len(got))
    for kept in (views, np.stack([softmax(view) for view in views])):
        # how far the label leads each class: (n, 10, copies), of which a weighted sum is above 0
        leads = np.moveaxis(kept[:, n, got.clip(0, 9)][..., None] - kept, 0, -1)
        leads = np.delete(leads.reshape(-1, len(views)), n * 10 + got.clip(0, 9), axis=0)
        leads /= np.maximum(np.linalg.norm(leads, axis=1, keepdims=True), 1e-300)
        weights = np.full(len(views), 1 / len(views))
        for _ in range(MOST_TURNS):  # relaxation: towards what is violated most
            lead = leads @ weights
            worst = int(lead.argmin())
            if lead[worst] >= 0:
                return bool((got >= 0).all() and (got < 10).all())
            weights = np.maximum(weights + (NUDGE - lead[worst]) * leads[worst], 0)
            weights /= max(float(weights.sum()), 1e-300)
    return False

"""Which loss a training step minimises, read from its gradient by the logits.

The gradient of a cross-entropy by the logits z of an image is w (softmax(z) - q): a weight times
the difference between the probabilities and the targets. Targets are one-hot, smoothed (a share for
every class), or mixed of two labels, as mixup and cutmix do. So for all classes but at most two
targets, the gradient is a straight line in the probability: w p - s. No other loss has that. If the
classes have weights, the smoothed shares s have them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from assignment.checks.torch.models import softmax

CLASSES = 10
# a cross-entropy weighted by p has the same gradient, and nobody means that
PROBABILITY = "the negative probability of the right class, without a logarithm"
TOLERANCE = 0.01  # of the weight; bfloat16 rounds by 0.004
EXACT = 1e-3  # of the weight: a better explanation is not looked for
MOST_TURNS = 60
_PAIRS = list(combinations(range(CLASSES), 2))
_KEPT = np.array([[c not in pair for c in range(CLASSES)] for pair in _PAIRS], np.float64)


@dataclass(frozen=True)
class Targets:
    """What a cross-entropy compares the probabilities with.

    `fits (n,)` says for which images the gradient is that of a cross-entropy, `shares (n, 10)` is
    what each label contributes to an image's target, without smoothing.
    """

    fits: np.ndarray
    shares: np.ndarray


def targets_of(logits: np.ndarray, gradient: np.ndarray) -> Targets:
    """The targets that explain the gradient of a loss by its logits, both `(n, 10)`."""
    p = softmax(logits)
    line = _lines(p, gradient)
    smoothed = np.repeat(line.offset[:, None], CLASSES, axis=1)
    if line.error.max(initial=0.0) > EXACT:
        weighted, shares = _weighted_lines(p, gradient, line)
        if weighted.error.max() < 0.5 * line.error.max():
            line, smoothed = weighted, shares
    w = line.slope
    safe = np.where(w > 0, w, 1.0)[:, None]
    shares = (w[:, None] * p - smoothed - gradient) / safe
    fits = (
        (w >= 0.99 * np.abs(gradient).max(axis=1))
        & (w > 0)
        & (line.error <= TOLERANCE)
        & (smoothed >= -TOLERANCE * w[:, None]).all(axis=1)
        & (shares >= -2 * TOLERANCE).all(axis=1)
        & (np.abs(gradient.sum(axis=1)) <= TOLERANCE * w)
    )
    return Targets(fits, shares)


@dataclass(frozen=True)
class _Lines:
    """For each image the line w p - s through the gradients of all classes but one or two, `(n,)`.

    `kept (n, 10)` is 0 for those two, `error` the largest distance as a share of the slope w.
    """

    slope: np.ndarray
    offset: np.ndarray
    kept: np.ndarray
    error: np.ndarray


def _lines(p: np.ndarray, gradient: np.ndarray, *, through_zero: bool = False) -> _Lines:
    """The best lines by least squares, among all choices of two classes that are left out."""
    count = CLASSES - 2
    mean_p, mean_g = p @ _KEPT.T / count, gradient @ _KEPT.T / count  # (n, 45)
    if through_zero:
        mean_p, mean_g = np.zeros_like(mean_p), np.zeros_like(mean_g)
    slope = ((p * gradient) @ _KEPT.T / count - mean_p * mean_g) / np.maximum(
        p**2 @ _KEPT.T / count - mean_p**2, 1e-30
    )
    offset = slope * mean_p - mean_g
    left = np.abs(gradient[:, None] - slope[..., None] * p[:, None] + offset[..., None])
    error = (left * _KEPT).max(axis=2)
    best, rows = error.argmin(axis=1), np.arange(len(p))
    w = slope[rows, best]
    share = error[rows, best] / np.where(w > 0, w, 1e-30)
    return _Lines(w, offset[rows, best], _KEPT[best], share)


def _weighted_lines(p: np.ndarray, gradient: np.ndarray, line: _Lines) -> tuple[_Lines, np.ndarray]:
    """Lines for smoothed targets whose shares have the weights of their classes; and the shares.

    They are the same for all images: F.cross_entropy(…, weight=…, label_smoothing=…). Lines and
    shares follow from each other, in turns.
    """
    shares = np.zeros((1, CLASSES))
    for _ in range(MOST_TURNS):
        rest = (line.slope[:, None] * p - gradient) * line.kept
        shares = rest.sum(axis=0, keepdims=True) / np.maximum(line.kept.sum(axis=0), 1)
        line = _lines(p, gradient + shares, through_zero=True)
        if line.error.max() <= EXACT / 10:
            break
    return line, np.repeat(shares, len(p), axis=0)


def name_of_loss(logits: np.ndarray, gradient: np.ndarray, y: np.ndarray) -> str:
    """The loss of labels `y (n,)` that has this gradient, of those that are often taken; or ""."""
    p, target = softmax(logits), np.eye(CLASSES)[y]
    sigmoid = (1 + np.tanh(logits / 2)) / 2
    twice = softmax(p) - target
    candidates = {
        "softmax applied twice": p * (twice - (p * twice).sum(axis=1, keepdims=True)),
        "the squared error of the logits": logits - target,
        "the squared error of the probabilities": p
        * ((p - target) - (p * (p - target)).sum(axis=1, keepdims=True)),
        "a binary cross-entropy of each class": sigmoid - target,
        "the negative logit of the right class": -target,
        "a cross-entropy with softmax over the images, dim=0": target.sum(axis=0)
        * softmax(logits.T).T
        - target,
        PROBABILITY: (p * target).sum(axis=1, keepdims=True) * (p - target),
    }
    alike = {name: cosine(gradient, g) for name, g in candidates.items()}
    best = max(alike, key=lambda name: alike[name])
    return best if alike[best] > 0.99 else ""


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """How far two arrays have the same direction, 1 for the same."""
    return float(np.vdot(a, b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-300))

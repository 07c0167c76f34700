"""Whether a network is an affine function of its images, as it is without an activation."""

from __future__ import annotations

import numpy as np

from assignment.answers import Tensor
from assignment.checks.torch.models import images
from assignment.handles import Handle, as_array, probe

VARYING = 1e-3  # of the logits' size: less is too close to their rounding to tell


def is_linear(model: Handle, script: str, rng: np.random.Generator) -> bool | None:
    """Whether f(a) + f(b) = f(a + b) + f(0), as for affine functions: for b = -a, and for any b.

    A single unit that is on for every real image is linear there; it is not for a and -a. None if
    that cannot be told: the logits are the same for all images, as deep networks' may be, or
    forward takes no such images.
    """
    # brighter than real images, and of both signs: a sigmoid is almost linear for small inputs
    a, b = (20 * (images(rng, script, 16).array - 0.5) for _ in range(2))
    found = [_adds_up(model, a, -a), _adds_up(model, a, b)]
    if False in found:
        return False
    return None if None in found else True


def _adds_up(model: Handle, a: np.ndarray, b: np.ndarray) -> bool | None:
    try:
        given = probe(model, "at_sums", Tensor(a), Tensor(b))
    except Exception:  # pixels are looked up in a table, say, or their range is asserted
        return None
    answers = (np.asarray(as_array(one), np.float64) for one in given)
    # log_softmax at the end subtracts a number from each row
    at_a, at_b, at_sum, at_zero = (rows - rows.mean(axis=1, keepdims=True) for rows in answers)
    # f(a) and f(-a) cancel, and leave their rounding
    largest = max(np.abs(at_a).max(), np.abs(at_b).max(), np.abs(at_sum).max())
    if np.abs(at_a + at_b - at_sum - at_zero).max() > 2e-5 * largest:
        return False
    return True if np.abs(at_a - at_zero).max() > VARYING * largest else None

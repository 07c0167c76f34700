"""Whether a network is an affine function of its images, as it is without an activation."""

from __future__ import annotations

import numpy as np

from assignment.answers import Tensor
from assignment.checks.torch.models import images
from assignment.handles import Handle, as_array, probe


def is_linear(model: Handle, script: str, rng: np.random.Generator) -> bool:
    """Whether f(a) + f(b) = f(a + b) + f(0), as for affine functions: for b = -a, and for any b.

    A single unit that is on for every real image is linear there; it is not for a and -a.
    """
    # brighter than real images, and of both signs: a sigmoid is almost linear for small inputs
    a, b = (20 * (images(rng, script, 16).array - 0.5) for _ in range(2))
    return _adds_up(model, a, -a) and _adds_up(model, a, b)


def _adds_up(model: Handle, a: np.ndarray, b: np.ndarray) -> bool:
    left, right = (
        np.asarray(as_array(side), np.float64)
        for side in probe(model, "sums", Tensor(a), Tensor(b))
    )
    return bool(np.allclose(left, right, rtol=1e-5, atol=1e-5 * np.abs(left).max()))

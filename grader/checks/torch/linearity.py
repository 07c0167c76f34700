"""Whether a network is an affine function of its images, as it is without an activation."""

from __future__ import annotations

import numpy as np

from assignment.answers import Tensor
from assignment.handles import Handle, as_array, probe
from grader.checks.torch.models import images


def is_linear(model: Handle, script: str, rng: np.random.Generator) -> bool:
    """Whether f(a) + f(b) = f(a + b) + f(0) for two random batches, as for affine functions."""
    # ten times as bright as real images: a sigmoid is almost linear for small inputs
    a, b = (Tensor(10 * images(rng, script, 16).array) for _ in range(2))
    left, right = (
        np.asarray(as_array(side), np.float64) for side in probe(model, "linearity", a, b)
    )
    return bool(np.allclose(left, right, rtol=1e-5, atol=1e-5 * np.abs(left).max()))

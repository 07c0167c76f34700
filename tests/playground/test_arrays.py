"""Arrays that begin where a cache line does."""

import numpy as np
import pytest

from playground.arrays import aligned_zeros
from playground.configuration import Configuration
from playground.network import Network


@pytest.mark.parametrize("shape", [1, 101_770, (64, 784), (3, 5, 7)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_zeros_begin_at_a_line_and_are_like_numpys(
    shape: int | tuple[int, ...], dtype: type
) -> None:
    zeros = aligned_zeros(shape, dtype)
    assert zeros.ctypes.data % 64 == 0
    assert zeros.dtype == dtype
    assert zeros.flags.c_contiguous
    assert zeros.flags.writeable
    np.testing.assert_array_equal(zeros, np.zeros(shape, dtype))


def test_a_networks_parameters_and_gradients_are_aligned() -> None:
    network = Network(784, 10, Configuration(hidden_sizes=(128,)))
    assert (network.parameters.ctypes.data % 64, network.gradients.ctypes.data % 64) == (0, 0)

"""What the sections of part 1 ask, on random inputs, different in every marking.

Tolerances: a right answer may compute in float32 throughout, whatever its input. An operation
rounds by 1e-7, and 1e-4 leaves room for any order of summing some hundred terms. A wrong formula is
off by far more.
"""

from grader.checks.numpy.backward import check_backward
from grader.checks.numpy.forward import check_forward
from grader.checks.numpy.functions import check_cross_entropy, check_relu, check_relu_derivative

__all__ = [
    "check_backward",
    "check_cross_entropy",
    "check_forward",
    "check_relu",
    "check_relu_derivative",
]

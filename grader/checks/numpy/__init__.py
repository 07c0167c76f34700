"""The sections of part 1, with hidden cases: random inputs, different in every marking.

The checks are those of assignment/checks/numpy, which the students' side runs with public cases.
Here are the cases, and what only the grader asks.
"""

from __future__ import annotations

import numpy as np

from assignment.checks.numpy import forward, functions
from assignment.handles import Module
from grader.checks.numpy import cases
from grader.checks.numpy.backward import check_backward as check_backward
from grader.checks.numpy.cases import drawn_once
from grader.checks.numpy.numerical import note_numerical_backward as note_numerical_backward


def check_relu(module: Module, rng: np.random.Generator) -> None:
    """1.2"""
    functions.check_relu(module, drawn_once(cases.relu_cases, rng))


def check_relu_derivative(module: Module, rng: np.random.Generator) -> None:
    """1.3"""
    functions.check_relu_derivative(module, drawn_once(cases.derivative_cases, rng))


def check_cross_entropy(module: Module, rng: np.random.Generator) -> None:
    """1.4"""
    functions.check_cross_entropy(module, drawn_once(cases.loss_cases, rng))


def check_forward(module: Module, rng: np.random.Generator) -> None:
    """1.5"""
    forward.check_forward(module, drawn_once(cases.forward_cases, rng))

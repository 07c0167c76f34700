"""Sections 1.2 to 1.7: the network in NumPy. The checks are in numpy/."""

from grader.checks import numpy
from grader.checks.context import Context
from grader.rules import RubricSection
from grader.training.run import expect_bar


def test_relu_keeps_what_is_positive_and_nothing_else(
    section: RubricSection, context: Context
) -> None:
    numpy.check_relu(context.module(section), context.rng(section))


def test_relu_derivative_is_one_where_positive_and_zero_elsewhere(
    section: RubricSection, context: Context
) -> None:
    numpy.check_relu_derivative(context.module(section), context.rng(section))


def test_cross_entropy_is_the_mean_of_minus_log_probability(
    section: RubricSection, context: Context
) -> None:
    numpy.check_cross_entropy(context.module(section), context.rng(section))


def test_forward_gives_probabilities_and_keeps_its_four_steps(
    section: RubricSection, context: Context
) -> None:
    numpy.check_forward(context.module(section), context.rng(section))


def test_backward_agrees_with_numerical_gradients(section: RubricSection, context: Context) -> None:
    seconds = context.rubric.limits.full_size_seconds
    numpy.check_backward(context.module(section), context.rng(section), seconds)
    numpy.note_numerical_backward(section, context)


def test_training_reaches_the_bar(section: RubricSection, context: Context) -> str:
    return expect_bar(context.run(section), section)

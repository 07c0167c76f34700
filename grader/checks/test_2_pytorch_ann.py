"""Sections 2.1 to 2.7: the fully connected network in PyTorch.

Parts 2 and 3 share the checks in assignment/checks/torch/ and torch/.
"""

from assignment.checks import torch
from grader.checks import torch as trained
from grader.checks.context import Context
from grader.rules import RubricSection
from grader.training.run import expect_bar


def test_layers_are_registered_and_of_the_right_kind(
    section: RubricSection, context: Context
) -> None:
    torch.check_layers(context.module(section), section.script, context.rng(section))


def test_forward_gives_logits(section: RubricSection, context: Context) -> None:
    torch.check_forward(context.module(section), section.script, context.rng(section))


def test_training_step_goes_downhill_from_fresh_gradients(
    section: RubricSection, context: Context
) -> None:
    torch.check_training_step(context.module(section), section.script, context.rng(section))


def test_predict_gives_labels_in_evaluation_mode(section: RubricSection, context: Context) -> None:
    torch.check_predict(context.module(section), section.script, context.rng(section))


def test_judgement_is_what_the_curves_say(section: RubricSection, context: Context) -> None:
    trained.check_judgement(section, context)


def test_training_reaches_the_bar(section: RubricSection, context: Context) -> str:
    return expect_bar(context.run(section), section)


def test_plot_shows_the_learning_curves_of_a_run(
    section: RubricSection, context: Context
) -> str | None:
    return trained.check_plot(section, context)

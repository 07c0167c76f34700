"""Sections 2.1 to 2.7: the fully connected network in PyTorch. What is asked is in torch_checks/, for both parts."""

import numpy as np
import pytest

from grader.checks import torch as torch_checks
from grader.marking.marking import Marking
from grader.rubric import Section
from grader.sandbox.remote import Student
from grader.training.run import expect_bar

SCRIPT = "pytorch_ann"


@pytest.mark.section("2.1")
def test_layers_are_registered_and_of_the_right_kind(
    student: Student, rng: np.random.Generator
) -> None:
    torch_checks.check_layers(student, SCRIPT, rng)


@pytest.mark.section("2.2")
def test_forward_gives_logits(student: Student, rng: np.random.Generator) -> None:
    torch_checks.check_forward(student, SCRIPT, rng)


@pytest.mark.section("2.3")
def test_training_step_goes_downhill_from_fresh_gradients(
    student: Student, rng: np.random.Generator
) -> None:
    torch_checks.check_training_step(student, SCRIPT, rng)


@pytest.mark.section("2.4")
def test_predict_gives_labels_in_evaluation_mode(
    student: Student, rng: np.random.Generator
) -> None:
    torch_checks.check_predict(student, SCRIPT, rng)


@pytest.mark.section("2.5")
def test_judgement_is_what_the_curves_say(marking: Marking) -> None:
    torch_checks.check_judgement(marking, SCRIPT)


@pytest.mark.section("2.6")
def test_training_reaches_the_bar(marking: Marking, section: Section) -> None:
    expect_bar(marking.run_of(SCRIPT), section, marking.rubric.training)


@pytest.mark.section("2.7")
def test_plot_shows_the_learning_curves_of_a_run(marking: Marking) -> None:
    torch_checks.check_plot(marking, SCRIPT)

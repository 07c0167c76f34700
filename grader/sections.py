"""The sections of the assignment, in order, with all that code has to know about each.

rubric.toml holds the policy. To add a section, write its solution in reference/, an entry in
rubric.toml, an entry here, and specimens in tests/specimens/.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

SCRIPTS = ("numpy_ann", "pytorch_ann", "pytorch_cnn")


@dataclass(frozen=True)
class Section:
    """One section. Functions are named "module:function" below grader, to import them lazily.

    check         takes a RubricSection and a checks.context.Context; returns a remark or None
    script        the script that the section is about, "" for the checklist
    training      whether the accuracy that training reached is marked
    reads_curves  whether the learning curves of a training are read, if there was one
    diagnosis     finds the misconceptions that a wrong answer shows
    inputs        yields inputs from small to large, to find the smallest failing one
    parts         the parts of an answer that may earn credit each, if the rubric says so
    substitute    the stand-in of oracle/stand_ins.py for a wrong answer, in later sections
    shown_at_once whether platforms show it before marks are published: it only says what arrived
    """

    number: str
    check: str
    script: str = ""
    training: bool = False
    reads_curves: bool = False
    diagnosis: str = ""
    inputs: str = ""
    parts: tuple[str, ...] = ()
    substitute: str = ""
    shown_at_once: bool = False

    @property
    def stands_alone(self) -> bool:
        """Whether it can be marked without training."""
        return bool(self.script) and not self.training and not self.reads_curves


_PART_1, _ANN, _CNN = (
    "checks.test_1_numpy_ann",
    "checks.test_2_pytorch_ann",
    "checks.test_3_pytorch_cnn",
)
_FUNCTIONS, _NETWORK = "feedback.diagnosis.functions", "feedback.diagnosis.network"

SECTIONS = (
    Section("0.1", "checks.test_0_checklist:test_the_five_files_are_in_one_place",
            shown_at_once=True),
    Section("1.2", f"{_PART_1}:test_relu_keeps_what_is_positive_and_nothing_else", "numpy_ann",
            diagnosis=f"{_FUNCTIONS}:relu", inputs="feedback.shrinking:relu", substitute="relu"),
    Section("1.3", f"{_PART_1}:test_relu_derivative_is_one_where_positive_and_zero_elsewhere",
            "numpy_ann", diagnosis=f"{_FUNCTIONS}:relu_derivative",
            inputs="feedback.shrinking:relu_derivative", substitute="relu_derivative"),
    Section("1.4", f"{_PART_1}:test_cross_entropy_is_the_mean_of_minus_log_probability",
            "numpy_ann", diagnosis=f"{_FUNCTIONS}:cross_entropy",
            inputs="feedback.shrinking:cross_entropy", substitute="cross_entropy"),
    Section("1.5", f"{_PART_1}:test_forward_gives_probabilities_and_keeps_its_four_steps",
            "numpy_ann", diagnosis=f"{_NETWORK}:forward", inputs="feedback.shrinking:forward",
            substitute="forward"),
    Section("1.6", f"{_PART_1}:test_backward_agrees_with_numerical_gradients", "numpy_ann",
            diagnosis=f"{_NETWORK}:backward", inputs="feedback.shrinking:backward",
            parts=("W1", "b1", "W2", "b2")),
    Section("1.7", f"{_PART_1}:test_training_reaches_the_bar", "numpy_ann", training=True),
    Section("2.1", f"{_ANN}:test_layers_are_registered_and_of_the_right_kind", "pytorch_ann",
            substitute="ann layers"),
    Section("2.2", f"{_ANN}:test_forward_gives_logits", "pytorch_ann", substitute="ann layers"),
    Section("2.3", f"{_ANN}:test_training_step_goes_downhill_from_fresh_gradients", "pytorch_ann"),
    Section("2.4", f"{_ANN}:test_predict_gives_labels_in_evaluation_mode", "pytorch_ann"),
    Section("2.5", f"{_ANN}:test_judgement_is_what_the_curves_say", "pytorch_ann",
            reads_curves=True),
    Section("2.6", f"{_ANN}:test_training_reaches_the_bar", "pytorch_ann", training=True),
    Section("2.7", f"{_ANN}:test_plot_shows_the_learning_curves_of_a_run", "pytorch_ann",
            reads_curves=True),
    Section("3.1", f"{_CNN}:test_layers_are_registered_and_of_the_right_kind", "pytorch_cnn",
            substitute="cnn layers"),
    Section("3.2", f"{_CNN}:test_forward_gives_logits", "pytorch_cnn", substitute="cnn layers"),
    Section("3.3", f"{_CNN}:test_training_step_goes_downhill_from_fresh_gradients", "pytorch_cnn"),
    Section("3.4", f"{_CNN}:test_predict_gives_labels_in_evaluation_mode", "pytorch_cnn"),
    Section("3.5", f"{_CNN}:test_judgement_is_what_the_curves_say", "pytorch_cnn",
            reads_curves=True),
    Section("3.6", f"{_CNN}:test_training_reaches_the_bar", "pytorch_cnn", training=True),
    Section("3.7", f"{_CNN}:test_plot_shows_the_learning_curves_of_a_run", "pytorch_cnn",
            reads_curves=True),
)  # fmt: skip
BY_NUMBER = {section.number: section for section in SECTIONS}


@cache
def resolve(function: str) -> Callable[..., Any]:
    """The function that a name in the registry stands for, imported when it is first needed."""
    found: Callable[..., Any] = pkgutil.resolve_name(f"grader.{function}")
    return found

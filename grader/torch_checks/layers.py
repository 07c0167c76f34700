"""2.1 and 3.1: the layers are registered and of the right kind."""

from __future__ import annotations

import numpy as np

from grader.student import Student
from grader.torch_checks.linearity import runs_linearly
from grader.torch_checks.models import model_of
from utils import PARTS, Wrong


def check_layers(student: Student, script: str, rng: np.random.Generator) -> None:
    """2.1 / 3.1: layers are registered and of the right kind."""
    model = model_of(student, script)
    structure = model.probe("structure")
    name = PARTS[script].class_name
    if not isinstance(structure, dict) or not structure.get("module"):
        raise Wrong(f"{name} is no nn.Module, expected a class derived from it.", kind="wrong-type")
    if structure["unregistered"]:
        raise Wrong(f"self.{structure['unregistered'][0]} holds layers in a plain list or dict, where PyTorch does not find them.",
                    kind="torch-layers-not-registered", hint="nn.Sequential or nn.ModuleList registers them.")  # fmt: skip
    if not structure["parameters"]:
        raise Wrong(f"{name} has no parameters, expected the weights of its layers.", kind="torch-layers-not-registered",
                    hint="layers must be attributes of self.")  # fmt: skip
    if script == "pytorch_ann" and structure["convolutions"]:
        raise Wrong("a convolution was found, expected none in part 2.", kind="torch-ann-has-conv",
                    hint="linear layers and activations; part 3 convolves.")  # fmt: skip
    if structure["stacks"] and runs_linearly(model, script, rng):
        raise Wrong(f"self.{structure['stacks'][0]} holds linear layers with nothing non-linear between them.",
                    kind="torch-no-activation", hint="an activation such as nn.ReLU() behind each hidden layer.")  # fmt: skip
    if script == "pytorch_cnn" and not structure["convolutions"]:
        raise Wrong("no convolution was found, expected at least one.", kind="torch-cnn-has-no-conv",
                    hint="nn.Conv2d(1, channels, kernel_size=3, padding=1).")  # fmt: skip

"""2.1 and 3.1: the layers are registered, of the right kind and of matching sizes.

Some mistakes in the layers show only when the network runs: an nn.Sequential without an activation,
a last layer with 9 outputs. `layer_fault` finds them; 2.2 and 3.2 call it too, so that one mistake
costs one section.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.expect import CheckFailed
from assignment.handles import Handle, Module, probe
from assignment.parts import PARTS
from grader.checks.torch.linearity import is_linear
from grader.checks.torch.models import activation_at_the_end, images, model_of, trace_of, width_of
from grader.errors import StudentFault

NOT_REGISTERED = "torch-layers-not-registered"


def check_layers(module: Module, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed for layers that are unregistered, wrong, mismatched or all linear."""
    fault = layer_fault(model_of(module, script), script, rng)
    if fault is not None:
        raise fault


def layer_fault(model: Handle, script: str, rng: np.random.Generator) -> CheckFailed | None:
    """What is wrong with the layers, if anything.

    Layers of mismatched sizes are replaced, so that forward runs.
    """
    structure, name = probe(model, "structure"), PARTS[script].class_name
    if not isinstance(structure, dict) or not structure.get("module"):
        return CheckFailed(f"{name} is not an nn.Module", "a subclass of it", kind="wrong-type")
    if not structure["parameters"]:
        return CheckFailed(
            f"{name} has no parameters",
            "the weights of its layers",
            kind=NOT_REGISTERED,
            hint="layers must be attributes of self.",
        )
    try:
        misfits = probe(model, "fit_layers", images(rng, script, 3))
        trace = trace_of(model, script, rng, training=False)
        return (
            _registration_fault(structure, hidden=trace["hidden"] > 0)
            or _convolution_fault(script, trace["convolves"] or structure["convolutions"] > 0)
            or _size_fault(misfits, model, script, rng)
            or _activation_fault(structure, trace, model, script, rng)
        )
    except (StudentFault, TypeError, ValueError, KeyError):
        # forward does not run, which 2.2 will report
        return _registration_fault(structure, hidden=False) or _convolution_fault(
            script, structure["convolutions"] > 0
        )


def _registration_fault(structure: dict[str, Any], *, hidden: bool) -> CheckFailed | None:
    """`hidden` says that the logits depend on weights that are not parameters of the model."""
    if structure["unregistered"]:
        return CheckFailed(
            f"self.{structure['unregistered'][0]} holds layers in a plain list or dict",
            "layers that PyTorch can find",
            kind=NOT_REGISTERED,
            hint="nn.Sequential and nn.ModuleList register their layers.",
        )
    if hidden:
        return CheckFailed(
            "forward uses weights that self.parameters() does not list, so they are not trained",
            "all weights among the parameters",
            kind=NOT_REGISTERED,
            hint="layers and nn.Parameter objects are found if they are attributes of self.",
        )
    return None


def _convolution_fault(script: str, convolves: bool) -> CheckFailed | None:
    if script == "pytorch_ann" and convolves:
        return CheckFailed(
            "a convolution was found",
            "none in part 2",
            kind="torch-ann-has-conv",
            hint="use linear layers and activations; convolutions belong to part 3.",
        )
    if script == "pytorch_cnn" and not convolves:
        return CheckFailed(
            "no convolution was found",
            "at least one",
            kind="torch-cnn-has-no-conv",
            hint="nn.Conv2d(1, channels, kernel_size=3, padding=1).",
        )
    return None


def _size_fault(
    misfits: list[Any], model: Handle, script: str, rng: np.random.Generator
) -> CheckFailed | None:
    if misfits:
        layer, had, needed = misfits[0]
        return CheckFailed(
            f"self.{layer} takes {had}, but the layer before it returns {needed}",
            "matching sizes",
            kind="wrong-shape",
            hint="each layer takes as many values as the one before it returns.",
        )
    width = width_of(model, script, rng)
    if width not in (0, 10) and probe(model, "last_width", images(rng, script, 3)) == width:
        return CheckFailed(
            f"the last layer returns {width} values per image",
            "10",
            kind="torch-wrong-output-size",
            hint="one logit for each of the 10 classes.",
        )
    return None


def _activation_fault(
    structure: dict[str, Any],
    trace: dict[str, Any],
    model: Handle,
    script: str,
    rng: np.random.Generator,
) -> CheckFailed | None:
    """A stack without a non-linearity, no hidden layer, or a stack that ends in an activation."""
    kind = activation_at_the_end(trace["last"])
    if kind and trace["last_in_stack"]:
        return CheckFailed(
            "the stack of layers ends in an activation",
            "a layer that returns logits at the end",
            kind=kind,
            hint="the cross-entropy takes the values of the last layer as they are.",
        )
    if (structure["stacks"] or structure["weights"] < 2) and is_linear(model, script, rng):
        what = (
            f"self.{structure['stacks'][0]} holds layers"
            if structure["stacks"]
            else "there is a single layer, from input to output,"
        )
        return CheckFailed(
            f"{what} with nothing non-linear between them"
            if structure["stacks"]
            else f"{what} and nothing non-linear",
            "at least one hidden layer with an activation",
            kind="torch-no-activation",
            hint="put an activation such as nn.ReLU() after each hidden layer.",
        )
    return None

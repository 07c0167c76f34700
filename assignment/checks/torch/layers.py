"""2.1 and 3.1: the layers are registered, of the right kind and of matching sizes.

Some mistakes in the layers show only when the network runs: an nn.Sequential without an activation,
a last layer with 9 outputs. `layer_faults` finds them; 2.2 and 3.2 call it too, so that one mistake
costs one section.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from assignment.checks.torch.linearity import is_linear
from assignment.checks.torch.models import (
    activation_at_the_end,
    images,
    model_of,
    trace_of,
    width_of,
    with_chosen_weights,
)
from assignment.failure import CheckFailed, named, quoted, together
from assignment.handles import Handle, Module, probe
from assignment.parts import PARTS

SIZE = re.compile(r"[\d, ()]{1,40}(, which is not flattened)?", re.ASCII)
NOT_REGISTERED = "torch-layers-not-registered"
NO_ACTIVATION = "torch-no-activation"


def check_layers(module: Module, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed for layers that are unregistered, wrong, mismatched or all linear."""
    faults = layer_faults(module, script, rng)
    if faults:
        raise together(faults)


def layer_faults(module: Module, script: str, rng: np.random.Generator) -> list[CheckFailed]:
    """What is wrong with the layers."""
    model = model_of(module, script)
    structure, name = probe(model, "structure"), PARTS[script].class_name
    if not isinstance(structure, dict) or not structure.get("module"):
        return [CheckFailed(f"{name} is not an nn.Module", "a subclass of it", kind="wrong-type")]
    registered = _registration_faults(structure, name)
    if registered:
        return registered
    try:
        misfits = probe(model, "fit_layers", images(rng, script, 3))
        trace = trace_of(model, script, rng, training=False)
    except Exception:  # forward does not run, which 2.2 and 3.2 will report
        return _convolution_faults(script, structure["convolutions"] > 0)
    if trace["hidden"] > 0:
        return [
            CheckFailed(
                "forward uses weights that self.parameters() does not list, so they are not "
                "trained",
                "all weights among the parameters",
                kind=NOT_REGISTERED,
                hint="layers and nn.Parameter objects are found if they are attributes of self.",
            )
        ]
    faults = _convolution_faults(script, trace["convolves"] or structure["convolutions"] > 0)
    sizes = _size_faults(misfits, model, script, rng)
    return faults + (sizes or _activation_faults(structure, trace, module, script, rng))


def _registration_faults(structure: dict[str, Any], name: str) -> list[CheckFailed]:
    if structure["unregistered"]:
        return [
            CheckFailed(
                f"self.{named(structure['unregistered'][0])} holds layers in a plain list or dict",
                "layers that PyTorch can find",
                kind=NOT_REGISTERED,
                hint="nn.Sequential and nn.ModuleList register their layers.",
            )
        ]
    if not structure["parameters"]:
        return [
            CheckFailed(
                f"{name}() has no parameters",
                "the weights of its layers",
                kind=NOT_REGISTERED,
                hint="make layers attributes of self in __init__, or put them in nn.Sequential or "
                "nn.ModuleList.",
            )
        ]
    return []


def _convolution_faults(script: str, convolves: bool) -> list[CheckFailed]:
    if script == "pytorch_ann" and convolves:
        return [
            CheckFailed(
                "a convolution was found",
                "none in part 2",
                kind="torch-ann-has-conv",
                hint="use linear layers and activations; convolutions belong to part 3.",
            )
        ]
    if script == "pytorch_cnn" and not convolves:
        return [
            CheckFailed(
                "no convolution was found",
                "at least one",
                kind="torch-cnn-has-no-conv",
                hint="nn.Conv2d(1, channels, kernel_size=3, padding=1).",
            )
        ]
    return []


def _size(said: Any) -> str:
    """A size as the observation has it: a number, or a shape that is not flattened."""
    text = str(said)
    return text if SIZE.fullmatch(text) else quoted(text)


def _size_faults(
    misfits: list[Any], model: Handle, script: str, rng: np.random.Generator
) -> list[CheckFailed]:
    if misfits:
        layer, had, needed = misfits[0]
        return [
            CheckFailed(
                f"self.{named(layer)} takes {_size(had)}, but what reaches it has {_size(needed)}",
                "matching sizes",
                kind="wrong-shape",
                hint="each layer takes as many values as the one before it returns, and the first "
                "as many as an image has.",
            )
        ]
    width = width_of(model, script, rng)
    if width not in (0, 10) and probe(model, "last_width", images(rng, script, 3)) == width:
        return [
            CheckFailed(
                f"the last layer returns {width} values per image",
                "10",
                kind="torch-wrong-output-size",
                hint="one logit for each of the 10 classes.",
            )
        ]
    return []


def _activation_faults(
    structure: dict[str, Any],
    trace: dict[str, Any],
    module: Module,
    script: str,
    rng: np.random.Generator,
) -> list[CheckFailed]:
    """No hidden layer, a stack without a non-linearity, or a stack that ends in an activation."""
    faults = []
    # layers that forward makes are counted by 2.2
    single = structure["weights"] < 2 and not trace["made_anew"]
    if (single and script == "pytorch_ann") or (
        (single or structure["stacks"])
        and lacks_activation(trace, _both_weights(module, script, rng), script, rng)
    ):
        plain = structure["plain"]
        what = (
            f"a single layer is trained: self.{named(plain[0])} is a plain tensor"
            if single and plain
            else "there is a single layer, from input to output"
            if single
            else f"self.{named(structure['stacks'][0])} holds layers with nothing non-linear between them"
        )
        faults.append(
            CheckFailed(
                what,
                "at least one hidden layer with an activation",
                kind=NO_ACTIVATION,
                hint="an nn.Parameter is trained, and so is a layer; a torch.Tensor stays as it is."
                if single and plain
                else "a hidden layer is a linear layer, then an activation such as nn.ReLU(), "
                "then the next linear layer.",
            )
        )
    kind = activation_at_the_end(trace["last"])
    if kind and trace["last_in_stack"]:
        faults.append(
            CheckFailed(
                "the stack of layers ends in "
                + ("softmax" if kind == "torch-softmax-before-loss" else "an activation"),
                "a layer that returns logits at the end",
                kind=kind,
                hint="the cross-entropy takes the values of the last layer as they are.",
            )
        )
    return faults


def _both_weights(module: Module, script: str, rng: np.random.Generator) -> Iterator[Handle]:
    yield with_chosen_weights(module, script, rng)
    yield model_of(module, script)


def lacks_activation(
    trace: dict[str, Any], models: Iterable[Handle], script: str, rng: np.random.Generator
) -> bool:
    """Whether the network has no hidden layer, or is linear in its images all the same.

    `models` are the network with weights of our choosing, and with its own: if the first does not
    tell, the second does, or else what its operations were.
    """
    if script == "pytorch_ann" and not trace["hidden_layer"]:
        return True
    found = (is_linear(model, script, rng) for model in models)
    return next((linear for linear in found if linear is not None), not trace["hidden_layer"])

"""Hints that depend on what an error's message and the line that raised it say.

Each takes the match of its pattern in `error_hints` and what was raised, and returns the hint, or
"" if it has none after all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Raised:
    """What a hint may look at: the exception, and the line of the student's code that raised it."""

    type_name: str
    message: str
    source: str = ""
    script: str = ""  # "pytorch_cnn", "" if not known

    @property
    def layers(self) -> str:
        """Where the student made the layers: " in 3.1" in part 3."""
        return {"pytorch_ann": " in 2.1", "pytorch_cnn": " in 3.1"}.get(self.script, "")


FUNCTIONS = ("softmax", "relu", "relu_derivative", "cross_entropy")  # of part 1, outside the class


def product_hint(found: re.Match[str], raised: Raised) -> str:
    """For "matmul: … (size 784 is different from 10)": the second number is the left factor's."""
    right, left = found.groups()
    return (
        f"a product A @ B needs as many columns in A as rows in B; here A has {left} columns and B "
        f"has {right} rows. Print both shapes: is a factor to be transposed, or are they swapped?"
    )


def dot_hint(found: re.Match[str], raised: Raised) -> str:
    left, right = found.groups()
    return (
        f"a product A @ B needs as many columns in A as rows in B; here A has {left} and B has "
        f"{right}. Print both shapes: is a factor to be transposed, or are they swapped?"
    )


def larger_hint(found: re.Match[str], raised: Raised) -> str:
    """For `np.max(0, z)` and `np.max([0, z])`, or an array in the place of one whole number."""
    called = re.search(r"\bnp\.a?(max|min)\(", raised.source)
    if called:
        return (
            f"np.{called[1]} reduces one array, and its second argument is an axis; "
            f"np.{called[1]}imum compares two values, element by element."
        )
    if found[0].startswith("only"):
        return (
            "this takes one whole number, such as an axis, a size or an index, and gets an array."
        )
    return "arrays of different shapes, or a number and an array, make no single array."


FEWER_AXES = (
    "this array has fewer axes than the line expects. In part 1, z may have any number of them: "
    "NumPy works on whole arrays, so no loop is needed."
)


def linear_hint(found: re.Match[str], raised: Raised) -> str:
    """For "mat1 and mat2 shapes cannot be multiplied (64x800 and 1568x128)"."""
    rows, columns, expected, _ = map(int, found.groups())
    if columns < expected and columns <= 28 and rows * columns % expected == 0:
        return (
            f"the Linear{raised.layers} expects {expected} numbers an image, and gets an image or "
            "feature maps that still have their rows and columns: flatten them before it, all axes "
            "but the first."
        )
    if rows == 1 and columns > expected and columns % expected == 0:
        return (
            f"all images of the batch came out as one row of {columns} numbers; the Linear"
            f"{raised.layers} expects {expected} an image. Flatten all axes but the first."
        )
    return (
        f"your layer receives {columns} numbers an image; the Linear{raised.layers} expects "
        f"{expected}."
        + (
            " Follow the shape through the convolutions and poolings: channels times height times "
            "width is what is left to flatten."
            if raised.script == "pytorch_cnn"
            else " The in_features of a layer are the out_features of the one before it."
        )
    )


def unflattened_hint(found: re.Match[str], raised: Raised) -> str:
    return (
        f"the Linear{raised.layers} expects {found[2]} numbers an image, and gets feature maps that "
        "still have their rows and columns: flatten them before it, all axes but the first."
    )


def channels_hint(found: re.Match[str], raised: Raised) -> str:
    expected, got = found.groups()
    source = "the image has 1" if got == "1" else "they are the out_channels of the layer before"
    return (
        f"this convolution{raised.layers} expects {expected} channels and receives {got}: its "
        f"in_channels must be {got} ({source})."
    )


def norm_hint(found: re.Match[str], raised: Raised) -> str:
    got, expected = found.groups()
    return f"the normalisation layer was made for {expected} features and receives {got}."


def batch_hint(found: re.Match[str], raised: Raised) -> str:
    got, images = found.groups()
    return (
        f"the batch has {images} images, and {got} rows of logits came out: an axis of the images "
        "was mixed into the first one. Flatten all axes but the first."
    )


def name_hint(found: re.Match[str], raised: Raised) -> str:
    name = found[1]
    if name in ("np", "nn", "F", "torch", "utils"):
        return f"the import of {name} at the top of the script is missing."
    if (
        re.search(rf"\b{re.escape(name)}\s*\(", raised.source)
        and name[:1].islower()
        and not name[-1].isdigit()
    ):
        return f"is {name} a method of the class, or a layer that __init__ made? Then write self.{name}."
    return (
        f"does the object keep {name}? Then write self.{name}; otherwise it has no value here yet."
    )


def attribute_hint(found: re.Match[str], raised: Raised) -> str:
    owner, name = found.groups()
    if owner == "NumpyANN" and name in FUNCTIONS:
        return f"{name} is a function of the script, not of the class: leave out self."
    if owner in ("NumpyANN", "PyTorchANN", "PyTorchCNN"):
        return (
            f"nothing has set self.{name} yet. Compare the spelling with the line that sets it; in "
            "part 1, forward keeps what backward needs."
        )
    return ""


def dtypes_hint(found: re.Match[str], raised: Raised) -> str:
    return (
        f"two tensors that meet here have the dtypes {found[1]} and {found[2]}. Images and weights "
        "are float32 (.float()), labels are int64 (.long())."
    )


_ONE_VALUE = (
    "this asks for one yes or no, but a whole array has one for each element. max(), if, and, or "
    "take single values; NumPy's and PyTorch's own functions and comparisons work element by element."
)


def many_hint(found: re.Match[str], raised: Raised) -> str:
    """For "Boolean value of Tensor with more than one value is ambiguous"."""
    loss = re.search(r"\b(CrossEntropyLoss|NLLLoss)\(\s*[^)\s]", raised.source)
    if loss:
        return (
            f"nn.{loss[1]}(…) makes a loss, and takes its settings; logits and labels go to what it "
            f"made: nn.{loss[1]}()(logits, labels)."
        )
    return _ONE_VALUE


def not_installed_hint(found: re.Match[str], raised: Raised) -> str:
    """For "No module named 'torch'": the assignment's own packages are to be installed."""
    name = found[1]
    if name in ("numpy", "matplotlib", "tqdm"):
        return f"install it with: pip install {name}"
    if name in ("torch", "torchvision"):
        return (
            "PyTorch is not installed in this Python: pip install -r requirements.txt, with the "
            "environment active (README.md, Install)."
        )
    if raised.source and not re.search(rf"\b{name}\b", raised.source):
        return ""  # imported by a library, or by ours
    return (
        f"{name} is no package of the assignment (README.md, Notes): remove the import, and what "
        "uses it."
    )


# layers of PyTorch, called with their input instead of their settings
_LAYER = (
    r"\b(ReLU|LeakyReLU|ELU|GELU|SiLU|Sigmoid|Tanh|Softmax|LogSoftmax|Flatten|Dropout|Dropout2d|"
    r"MaxPool2d|AvgPool2d|AdaptiveAvgPool2d|BatchNorm1d|BatchNorm2d|Linear|Conv2d)\b"
)


def layer_hint(found: re.Match[str], raised: Raised) -> str:
    """For "argument 'input' (position 1) must be Tensor, not ReLU"."""
    layer = re.search(_LAYER, found[0])
    return _called(layer[1]) if layer else ""


def layer_of_input_hint(found: re.Match[str], raised: Raised) -> str:
    """For an error of the line that makes a layer of something that is computed: nn.Dropout(f(x))."""
    layer = re.search(rf"\bnn\.{_LAYER}\(\s*(?:\w+\)|\w+,|[\w.]+\()", raised.source)
    return _called(layer[1]) if layer else ""


def _called(layer: str) -> str:
    return (
        f"nn.{layer}(…) makes a layer and takes its settings; its input goes to what it made: "
        f"nn.{layer}(…)(x), or a layer that __init__ made."
    )

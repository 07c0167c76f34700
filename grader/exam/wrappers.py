"""A mistake put in from outside: a function around the student's own, for code that is too odd.

Where no change of the student's own lines gives the mistake, a template for "return" is applied to
what the function returns, in a new function that stands below it.
"""

from __future__ import annotations

import re

from grader.variants.variants import Template, Variant

OPERATOR = "wrapper"
_MAIN = re.compile(rb"^if __name__\b", re.MULTILINE)
_NAMES = {"np": "np", "torch": "torch", "F": "torch.nn.functional", "nn": "torch.nn"}
_FUNCTION = """
_{name} = {name}  # as it was


def {name}({parameters}):
    answer = _{name}({parameters})
    return {text}
"""
_METHOD = """
_{name} = {class_name}.{name}  # as it was


def {name}({parameters}):
    answer = _{name}({parameters})
    return {text}


{class_name}.{name} = {name}
"""
# a, b and c of a template
PARAMETERS = {
    "relu": ("z",), "relu_derivative": ("z",), "cross_entropy": ("y_true", "y_pred"),
    "forward": ("self", "X"), "backward": ("self", "X", "y_true"), "predict": ("self", "X"),
    "training_step": ("self", "X_batch", "y_batch", "optimizer"),
}  # fmt: skip


def wrapped(source: bytes, template: Template) -> Variant | None:
    """The script with a function around `template.function`; None if that says nothing of it."""
    class_name, _, name = template.function.rpartition(".")
    if template.on != "return" or name not in PARAMETERS:
        return None
    parameters = PARAMETERS[name]
    own = [parameter for parameter in parameters if parameter != "self"]
    known = _NAMES | dict(zip("abc", own, strict=False)) | {"self": "self"}
    try:
        text = template.text.format("answer", **known)
    except (KeyError, IndexError):
        return None
    form = _METHOD if class_name else _FUNCTION
    code = form.format(
        name=name, class_name=class_name, parameters=", ".join(parameters), text=text
    )
    found = list(_MAIN.finditer(source))
    at = found[-1].start() if found else len(source)
    head, tail = source[:at], source[at:]
    head = head if head.endswith(b"\n") or not head else head + b"\n"
    new = head + code.encode() + (b"\n\n" + tail if tail else b"")
    line = head.count(b"\n") + 2
    return Variant(OPERATOR, template.function, line, "", code.strip(), new.decode())

"""What an answer is, in Python's words: "a dict", "a complex", "a torch tensor", "a class"."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

import numpy as np

from assignment.failure import quoted

# where Python's own name of a type is not what one calls it
CALLED = {
    "NoneType": "None",
    "Tensor": "a torch tensor",
    "Parameter": "a torch parameter",
    "ndarray": "an array",
    "type": "a class",
    "builtin_function_or_method": "a built-in function",
    "method": "a method",
    "ufunc": "a ufunc",
    "_ArrayFunctionDispatcher": "a function",
    "ellipsis": "an Ellipsis",
    "NotImplementedType": "NotImplemented",
    "unicode": "a str",
    "uint8": "a uint8", "uint16": "a uint16", "uint32": "a uint32", "uint64": "a uint64",
}  # fmt: skip
# of torch, which is not imported for this
TORCH = (
    "Size", "device", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Linear", "Conv2d", "Dropout",
    "Dropout2d", "ReLU", "Softmax", "LogSoftmax", "Flatten", "MaxPool2d", "BatchNorm1d", "BatchNorm2d", "CrossEntropyLoss",
    "NLLLoss", "SGD", "Adam", "AdamW",
)  # fmt: skip
# some of them take longer to import than all checks of a section
MODULES = (
    "builtins", "collections", "datetime", "decimal", "fractions", "functools", "pathlib", "re",
    "types", "numpy", "numpy.ma", "numpy.random",
)  # fmt: skip
# types without a name in a module
_WITHOUT: tuple[object, ...] = (
    {}.keys(), {}.values(), {}.items(), iter([]), iter(()), iter({}), iter(""), reversed([]),
)  # fmt: skip
ITERATORS = tuple(type(value).__name__ for value in _WITHOUT)
ARRAY_OF = re.compile(r"array of dtype (\w+(?:\[\w{1,12}\])?)")


def in_words(name: str) -> str:
    """The name of a type with its article. A name that a script has made up is quoted.

    The name may come from a worker, so only the names of known types are taken for what they say.

    >>> in_words("complex"), in_words("int"), in_words("array of dtype object")
    ('a complex', 'an int', 'an array of dtype object')
    >>> in_words("PASSED 100 of 100")
    'an object of a class named “PASSED 100 of 100”'
    """
    if name in CALLED:
        return CALLED[name]
    if name in _known() or ((found := ARRAY_OF.fullmatch(name)) and _is_dtype(found[1])):
        return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
    return f"an object of a class named {quoted(name)}"


def _is_dtype(name: str) -> bool:
    try:
        np.dtype(name)
    except TypeError:
        return False
    return True


@cache
def _known() -> frozenset[str]:
    return frozenset(TORCH + ITERATORS).union(*(_types_of(module) for module in MODULES))


def _types_of(module: str) -> set[str]:
    found = vars(import_module(module)).values()
    return {kind.__name__ for kind in found if isinstance(kind, type)}

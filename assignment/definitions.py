"""What a script must define, and what to say when it defines something else.

A renamed function, a class that is no nn.Module, a method outside its class: each has a sentence of
its own. Marking uses the sentences too.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from assignment.failure import CheckFailed, named
from assignment.parts import Part

FUNCTIONS = {"1.1": "softmax", "1.2": "relu", "1.3": "relu_derivative", "1.4": "cross_entropy"}
METHODS = {
    "1.5": "forward", "1.6": "backward",
    "2.2": "forward", "2.3": "training_step", "2.4": "predict",
    "3.2": "forward", "3.3": "training_step", "3.4": "predict",
}  # fmt: skip
# given code that the run and marking call
GIVEN = {
    "numpy_ann": ("fit", "predict", "update"),
    "pytorch_ann": ("fit", "configure_optimizer"),
    "pytorch_cnn": ("fit", "configure_optimizer"),
}
# names that stand for themselves: relu is no other spelling of relu_derivative
EXPECTED = {
    *FUNCTIONS.values(),
    *METHODS.values(),
    *(name for names in GIVEN.values() for name in names),
}
LIKE = 0.6  # difflib's similarity from which a name is taken for another


def nearest(name: str, defined: Iterable[str]) -> str:
    """The defined name that is most like `name`, "" if none is.

    >>> nearest("relu", ["np", "Relu", "softmax"])
    'Relu'
    """
    plain = {_plain(other): other for other in sorted(defined)}
    if _plain(name) in plain:
        return plain[_plain(name)]
    found = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=LIKE)
    # relu_derivative is like relu_deriv, and relu is not like prelu_derivative
    if not found:
        found = [other for other in plain if len(other) > 3 and _plain(name).startswith(other)]
    return plain[found[0]] if found else ""


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def missing_name(name: str, where: str, defined: Iterable[str]) -> CheckFailed:
    """The failure for a name that a script or class does not define, with the nearest one there.

    `where` is "numpy_ann.py" or "class NumpyANN in numpy_ann.py".
    """
    free = [known for known in defined if known not in EXPECTED]
    other = nearest(name, free) or _only_class(name, free)
    got = f"{name} is not defined in {where}"
    if not other:
        return CheckFailed(got, "it to be there", kind="not-written")
    return CheckFailed(
        f"{got}; it defines {named(other)}",
        kind="not-written",
        hint=f"keep the name {name}: other code calls it.",
    )


def _only_class(name: str, defined: Iterable[str]) -> str:
    """If `name` is that of a class, the one other class that is there, by its capital letter."""
    classes = [other for other in defined if other[:1].isupper() and not other.isupper()]
    own = [other for other in classes if other != "History"]  # which the scripts import
    return own[0] if name[:1].isupper() and len(own) == 1 else ""


def expect_definition(part: Part, module: ModuleType, number: str) -> None:
    """Raises CheckFailed unless the script defines what a section needs, by its name and kind."""
    script = f"{part.name}.py"
    if number in FUNCTIONS:
        function = _expect_name(FUNCTIONS[number], script, module)
        if not callable(function):
            raise _not_callable(FUNCTIONS[number], function, "a function")
    elif number in METHODS or number.endswith(".1"):
        cls = expect_class(part, module)
        if number in METHODS:
            _expect_method(METHODS[number], part, cls, module)


def expect_given(part: Part, module: ModuleType) -> None:
    """Raises CheckFailed unless the class still has the given methods that training calls."""
    cls = expect_class(part, module)
    for name in GIVEN[part.name]:
        _expect_method(name, part, cls, module)


def expect_class(part: Part, module: ModuleType) -> type[Any]:
    """The network's class. Raises CheckFailed if there is none, or no nn.Module in parts 2 and 3."""
    name = part.class_name
    cls = _expect_name(name, f"{part.name}.py", module)
    if not isinstance(cls, type):
        raise _not_callable(name, cls, "a class")
    if part.name != "numpy_ann":
        from torch import nn

        if not issubclass(cls, nn.Module):
            raise no_module(name)
    return cls


def no_module(name: str) -> CheckFailed:
    """The failure for a network's class that is no nn.Module."""
    return CheckFailed(
        f"class {name} is not an nn.Module",
        f"class {name}(nn.Module)",
        kind="wrong-type",
        hint="without nn.Module, PyTorch finds no layers and no parameters.",
    )


def _expect_name(name: str, where: str, module: ModuleType) -> Any:
    if not hasattr(module, name):
        own = [
            known
            for known, value in vars(module).items()
            if inspect.isroutine(value) or isinstance(value, type)
            if getattr(value, "__module__", None) == module.__name__
        ]
        raise missing_name(name, where, own)
    return getattr(module, name)


def _not_callable(name: str, value: Any, expected: str) -> CheckFailed:
    what = type(value).__name__
    article = "an" if what[:1].lower() in "aeiou" else "a"
    return CheckFailed(f"{name} is {article} {what}", expected, kind="wrong-type")


def _expect_method(name: str, part: Part, cls: type[Any], module: ModuleType) -> None:
    if part.name != "numpy_ann":
        from torch import nn

        has = getattr(cls, name, None) is not getattr(nn.Module, name, None)
    else:
        has = hasattr(cls, name)
    if has:
        return
    script = f"{part.name}.py"
    if inspect.isfunction(vars(module).get(name)):
        raise CheckFailed(
            f"{name} stands outside class {part.class_name} in {script}",
            kind="not-written",
            hint=f"indent def {name} as far as the other methods.",
        )
    defined = [known for known in vars(cls) if not known.startswith("__")]
    raise missing_name(name, f"class {part.class_name} of {script}", defined)

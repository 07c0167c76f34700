"""Python as it was before student code ran: one run must not decide the next.

What a script replaced or deleted in modules and classes is put back. Files cannot be: if one was
changed, `is_worn` says so, and the page starts Python anew.
"""

from __future__ import annotations

import builtins
import functools
import gc
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

OURS = ("utils", "assignment", "in_browser")
CLEANED = (*OURS, "numpy", "math", "random", "time", "builtins")  # what is added there goes
CLASSES = (*OURS, "ast", "contextlib", "dataclasses", "inspect", "io", "json", "linecache",
           "pathlib", "re", "tokenize", "traceback")  # fmt: skip
LEFT = ("sys", "__main__", "js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core")
SCRIPTS = ("numpy_ann", "pytorch_ann", "pytorch_cnn")
FIXED = ("__dict__", "__weakref__", "__doc__", "__module__", "__abstractmethods__", "_abc_impl",
         "__annotations__", "__slotnames__")  # fmt: skip
HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE: a class whose attributes can be set
MISSING = object()
CODE = ("__code__", "__defaults__", "__kwdefaults__")
LISTS = ("path", "meta_path", "path_hooks", "argv")
HOOKS = ("excepthook", "displayhook", "unraisablehook", "breakpointhook")


class Restorer:
    """Remembers modules, classes and settings; `restore` puts them back.

    `folder` holds files of ours, and `script` is the one that is written again for each run.
    """

    def __init__(self, folder: Path, script: Path) -> None:
        self._folder, self._script = folder, script
        self._files = _files(folder, script)
        self._errors, self._printing = np.geterr(), np.get_printoptions()
        self._modules = dict(sys.modules)
        self._names = [
            (vars(module), dict(vars(module)), name.partition(".")[0] in CLEANED)
            for name, module in self._modules.items()
            if isinstance(module, ModuleType) and name.partition(".")[0] not in LEFT
        ]
        self._builtins = functools.partial(vars(builtins).update, dict(vars(builtins)))
        self._classes = [(one, _attributes(one)) for one in self._of_type(type, CLASSES)]
        self._functions = [
            (function, [getattr(function, name) for name in CODE])
            for function in self._own_functions()
        ]
        self._tables = [(table, dict(table)) for table in self._of_type(dict, OURS)]
        self._lists = {name: (getattr(sys, name), list(getattr(sys, name))) for name in LISTS}
        self._hooks = {name: getattr(sys, name) for name in HOOKS}
        self._filters, self._depth = list(warnings.filters), sys.getrecursionlimit()
        self._cwd = Path.cwd()

    def restore(self) -> None:
        """Put back what a student's script replaced, deleted or added."""
        self._builtins()  # first: what follows needs them
        sys.settrace(None)
        sys.setprofile(None)
        for now, names, is_cleaned in self._names:
            if is_cleaned:
                # a package's own modules, loaded meanwhile, would not be set there again
                added = [name for name in now if name not in names]
                for name in added:
                    if not isinstance(now[name], ModuleType):
                        del now[name]
            now.update(names)
        for one, attributes in self._classes:
            _put_back(one, attributes)
        for function, code in self._functions:
            for name, value in zip(CODE, code, strict=True):
                if getattr(function, name) is not value:
                    setattr(function, name, value)
        for table, entries in self._tables:
            if len(table) != len(entries) or _differing(table, entries):
                table.clear()
                table.update(entries)
        self._restore_settings()

    def _restore_settings(self) -> None:
        for name, (found, entries) in self._lists.items():
            setattr(sys, name, found)
            found[:] = entries
        for name, hook in self._hooks.items():
            setattr(sys, name, hook)
        sys.modules.update(self._modules)
        for name in SCRIPTS:
            sys.modules.pop(name, None)
        sys.setrecursionlimit(self._depth)
        gc.enable()
        os.chdir(self._cwd)
        np.seterr(**self._errors)
        np.set_printoptions(**self._printing)
        if warnings.filters != self._filters:
            warnings.resetwarnings()  # which also ends what Python has kept of the old ones
            warnings.filters[:] = self._filters  # type: ignore[index]

    def is_worn(self) -> bool:
        """Whether a file of ours was changed or is gone, so that Python has to start anew."""
        now = _files(self._folder, self._script)
        worn = any(now.get(path) != state for path, state in self._files.items())
        self._files = now  # data come later
        return worn or self._script.is_dir()

    def _of_type(self, kind: type, folders: tuple[str, ...]) -> Iterator[Any]:
        """The values of a type that modules define; of classes, those that can be changed."""
        for name, module in self._modules.items():
            if name.partition(".")[0] in folders and isinstance(module, ModuleType):
                for key, value in list(vars(module).items()):
                    if (type(value) is dict and kind is dict and not key.startswith("__")) or (
                        kind is type and _is_class_of(value, name)
                    ):
                        yield value

    def _own_functions(self) -> Iterator[FunctionType]:
        spaces = [names for _, names in self._classes]
        for name, module in self._modules.items():
            if name.partition(".")[0] in OURS and isinstance(module, ModuleType):
                spaces.append(vars(module))
        for names in spaces:
            for value in names.values():
                if isinstance(value, FunctionType):
                    yield value


def _is_class_of(value: object, module: str) -> bool:
    return isinstance(value, type) and value.__module__ == module and bool(value.__flags__ & HEAP)


def _attributes(one: type) -> dict[str, Any]:
    return {name: value for name, value in vars(one).items() if name not in FIXED}


def _put_back(one: type, attributes: dict[str, Any]) -> None:
    now = vars(one)
    for name in _differing(now, attributes):
        type.__setattr__(one, name, attributes[name])
    for name in [name for name in now if name not in attributes and name not in FIXED]:
        type.__delattr__(one, name)


def _differing(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """The names that no longer mean the same object; it is never asked whether two are equal."""
    return [name for name, value in before.items() if now.get(name, MISSING) is not value]


def _files(folder: Path, script: Path) -> dict[str, tuple[int, int]]:
    """The size and the time of each file below a folder, but for the script and Python's caches."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = f"{where}/{name}"
            if path != str(script) and not name.endswith(".pyc"):
                state = Path(path).lstat()
                found[path] = (state.st_size, state.st_mtime_ns)
    return found

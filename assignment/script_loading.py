"""A script or notebook of the student's as a module, with the source that marking would read."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from types import ModuleType

from assignment.imports import prepare
from assignment.notebook_cells import code_in
from assignment.parts import import_rule
from assignment.sources import code_lines


def source_of(path: Path) -> str:
    """The code of a script or notebook as marking reads it: without imports that are left out."""
    rule = import_rule(path.stem, notebook=path.suffix == ".ipynb")
    code = code_in(path.name, path.read_bytes())
    try:
        return prepare(code, rule).source
    except SyntaxError:  # said with the file's name when it is compiled
        return code


def loaded(path: Path, source: str) -> ModuleType:
    """The script as a module, imported from its folder. Raises what its code raises."""
    sys.path.insert(0, str(path.parent))
    sys.argv[:] = [str(path)]  # a script that reads its options must not read ours
    module = ModuleType(path.stem)
    sys.modules[path.stem] = module
    if path.suffix == ".ipynb":  # no file has these lines
        lines = [f"{line}\n" for line in code_lines(source)]
        linecache.cache[path.name] = (len(source), None, lines, path.name)
        name = path.name
    else:
        module.__file__ = name = str(path)
    exec(compile(source, name, "exec", dont_inherit=True), vars(module))
    return module

"""The public checks of scripts in CPython: `python -m tests.lab.statuses SCRIPTS.json OUT.json`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from assignment.captured import captured_checks
from assignment.module_level import import_problems
from assignment.parts import PARTS
from assignment.script_loading import loaded, source_of


def statuses(path: Path, text: str) -> dict[str, str]:
    """The status of each section by number; {} if the script cannot be loaded."""
    path.write_text(text, encoding="utf-8")
    try:
        source = source_of(path)
        if import_problems(source, path.name):
            return {}
        module = loaded(path, source)
    except (Exception, SystemExit):
        return {}
    part = PARTS["numpy_ann"]
    return {one.check.number: one.status for one, _ in captured_checks(part, module)}


def main() -> None:
    """Check every script of the first file, and write what came of them to the second."""
    scripts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "numpy_ann.py")
        found = [statuses(path, text) for text in scripts]
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()

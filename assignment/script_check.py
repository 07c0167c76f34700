"""The checks of one script in a process of its own, for the checklist: `python -m`, see `main`.

An endless loop, exit(), a flood of prints or a crash at import ends this process and nothing else.
What it finds goes to its first standard output, one JSON object a line, as soon as it is known.
"""

from __future__ import annotations

import _thread
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from assignment.captured import captured_checks
from assignment.module_level import import_problems
from assignment.parts import PARTS, Part
from assignment.problems import script_problems
from assignment.script_loading import loaded, source_of
from assignment.student_errors import describe_error, where_it_ran

Report = Callable[..., None]


def main(path: Path, seconds: float) -> None:
    """Check a script or notebook, and report what is found.

    The keys of an object: `section`, `status` and `lines` of a check; `problem`, a sentence about
    the script as a whole; `running`, the student's line at the time limit.
    """
    report = _reporter()
    part = PARTS[path.stem]
    alarm = threading.Timer(seconds, _thread.interrupt_main)
    alarm.daemon = True
    alarm.start()
    try:
        source = source_of(path)
        problems = import_problems(source, path.name)
        for problem in problems:
            report(problem=problem)
        if problems:
            return  # the import would do all that work
        module = loaded(path, source)
        for problem in script_problems(part, module):
            report(problem=problem)
        _check_sections(part, module, report)
    except KeyboardInterrupt as interrupt:
        report(running=where_it_ran(interrupt))
    except (Exception, SystemExit) as error:
        lines = describe_error(error).splitlines()
        report(problem="cannot be imported: " + " · ".join(lines))
    finally:
        alarm.cancel()


def _check_sections(part: Part, module: ModuleType, report: Report) -> None:
    for outcome, printed in captured_checks(part, module):
        lines = outcome.lines if outcome.status == "failed" else []
        report(
            section=outcome.check.number,
            status=outcome.status,
            title=outcome.check.title,
            lines=[*lines, *([outcome.remark] if outcome.remark else [])],
            printed=printed,
        )
    report(finished=True)


def _reporter() -> Report:
    """Writes to the standard output of this process, which its student's code no longer has."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)

    def report(**found: Any) -> None:
        print(json.dumps(found), file=stream, flush=True)

    return report


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), float(sys.argv[2]))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)  # threads that the script left behind do not hold it up

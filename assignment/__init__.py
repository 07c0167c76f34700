"""The students' side behind utils.py.

Reading order: parts, data, files, expect, definitions, checks/, section_checks,
student_errors, error_hints, computed_hints, constants, problems, settings, run, training, script_checks, plot_checks,
checklist, command_line. The only package that a module here imports at its top is NumPy.
"""

import sys

OLDEST_PYTHON = (3, 11)

# first of all, in words that Python 3.7 reads: everything else here may be newer
if sys.version_info < OLDEST_PYTHON:
    _found = ".".join(str(number) for number in sys.version_info[:3])
    _expected = ".".join(str(number) for number in OLDEST_PYTHON)
    sys.stderr.write(
        f"error: this is Python {_found} ({sys.executable}), expected {_expected} or newer. Install "
        f"one and make an environment with it: python{_expected} -m venv --clear .venv, or with "
        "conda (README.md, Install)\n"
    )
    sys.exit(2)

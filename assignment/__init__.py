"""The students' side behind utils.py.

Reading order: parts, data, files, expect, definitions, checks/, section_checks,
student_errors, error_hints, constants, problems, settings, run, training, script_checks, plot_checks,
checklist, command_line. The only package that a module here imports at its top is NumPy.
"""

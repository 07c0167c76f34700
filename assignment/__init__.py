"""The students' side behind utils.py.

Reading order: parts, data, files, expect, checks, section_checks, run,
checklist, command_line. The only package that a module here imports at its top is NumPy.
"""

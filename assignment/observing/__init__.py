"""Observations of a torch model, made beside it and judged by checks/torch: probes, structure.

The same on both sides: the students' own check runs them in its process, marking in the worker.
They judge nothing, and import nothing of ours but answers.py.
"""

"""Reads a submission.

Reading order: reading, archives, folders, places, names, taking, one_notebook, record; preparing,
allowed_imports; parsing, parse_worker; plot_files.
"""

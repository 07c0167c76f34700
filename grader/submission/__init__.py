"""Reads a submission.

Reading order: reading, bounds, archives, zips, tars, folders, places, names, taking, one_notebook,
record; preparing, allowed_imports; parsing, parse_worker; plot_files.
"""

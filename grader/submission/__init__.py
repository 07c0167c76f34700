"""Reads a submission. Reading order: reading, archives, notebooks, allowed_imports, plot_files."""

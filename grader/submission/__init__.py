"""Reading a submission: reading, archives, notebooks, allowed_imports, plot_files, in this order."""

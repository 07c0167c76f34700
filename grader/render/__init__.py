"""A Report for whoever reads it: the terminal, Gradescope, a browser."""

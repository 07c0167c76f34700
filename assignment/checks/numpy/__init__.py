"""The checks of part 1. Each asks a module about a list of cases and compares the answers.

Both sides call them: the students' own check with the public cases that lie beside this file, and
marking with cases of its own. Reading order: cases, losses, functions, forward, factors, gradients,
backward, speed.
"""

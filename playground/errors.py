"""What goes wrong in the playground, and whose doing it is.

    ValueError
    └── PlaygroundError     one line for the user: what was expected, what came, what to do; exit status 2
        ├── Diverged        the training loss is no longer a finite number
        └── BadFile         a file of ours or a CSV file cannot be read or does not hold what it should

They are ValueErrors, which is what scikit-learn's conventions ask of a wrong parameter.
"""

from __future__ import annotations


class PlaygroundError(ValueError):
    """Something cannot be done as asked; the message is one line."""


class Diverged(PlaygroundError):
    """The training loss is no longer finite; the message names the epoch and what to try."""


class BadFile(PlaygroundError):
    """A file is missing, damaged or of another kind; the message names it, and the line where there is one."""

"""The playground's exceptions.

    ValueError
    └── PlaygroundError     one line for the user: what was found, what was expected; exit status 2
        ├── Diverged        the training loss is no longer finite
        └── BadFile         a file cannot be read or has the wrong content

They are ValueErrors because scikit-learn's conventions require one for an invalid parameter.
"""

from __future__ import annotations


class PlaygroundError(ValueError):
    """A request that cannot be fulfilled; the message is one line."""


class Diverged(PlaygroundError):
    """The training loss is no longer finite; the message names the epoch and a remedy."""


class BadFile(PlaygroundError):
    """A missing, damaged or wrong file; the message names it and, if known, the line."""

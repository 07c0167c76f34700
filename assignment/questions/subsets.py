"""Options that name some of the four gradients."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from assignment.checks.numpy.cases import NAMES
from assignment.questions.drafting import Choice

Sets = Collection[tuple[str, ...]]


def in_words(names: Collection[str]) -> str:
    """Which gradients, in the order of the parameters.

    >>> in_words(["b1", "W1"]), in_words([])
    ('those of W1 and b1', 'none of the four')
    """
    listed = [name for name in NAMES if name in names]
    if not listed:
        return "none of the four"
    if len(listed) == len(NAMES):
        return "all four"
    if len(listed) == 1:
        return f"that of {listed[0]}"
    return f"those of {_listed(listed)}"


def others(
    key: Collection[str],
    occurring: Sets,
    *,
    missing: str = "{} did not depend on it",
    more: str = "{} depended on it",
) -> Iterator[Choice]:
    """Other sets, with what they get wrong: gradients that are missing, and some too many.

    `occurring` are the sets that are the answer to some question of the kind. No other is offered,
    since whoever knows that it never is the answer could leave it out.
    """
    for names in map(set, occurring):
        if names != set(key):
            yield Choice(in_words(names), _belief(names, set(key), missing, more))


def _belief(names: set[str], key: set[str], missing: str, more: str) -> str:
    left_out, added = sorted(key - names), sorted(names - key)
    parts = [missing.format(_listed(left_out))] if left_out else []
    parts += [more.format(_listed(added))] if added else []
    return " and ".join(parts)


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]

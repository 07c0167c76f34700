"""From what a kind of question found out to a question: options drawn, mixed and numbered."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from assignment.questions.question import OPTIONS, Code, Question

NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")
MOST_OTHERS = 12  # wrong options of a draft that are tried together


@dataclass(frozen=True)
class Choice:
    """An option. `belief` is what leads to a wrong one, as the rest of "This would be right if …".

    `misconception` is an id of the catalogue, "" for none.
    """

    text: str
    belief: str = ""
    misconception: str = ""


@dataclass(frozen=True)
class Draft:
    """A question before its options are drawn: the key, and wrong options to choose from.

    `balance` groups drafts whose keys mean the same, "" for the key's own text: the group is drawn
    first, so that no key is more frequent only because more lines of a script give it.
    """

    text: str
    key: str
    others: tuple[Choice, ...]
    why: str
    code: Code | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    balance: str = ""
    section: str = ""  # "" for the kind's own


def crossed(
    rights: tuple[str, str],
    firsts: Mapping[str, str],
    seconds: Mapping[str, str],
    form: str,
    rng: np.random.Generator,
) -> tuple[Choice, ...]:
    """Three wrong options for two answers in one: the first wrong, the second, and both.

    `firsts` and `seconds` are wrong answers and the beliefs behind them; one of each is drawn. So
    the options are two by two, and none of them is more like the others than the key. Empty if
    there is no wrong answer to one of the two.
    """
    drawn = []
    for right, wrongs in zip(rights, (firsts, seconds), strict=True):
        others = [(text, belief) for text, belief in wrongs.items() if text != right]
        if not others:
            return ()
        drawn.append(others[int(rng.integers(len(others)))])
    (first, belief), (second, other) = drawn
    return (
        Choice(form.format(first, rights[1]), belief),
        Choice(form.format(rights[0], second), other),
        Choice(form.format(first, second), f"{belief} and {other}"),
    )


def usable(draft: Draft) -> tuple[Choice, ...]:
    """The wrong options that differ from the key and from each other."""
    found: dict[str, Choice] = {}
    for choice in draft.others:
        if choice.text != draft.key:
            found.setdefault(choice.text, choice)
    return tuple(found.values())


def chosen(drafts: Iterable[Draft], rng: np.random.Generator) -> Draft | None:
    """One of the drafts with enough options, each key as likely as any other; None if none has."""
    groups: dict[str, list[Draft]] = {}
    for draft in drafts:
        if len(usable(draft)) >= OPTIONS - 1:
            groups.setdefault(draft.balance or draft.key, []).append(draft)
    if not groups:
        return None
    group = list(groups.values())[int(rng.integers(len(groups)))]
    return group[int(rng.integers(len(group)))]


def question(draft: Draft, kind: str, section: str, rng: np.random.Generator, of: str) -> Question:
    """The question of a draft that `chosen` gave. `of` names whose it is, for its id."""
    options: Sequence[Choice] = [Choice(draft.key), *_picked(draft, rng)]
    order = rng.permutation(OPTIONS)
    options = [options[i] for i in order]
    texts = tuple(option.text for option in options)
    code = draft.code
    said = repr((of, kind, draft.text, code and (code.line, code.source), texts))
    return Question(
        id=hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:12],
        kind=kind,
        section=draft.section or section,
        text=draft.text,
        code=code,
        options=texts,
        answer=int(np.flatnonzero(order == 0)[0]),
        why=draft.why,
        misconceptions=tuple(option.misconception for option in options),
        beliefs=tuple(option.belief for option in options),
        evidence=draft.evidence,
    )


def _picked(draft: Draft, rng: np.random.Generator) -> tuple[Choice, ...]:
    """Three wrong options, such that the key is as likely the smallest of the four as any other."""
    others = usable(draft)
    by_rank: dict[int, list[tuple[Choice, ...]]] = {}
    for three in combinations(others[:MOST_OTHERS], OPTIONS - 1):
        sizes = [_size(choice.text) for choice in three]
        by_rank.setdefault(sum(size < _size(draft.key) for size in sizes), []).append(three)
    ranks = list(by_rank.values())
    found = ranks[int(rng.integers(len(ranks)))]
    return found[int(rng.integers(len(found)))]


def _size(text: str) -> float:
    """The sum of the numbers in an option, by which a guesser could order them."""
    return sum(float(n) for n in NUMBER.findall(text.replace(",", "")))

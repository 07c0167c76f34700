"""Ways to answer questions without the code that they are about."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

import numpy as np

from assignment.questions.question import Question

Guess = Callable[[Question], int]


def numbers(text: str) -> list[float]:
    """The numbers in an option."""
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", text.replace(",", ""))]


def features(question: Question) -> np.ndarray:
    """What can be seen of each option beside the others: `(4, 8)`, each scaled over the options."""
    options = question.options
    rows = []
    for i, option in enumerate(options):
        others = [o for j, o in enumerate(options) if j != i]
        own = numbers(option)
        shared = [set(re.findall(r"\w+", option)) & set(re.findall(r"\w+", o)) for o in others]
        alike = [SequenceMatcher(None, option, o).ratio() for o in others]
        sums = [sum(numbers(o)) for o in options]
        rows.append(
            [
                len(option),
                np.mean(alike),
                max(alike),
                np.mean([len(s) for s in shared]),
                sum(own),
                np.argsort(np.argsort(sums))[i] in (1, 2),
                len(own),
                own[0] if own else 0.0,
            ]
        )
    found = np.array(rows, float)
    spread = found.std(axis=0)
    return (found - found.mean(axis=0)) / np.where(spread > 0, spread, 1)


def rules() -> dict[str, Guess]:
    """One rule for all questions: an option in some place, or the largest or smallest in a feature."""
    names = (
        "length",
        "likeness",
        "nearest likeness",
        "shared words",
        "sum",
        "middle",
        "count",
        "first",
    )
    found: dict[str, Guess] = {f"option {i + 1}": lambda q, i=i: i for i in range(4)}
    for column, name in enumerate(names):
        found[f"largest {name}"] = lambda q, c=column: int(features(q)[:, c].argmax())
        found[f"smallest {name}"] = lambda q, c=column: int(features(q)[:, c].argmin())
    return found


class Learned:
    """Learns, for each kind, from other students' questions: what keys look like, and which occur."""

    def __init__(self, questions: Sequence[Question]):
        self.keys: dict[str, Counter[str]] = defaultdict(Counter)
        self.options: dict[str, Counter[str]] = defaultdict(Counter)
        weights: dict[str, list[np.ndarray]] = defaultdict(list)
        for question in questions:
            self.keys[question.kind][question.key] += 1
            self.options[question.kind].update(question.options)
            weights[question.kind].append(features(question)[question.answer])
        self.weights = {kind: np.mean(rows, axis=0) for kind, rows in weights.items()}

    def __call__(self, question: Question) -> int:
        """The option with the best chance by its form and by how often its text was a key."""
        kind = question.kind
        form = features(question) @ self.weights.get(kind, np.zeros(8))
        often = [(self.keys[kind][o] + 1) / (self.options[kind][o] + 4) for o in question.options]
        return int((form + 2 * np.log(often)).argmax())


def from_reference(question: Question, keys: Sequence[str]) -> float:
    """The chance of someone who knows which keys the reference gives to the same text."""
    known = Counter(key for key in keys if key in question.options)
    if not known:
        return 0.25
    best = max(known.values())
    likely = [key for key, count in known.items() if count == best]
    return (question.key in likely) / len(likely)

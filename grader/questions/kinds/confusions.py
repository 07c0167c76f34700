"""Which classes does the student's own network confuse most?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from assignment.questions.drafting import Choice, Draft
from grader.questions.subject import Subject
from utils import CLASS_NAMES

LIKELY = 14  # mistakes that are common enough to be asked about
CLEARLY = 1.25  # times as often as the next
# How often nine networks of the reference took one class (row) for another (column), of 1,000 test
# images of each class: what somebody may know who never trained this one.
TYPICAL = (
    (825, 2, 13, 36, 3, 1, 107, 0, 12, 0),
    (3, 966, 1, 21, 4, 0, 3, 0, 2, 0),
    (16, 1, 790, 11, 108, 1, 67, 0, 5, 0),
    (25, 11, 9, 885, 34, 0, 31, 0, 5, 0),
    (0, 1, 99, 35, 793, 0, 67, 0, 4, 0),
    (0, 0, 0, 1, 0, 948, 0, 31, 1, 18),
    (138, 1, 98, 34, 86, 0, 626, 0, 16, 0),
    (0, 0, 0, 0, 0, 25, 0, 940, 1, 35),
    (3, 1, 4, 4, 4, 3, 6, 5, 969, 0),
    (0, 0, 0, 0, 0, 7, 1, 42, 0, 950),
)  # fmt: skip


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """Four mistakes, of which the network makes one clearly more often than the others.

    They are chosen so that the usual order of these mistakes does not help.
    """
    if subject.training is None or len(subject.training.confusion) != len(CLASS_NAMES):
        return
    counts = np.array(subject.training.confusion)
    np.fill_diagonal(counts, 0)
    pairs = [tuple(divmod(int(i), 10)) for i in np.argsort(-counts, axis=None)[:LIKELY]]
    quads = list(combinations(pairs, 4))
    for i in rng.permutation(len(quads))[:200]:
        quad = sorted(quads[i], key=lambda pair: -counts[pair])
        first, second = counts[quad[0]], counts[quad[1]]
        if first < CLEARLY * max(second, 1):
            continue
        usual = sorted(quad, key=lambda pair: -TYPICAL[pair[0]][pair[1]])
        # one image of each class that is named: those that were mistaken could tell the answer
        classes = sorted({c for pair in quad for c in pair})
        images = [int(np.flatnonzero(subject.labels == c)[0]) for c in classes]
        yield Draft(
            text="Which of these mistakes did your network make most often on the 10,000 test "
            "images, when it was marked?",
            key=_words(quad[0]),
            others=tuple(
                Choice(
                    _words(pair), f"it were made more than {first} times, and not {counts[pair]}"
                )
                for pair in quad[1:]
            ),
            why=f"Of 1,000 images of each class, it took {_words(quad[0])} {first} times; the others "
            f"come to {', '.join(str(counts[pair]) for pair in quad[1:])}.",
            evidence={
                "how": "counted in the marking's confusion matrix",
                "counts": {_words(pair): int(counts[pair]) for pair in quad},
                "figure": f"images:{','.join(map(str, images))}",
            },
            balance=f"usually number {usual.index(quad[0])}",
        )


def _words(pair: tuple[int, ...]) -> str:
    return f"{CLASS_NAMES[pair[0]]} for {CLASS_NAMES[pair[1]]}"

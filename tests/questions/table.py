"""How good the questions are: `python -m tests.questions.table FOLDER [WORKS] [SEEDS]`.

The first run marks the works, which takes a quarter of an hour; the marks are kept in the folder.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

from grader.questions.registry import KINDS
from tests.questions.corpus import REFERENCE_NAME, Asked, asked, names
from tests.questions.guessers import Learned, from_reference, rules


def share(hits: list[float]) -> str:
    """Hits of all, in per cent."""
    return f"{sum(hits) / max(len(hits), 1):6.1%}"


def main(folder: Path, works: int = 40, seeds: int = 3) -> None:
    """Print the table."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = names()[: works + 1]
    found = list(asked(folder, chosen, range(seeds)))
    lines = [json.dumps({"work": a.work, **a.question.to_json()}) for a in found]
    (folder / "questions.jsonl").write_text("\n".join(lines))
    print(f"{len(found)} questions about {len(chosen)} works")
    positions = Counter(a.question.answer for a in found)
    print("key in place", {place: positions[place] for place in range(4)})
    guesses = {
        name: [rule(a.question) == a.question.answer for a in found]
        for name, rule in rules().items()
    }
    best = max(guesses, key=lambda name: sum(guesses[name]))
    print(f"blind, best of {len(guesses)} rules ({best}): {share(guesses[best])}")
    learned = _learned(found)
    print(f"blind, learned from other students' questions: {share(list(learned.values()))}")
    others = [a for a in found if a.work != REFERENCE_NAME]
    print(
        "reader of the reference:",
        share([from_reference(a.question, a.of_reference) for a in others]),
    )
    print("keys shared by two works:", share(_shared(others)))
    print("same question for the same work with another seed:", share(_repeated(found)))
    print(f"\n{'kind':22} asked  blind  learned reference  shared")
    for kind in KINDS:
        own = [a for a in found if a.question.kind == kind.name]
        rows = [a for a in own if a.work != REFERENCE_NAME]
        rule = max(sum(a.question.kind == kind.name and hit for a, hit in zip(found, hits, strict=True))
                   for hits in guesses.values())  # fmt: skip
        print(
            f"{kind.name:22} {len(own):5} {rule / max(len(own), 1):6.1%}  "
            f"{share([learned[id(a)] for a in own])}    "
            f"{share([from_reference(a.question, a.of_reference) for a in rows])}  {share(_shared(rows))}"
        )


def _learned(found: list[Asked]) -> dict[int, float]:
    """Hits of a guesser who has seen all questions but those of the student in question."""
    hits = {}
    for work in {a.work for a in found}:
        guess = Learned([a.question for a in found if a.work != work])
        hits |= {
            id(a): float(guess(a.question) == a.question.answer) for a in found if a.work == work
        }
    return hits


def _shared(found: list[Asked]) -> list[float]:
    """Whether two works' questions of one kind and one seed have the same key."""
    groups: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    own = {kind.name for kind in KINDS if kind.own}
    for a in found:
        if a.question.kind in own:
            groups[a.question.kind, a.script, a.seed].append(a.question.key)
    return [float(a == b) for keys in groups.values() for a, b in combinations(keys, 2)]


def _repeated(found: list[Asked]) -> list[float]:
    groups: dict[tuple[str, str, str], list[object]] = defaultdict(list)
    for a in found:
        q = a.question
        groups[a.work, q.kind, a.script].append((q.text, q.code, sorted(q.options)))
    return [float(a == b) for group in groups.values() for a, b in combinations(group, 2)]


if __name__ == "__main__":
    arguments = sys.argv[2:]
    main(Path(sys.argv[1]), *(int(text) for text in sys.argv[2:4]))

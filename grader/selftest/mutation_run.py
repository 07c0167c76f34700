"""Marks mutants of the cheats, and says whether any of them earned, read, wrote or left anything.

A mutant is held if

- no section earns more than in its twin, the same script with an attack that does nothing,
- no section ends as a grader error, and the grader itself raises nothing,
- no trap was sprung (a secret read, a socket reached, a file or a process left behind), and the
  attack does not report success.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from grader.marking.marking import Marking
from grader.options import Options
from grader.report.text import feedback
from grader.results import SectionResult, Status
from grader.rubric import Rubric, load_rubric
from grader.sections import SCRIPTS
from grader.selftest.cases import Traps, narrow
from grader.selftest.mutants import KINDS, Mutant
from grader.submission.reading import Submission

TRAIN_SIZE = 600  # images
# what became of the attack, as far as it is known
RAN, BROKE, REFUSED, UNREACHED = "ran", "broke off", "refused", "not reached"


@dataclass(frozen=True)
class MutantOutcome:
    """The outcome of a mutant: what its attack did, and why it is not held ("" if it is)."""

    mutant: Mutant
    evidence: str
    problem: str
    seconds: float
    printed: str = ""


class Judge:
    """Judges mutants one by one. `seed` decides the hidden inputs, the same for every mutant."""

    def __init__(self, sandbox: str, seed: int, traps: Traps):
        self.sandbox, self.seed, self._traps = sandbox, seed, traps
        self.rubric = narrowest(load_rubric())
        # credit of each section, by source and sections
        self._twins: dict[tuple[str, tuple[str, ...]], dict[str, float]] = {}

    def judge(self, mutant: Mutant) -> MutantOutcome:
        """Mark a mutant, after its twin if that has not been marked yet."""
        started = time.perf_counter()
        results: dict[str, SectionResult] = {}
        printed = ""
        try:
            self._expect_twin(mutant)
            results, printed = self._marked(mutant)
            problems = [*self._gained(mutant, results), *_told(mutant, printed)]
        except Exception as error:  # no submission may cause this
            problems = [f"the grader raised {type(error).__name__}: {error}"]
        problems += self._traps.sprung(results)
        return MutantOutcome(
            mutant,
            _evidence(mutant, printed, results),
            "; ".join(problems),
            time.perf_counter() - started,
            "\n".join([printed, *(f"{n}: {feedback(r)[:500]}" for n, r in results.items())]),
        )

    def _expect_twin(self, mutant: Mutant) -> None:
        """Mark the mutant's twin, unless that was done before."""
        if _twin_key(mutant) not in self._twins:
            self._twins[_twin_key(mutant)] = self._without_attack(mutant, mutant.twin)

    def _without_attack(self, mutant: Mutant, source: str) -> dict[str, float]:
        """The credit of each section of a twin."""
        results, _ = self._marked(replace(mutant, source=source))
        list(self._traps.sprung(results))  # a twin springs none; what others left counts once
        return credit_of(results)

    def _marked(self, mutant: Mutant) -> tuple[dict[str, SectionResult], str]:
        """The results by number, and all that the script printed."""
        trigger = mutant.trigger
        submission = Submission("mutant", {trigger.script: mutant.source.encode()}, {}, {})
        options = Options(
            seed=self.seed,
            only=trigger.sections,
            skip_training=not trigger.training,
            train_size=TRAIN_SIZE,
            sandbox=self.sandbox,
        )
        marking = Marking(submission, self.rubric, options, explains=mutant.explained)
        student, printed = marking.students[trigger.script], []
        try:
            marking.begin()
            for section in marking.to_run():
                result = marking.mark(section)
                printed += [student.printed, result.verdict.printed or ""]
            student.close()
            printed.append(student.printed)
            return {s.number: marking.results[s.number] for s in marking.chosen}, "\n".join(printed)
        finally:
            marking.close()

    def _gained(self, mutant: Mutant, results: dict[str, SectionResult]) -> Iterator[str]:
        key = _twin_key(mutant)
        if any(credit > self._twins[key][number] for number, credit in credit_of(results).items()):
            # the twin may have lost a section because the machine was busy
            for source in filter(None, (mutant.twin, mutant.late_twin)):
                self._twins[key] = best_of(self._twins[key], self._without_attack(mutant, source))
        twin = self._twins[key]
        for number, credit in credit_of(results).items():
            if results[number].status is Status.ERROR:
                yield f"grader error in {number}: {feedback(results[number])[:200]}"
            elif credit > twin[number]:
                yield f"{number} earned {credit:.0%}, and {twin[number]:.0%} without the attack"


def best_of(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    """The higher credit of each section."""
    return {number: max(credit, other[number]) for number, credit in one.items()}


def _twin_key(mutant: Mutant) -> tuple[str, tuple[str, ...]]:
    return mutant.twin, mutant.trigger.sections


def narrowest(rubric: Rubric) -> Rubric:
    """The rubric with limits so short that a thousand attacks on time take minutes."""
    rubric = narrow(rubric)
    limits = replace(
        rubric.limits,
        call_seconds=1.5,
        full_size_seconds=1.5,
        import_seconds=20.0,  # a busy machine takes some to import torch
        train_seconds=dict.fromkeys(SCRIPTS, 8.0),
    )
    return replace(rubric, limits=limits, training=replace(rubric.training, runs=1))


def credit_of(results: dict[str, SectionResult]) -> dict[str, float]:
    """The share of its points that each section earned."""
    return {
        number: 1.0 if result.status is not Status.FAILED else result.verdict.credit
        for number, result in results.items()
    }


def _told(mutant: Mutant, printed: str) -> Iterator[str]:
    """What the attack itself reports as a success."""
    if found := re.search(rf"^{mutant.token} leak \d: (.*)$", printed, re.MULTILINE):
        yield f"the attack reports success: {found[1]}"


def _evidence(mutant: Mutant, printed: str, results: dict[str, SectionResult]) -> str:
    """What is known of the attack, from what it printed: all its parts ran, or not."""
    words = set(re.findall(rf"^{mutant.token} (\w+) (\d)", printed, re.MULTILINE))
    begun = {part for word, part in words if word == "begun"}
    if not begun:
        forbidden = any("forbidden-import" in r.verdict.misconceptions for r in results.values())
        return REFUSED if forbidden else UNREACHED
    # an attack that neither ends nor breaks off has ended its process, or hangs
    broken = {part for word, part in words if word == "broke"}
    broken -= {part for word, part in words if word in ("done", "leak")}
    return BROKE if broken else RAN


# --- many mutants


def run(mutants: Sequence[Mutant], sandbox: str, seed: int, jobs: int) -> Iterator[MutantOutcome]:
    """The outcomes of the mutants as they come, from `jobs` processes; in order if it is one."""
    if jobs == 1:
        with Traps() as traps:
            judge = Judge(sandbox, seed, traps)
            yield from map(judge.judge, mutants)
        return
    with ProcessPoolExecutor(
        jobs, get_context("spawn"), initializer=_start, initargs=(sandbox, seed)
    ) as pool:
        futures = [pool.submit(_judged, mutant) for mutant in mutants]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_judge: Judge | None = None


def _start(sandbox: str, seed: int) -> None:
    """Set the traps of a process of the pool, which its exit removes."""
    global _judge
    import atexit

    traps = Traps().__enter__()
    atexit.register(traps.__exit__)
    _judge = Judge(sandbox, seed, traps)


def _judged(mutant: Mutant) -> MutantOutcome:
    assert _judge is not None
    return _judge.judge(mutant)


# --- reports


def table(outcomes: Sequence[MutantOutcome]) -> str:
    """Held mutants of all, by cheat and kind of mutation, and how many attacks demonstrably ran."""
    cheats = sorted({one.mutant.cheats[0] for one in outcomes})
    width = max(map(len, [*cheats, "all"]))
    lines = [f"{'cheat':<{width}}" + "".join(f"{kind:>11}" for kind in KINDS) + f"{'ran':>11}"]
    for cheat in [*cheats, "all"]:
        own = [one for one in outcomes if cheat in ("all", one.mutant.cheats[0])]
        cells = []
        for kind in KINDS:
            of_kind = [one for one in own if one.mutant.kind == kind]
            held = sum(not one.problem for one in of_kind)
            cells.append(f"{held}/{len(of_kind)}" if of_kind else "-")
        ran = sum(one.evidence == RAN for one in own)
        lines.append(
            f"{cheat:<{width}}" + "".join(f"{c:>11}" for c in [*cells, f"{ran}/{len(own)}"])
        )
    return "\n".join(lines)


def summary(outcomes: Sequence[MutantOutcome]) -> str:
    """How many were held, what became of the attacks, and the time that they took."""
    held = sum(not one.problem for one in outcomes)
    count = Counter(one.evidence for one in outcomes)
    seconds = [one.seconds for one in outcomes]
    evidence = ", ".join(f"{count[word]} {word}" for word in (RAN, BROKE, REFUSED, UNREACHED))
    return (
        f"{held} of {len(outcomes)} held\n"
        f"attacks: {evidence}\n"
        f"{sum(seconds) / len(seconds):.2f} s a mutant, {max(seconds):.1f} s at most"
    )


def write_failing(outcomes: Sequence[MutantOutcome], folder: Path) -> None:
    """Write each mutant that is not held, its twin and what happened to `folder`."""
    for number, one in enumerate(outcome for outcome in outcomes if outcome.problem):
        place = folder / f"{number:03d}-{one.mutant.kind}-{one.mutant.cheats[0]}"
        place.mkdir(parents=True, exist_ok=True)
        script = one.mutant.trigger.script
        (place / f"{script}.py").write_text(one.mutant.source, encoding="utf-8")
        (place / "twin.py").write_text(one.mutant.twin, encoding="utf-8")
        told = f"{one.mutant.recipe}\nsections: {', '.join(one.mutant.trigger.sections)}\n"
        told += f"problem: {one.problem}\nevidence: {one.evidence}\n\n{one.printed}\n"
        (place / "outcome.txt").write_text(told, encoding="utf-8", errors="backslashreplace")

"""Questions about the reference and forty works written differently, for the tables."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assignment.questions import drafting
from assignment.questions.question import Question
from grader import REFERENCE
from grader.marking.marking import Marking
from grader.options import Options
from grader.questions.asking import seed_of, subjects_of
from grader.questions.registry import KINDS
from grader.results import Report, Status
from grader.submission.reading import open_submission
from tests.right_works import WORKS, write_work
from tests.support import RUBRIC

REFERENCE_NAME = "reference"
OPTIONS = Options(seed=1, train_size=2000)  # a short training: its curves are asked about


@dataclass(frozen=True)
class Asked:
    """A question, whose it is, the seed, and the keys that the reference gives to the same text."""

    work: str
    script: str
    seed: int
    question: Question
    of_reference: tuple[str, ...]


def asked(folder: Path, works: list[str], seeds: range) -> Iterator[Asked]:
    """A question of every kind, for each work, script and seed, drawn as the command draws it."""
    for work in works:
        own = _drafts(folder, work, work, seeds)
        reference = own if work == REFERENCE_NAME else _drafts(folder, REFERENCE_NAME, work, seeds)
        for (kind, script, seed), found in own.items():
            rng = np.random.default_rng(seed_of(seed, f"{work} {kind} {script} drawn"))
            draft = drafting.chosen(found, rng)
            if draft is None:
                continue
            section = next(k for k in KINDS if k.name == kind).needs[script][-1]
            known = reference.get((kind, script, seed), [])
            keys = tuple(one.key for one in known if one.text == draft.text)
            yield Asked(
                work, script, seed, drafting.question(draft, kind, section, rng, work), keys
            )


def names() -> list[str]:
    """The reference and the forty works."""
    return [REFERENCE_NAME, *(f"work{number:02}" for number in range(WORKS))]


def _drafts(
    folder: Path, work: str, student: str, seeds: range
) -> dict[tuple[str, str, int], list[drafting.Draft]]:
    """What each kind can ask about a work, by kind, script and seed, drawn for a student."""
    path, report = _marked(folder, work)
    found = {}
    with subjects_of(open_submission(path), report, RUBRIC, OPTIONS) as subjects:
        for kind in KINDS:
            for script in kind.needs:
                for seed in seeds:
                    rng = np.random.default_rng(seed_of(seed, f"{student} {kind.name} {script}"))
                    try:
                        with np.errstate(all="ignore"):
                            drafts = list(kind.drafts(subjects[script], rng))
                    except Exception as error:
                        print(f"    {work} {script} {kind.name}: {error!r:.150}", flush=True)
                        subjects[script].student.close()
                        break
                    found[kind.name, script, seed] = drafts
    return found


def _marked(folder: Path, work: str) -> tuple[Path, Report]:
    """A work and its report, in which all sections passed, from the folder or made there."""
    path = REFERENCE if work == REFERENCE_NAME else folder / work
    kept = folder / f"{work}.pickle"
    if work != REFERENCE_NAME and not path.is_dir():
        write_work(int(work[-2:]), path)
    if not kept.exists():
        marking = Marking(open_submission(path), RUBRIC, OPTIONS)
        marking.mark_all()
        kept.write_bytes(pickle.dumps(marking.report()))
    report: Report = pickle.loads(kept.read_bytes())
    sections = tuple(
        replace(section, verdict=replace(section.verdict, status=Status.PASSED))
        for section in report.sections
    )
    return path, replace(report, sections=sections, submission=work)

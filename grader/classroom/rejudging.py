"""After a changed bar: judge stored trainings anew, and mark again only what needs more of them.

A result's key covers bars. A result whose key would be the present one, had the rubric the bars of
a rubric in the gradebook, was marked by those bars and differs in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from grader.classroom.gradebook import Gradebook
from grader.classroom.keys import SectionKeys
from grader.classroom.stored_results import StoredResult
from grader.errors import RubricError
from grader.marking.rejudging import StoredTraining, rejudged, stored_training
from grader.options import Options
from grader.results import Status
from grader.rubric import Rubric, parse_rubric
from grader.rules import RubricSection


class Rejudging:
    """Judges the stored trainings of submissions by the present rubric."""

    def __init__(
        self, gradebook: Gradebook, rubric: Rubric, keys_by: Callable[[Rubric], SectionKeys]
    ):
        """`keys_by` gives the keys of results by some rubric."""
        self._gradebook, self._rubric, self._keys_by = gradebook, rubric, keys_by
        self._now = keys_by(rubric)
        self._with_bars_of = cache(self._read)

    def results(
        self, work: str, missing: Iterable[str], options: Options, after: int
    ) -> dict[str, int]:
        """The numbers of new results for `missing` sections, as far as stored trainings suffice.

        Results up to number `after` do not count.
        """
        sections = [self._rubric.by_number[number] for number in missing]
        sections = [s for s in sections if s.training or s.section.reads_curves]
        if not sections or options.audit:  # an audit depends on the bar, and trains
            return {}
        for digest in self._gradebook.rubrics_of(work):
            read = self._with_bars_of(digest)
            if read is None:
                continue
            before, keys = read
            known = self._gradebook.known(keys.of(work, options), after)
            if any(section.number in known for section in sections):
                return self._of_one_rubric(work, sections, before, known, options)
        return {}

    def _read(self, digest: str) -> tuple[Rubric, SectionKeys] | None:
        """The present rubric with the bars of one that was kept, and the keys of results by it.

        None if the kept one cannot be read.
        """
        try:
            kept = parse_rubric(self._gradebook.rubric(digest), digest)
            before = with_bars_of(self._rubric, kept)
            return before, self._keys_by(before)
        except (RubricError, KeyError, TypeError, ValueError):
            return None

    def _of_one_rubric(
        self,
        work: str,
        sections: list[RubricSection],
        before: Rubric,
        known: dict[str, int],
        options: Options,
    ) -> dict[str, int]:
        old = {number: self._gradebook.result(result) for number, result in known.items()}
        trainings = {
            script: self._training(work, script, old, before)
            for script in {section.script for section in sections}
        }
        now = self._now.of(work, options)
        found: dict[str, int] = {}
        with self._gradebook.transaction():
            for section in sections:
                stored, training = old.get(section.number), trainings[section.script]
                if stored is None or training is None:
                    continue
                failed = self._failed_before(section, old)
                new = rejudged(section, stored.section, training, failed, self._rubric, options)
                if new is None:
                    continue
                key = now[section.number]
                found[section.number] = self._gradebook.add_result(stored.marking, key, new)
                old[section.number] = replace(stored, section=new)
                if section.training and training.now is not None:
                    self._gradebook.show_training(work, section.script, training.now)
        return found

    def _failed_before(self, section: RubricSection, results: dict[str, StoredResult]) -> list[str]:
        """The failed sections of the same script before this one."""
        numbers = [s.number for s in self._rubric.sections if s.script == section.script]
        earlier = numbers[: numbers.index(section.number)]
        return [
            number
            for number in earlier
            if number in results and results[number].section.status is Status.FAILED
        ]

    def _training(
        self, work: str, script: str, old: dict[str, StoredResult], before: Rubric
    ) -> StoredTraining | None:
        accuracy = next(
            (s.number for s in self._rubric.sections if s.training and s.script == script), ""
        )
        if accuracy not in old:
            return None
        stored = old[accuracy]
        runs = self._gradebook.runs(work, script, stored.marking)
        return stored_training(stored.section, runs, before, self._rubric)


def with_bars_of(rubric: Rubric, other: Rubric) -> Rubric:
    """A rubric that judges trainings as another one does, and is the same in all the rest."""
    sections = tuple(
        replace(
            section,
            bar=other.by_number[section.number].bar,
            hints=other.by_number[section.number].hints,
            title=other.by_number[section.number].title,
        )
        if section.training
        else section
        for section in rubric.sections
    )
    return replace(rubric, sections=sections, training=other.training, judgement=other.judgement)

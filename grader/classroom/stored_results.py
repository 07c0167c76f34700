"""Results and trainings that are kept, for verdicts that follow from them after a changed bar.

And the weights of trained networks, for a look inside.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from grader.classroom.class_state import ClassState
from grader.results import SectionResult, section_from
from grader.training.fitted_network import FittedNetwork
from grader.training.run import TrainingOutcome
from grader.training.several import StoredRun, stored_from


@dataclass(frozen=True)
class StoredResult:
    """A result, and the number of the marking that it comes from."""

    marking: int
    section: SectionResult


class StoredResults(ClassState):
    """The gradebook's results by their numbers, and all trainings of each script."""

    def rubrics_of(self, work: str) -> list[str]:
        """The hashes of the kept rubrics by which a work was marked, the last one first."""
        rows = self._db.execute(
            "select rubric from markings join rubrics on hash = rubric where work = ? "
            "group by rubric order by max(markings.id) desc",
            (work,),
        )
        return [digest for (digest,) in rows]

    def result(self, number: int) -> StoredResult:
        """The result with this number."""
        marking, text = self._db.execute(
            "select marking, result from results where id = ?", (number,)
        ).fetchone()
        return StoredResult(marking, section_from(json.loads(text)))

    def runs(self, work: str, script: str, marking: int) -> tuple[StoredRun, ...]:
        """All trainings of a script in one marking; none if another one's are kept."""
        row = self._db.execute(
            "select runs from trainings where work = ? and script = ? and marking = ?",
            (work, script, marking),
        ).fetchone()
        return () if row is None else tuple(map(stored_from, json.loads(row[0])))

    def add_result(self, marking: int, key: str, section: SectionResult) -> int:
        """Keep a result that follows from what a marking found; returns its number."""
        with self.transaction():
            row = (key, marking, section.number, str(section.status), json.dumps(asdict(section)))
            number = self._db.execute(
                "insert into results (key, marking, number, status, result) values (?, ?, ?, ?, ?)",
                row,
            ).lastrowid
        assert number is not None
        return number

    def show_training(self, work: str, script: str, run: TrainingOutcome) -> None:
        """Make another one of the kept trainings of a script the one that is shown."""
        assert run.shown is not None
        with self.transaction():
            self._db.execute(
                "update trainings set accuracy = ?, shown = ? where work = ? and script = ?",
                (run.accuracy, json.dumps(asdict(run.shown)), work, script),
            )

    def keep_network(
        self, work: str, script: str, accuracy: float, network: FittedNetwork | None
    ) -> None:
        """Keep the network of a script's last training, in place of that of an earlier one."""
        with self.transaction():
            self._db.execute("delete from networks where work = ? and script = ?", (work, script))
            if network is not None:
                self._db.execute(
                    "insert into networks (work, script, accuracy, units, agreement, weights) "
                    "values (?, ?, ?, ?, ?, ?)",
                    (work, script, accuracy, network.units, network.agreement, network.weights),
                )

    def _drop_old_networks(self, work: str) -> None:
        """Of the students who handed in a work, remove networks that are nobody's last."""
        self._db.execute(
            "delete from networks where work in (select work from attempts where student in "
            "(select student from attempts where work = ?)) and not exists "
            "(select 1 from attempts as one where one.work = networks.work and one.id = "
            "(select max(id) from attempts where student = one.student))",
            (work,),
        )

    def network(self, work: str, script: str) -> FittedNetwork | None:
        """The network of the training that is shown of a script; None if it is not kept.

        Raises CannotGrade for one that is not what was kept.
        """
        row = self._db.execute(
            "select units, agreement, weights from networks join trainings using (work, script) "
            "where work = ? and script = ? and networks.accuracy = trainings.accuracy",
            (work, script),
        ).fetchone()
        try:
            return None if row is None else FittedNetwork(*row)
        except (TypeError, ValueError) as error:
            raise self.damaged(f"the network of a submission: {error}") from None

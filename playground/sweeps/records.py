"""The trials of a study as plain records for reports and figures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playground.configuration import Configuration
from playground.configuration_files import from_values

if TYPE_CHECKING:
    from optuna import Study


@dataclass(frozen=True)
class Record:
    """A finished trial: its point in the search space, validation accuracy and end."""

    number: int
    end: str
    val_accuracy: float
    parameters: dict[str, Any]
    configuration: Configuration
    network_parameters: int
    seconds: float


def records_of(study: Study) -> list[Record]:
    """All finished trials with at least one evaluated epoch, in order."""
    found = []
    for trial in study.get_trials(deepcopy=False):
        values, noted = list(trial.intermediate_values.values()), trial.user_attrs
        if "end" in noted and values:
            configuration = from_values(json.loads(noted["configuration"]))
            found.append(
                Record(
                    trial.number,
                    noted["end"],
                    values[-1],
                    trial.params,
                    configuration,
                    noted["parameters"],
                    noted["seconds"],
                )
            )
    return found


def best(records: list[Record], count: int) -> list[Record]:
    """The best of the completed trials; ties are in order of their numbers."""
    complete = [record for record in records if record.end == "complete"]
    return sorted(complete, key=lambda record: -record.val_accuracy)[:count]

"""A study read as plain records, which is what reports and figures are made from."""

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
    """A trial that has come to its end: where in the space, how well on the validation images, and how it ended."""

    number: int
    end: str
    val_accuracy: float
    parameters: dict[str, Any]
    configuration: Configuration
    network_parameters: int
    seconds: float


def records_of(study: Study) -> list[Record]:
    """All trials that were measured at all, in their order."""
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
    """The best of those that were trained to their end; of equals the earliest first."""
    complete = [record for record in records if record.end == "complete"]
    return sorted(complete, key=lambda record: -record.val_accuracy)[:count]

"""What the page can ask of a training: stop, pause, go on, another learning rate."""

from __future__ import annotations

import math
from numbers import Real
from threading import Condition

from playground.errors import PlaygroundError
from playground.training import Controls, StopTraining

ACTIONS = ("stop", "pause", "resume", "rate")
MAX_FACTOR = 1000.0


class LiveControls(Controls):
    """Controls that the server's threads set while the training runs."""

    def __init__(self) -> None:
        super().__init__()
        self.paused = self.stopped = False
        self._changed = Condition()

    def obey(self, command: object) -> str:
        """Does what a message asks, such as `{"action": "pause"}`; returns what was done.

        `{"action": "rate", "factor": 0.5}` halves the learning rate of the configuration. Raises
        PlaygroundError for a message that asks for nothing known.
        """
        message = command if isinstance(command, dict) else {}
        action = message.get("action")
        if action not in ACTIONS:
            raise PlaygroundError(
                f"action is {action!r:.40}, expected one of: {', '.join(ACTIONS)}"
            )
        with self._changed:
            if action == "rate":
                self.rate_factor = _factor(message.get("factor"))
            elif action == "stop":
                self.stopped = True
            else:
                self.paused = action == "pause"
            self._changed.notify_all()
        return {"stop": "stopped", "pause": "paused", "resume": "resumed"}.get(
            action, f"learning rate times {self.rate_factor:.3g}"
        )

    def wait(self) -> None:
        """Returns as soon as the training may go on. Raises StopTraining if it has to end."""
        with self._changed:
            self._changed.wait_for(lambda: self.stopped or not self.paused)
        if self.stopped:
            raise StopTraining


def _factor(value: object) -> float:
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not 0 < number <= MAX_FACTOR:
        raise PlaygroundError(
            f"factor is {value!r:.40}, expected a number above 0 and at most {MAX_FACTOR:g}"
        )
    return number

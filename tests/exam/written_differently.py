"""Right submissions that are written differently: other styles in every section, other networks."""

from __future__ import annotations

import tomllib
from typing import Any

from grader.sections import SCRIPTS
from tests.architectures import ANN, CNN
from tests.steps import RIGHT_PREDICTIONS, RIGHT_STEPS, TEXTBOOK
from tests.support import ROOT, script_with

SPECIMENS = ROOT / "tests" / "specimens"
COUNT = 40
_NOT_ALONE = ("compiled copy", "scripted copy", "traced copy")  # compilers take seconds


def _styles() -> list[dict[str, Any]]:
    right = tomllib.loads((SPECIMENS / "right.toml").read_text())["right"]
    odd = tomllib.loads((SPECIMENS / "odd_numpy.toml").read_text())["odd"]
    return [one for one in [*right, *(o for o in odd if o["right"])] if one["section"][0] == "1"]


def submission(number: int) -> dict[str, str]:
    """The scripts of right submission `number`, from 0; no two are alike."""
    own = codes(number)
    return {script: script_with(script, own) for script in SCRIPTS}


def codes(number: int) -> dict[str, str]:
    """The code of a right submission by section, where it is not the reference's."""
    return {**_numpy(number), **_torch(number, "2", ANN), **_torch(number, "3", CNN)}


def _numpy(number: int) -> dict[str, str]:
    """The code of 1.2 to 1.6, each in a style of its own."""
    styles = [one for one in _styles() if not one.get("others")]
    found = {}
    for section in ("1.2", "1.3", "1.4", "1.5", "1.6"):
        own = [one for one in styles if one["section"] == section]
        place = (number * 7 + int(section[2:])) % (len(own) + 1)
        if place < len(own):  # else as in the reference
            found[section] = own[place]["code"]
    return found


def _torch(number: int, part: str, networks: dict[str, tuple[str, str]]) -> dict[str, str]:
    layers, forward = list(networks.values())[number % len(networks)]
    steps = {"textbook": TEXTBOOK, **RIGHT_STEPS}
    predictions = {k: v for k, v in RIGHT_PREDICTIONS.items() if k not in _NOT_ALONE}
    found = {f"{part}.1": layers, f"{part}.2": forward}
    found[f"{part}.3"] = list(steps.values())[number * 3 % len(steps)].strip("\n")
    found[f"{part}.4"] = list(predictions.values())[number % len(predictions)]
    if "self.net" not in layers:  # a step or prediction that asks for it
        found = {k: v for k, v in found.items() if "self.net" not in v}
    return found

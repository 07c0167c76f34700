"""What `run_autograder` starts in Gradescope's container: mark the submission, write results.json as the platform wants it.

Before that, run_autograder has put fallback.json in its place, so there are results whatever becomes of this process.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from assignment.files import write_atomically
from grader import REFERENCE
from grader.errors import CannotGrade
from grader.publish.once import OutOfTime, grade
from grader.report.results_json import encode, for_platform, unmarked
from grader.rubric import load_rubric

SETTINGS = "autograder.json"
FEW = 200  # images, in the rehearsal: enough to see whether training works, too few to come near a bar and be repeated
REHEARSAL = 10  # minutes for it, on half a processor
PRIVATE = (
    "source",
    "submission",
    "results",
    "submission_metadata.json",
)  # below the container's /autograder


def run(root: Path) -> int:
    """Mark `root`/submission into `root`/results/results.json; 0 if something of a submission was marked.

    Raises CannotGrade where the grader failed; the results stay as they are then.
    """
    settings = read_settings(root)
    close(root)
    target = root / "results" / "results.json"
    minutes = settings["minutes"]
    with tempfile.TemporaryDirectory(prefix="marking-") as folder:
        try:
            content = grade(
                root / "submission",
                Path(folder, "results.json"),
                settings["arguments"],
                seconds=60 * minutes,
            )
        except OutOfTime:
            write_atomically(
                target, encode(unmarked(f"the marking did not end within {minutes:g} minutes."))
            )
            raise CannotGrade(f"the marking did not end within {minutes:g} minutes") from None
    if content is None:
        raise CannotGrade("the grader ended without results; what it printed stands above")
    shown = for_platform(
        content, visibility=settings["visibility"], leaderboard=settings["leaderboard"]
    )
    write_atomically(target, encode(shown))
    return 0


def rehearse(root: Path) -> int:
    """Mark the reference as the image is built: 0 if it earns every point that needs no training, and if it can be trained.

    Raises CannotGrade if not: a Python or torch that falls short here would fail every student.
    """
    arguments = read_settings(root)["arguments"]
    untrained = _rehearse(
        [*arguments, *([] if "--skip-training" in arguments else ["--skip-training"])]
    )
    if untrained["score"] != untrained["max_score"]:
        raise CannotGrade(
            "the reference does not earn every point here; the score card above says where"
        )
    if "--skip-training" not in arguments:
        trained = [section for section in load_rubric().sections if section.training]
        only = ",".join(section.number for section in trained)
        reached = _rehearse([*arguments, f"--only={only}", f"--train-size={FEW}"])["extra_data"][
            "accuracy"
        ]
        lacking = [f"{section.script}.py" for section in trained if section.script not in reached]
        if lacking:
            raise CannotGrade(
                f"the reference cannot be trained here: {', '.join(lacking)}; the score card above says why"
            )
    return 0


def _rehearse(arguments: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="marking-") as folder:
        try:
            content = grade(
                REFERENCE, Path(folder, "results.json"), arguments, seconds=60 * REHEARSAL
            )
        except OutOfTime:
            raise CannotGrade(f"the reference was not marked within {REHEARSAL} minutes") from None
    if content is None:
        raise CannotGrade("the grader ended without results; what it printed stands above")
    return content


def read_settings(root: Path) -> dict[str, Any]:
    """The settings that `publish gradescope` wrote. Raises CannotGrade if there are none to be read."""
    path = root / "source" / SETTINGS
    try:
        settings: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CannotGrade(
            f"{path} cannot be read ({error}), expected what `publish gradescope` packed"
        ) from None
    return settings


def close(root: Path) -> None:
    """Take everybody else's rights to the grader, the results and what the platform says of the student.

    The sandbox keeps student code away from them; this is the second lock, for a machine whose kernel lacks Landlock.
    """
    for name in PRIVATE:
        path = root / name
        with contextlib.suppress(FileNotFoundError):
            try:
                path.chmod(path.stat().st_mode & 0o700)
            except OSError as error:
                print(f"{path} stays open to other users: {error.strerror}", file=sys.stderr)

"""Runs in Gradescope's container: marks the submission, and writes results.json for the platform.

run_autograder has written fallback.json in its place before, so that results exist even if this
process is killed.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from assignment.files import write_atomically
from grader import REFERENCE
from grader.errors import CannotGrade
from grader.publish.once import OutOfTime, grade
from grader.report.results_json import encode, for_platform, unmarked
from grader.results import Status
from grader.rubric import load_rubric
from grader.sandbox.temporary import TemporaryFolder

SETTINGS = "autograder.json"
# images in the rehearsal: enough to see whether training works, too few to come near a bar, where
# trainings are repeated
REHEARSAL_SIZE = 200
REHEARSAL_MINUTES = 10  # on half a processor
# below the container's /autograder
METADATA = "submission_metadata.json"
PRIVATE = ("source", "submission", "results", METADATA)


def run(root: Path) -> int:
    """Mark `root`/submission into `root`/results/results.json; returns 0.

    Raises CannotGrade where the grader failed; the results file then stays as it is.
    """
    settings = read_settings(root)
    restrict_access(root)
    target = root / "results" / "results.json"
    minutes = settings["minutes"]
    with TemporaryFolder("marking-") as folder:
        try:
            content = grade(
                root / "submission",
                folder.path / "results.json",
                [*settings["arguments"], f"--attempt={attempt_of(root)}"],
                seconds=60 * minutes,
            )
        except OutOfTime:
            problem = f"the marking did not end within {minutes:g} minutes"
            write_atomically(target, encode(unmarked(f"{problem}.")))
            raise CannotGrade(problem) from None
    if content is None:
        raise CannotGrade("the grader ended without results; its output is above")
    _expect_complete(content, target)
    shown = for_platform(
        content, visibility=settings["visibility"], leaderboard=settings["leaderboard"]
    )
    write_atomically(target, encode(shown))
    return 0


def _expect_complete(content: dict[str, Any], target: Path) -> None:
    """Raises CannotGrade, and writes 0 points with the reason, if the grader failed in a section.

    Elsewhere such a section costs no points, and an instructor looks at it. Here nobody does: every
    check was right in the rehearsal, so the container failed, as it does when its memory is used
    up, and then whatever was handed in would get the points of every section that did not run.
    """
    failed = [
        test["number"] for test in content["tests"] if test["extra_data"]["outcome"] == Status.ERROR
    ]
    if failed:
        problem = f"sections could not be marked on this machine ({', '.join(failed)})"
        write_atomically(target, encode(unmarked(f"{problem}.")))
        raise CannotGrade(problem)


def rehearse(root: Path) -> int:
    """Mark the reference solution while the image is built; returns 0 if it passes.

    Raises CannotGrade if it loses a point without training, or cannot be trained: every student
    would fail on this Python or torch.
    """
    arguments = read_settings(root)["arguments"]
    skip = [] if "--skip-training" in arguments else ["--skip-training"]
    untrained = _rehearse([*arguments, *skip])
    if untrained["score"] != untrained["max_score"]:
        raise CannotGrade(
            "the reference solution loses points here; the score card above says where"
        )
    if "--skip-training" not in arguments:
        trained = [section for section in load_rubric().sections if section.training]
        only = ",".join(section.number for section in trained)
        content = _rehearse([*arguments, f"--only={only}", f"--train-size={REHEARSAL_SIZE}"])
        reached = content["extra_data"]["accuracy"]
        failed = [f"{section.script}.py" for section in trained if section.script not in reached]
        if failed:
            raise CannotGrade(
                f"the reference solution cannot be trained here: {', '.join(failed)}; "
                "the score card above says why"
            )
    return 0


def _rehearse(arguments: list[str]) -> dict[str, Any]:
    with TemporaryFolder("marking-") as folder:
        try:
            results = folder.path / "results.json"
            content = grade(REFERENCE, results, arguments, seconds=60 * REHEARSAL_MINUTES)
        except OutOfTime:
            raise CannotGrade(
                f"the reference solution was not marked within {REHEARSAL_MINUTES} minutes"
            ) from None
    if content is None:
        raise CannotGrade("the grader ended without results; its output is above")
    return content


def read_settings(root: Path) -> dict[str, Any]:
    """The settings that `publish gradescope` wrote. Raises CannotGrade if they cannot be read."""
    path = root / "source" / SETTINGS
    try:
        settings: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CannotGrade(
            f"{path} cannot be read ({error}), expected what `publish gradescope` packed"
        ) from None
    return settings


def attempt_of(root: Path) -> int:
    """Which submission of the student's this is, by the platform's metadata; 1 if they say nothing."""
    try:
        metadata = json.loads((root / METADATA).read_bytes())
        return 1 + len(metadata["previous_submissions"])
    except (OSError, ValueError, KeyError, TypeError):
        return 1


def restrict_access(root: Path) -> None:
    """Remove other users' access to the grader, the results and the student's data.

    The sandbox hides them from student code; this is a second barrier, should Landlock be missing.
    """
    for name in PRIVATE:
        path = root / name
        with contextlib.suppress(FileNotFoundError):
            try:
                path.chmod(path.stat().st_mode & 0o700)
            except OSError as error:
                print(f"{path} stays readable by other users: {error.strerror}", file=sys.stderr)

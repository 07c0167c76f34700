"""A submission as a record: what is marked, and how it was read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from grader.errors import StudentFault
from grader.submission.names import CHECKLIST, PLOTS

# begins the note on files that may stand for missing ones
ALSO_THERE = "Also there, and not read: "


@dataclass(frozen=True)
class Submission:
    """The named files of one submission; `problems` says by file name why one was not taken."""

    name: str
    scripts: dict[str, bytes]  # source of "numpy_ann" and so on, in UTF-8
    plots: dict[str, bytes]  # by the script that draws it
    problems: dict[str, str]
    # the file that each of the checklist's was read from, where that has another name
    taken: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)  # scripts that are no text, and why
    notes: tuple[str, ...] = ()  # sentences on how the files were read
    in_one: str = ""  # the notebook that holds all the scripts

    @property
    def missing(self) -> list[str]:
        """The checklist's files that are missing or were not taken."""
        present = {f"{name}.py" for name in self.scripts} | {PLOTS[name] for name in self.plots}
        return [name for name in CHECKLIST if name not in present]

    @property
    def unsettled(self) -> str:
        """What is missing, if files are there that may stand for it, and these files; else ""."""
        others = [note for note in self.notes if note.startswith(ALSO_THERE)]
        names = [name for name in self.missing if others or name in self.problems]
        missing = "; ".join(f"{name} {self.problems.get(name, 'is missing')}" for name in names)
        return " ".join([f"{missing}.", *others]) if missing else ""

    @property
    def renamed(self) -> dict[str, str]:
        """The checklist's files that were read from a file with another name, and that name."""
        return {
            name: found
            for name, found in self.taken.items()
            if found != name.replace(".py", ".ipynb") or self.in_one
        }

    def is_notebook(self, script: str) -> bool:
        """Whether a script came as a notebook."""
        return self.taken.get(f"{script}.py", "").lower().endswith(".ipynb")

    def expect_script(self, script: str) -> None:
        """Raises StudentFault if a script is missing, or is no text."""
        if script not in self.scripts:
            problems = [self.problems.get(f"{script}{end}", "") for end in (".py", ".ipynb")]
            problem = next((problem for problem in problems if problem), "is missing")
            if problem == "is missing":
                problem += ", so this section cannot be marked"
            raise StudentFault(f"{script}.py {problem}", kind="not-written")
        if script in self.faults:
            raise StudentFault(self.faults[script], kind="syntax-error")

    def how_read(self) -> dict[str, Any]:
        """Everything but the name and the files, for JSON and `read_as`."""
        fields = asdict(self)
        return {key: fields[key] for key in ("problems", "taken", "faults", "notes", "in_one")}


def read_as(
    name: str, scripts: dict[str, bytes], plots: dict[str, bytes], how: dict[str, Any]
) -> Submission:
    """The submission whose `how_read` is `how`; old gradebooks kept the problems alone."""
    if not isinstance(how.get("problems"), dict):
        return Submission(name, scripts, plots, how)
    return Submission(name, scripts, plots, **{**how, "notes": tuple(how["notes"])})

"""The checklist's files of one place, read: which file counts as which, and in which form."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from assignment.notebook_cells import NotebookError
from assignment.parts import PARTS
from assignment.size_limits import (
    MAX_PLOT,
    MAX_SCRIPT,
    TooLargeError,
    bounded_code,
    expect_size,
    source_limit,
)
from assignment.sources import EncodingError, roughly
from grader.sections import SCRIPTS
from grader.submission.archives import Read
from grader.submission.names import PLOTS, Aliases, resembles, slot, slots
from grader.submission.parsing import ask
from grader.submission.places import Files, Places, elsewhere, some
from grader.submission.record import ALSO_THERE, Submission


@dataclass
class _Taking:
    """What was taken so far; the fields are those of Submission."""

    files: Files
    slots: dict[str, list[str]]
    scripts: dict[str, bytes] = field(default_factory=dict)
    plots: dict[str, bytes] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def meant(self, name: str) -> str:
        """The file that one of the checklist's names means; "" for none, or for several."""
        found = self.slots.get(name, [])
        if len(found) > 1:
            self.problems[name] = (
                f"is missing: {' and '.join(found)} could be meant, so none of them is read. "
                "Hand in one of them under the exact name"
            )
        return found[0] if len(found) == 1 else ""

    def note(self, name: str, found: str, form: str) -> None:
        """Note that `found` counts as `name`; `form` is the exact name of its kind of file."""
        if found != name:
            self.taken[name] = found
        if found != form:
            self.notes.append(f"{found} was read as {form}.")


def take(
    name: str,
    places: Places,
    place: PurePosixPath,
    aliases: Aliases,
    notes: list[str],
    *,
    in_one: str = "",
) -> Submission:
    """The submission `name` from the files of one place; `in_one` is a notebook read before."""
    files = places[place]
    taking = _Taking(files, slots(files, aliases), notes=[*notes])
    for script in SCRIPTS:
        _take_script(taking, script)
    for script, plot in PLOTS.items():
        found = taking.meant(plot)
        if found:
            try:
                taking.plots[script] = bounded(files[found], MAX_PLOT)
                taking.note(plot, found, plot)
            except TooLargeError as error:
                taking.problems[plot] = _of(plot, found, str(error))
    taking.notes += _passed_over(taking)
    submission = _submission(name, taking)
    return _with_whereabouts(submission, taking, places, place, aliases, in_one)


def _passed_over(taking: _Taking) -> list[str]:
    """A sentence for each exact name or alias beside which near names are ignored."""
    over: dict[str, list[str]] = {}
    for name in sorted(taking.files):
        found = taking.slots.get(slot(name), [])
        if len(found) == 1 and found[0] != name:
            over.setdefault(found[0], []).append(name)
    return [
        f"{some(names)} {'is' if len(names) == 1 else 'are'} ignored, because {found} is there."
        for found, names in over.items()
    ]


def _submission(name: str, taking: _Taking) -> Submission:
    return Submission(
        name,
        taking.scripts,
        taking.plots,
        taking.problems,
        taking.taken,
        taking.faults,
        tuple(taking.notes),
    )


def _take_script(taking: _Taking, script: str) -> None:
    """Take the form of a script that has fewer stubs left, of equal ones the exact name, the .py.

    A form in an unknown encoding counts by the stubs that its ASCII characters show.
    """
    sources: dict[str, str] = {}
    forms: dict[str, str] = {}
    garbled: set[str] = set()
    for form in (f"{script}.py", f"{script}.ipynb"):
        found = taking.meant(form)
        if not found:
            continue
        forms[found] = form
        try:
            sources[found] = _code(found, taking.files[found])
        except (TooLargeError, NotebookError) as error:
            taking.problems[form] = _of(form, found, str(error))
        except EncodingError as error:
            taking.faults[script] = f"{found} {error}"
            taking.scripts[script] = bounded(taking.files[found], MAX_SCRIPT)
            sources[found] = roughly(taking.scripts[script])
            garbled.add(found)
    if not sources:
        return
    chosen = _most_written(sources, forms, garbled)
    if chosen not in garbled:
        taking.faults.pop(script, None)
        taking.scripts[script] = sources[chosen].encode()
    for form in (f"{script}.py", f"{script}.ipynb"):
        doubtful = taking.slots.get(form, [])
        if len(doubtful) > 1:  # the other form settles it
            taking.problems[form] = (
                f"is ignored: {' and '.join(doubtful)} could be meant, and {chosen} is there"
            )
    taking.note(f"{script}.py", chosen, forms[chosen])
    taking.problems |= {
        found: f"is ignored, because {chosen} is there too" for found in sources if found != chosen
    }


def _most_written(sources: dict[str, str], forms: dict[str, str], garbled: set[str]) -> str:
    if len(sources) == 1:
        return next(iter(sources))
    left = ask("unwritten", sources=sources)
    return min(
        sources,
        key=lambda found: (
            left.get(found, sources[found].count("NotImplementedError(")),
            found in garbled,
            found != forms[found],
            found.lower().endswith(".ipynb"),
        ),
    )


def take_notebook(
    name: str, places: Places, place: PurePosixPath, notebook: PurePosixPath, aliases: Aliases
) -> Submission | None:
    """The submission whose scripts are all in one notebook; None if it defines nothing of theirs."""
    try:
        source = _code(notebook.name, places[notebook.parent][notebook.name])
    except (TooLargeError, NotebookError):
        return None
    wanted = {part.name: list(part.needed) for part in PARTS.values()}
    scripts = ask("parts", source=source, wanted=wanted)
    if not scripts:
        return None
    beside = notebook.name if notebook.parent == place else ""
    rest = take(name, places, place, aliases, [], in_one=beside) if place in places else None
    return Submission(
        name,
        {script: scripts[script].encode() for script in SCRIPTS if script in scripts},
        rest.plots if rest else {},
        {f"{script}.py": f"is missing: {notebook} defines nothing of it"
         for script in SCRIPTS if script not in scripts},
        {**(rest.taken if rest else {}), **{f"{script}.py": str(notebook) for script in scripts}},
        notes=(
            f"{notebook} was read as {' and '.join(f'{script}.ipynb' for script in scripts)}: "
            "each part got the definitions that it needs.",
            *(rest.notes if rest else ()),
        ),
        in_one=str(notebook),
    )  # fmt: skip


def _with_whereabouts(
    submission: Submission,
    taking: _Taking,
    places: Places,
    place: PurePosixPath,
    aliases: Aliases,
    in_one: str,
) -> Submission:
    """With a hint at files that were handed in elsewhere, or under a name that is not near."""
    missing = submission.missing
    for name in missing:
        there = elsewhere(places, place, name, aliases)
        if there and name not in taking.problems:
            taking.problems[name] = (
                f"is missing: there is one in {there}, expected all five in one folder"
            )
    meant = {found for found_files in taking.slots.values() for found in found_files}
    others = [
        name
        for name in taking.files
        if name not in (*meant, in_one, "utils.py") and not slot(name)
        if name.lower().endswith((".py", ".ipynb", ".png")) or resembles(name)
    ]
    if missing and others:
        taking.notes.append(f"{ALSO_THERE}{some(sorted(others))}.")
    return _submission(submission.name, taking)


def _of(name: str, found: str, problem: str) -> str:
    return problem if found == name else f"is missing: {found}, which may stand for it, {problem}"


def _code(name: str, read: Read) -> str:
    return bounded_code(name, read(source_limit(name) + 1))


def bounded(read: Read, limit: int) -> bytes:
    """A file's content. Raises TooLargeError for one that exceeds the limit."""
    content = read(limit + 1)
    expect_size(len(content), limit)
    return content

"""The files of a result: `NAME.json`, figures as PNG and SVG, and a README.md of all results."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from assignment.files import write_atomically
from playground.errors import PlaygroundError
from playground.experiments import figures, phrases
from playground.experiments.registry import EXPERIMENTS
from playground.experiments.results import Result, read, to_json

HEAD = """\
# Results

Written by `python -m playground run NAME` from the `.json` files in this folder; do not edit. Each
of these files holds the configuration, the learning curves of every seed, the accuracies and the
package versions. Accuracies are given as mean ± standard deviation over the seeds. They are
measured on test images unless another split is named; no choice was based on test images.

A difference comes with its 95 % confidence interval: Student's, paired over the seeds, or with one
seed that of McNemar's exact test on the same test images. An interval that holds 0 is called a tie.
Each interval is that of a single comparison. Quick runs only show that an experiment works.
"""


def check_folder(folder: Path, names: Sequence[str]) -> None:
    """Creates the folder if needed. Call it before any training.

    Raises PlaygroundError if the results of the named experiments cannot be written to it, or if it
    holds another README.md, BadFile if another result in it is damaged.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise PlaygroundError(
            f"{folder} cannot be written to ({reason}), expected a folder for results"
        ) from None
    for path in [folder / "README.md", *(folder / f"{name}.json" for name in names)]:
        if path.is_dir():
            raise PlaygroundError(
                f"{path} cannot be written: a folder of that name exists, remove it"
            )
    refuse_foreign_readme(folder, [f"{name}.json" for name in EXPERIMENTS])
    results_in(folder, without=names)


def refuse_foreign_readme(folder: Path, written: Iterable[str]) -> None:
    """Raises PlaygroundError if a folder has a README.md, but none of the files written with it."""
    if (folder / "README.md").exists() and not any((folder / name).exists() for name in written):
        raise PlaygroundError(
            f"{folder}/README.md is no earlier report and would be replaced, "
            "expected a new folder, or that of an earlier run"
        )


def results_in(folder: Path, *, without: Sequence[str] = ()) -> list[Result]:
    """The results in the folder, ordered as `EXPERIMENTS`. Raises BadFile if one is damaged."""
    paths = {name: folder / f"{name}.json" for name in EXPERIMENTS if name not in without}
    return [read(path) for path in paths.values() if path.exists()]


def write(result: Result, folder: Path) -> list[Path]:
    """Writes a result's files atomically and updates the README.md; returns the result's paths."""
    contents = {f"{result.experiment}.json": to_json(result).encode(), **result.files}
    for name, figure in result.figures.items():
        contents |= {f"{name}.png": figures.as_png(figure), f"{name}.svg": figures.as_svg(figure)}
    for name, content in contents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        write_atomically(folder / name, content)
    write_readme(folder)
    return [folder / name for name in contents]


def write_readme(folder: Path) -> None:
    """Writes the README.md with a section for each result in the folder."""
    sections = [_section(result, folder) for result in results_in(folder)]
    write_atomically(folder / "README.md", (HEAD + "".join(sections)).encode())


def _section(result: Result, folder: Path) -> str:
    name = result.experiment
    pictures = sorted(
        path.name for ending in ("png", "gif") for path in folder.glob(f"{name}*.{ending}")
    )
    quick = ", a quick run" if result.quick else ""
    basis = f"{phrases.counted(result.seeds, 'seed')}, {result.seconds:.0f} s"
    parts = [
        f"\n## {name}",
        f"*{EXPERIMENTS[name].question}*",
        str(result.finding).replace("\n", "\n\n", 1),  # a blank line before the details
        f"[{name}.json]({name}.json){quick}: {basis}; {phrases.setting(result)}.",
        *(f"![{picture}]({picture})" for picture in pictures),
    ]
    return "\n\n".join(parts) + "\n"

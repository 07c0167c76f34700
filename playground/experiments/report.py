"""The files of a result: `NAME.json`, its figures as PNG and SVG, and a README.md that lists the folder's results."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from assignment.files import write_atomically
from playground.errors import PlaygroundError
from playground.experiments import figures
from playground.experiments.registry import EXPERIMENTS
from playground.experiments.results import Result, read, to_json

HEAD = """\
# Results

Written by `python -m playground run NAME` from the `.json` files beside it; what is changed here by hand is lost. Each holds
the configuration, the learning curves of each seed, the accuracies and the versions. Accuracies are mean ± standard
deviation over the seeds, on test images unless another split is named; test images chose nothing. A difference below one
standard deviation (with one seed: below what counting on so many images leaves open) is called a tie. Quick runs show that
an experiment works, and little else.

| experiment | what was found | figures | seeds | seconds |
|---|---|---|---|---|
"""


def check_folder(folder: Path, names: Sequence[str]) -> None:
    """Makes the folder where it is not there. Raises PlaygroundError where the results of the experiments named cannot
    be written there, BadFile where another result in it is damaged: all before any training."""
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
                f"{path} cannot be written, there is a folder of that name: remove it"
            )
    results_in(folder, without=names)


def results_in(folder: Path, *, without: Sequence[str] = ()) -> list[Result]:
    """The results in the folder, in the order of the experiments. Raises BadFile where one is damaged."""
    paths = {name: folder / f"{name}.json" for name in EXPERIMENTS if name not in without}
    return [read(path) for path in paths.values() if path.exists()]


def write(result: Result, folder: Path) -> list[Path]:
    """Writes a result's files and the folder's README.md anew; returns the paths. Each file is written whole or not at all."""
    contents = {f"{result.experiment}.json": to_json(result).encode(), **result.files}
    for name, figure in result.figures.items():
        contents |= {f"{name}.png": figures.as_png(figure), f"{name}.svg": figures.as_svg(figure)}
    for name, content in contents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        write_atomically(folder / name, content)
    write_readme(folder)
    return [folder / name for name in contents]


def write_readme(folder: Path) -> None:
    """The table of all results in the folder."""
    rows = [_row(result, folder) for result in results_in(folder)]
    write_atomically(folder / "README.md", (HEAD + "".join(rows)).encode())


def _row(result: Result, folder: Path) -> str:
    name = result.experiment
    pictures = sorted(
        path.name for ending in ("png", "gif") for path in folder.glob(f"{name}*.{ending}")
    )
    links = " ".join(f"[{picture}]({picture})" for picture in pictures)
    kind = " (quick)" if result.quick else ""
    finding = " ".join(result.finding.split()).replace("|", "\\|")
    return f"| [{name}]({name}.json){kind} | {finding} | {links} | {result.seeds} | {result.seconds:.0f} |\n"

"""`python -m playground run NAME …`: runs experiments and writes their results."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from playground import command_line
from playground.errors import PlaygroundError
from playground.experiments import phrases, report
from playground.experiments.registry import EXPERIMENTS, check_needs, present, run
from playground.experiments.results import Result, read
from playground.experiments.settings import ExperimentSettings
from playground.registry import choose


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    command_line.set_up(parser, _run, dataset=False)
    parser.add_argument("names", nargs="*", metavar="NAME", help="names of experiments, or all")
    parser.add_argument("--list", action="store_true", help="list the experiments")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="few images and epochs, to see that it works: "
        f"{_about(list(EXPERIMENTS)[:1])} for {next(iter(EXPERIMENTS))}, "
        f"{_about(list(EXPERIMENTS))} for all",
    )
    parser.add_argument(
        "--redraw",
        action="store_true",
        help="train nothing: write findings and figures anew from the results in the folder",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help="number of seeds per variant (default: set by the experiment)",
    )
    parser.add_argument(
        "--device",
        default="auto",
        metavar="NAME",
        help="device for PyTorch: auto, cpu, cuda or mps (default: auto)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="default: results; results/quick where --quick would replace full results; results/csv",
    )
    command_line.add_csv(parser)


def _run(options: argparse.Namespace) -> None:
    if options.list:
        for name, experiment in EXPERIMENTS.items():
            print(f"{name:32}{experiment.question}")
        return
    settings = ExperimentSettings(
        quick=options.quick,
        seeds=options.seeds,
        device=options.device,
        data_dir=options.data_dir,
        verbose=True,
        csv=command_line.csv_of(options),
    )
    names = _chosen(options.names)
    folder = options.output or (
        Path("results/csv") if options.csv else _folder(names, options.quick and not options.redraw)
    )
    check_needs(names)
    _check_csv(names, options)
    if options.redraw:
        for result in [read(folder / f"{name}.json") for name in names]:
            anew = present(result)
            _print(anew, report.write(anew, folder))
        return
    if options.device != "auto":
        settings.torch_device()
    report.check_folder(folder, names)
    if options.quick:
        print(f"A quick run: about {_about(names)} on an idle core\n", flush=True)
    failed = []
    for name in names:
        try:
            _run_one(name, settings, folder)
        except PlaygroundError as error:
            if len(names) == 1:
                raise
            print(f"error: {name}: {error}", file=sys.stderr, flush=True)
            failed.append(name)
    if failed:
        raise PlaygroundError(f"{phrases.listed(failed)} failed, the others succeeded")


def _folder(names: list[str], quick: bool) -> Path:
    """The default output folder: a quick run never replaces full results."""
    folder = Path("results")
    known = [result for result in report.results_in(folder) if result.experiment in names]
    return folder / "quick" if quick and not all(result.quick for result in known) else folder


def _check_csv(names: list[str], options: argparse.Namespace) -> None:
    """Raises PlaygroundError if --csv cannot replace the datasets of an experiment."""
    comparing = [name for name in names if options.csv and EXPERIMENTS[name].uses_mnist]
    if comparing:
        raise PlaygroundError(
            f"--csv replaces one dataset, but MNIST is needed too by {phrases.listed(comparing)}: "
            "choose other experiments"
        )


def _about(names: list[str]) -> str:
    """How long quick runs take together, in words."""
    seconds = sum(EXPERIMENTS[name].quick_seconds for name in names)
    return f"{seconds} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"


def _run_one(name: str, settings: ExperimentSettings, folder: Path) -> None:
    print(f"{name}: {EXPERIMENTS[name].question}", flush=True)
    finished = folder / "unfinished" / name
    result = run(name, replace(settings, finished=finished))
    paths = report.write(result, folder)
    shutil.rmtree(finished, ignore_errors=True)
    with suppress(OSError):  # other experiments may be unfinished
        finished.parent.rmdir()
    _print(result, paths)


def _print(result: Result, paths: list[Path]) -> None:
    for line in [*str(result.finding).splitlines(), f"({phrases.basis(result)})"]:
        indent = "  " if line.startswith("- ") else ""
        print(textwrap.fill(line, 88, subsequent_indent=indent), flush=True)
    print(f"{', '.join(map(str, paths))}; {result.seconds:.0f} s\n", flush=True)


def _chosen(names: list[str]) -> list[str]:
    """The named experiments without repetitions; all of them for "all"."""
    if not names:
        raise PlaygroundError(
            f"no experiment named, expected all or some of: {', '.join(EXPERIMENTS)}"
        )
    for name in names:
        choose("experiment", name, {**EXPERIMENTS, "all": None})
    return list(EXPERIMENTS) if "all" in names else list(dict.fromkeys(names))

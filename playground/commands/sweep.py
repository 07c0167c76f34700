"""`python -m playground sweep …`: searches for good hyperparameters and reports the best."""

from __future__ import annotations

import argparse
from pathlib import Path

from playground import command_line
from playground.commands.tracking_options import add_tracking_options, check_tracking
from playground.errors import PlaygroundError
from playground.extras import require
from playground.registry import choose
from playground.sweeps.settings import SweepSettings
from playground.sweeps.study import PRUNERS


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options; Optuna is imported only when it runs."""
    command_line.set_up(parser, _sweep)
    parser.add_argument(
        "--trials",
        type=int,
        default=30,
        metavar="N",
        help="total number of trials, including those already in the study (default: 30)",
    )
    parser.add_argument(
        "--study",
        type=Path,
        default=Path("sweep.db"),
        metavar="FILE",
        help="database of the trials (default: sweep.db)",
    )
    parser.add_argument(
        "--epochs", type=int, default=10, metavar="N", help="maximum epochs per trial (default: 10)"
    )
    parser.add_argument(
        "--train-size", type=int, metavar="N", help="number of training images (default: all)"
    )
    parser.add_argument(
        "--validation-size",
        type=int,
        metavar="N",
        help="number of validation images (default: a tenth)",
    )
    parser.add_argument(
        "--pruner", default="median", metavar="NAME", help=f"{', '.join(PRUNERS)} (default: median)"
    )
    workers = parser.add_mutually_exclusive_group()
    workers.add_argument(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="trials in parallel, one thread each (default: 1)",
    )
    workers.add_argument(
        "--dask", metavar="ADDRESS", help="run the trials on the workers of this Dask scheduler"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("sweep"),
        metavar="DIR",
        help="folder for the report (default: sweep)",
    )
    parser.add_argument(
        "--export",
        type=Path,
        metavar="FILE",
        help="with --tracker wandb: only write a sweep.yaml for it",
    )
    command_line.add_csv(parser)
    command_line.add_seed(parser)
    add_tracking_options(parser)


def _sweep(options: argparse.Namespace) -> None:
    for name in ("trials", "jobs"):
        if getattr(options, name) < 1:
            raise PlaygroundError(
                f"{name} is {getattr(options, name)}, expected an integer of at least 1"
            )
    check_tracking(options)
    choose("pruner", options.pruner, PRUNERS)
    settings = SweepSettings(
        options.dataset,
        options.train_size,
        options.validation_size,
        options.epochs,
        options.seed,
        command_line.csv_of(options),
    )
    if options.export is not None:
        _export(options, settings)
        return
    # checked now, because the report that needs them comes after the last trial
    for package in ("optuna", "sklearn", "yaml", "matplotlib"):
        require(package, "playground")
    from playground.experiments.report import refuse_foreign_readme
    from playground.sweeps import records, report
    from playground.sweeps.sweep import sweep

    refuse_foreign_readme(options.output, [report.TOP])
    study = sweep(
        options.study,
        settings,
        options.trials,
        pruner=options.pruner,
        jobs=options.jobs,
        dask=options.dask,
        tracker=options.tracker,
        log_dir=options.log_dir,
        data_dir=options.data_dir,
    )
    paths = report.write(study, settings, options.output)
    record = records.best(records.records_of(study), 1)[0]
    print(f"\nBest validation accuracy: {record.val_accuracy:.2%}, trial {record.number}")
    print(f"To train and test it: {settings.train_command(paths[0])}")
    print(f"Written: {', '.join(map(str, paths))}")


def _export(options: argparse.Namespace, settings: SweepSettings) -> None:
    from playground.sweeps import wandb_sweep

    if options.tracker != "wandb":
        raise PlaygroundError(
            f"--export needs --tracker wandb, but the tracker is {options.tracker}"
        )
    command_line.check_writable(options.export, [".yaml", ".yml"])
    wandb_sweep.export(options.export, settings)
    print(
        f"W&B sweep: {options.export}. Start it with `wandb sweep {options.export}`, then run "
        "`wandb agent ID` with the id it prints"
    )

"""`python -m playground sweep …`: tries configurations, writes down what became of them, and what was best."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from playground import command_line
from playground.commands.tracking_options import add_tracking_options
from playground.errors import PlaygroundError
from playground.extras import require
from playground.sweeps.settings import SweepSettings

PRUNERS = ("median", "hyperband", "none")


def add_command(commands: Any) -> None:
    """The command, with its options."""
    parser = command_line.add_command(
        commands, "sweep", _sweep, "try many configurations and keep the best"
    )
    parser.add_argument(
        "--trials",
        type=int,
        default=30,
        metavar="N",
        help="how many in all; those in the study count",
    )
    parser.add_argument(
        "--study",
        type=Path,
        default=Path("sweep.db"),
        metavar="FILE",
        help="where they are kept (default: sweep.db)",
    )
    parser.add_argument(
        "--epochs", type=int, default=10, metavar="N", help="of a trial at most (default: 10)"
    )
    parser.add_argument("--train-size", type=int, metavar="N", help="train on fewer images")
    parser.add_argument(
        "--validation-size",
        type=int,
        metavar="N",
        help="training images kept back (default: a tenth)",
    )
    parser.add_argument(
        "--pruner", default="median", metavar="NAME", help=f"{', '.join(PRUNERS)} (default: median)"
    )
    workers = parser.add_mutually_exclusive_group()
    workers.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="trials at a time, one thread each"
    )
    workers.add_argument(
        "--dask", metavar="ADDRESS", help="let the workers of this Dask scheduler do them"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("sweep"),
        metavar="DIR",
        help="of the best and the figures",
    )
    parser.add_argument(
        "--export",
        type=Path,
        metavar="FILE",
        help="with --tracker wandb: only write its sweep.yaml",
    )
    command_line.add_seed(parser)
    add_tracking_options(parser)


def _sweep(options: argparse.Namespace) -> None:
    for name in ("trials", "jobs"):
        if getattr(options, name) < 1:
            raise PlaygroundError(
                f"{name} is {getattr(options, name)}, expected a whole number from 1"
            )
    settings = SweepSettings(
        options.dataset, options.train_size, options.validation_size, options.epochs, options.seed
    )
    if options.export is not None:
        _export(options, settings)
        return
    for package in (
        "optuna",
        "sklearn",
        "yaml",
        "matplotlib",
    ):  # said now rather than after the last trial
        require(package, "playground")
    from playground.sweeps import records, report
    from playground.sweeps.sweep import sweep

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
    print(f"\nBest on the validation images: {record.val_accuracy:.2%}, trial {record.number}")
    print(f"Train it and test it once: python -m playground train --config {paths[0]}")
    print(f"Written: {', '.join(map(str, paths))}")


def _export(options: argparse.Namespace, settings: SweepSettings) -> None:
    from playground.sweeps import wandb_sweep

    if options.tracker != "wandb":
        raise PlaygroundError(
            f"--export writes a sweep for W&B, and the tracker is {options.tracker}: --tracker wandb"
        )
    command_line.check_writable(options.export, [".yaml", ".yml"])
    wandb_sweep.export(options.export, settings)
    print(
        f"W&B sweep: {options.export}; begin it with wandb sweep {options.export}, then wandb agent and the id it gives"
    )

"""`python -m playground train`: trains a NumPy network."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from playground import configuration_files, datasets, plots, storage
from playground.command_line import (
    add_checkpoint,
    add_csv,
    add_fields,
    add_seed,
    add_split_options,
    check_checkpoint,
    check_writable,
    given_fields,
    load_dataset,
    set_up,
    source_of,
)
from playground.commands.live_options import add_live_options, check_live, hooks, live_run
from playground.commands.tracking_options import add_tracking_options, check_tracking, new_run
from playground.configuration import RECIPES, Configuration
from playground.live.looks import NetworkSubject
from playground.network import Network
from playground.registry import choose
from playground.training import TrainingRun, train


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    set_up(parser, _train)
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--recipe",
        default="standard",
        metavar="NAME",
        help=f"{', '.join(RECIPES)} (default: standard); the options below override it",
    )
    start.add_argument(
        "--config", type=Path, metavar="FILE", help="read the configuration from a YAML file"
    )
    add_fields(parser, Configuration)
    add_split_options(parser)
    parser.add_argument(
        "--no-test", dest="test", action="store_false", help="do not evaluate on the test images"
    )
    add_live_options(parser)
    add_tracking_options(parser)
    add_checkpoint(parser)
    parser.add_argument("--save", type=Path, metavar="FILE", help="save the trained network (.npz)")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the learning curves (.png, .svg, .pdf)"
    )
    add_csv(parser)
    add_seed(parser)


def _train(options: argparse.Namespace) -> None:
    configuration = _configuration(options)
    check_writable(options.save, [".npz"])
    check_writable(options.plot, plots.ENDINGS)
    check_checkpoint(options, ".npz")
    check_tracking(options)
    check_live(options)
    dataset = load_dataset(options)
    split = datasets.split(
        dataset,
        validation_size=options.validation_size,
        train_size=options.train_size,
        seed=options.seed,
    )
    network = Network(
        dataset.X_train.shape[1], len(dataset.class_names), configuration, seed=options.seed
    )
    sizes = "-".join(map(str, network.sizes))
    print(f"{sizes}: {network.parameter_count:,} parameters; {len(split.y_train):,} images")
    summary: dict[str, float] = {}
    with new_run(options, configuration) as tracker:
        title = f"{source_of(options)}: {sizes}"
        subject = NetworkSubject(network)
        with live_run(
            options, subject, configuration, split, dataset.class_names, title=title
        ) as live:
            run = train(
                network,
                *split,
                seed=options.seed,
                verbose=True,
                checkpoint=options.checkpoint,
                resume=options.resume,
                **hooks(tracker.epoch, live),
            )
        summary["seconds"] = run.seconds
        print(f"\nTrained in {run.seconds:.1f} s{_kept_epoch(run, configuration)}")
        if len(split.y_val):
            _, summary["val_accuracy"] = network.evaluate(split.X_val, split.y_val)
            print(
                f"Validation accuracy {summary['val_accuracy']:.2%} on {len(split.y_val):,} images"
            )
        if options.test:
            _, summary["test_accuracy"] = network.evaluate(dataset.X_test, dataset.y_test)
            print(f"Test accuracy {summary['test_accuracy']:.2%} on {len(dataset.y_test):,} images")
        tracker.finish(summary)
    if options.save:
        storage.save(network, options.save)
        print(f"Network: {options.save}")
    smoothed = configuration.label_smoothing > 0
    plots.write_learning_curves(run.history, options.plot, source_of(options), smoothed=smoothed)


def _kept_epoch(run: TrainingRun, configuration: Configuration) -> str:
    """Which epoch the parameters are from, if a better one could have been kept."""
    if not run.best_epoch:
        return ""
    if configuration.keep_best:
        return f"; kept epoch {run.best_epoch}, the best one"
    if run.best_epoch < len(run.history.val_accuracies):
        return f"; epoch {run.best_epoch} had the best validation accuracy: --keep-best restores it"
    return ""


def _configuration(options: argparse.Namespace) -> Configuration:
    """The recipe or the configuration file, with the options given on the command line applied."""
    if options.config:
        start = configuration_files.read_configuration(options.config)
    else:
        start = choose("recipe", options.recipe, RECIPES)
    return replace(start, **given_fields(options, Configuration))

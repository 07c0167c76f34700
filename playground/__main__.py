"""The command line, `python -m playground COMMAND`.

Exit status 0: success; 2: failure, with a one-line reason on standard error.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from playground import configuration_files, csv_files, datasets, plots, storage
from playground.command_line import (
    add_checkpoint,
    add_command,
    add_csv,
    add_fields,
    add_seed,
    add_split_options,
    check_checkpoint,
    check_writable,
    given_fields,
    load_dataset,
    source_of,
)
from playground.commands import (
    experiments,
    inspect,
    landscape,
    notebooks,
    saved_networks,
    sweep,
    train_cnn,
)
from playground.commands.live_options import add_live_options, check_live, hooks, live_run
from playground.commands.tracking_options import add_tracking_options, check_tracking, new_run
from playground.configuration import RECIPES, Configuration
from playground.errors import PlaygroundError
from playground.experiments import tables
from playground.live.looks import NetworkSubject
from playground.network import Network
from playground.parser import PlaygroundParser, parse
from playground.registry import choose
from playground.training import TrainingRun, train

# what torch says, on each kind of device
OUT_OF_MEMORY = re.compile("can't allocate memory|out of memory|ALLOC_FAILED")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    options = argparse.Namespace()
    try:
        options = parse(_parser(), sys.argv[1:] if arguments is None else arguments)
        options.run(options)
        sys.stdout.flush()  # what cannot be written is noticed here, not at exit
    except PlaygroundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader has left, as `| head` does: there is nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the exit flushes again
        return 2
    except OSError as error:
        print(f"error: {error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except (MemoryError, RuntimeError) as error:  # torch's are RuntimeErrors
        if not isinstance(error, MemoryError) and not OUT_OF_MEMORY.search(str(error)):
            raise
        reason = " ".join(str(error).split())[:200] or "out of memory"
        print(f"error: {reason}; try a smaller network", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        resume = "; --resume resumes after the last epoch" if _has_checkpoint(options) else ""
        print(f"error: interrupted; no file was left incomplete{resume}", file=sys.stderr)
        return 2
    return 0


def _has_checkpoint(options: argparse.Namespace) -> bool:
    path = getattr(options, "checkpoint", None)
    return path is not None and path.exists()


def _parser() -> PlaygroundParser:
    parser = PlaygroundParser(prog="playground", description="Things to try after the assignment.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    training = add_command(
        commands, "train", _train, "train a NumPy network and measure its test accuracy"
    )
    _add_training_options(training)
    samples = add_command(commands, "samples", _samples, "draw one image per class")
    samples.add_argument(
        "--output",
        type=Path,
        default=Path("samples.png"),
        metavar="FILE",
        help=".png, .svg or .pdf",
    )
    for command in (training, samples):
        add_csv(command)
        add_seed(command)
    export = add_command(
        commands, "export-csv", _export, "write the images as CSV files: label,pixel1,…,pixel784"
    )
    export.add_argument(
        "--folder",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="output folder (default: the current one)",
    )
    inspect.add_command(commands)
    saved_networks.add_commands(commands)
    landscape.add_command(commands)
    train_cnn.add_command(commands)
    experiments.add_command(commands)
    tables.add_command(commands)
    sweep.add_command(commands)
    notebooks.add_command(commands)
    return parser


def _add_training_options(parser: argparse.ArgumentParser) -> None:
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


def _samples(options: argparse.Namespace) -> None:
    check_writable(options.output, plots.ENDINGS)
    dataset = load_dataset(options)
    chosen = datasets.one_of_each(
        dataset.y_train, len(dataset.class_names), np.random.default_rng(options.seed)
    )
    figure = plots.image_grid(
        dataset.X_train[chosen], dataset.class_names, title=source_of(options)
    )
    plots.save(figure, options.output, dpi=150)
    print(f"One image per class: {options.output}")


def _export(options: argparse.Namespace) -> None:
    dataset = load_dataset(options)
    for part, X, y in (
        ("train", dataset.X_train, dataset.y_train),
        ("test", dataset.X_test, dataset.y_test),
    ):
        path = options.folder / f"{options.dataset}_{part}.csv"
        check_writable(path, [".csv"])
        csv_files.write_csv(path, X, y)
        print(f"{len(y):,} images: {path}")


def _configuration(options: argparse.Namespace) -> Configuration:
    """The recipe or the configuration file, with the options given on the command line applied."""
    if options.config:
        start = configuration_files.read_configuration(options.config)
    else:
        start = choose("recipe", options.recipe, RECIPES)
    return replace(start, **given_fields(options, Configuration))


if __name__ == "__main__":
    sys.exit(main())

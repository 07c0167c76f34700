"""`python -m playground train-cnn`: trains a convolutional network."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from playground import command_line, datasets, plots
from playground.commands.live_options import add_live_options, hooks, live_run
from playground.commands.tracking_options import add_tracking_options, new_run
from playground.convnets.configuration import CONV_RECIPES, ConvConfiguration
from playground.errors import PlaygroundError
from playground.extras import require
from playground.registry import choose


def add_command(commands: Any) -> None:
    """Adds the command; torch is imported only when it runs."""
    parser = command_line.add_command(
        commands, "train-cnn", _train, "train a convolutional network and measure its test accuracy"
    )
    parser.add_argument(
        "--recipe",
        default="fast",
        metavar="NAME",
        help=f"{', '.join(CONV_RECIPES)} (default: fast); the options below override it",
    )
    command_line.add_fields(parser, ConvConfiguration)
    parser.add_argument(
        "--device", default="auto", metavar="NAME", help="auto, cpu, cuda or mps (default: auto)"
    )
    command_line.add_split_options(parser)
    parser.add_argument(
        "--no-test", dest="test", action="store_false", help="do not evaluate on the test images"
    )
    add_live_options(parser)
    add_tracking_options(parser)
    parser.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="save the run to this file after each epoch",
    )
    parser.add_argument(
        "--resume", action="store_true", help="resume the run saved in the checkpoint"
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="save the trained network (.pt)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the learning curves (.png)")
    command_line.add_seed(parser)


def _train(options: argparse.Namespace) -> None:
    configuration = replace(
        choose("recipe", options.recipe, CONV_RECIPES),
        **command_line.given_fields(options, ConvConfiguration),
    )
    _check_files(options)
    require("torch", "playground")
    dataset = command_line.load_dataset(options)
    split = datasets.split(
        dataset,
        validation_size=options.validation_size,
        train_size=options.train_size,
        seed=options.seed,
    )
    from playground.convnets import storage
    from playground.convnets.evaluation import evaluate
    from playground.convnets.looks import ConvNetSubject
    from playground.convnets.networks import build, parameter_count
    from playground.convnets.processor import choose_processor
    from playground.convnets.training import train_convnet

    processor = choose_processor(options.device, configuration.precision)
    model = build(configuration, options.seed)
    size = f"{parameter_count(model):,} parameters; {len(split.y_train):,} images"
    print(f"{configuration.network}: {size}; {processor}")
    summary: dict[str, float] = {}
    with new_run(options, configuration) as tracker:
        model.to(processor.device)
        subject = ConvNetSubject(model, configuration, processor)
        title = f"{options.dataset}: convolutional network {configuration.network}"
        with live_run(
            options, subject, configuration, split, dataset.class_names, title=title
        ) as live:
            run = train_convnet(
                model,
                configuration,
                *split,
                device=options.device,
                seed=options.seed,
                verbose=True,
                checkpoint=options.checkpoint,
                resume=options.resume,
                **hooks(tracker.epoch, live),
            )
        summary["seconds"] = run.seconds
        print(
            f"\nTrained in {run.seconds:.1f} s"
            + (f"; kept epoch {run.best_epoch}, the best one" if run.best_epoch else "")
        )
        if len(split.y_val):
            _, summary["val_accuracy"] = evaluate(
                model, configuration, split.X_val, split.y_val, options.device
            )
            print(
                f"Validation accuracy {summary['val_accuracy']:.2%} on {len(split.y_val):,} images"
            )
        if options.test:
            _, accuracy = evaluate(
                model, configuration, dataset.X_test, dataset.y_test, options.device
            )
            summary["test_accuracy"] = accuracy
            print(f"Test accuracy {accuracy:.2%} on {len(dataset.y_test):,} images")
        tracker.finish(summary)
    if options.save:
        storage.save(model, configuration, options.save)
        print(f"Network: {options.save}")
    if options.plot:
        figure = plots.learning_curves(run.history, title=f"{options.dataset}: learning curves")
        plots.save(figure, options.plot)
        print(f"Learning curves: {options.plot}")


def _check_files(options: argparse.Namespace) -> None:
    """Raises PlaygroundError if an output cannot be written or would overwrite another file."""
    command_line.check_writable(options.save, [".pt"])
    command_line.check_writable(options.plot, [".png"])
    command_line.check_writable(options.checkpoint, [".pt"])
    if options.resume and options.checkpoint is None:
        raise PlaygroundError("--resume needs --checkpoint FILE, the run to resume")
    if options.checkpoint and options.checkpoint.exists() and not options.resume:
        raise PlaygroundError(
            f"{options.checkpoint} already exists: add --resume to resume it, or remove it"
        )
    if options.checkpoint and options.checkpoint == options.save:
        raise PlaygroundError(
            f"{options.save} cannot be both the checkpoint and the trained network"
        )

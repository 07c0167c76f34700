"""`python -m playground train-cnn`: trains a convolutional network."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from playground import command_line, datasets, plots
from playground.commands.live_options import add_live_options, check_live, hooks, live_run
from playground.commands.tracking_options import add_tracking_options, check_tracking, new_run
from playground.convnets.configuration import CONV_RECIPES, ConvConfiguration
from playground.extras import require
from playground.registry import choose


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options; torch is imported only when it runs."""
    command_line.set_up(parser, _train)
    parser.add_argument(
        "--recipe",
        default="fast",
        metavar="NAME",
        help=f"{', '.join(CONV_RECIPES)} (default: fast); the options below override it",
    )
    command_line.add_fields(parser, ConvConfiguration)
    command_line.add_device(parser)
    command_line.add_split_options(parser)
    command_line.add_csv(parser)
    parser.add_argument(
        "--no-test", dest="test", action="store_false", help="do not evaluate on the test images"
    )
    add_live_options(parser)
    add_tracking_options(parser)
    command_line.add_checkpoint(parser)
    parser.add_argument("--save", type=Path, metavar="FILE", help="save the trained network (.pt)")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the learning curves (.png, .svg, .pdf)"
    )
    command_line.add_seed(parser)


def _train(options: argparse.Namespace) -> None:
    configuration = replace(
        choose("recipe", options.recipe, CONV_RECIPES),
        **command_line.given_fields(options, ConvConfiguration),
    )
    command_line.check_writable(options.save, [".pt"])
    command_line.check_writable(options.plot, plots.ENDINGS)
    command_line.check_checkpoint(options, ".pt")
    check_tracking(options)
    check_live(options)
    require("torch", "playground")
    from playground.convnets.processor import choose_processor

    processor = choose_processor(options.device, configuration.precision)
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
    from playground.convnets.training import train_convnet

    model = build(configuration, options.seed)
    size = f"{parameter_count(model):,} parameters; {len(split.y_train):,} images"
    print(f"{configuration.network}: {size}; {processor}")
    summary: dict[str, float] = {}
    with new_run(options, configuration) as tracker:
        model.to(processor.device)
        subject = ConvNetSubject(model, configuration, processor)
        title = f"{command_line.source_of(options)}: convolutional network {configuration.network}"
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
    smoothed = configuration.label_smoothing > 0
    source = command_line.source_of(options)
    plots.write_learning_curves(run.history, options.plot, source, smoothed=smoothed)

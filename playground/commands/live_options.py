"""The options of the training commands for a page that follows the training."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TypedDict

from playground.command_line import whole_number
from playground.configuration import Configuration
from playground.convnets.configuration import ConvConfiguration
from playground.datasets import Split
from playground.errors import PlaygroundError
from playground.history import History
from playground.live.looks import Subject
from playground.live.recorder import Recorder
from playground.live.session import watched
from playground.training import AfterEpoch, AfterStep, Controls


class Hooks(TypedDict):
    """Arguments of the training functions."""

    after_epoch: AfterEpoch
    after_step: AfterStep | None
    controls: Controls | None


def add_live_options(parser: argparse.ArgumentParser) -> None:
    """Adds --live and --live-port."""
    parser.add_argument(
        "--live", action="store_true", help="serve a page that shows and controls the training"
    )
    parser.add_argument(
        "--live-port",
        type=_port,
        metavar="PORT",
        help="port of that page on this computer (default: a free one)",
    )


def live_run(
    options: argparse.Namespace,
    subject: Subject,
    configuration: Configuration | ConvConfiguration,
    split: Split,
    class_names: Sequence[str],
    *,
    title: str,
) -> AbstractContextManager[Recorder | None]:
    """The recorder of the page, or None without --live."""
    if not options.live:
        return nullcontext()
    port = options.live_port or 0
    return watched(subject, configuration, split, class_names, title=title, port=port)


def check_live(options: argparse.Namespace) -> None:
    """Raises PlaygroundError for a port without a page."""
    if options.live_port is not None and not options.live:
        raise PlaygroundError("--live-port needs --live, the page that is served there")


def _port(text: str) -> int:
    return whole_number(text, 0, 65535)


def hooks(after_epoch: AfterEpoch, live: Recorder | None) -> Hooks:
    """The hooks of a training that may be watched, as arguments of the training function."""
    if live is None:
        return {"after_epoch": after_epoch, "after_step": None, "controls": None}

    def both(epoch: int, history: History) -> None:
        after_epoch(epoch, history)
        live.after_epoch(epoch, history)

    return {"after_epoch": both, "after_step": live.after_step, "controls": live.controls}

"""A training run with its page: what the training commands open with --live."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playground.configuration import Configuration
from playground.convnets.configuration import ConvConfiguration
from playground.datasets import Split
from playground.live.controls import LiveControls
from playground.live.looks import Sample, Subject, choose_sample
from playground.live.recorder import Recorder
from playground.live.server import LiveServer


@contextmanager
def watched(
    subject: Subject,
    configuration: Configuration | ConvConfiguration,
    split: Split,
    class_names: Sequence[str],
    *,
    title: str,
    port: int = 0,
) -> Iterator[Recorder]:
    """A recorder whose page is open; its hooks and controls are to be given to the training.

    Prints the page's address and waits until a browser shows it, so that a short training is seen
    from its first step. The images shown are validation images, or training images if there are
    none: what is seen here may lead someone to stop or change the rate, and test images must choose
    nothing. Raises PlaygroundError if the port is taken.
    """
    kind = "validation" if len(split.y_val) else "training"
    images = (split.X_val, split.y_val) if len(split.y_val) else (split.X_train, split.y_train)
    sample = choose_sample(*images, classes=len(class_names))
    steps = configuration.epochs * -(-len(split.y_train) // configuration.batch_size)
    recorder = Recorder(subject, sample, LiveControls(), steps)
    recorder.take_look()
    run = {
        "title": title,
        "epochs": configuration.epochs,
        "steps": steps,
        "rate": configuration.learning_rate,
        "schedule": configuration.schedule,
        "labelSmoothing": configuration.label_smoothing,
        "classNames": list(class_names),
        "imageKind": kind,
        "layers": [f"hidden layer {n + 1}" for n in range(len(recorder.dead[0][1]))],
        **_images(sample),
    }
    server = LiveServer(recorder, run, port)
    try:
        print(f"Open {server.url} to start the training (Ctrl-C ends it)", file=sys.stderr)
        server.wait_for_page()
        yield recorder
        recorder.finish("stopped" if recorder.controls.stopped else "finished")
    except BaseException as error:
        recorder.finish(str(error) or "interrupted")
        raise
    finally:
        server.close()


def _images(sample: Sample) -> dict[str, object]:
    """The shown images as JSON: their pixels as base64, their labels, and how many are measured."""
    return {
        "images": base64.b64encode(sample.images[: sample.shown].tobytes()).decode(),
        "labels": sample.labels[: sample.shown].tolist(),
        "measured": len(sample.labels),
    }

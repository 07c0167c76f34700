"""Event files for `tensorboard --logdir DIR`: one folder per run, the configuration under HPARAMS.

They are written with tensorboard's own writer, which needs neither torch nor TensorFlow.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any

from playground.extras import require
from playground.history import History
from playground.tracking.tracker import Tracker, newest, newest_steps

TAGS = {  # curves with the same prefix share a chart
    "train_loss": "loss/train",
    "val_loss": "loss/val",
    "train_accuracy": "accuracy/train",
    "val_accuracy": "accuracy/val",
}
STEP_TAG = "loss per step/train"  # a chart of its own: its axis counts steps, not epochs


class TensorBoardTracker(Tracker):
    """Writes the curves and step losses as scalars, the rest as hyperparameters."""

    def __init__(self, folder: Path, run: str, configuration: Mapping[str, Any]):
        require("tensorboard", "tracking")
        from tensorboard.plugins.hparams import plugin_data_pb2
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        super().__init__(folder, run, configuration)
        self._writer = EventFileWriter(str(folder / run))
        start = plugin_data_pb2.SessionStartInfo(group_name=run, start_time_secs=time.time())
        for name, value in configuration.items():
            if isinstance(value, bool):
                start.hparams[name].bool_value = value
            elif isinstance(value, Real):
                start.hparams[name].number_value = float(value)
            else:
                start.hparams[name].string_value = str(value)
        self._add_session("START", session_start_info=start)
        self._writer.flush()

    def epoch(self, epoch: int, history: History) -> None:
        self._add_scalars(epoch, {TAGS[name]: value for name, value in newest(history).items()})
        for number, loss in newest_steps(history):
            self._add_scalars(number, {STEP_TAG: loss})
        self._writer.flush()  # once for all: TensorBoard shows a run while it trains

    def finish(self, summary: Mapping[str, Any]) -> None:
        from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2

        numbers = {
            f"summary/{name}": float(value)
            for name, value in summary.items()
            if isinstance(value, Real)
        }
        self._add_scalars(0, numbers)
        end = plugin_data_pb2.SessionEndInfo(
            status=api_pb2.STATUS_SUCCESS, end_time_secs=time.time()
        )
        self._add_session("END", session_end_info=end)

    def close(self) -> None:
        self._writer.close()

    def _add_scalars(self, step: int, values: Mapping[str, float]) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        self._add(
            step, [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        )

    def _add_session(self, end: str, **info: Any) -> None:
        """Writes the start or end of the run in the format of TensorBoard's hparams plugin."""
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams import metadata, plugin_data_pb2

        data = plugin_data_pb2.HParamsPluginData(version=metadata.PLUGIN_DATA_VERSION, **info)
        tag = getattr(metadata, f"SESSION_{end}_INFO_TAG")
        described = metadata.create_summary_metadata(data)
        self._add(0, [Summary.Value(tag=tag, metadata=described, tensor=metadata.NULL_TENSOR)])

    def _add(self, step: int, values: list[Any]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        self._writer.add_event(
            Event(wall_time=time.time(), step=step, summary=Summary(value=values))
        )

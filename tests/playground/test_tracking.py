"""Trackers: each is told one run, and what it wrote is read back as a reader of its files would."""

from __future__ import annotations

import csv
import json
import math
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from playground.errors import BadFile, PlaygroundError
from playground.history import History
from playground.tracking import TRACKERS, open_tracker
from playground.tracking.csv_tracker import append
from tests.support import ROOT

CONFIGURATION = {
    "optimizer": "adam",
    "learning_rate": 0.003,
    "hidden_sizes": (300, 100),
    "flips": True,
}


@pytest.fixture(autouse=True)
def no_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have an account; W&B's own files stay out of their home."""
    monkeypatch.setenv("WANDB_MODE", "offline")
    for name in ("CACHE_DIR", "CONFIG_DIR", "DATA_DIR"):
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / name))


def track(name: str, folder: Path, run: str = "first", epochs: int = 2) -> None:
    history = History()
    with open_tracker(name, folder, run, CONFIGURATION) as tracker:
        for epoch in range(1, epochs + 1):
            history.record((1 / epoch, 0.5 + 0.1 * epoch), (2 / epoch, 0.4 + 0.1 * epoch))
            history.step_losses += [3 / epoch, 2 / epoch, 1 / epoch]
            tracker.epoch(epoch, history)
        tracker.finish({"val_accuracy": 0.6, "kept": "last"})


def test_none_writes_nothing(tmp_path: Path) -> None:
    track("none", tmp_path / "runs")
    assert not list(tmp_path.iterdir())


def test_csv_holds_the_curves_of_all_runs_and_what_they_were_set_to(tmp_path: Path) -> None:
    for run in ("first", "second, in quotes"):
        track("csv", tmp_path, run)
    with (tmp_path / "epochs.csv").open(newline="") as stream:
        epochs = list(csv.DictReader(stream))
    assert [(row["run"], row["epoch"]) for row in epochs[1:3]] == [
        ("first", "2"),
        ("second, in quotes", "1"),
    ]
    assert float(epochs[1]["val_loss"]) == 1.0
    assert float(epochs[1]["train_accuracy"]) == 0.7
    assert (tmp_path / "steps.csv").read_text().splitlines()[1:7] == [
        f"first,{step},{loss}" for step, loss in enumerate([3.0, 2.0, 1.0, 1.5, 1.0, 0.5], start=1)
    ]
    with (tmp_path / "runs.csv").open(newline="") as stream:
        values = {
            (row["run"], row["part"], row["name"]): row["value"] for row in csv.DictReader(stream)
        }
    assert values["first", "configuration", "hidden_sizes"] == "(300, 100)"
    assert values["second, in quotes", "summary", "val_accuracy"] == "0.6"


def test_csv_leaves_open_what_was_not_measured(tmp_path: Path) -> None:
    with open_tracker("csv", tmp_path, "first", {}) as tracker:
        tracker.epoch(1, History([0.5], [math.nan], [0.9], [math.nan]))
    assert (tmp_path / "epochs.csv").read_text().splitlines()[1] == "first,1,0.5,,0.9,"


def test_rows_from_many_writers_at_once_stay_whole_under_one_header(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: append(path, ["a", "b"], [[number, "x" * 500]]), range(100)))
    header, *rows = path.read_text().splitlines()
    assert header == "a,b"
    assert sorted(int(row.split(",")[0]) for row in rows) == list(range(100))
    assert {row.split(",")[1] for row in rows} == {"x" * 500}
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]


def test_it_starts_and_tracks_without_what_only_unix_has(tmp_path: Path) -> None:
    unix = "('fcntl', 'grp', 'pwd', 'resource', 'termios')"
    code = f"""
import sys
sys.modules.update(dict.fromkeys({unix}))
import playground.__main__
from pathlib import Path
from playground.tracking.csv_tracker import append
append(Path(sys.argv[1]), ["a", "b"], [[1, 2]])
"""
    subprocess.run([sys.executable, "-c", code, tmp_path / "table.csv"], cwd=ROOT, check=True)
    assert (tmp_path / "table.csv").read_text() == "a,b\n1,2\n"


def test_a_row_that_was_cut_short_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n3")
    append(path, ["a", "b"], [[5, 6]])
    assert path.read_text() == "a,b\n1,2\n3\n5,6\n"


def test_another_table_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("name,points\nAda,7\n")
    with pytest.raises(
        BadFile,
        match=r"runs\.csv starts with .*expected run,part,name,value: choose another folder",
    ):
        track("csv", tmp_path)
    assert (tmp_path / "runs.csv").read_text() == "name,points\nAda,7\n"


def test_tensorboard_reads_the_curves_and_the_configuration_of_each_run(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import metadata

    for run in ("first", "second"):
        track("tensorboard", tmp_path, run)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["first", "second"]
    events = EventAccumulator(str(tmp_path / "first"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss/val")] == [
        (1, 2.0),
        (2, 1.0),
    ]
    steps = [(event.step, event.value) for event in events.Scalars("loss per step/train")]
    assert steps == [(1, 3.0), (2, 2.0), (3, 1.0), (4, 1.5), (5, 1.0), (6, 0.5)]
    assert [event.value for event in events.Scalars("accuracy/train")] == pytest.approx([0.6, 0.7])
    assert [event.value for event in events.Scalars("summary/val_accuracy")] == pytest.approx([0.6])
    content = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    settings = metadata.parse_session_start_info_plugin_data(content).hparams
    assert settings["learning_rate"].number_value == 0.003
    assert settings["hidden_sizes"].string_value == "(300, 100)"
    assert settings["flips"].bool_value


def wandb_records(folder: Path) -> Iterator[Any]:
    """The records of an offline run, in LevelDB's log format.

    It consists of blocks of 32 kB; each record follows a header of 7 bytes.
    """
    import wandb
    from wandb.proto import wandb_internal_pb2

    wandb.teardown()  # its service writes on after the run has finished
    (path,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    content, position, record = path.read_bytes(), 7, b""
    while position + 7 <= len(content):
        left = 32768 - position % 32768
        if left < 7:
            position += left
            continue
        _, size, kind = struct.unpack_from("<IHB", content, position)
        record += content[position + 7 : position + 7 + size]
        position += 7 + size
        if kind in (1, 4):  # whole, or the last part
            yield wandb_internal_pb2.Record.FromString(record)
            record = b""


def test_wandb_offline_keeps_configuration_curves_and_summary_under_the_folder(
    tmp_path: Path,
) -> None:
    track("wandb", tmp_path / "runs")
    records = list(wandb_records(tmp_path / "runs"))
    (run,) = (record.run for record in records if record.HasField("run"))
    config = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert run.display_name == "first"
    assert (config["optimizer"], config["hidden_sizes"]) == ("adam", [300, 100])
    rows = [
        {
            item.key or item.nested_key[0]: json.loads(item.value_json)
            for item in record.history.item
        }
        for record in records
        if record.HasField("history")
    ]
    epochs = [(row["epoch"], row["val_loss"]) for row in rows if "epoch" in row]
    assert epochs == [(1, 2.0), (2, 1.0)]
    steps = [(row["step"], row["step_loss"]) for row in rows if "step" in row]
    assert steps == [(1, 3.0), (2, 2.0), (3, 1.0), (4, 1.5), (5, 1.0), (6, 0.5)]
    summary = {
        item.key: json.loads(item.value_json)
        for record in records
        if record.HasField("summary")
        for item in record.summary.update
        if item.key
    }
    assert (summary["val_accuracy"], summary["kept"]) == (0.6, "last")
    assert [record.exit.exit_code for record in records if record.HasField("exit")] == [0]


def test_a_run_that_did_not_come_to_its_end_is_marked_as_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_tracker("wandb", tmp_path, "first", {}):
        1 / 0  # noqa: B018  # something fails
    assert [r.exit.exit_code for r in wandb_records(tmp_path) if r.HasField("exit")] == [1]


def test_wandb_without_an_account_is_offline_and_asks_nobody_on_the_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        here = f"http://127.0.0.1:{listener.getsockname()[1]}"
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("WANDB_")
        }
        environment |= {"HOME": str(tmp_path), "NETRC": str(tmp_path / "netrc"), "NO_PROXY": ""}
        environment |= dict.fromkeys(
            ("WANDB_BASE_URL", "HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), here
        )
        small = ["--train-size", "200", "--validation-size", "100", "--epochs", "1", "--no-test"]
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "playground",
                "train",
                *small,
                "--tracker",
                "wandb",
                "--log-dir",
                tmp_path / "runs",
            ],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert any(record.HasField("history") for record in wandb_records(tmp_path / "runs"))
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize(("settings", "message"), [
    ({"name": "tensorbord"}, "unknown tracker 'tensorbord', did you mean 'tensorboard'?"),
    ({"name": "csv", "folder": "file/runs"}, "file/runs cannot be created"),
    ({"name": "wandb", "mode": "of"}, "WANDB_MODE is 'of', expected online, offline or disabled"),
])  # fmt: skip
def test_what_cannot_be_tracked_is_said(
    settings: dict[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    monkeypatch.setenv("WANDB_MODE", settings.get("mode", "offline"))
    with pytest.raises(PlaygroundError, match=message.replace("?", r"\?")):
        open_tracker(settings["name"], Path(settings.get("folder", "runs")), "first", {})


def test_wandb_online_without_an_account_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    with pytest.raises(
        PlaygroundError, match="run wandb login once, or set WANDB_MODE=offline"
    ) as caught:
        open_tracker("wandb", tmp_path, "first", {})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_missing_package_is_one_line_that_names_the_extra(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    with pytest.raises(
        PlaygroundError,
        match=rf"{name} is required but not installed.*pip install -e '.\[tracking\]'",
    ):
        TRACKERS[name](tmp_path, "first", {})

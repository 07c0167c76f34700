"""The framework of the experiments: records on disk, tables, phrases, the command."""

from __future__ import annotations

import importlib.util
import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from playground.__main__ import main
from playground.errors import PlaygroundError
from playground.experiments import (
    EXPERIMENTS,
    Experiment,
    ExperimentSettings,
    Finding,
    Result,
    figures,
    phrases,
    present,
    report,
    results,
)
from playground.experiments import run as run_experiment
from playground.plots import small_png
from tests.playground.results_support import small_result, variant
from tests.support import ROOT

# Words


def test_a_ranking_names_ties_with_the_best_and_those_below() -> None:
    best, close = variant("nadam", 0.900, 0.904, 0.902), variant("adam", 0.902, 0.902, 0.899)
    far = variant("sgd", 0.80, 0.82, 0.81)
    assert phrases.ranking([far, best, close], images=10_000) == (
        "nadam has the highest test accuracy, 90.20 ± 0.20 %, a tie with adam. sgd is below it."
    )
    assert phrases.behind([far, best, close], images=10_000)[1].startswith(
        "sgd, 81.00 ± 1.00 %: 9.20 points below nadam (95 % interval "
    )


def test_no_ranking_puts_one_of_several_equals_last() -> None:
    equals = [variant(name, 0.1, 0.1) for name in ("a", "b", "c")]
    assert phrases.ranking(equals, images=10).endswith("but all others tie with it.")
    above = phrases.ranking([*equals, variant("d", 0.9, 0.9)], images=10)
    assert above.endswith("a, b and c are below it.")


def test_the_basis_of_a_finding_names_seeds_images_intervals_and_a_quick_run() -> None:
    compared = Finding("adam (95 % interval 0.1 to 0.2)")
    several = small_result(finding=compared)
    one = small_result(finding=compared, quick=True, variants=(variant("sgd", 0.8),))
    assert phrases.basis(several).startswith("2 seeds, 10,000 test images. Intervals are Student's")
    assert "McNemar's test" in phrases.basis(one)
    assert "A quick run" in phrases.basis(one)
    assert phrases.basis(small_result()) == "2 seeds, 10,000 test images."


def test_the_setting_names_threads_and_precision_of_the_seconds() -> None:
    result = small_result(versions={"threads": 2})
    assert phrases.setting(result) == "cpu with 2 threads, in float32"
    assert "PyTorch on cuda" in phrases.setting(replace(result, device="cuda"))


def test_the_seconds_of_a_result_include_the_trainings_that_were_kept() -> None:
    losses = results.read(ROOT / "results" / "losses.json")
    trained = sum(sum(v.seconds.values) for v in losses.variants)
    assert present(replace(losses, seconds=0.0)).seconds == pytest.approx(trained)
    doubled = replace(losses, seconds=0.0, variants=(*losses.variants, losses.variants[0]))
    assert present(doubled).seconds == pytest.approx(trained)  # two trials of the same trainings
    assert present(replace(losses, seconds=1e6)).seconds == 1e6


# Figures


def test_a_figure_is_the_same_file_each_time() -> None:
    def drawn() -> tuple[bytes, bytes]:
        figure = figures.new_figure(4, 3)
        axes = figure.subplots()
        figures.draw_curve(axes, variant("adam", 0.9, 0.8), "train_losses")
        figures.tidy(axes, "epoch", "loss (nats)")
        return figures.as_png(figure), figures.as_svg(figure)

    (png, svg), again = drawn(), drawn()
    assert (png, svg) == again
    assert png.startswith(b"\x89PNG")
    assert b"<dc:date>" not in svg


def test_a_small_picture_keeps_rare_colours() -> None:
    figure = figures.new_figure(3, 2)
    axes = figure.subplots()
    rng = np.random.default_rng(0)
    axes.scatter(rng.random(500), rng.random(500), alpha=0.5, color=figures.BLUE)
    axes.plot(0.5, 0.5, ".", markersize=4, color=figures.ORANGE, markeredgewidth=0)
    small = np.asarray(Image.open(io.BytesIO(small_png(figure))).convert("RGB")).astype(int)
    assert np.abs(small - [230, 159, 0]).max(axis=2).min() < 12  # figures.ORANGE


def test_each_thing_that_has_a_colour_has_its_own_among_its_kind() -> None:
    for kind in (
        ["sgd", "momentum", "nesterov", "rmsprop", "adam", "nadam"],
        ["from scratch", "v1", "v2", "v3", "fast"],
    ):
        assert (
            len({figures.COLOURS[name] for name in kind})
            == len({figures.MARKERS[name] for name in kind})
            == len(kind)
        )


# Files


def test_the_readme_has_a_section_for_each_result_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXPERIMENTS, "another", Experiment("What else?"))
    report.write(small_result(), tmp_path)
    report.write(small_result("another", quick=True, versions={"threads": 2}), tmp_path)
    lines = (tmp_path / "README.md").read_text().splitlines()
    assert lines[-9:] == [
        "## another",
        "",
        "*What else?*",
        "",
        "adam is best.",
        "",
        "- sgd: 10.00 points below adam",
        "",
        "[another.json](another.json), a quick run: 2 seeds, 12 s; cpu with 2 threads, in float32.",
    ]
    (tmp_path / "README.md").write_text("changed by hand")
    (tmp_path / "another.json").unlink()
    report.write(small_result(), tmp_path)
    assert (tmp_path / "README.md").read_text().splitlines() == lines[:-10]


def test_a_result_leaves_its_json_its_figures_and_its_further_files(tmp_path: Path) -> None:
    result = small_result(
        figures={"optimizers": figures.new_figure(2, 2)}, files={"optimizers/more.txt": b"more"}
    )
    paths = report.write(result, tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in paths) == [
        "optimizers.json",
        "optimizers.png",
        "optimizers.svg",
        "optimizers/more.txt",
    ]
    assert all(path.stat().st_size for path in paths)
    assert results.read(tmp_path / "optimizers.json") == result
    assert "![optimizers.png](optimizers.png)" in (tmp_path / "README.md").read_text()


# The command


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ExperimentSettings]]:
    """Experiments that train nothing; the list tells which were run, and how."""
    calls: list[tuple[str, ExperimentSettings]] = []

    def pretend(name: str, settings: ExperimentSettings) -> Result:
        calls.append((name, settings))
        return small_result(name, quick=settings.quick)

    monkeypatch.setattr("playground.commands.experiments.run", pretend)
    return calls


def command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = main(["run", *arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_run_prints_the_finding_and_the_files(
    tmp_path: Path,
    stand_in: list[tuple[str, ExperimentSettings]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "new" / "results"
    status, out, err = command(["optimizers", "--seeds", "2", "--output", str(folder)], capsys)
    assert (status, err) == (0, "")
    assert out.startswith(
        f"optimizers: {EXPERIMENTS['optimizers'].question}\nadam is best.\n"
        "- sgd: 10.00 points below adam\n(2 seeds, 10,000 test images.)"
    )
    assert f"\n{folder}/optimizers.json; 12 s\n" in out
    assert results.read(folder / "optimizers.json").finding.summary == "adam is best."
    finished = folder / "unfinished" / "optimizers"
    expected = ExperimentSettings(seeds=2, verbose=True, finished=finished)
    assert stand_in == [("optimizers", expected)]


def test_redraw_writes_finding_and_figures_without_training(
    tmp_path: Path,
    stand_in: list[tuple[str, ExperimentSettings]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    committed = results.read(ROOT / "results" / "fashion-vs-mnist.json")
    report.write(replace(committed, finding=Finding("stale")), tmp_path)
    status, out, _ = command(["fashion-vs-mnist", "--redraw", "--output", str(tmp_path)], capsys)
    assert (status, stand_in) == (0, [])
    again = results.read(tmp_path / "fashion-vs-mnist.json")
    assert "times as many errors on clothing" in again.finding.summary
    assert again.variants == committed.variants
    assert out.startswith("The same network classifies")
    assert (tmp_path / "fashion-vs-mnist.png").exists()


def test_run_all_runs_each_experiment_once(
    tmp_path: Path,
    stand_in: list[tuple[str, ExperimentSettings]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(["all", "optimizers", "--output", str(tmp_path)], capsys)[0] == 0
    assert [name for name, _ in stand_in] == list(EXPERIMENTS)
    assert sorted(path.stem for path in tmp_path.glob("*.json")) == sorted(EXPERIMENTS)


def test_one_experiment_that_cannot_be_run_keeps_no_other_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pretend(name: str, settings: ExperimentSettings) -> Result:
        if name == "losses":
            raise PlaygroundError("no losses today")
        return small_result(name)

    monkeypatch.setattr("playground.commands.experiments.run", pretend)
    status, _, err = command(["all", "--output", str(tmp_path)], capsys)
    assert status == 2
    assert err == "error: losses: no losses today\nerror: losses failed, the others succeeded\n"
    assert sorted(path.stem for path in tmp_path.glob("*.json")) == sorted(
        set(EXPERIMENTS) - {"losses"}
    )
    assert command(["losses", "--output", str(tmp_path)], capsys)[::2] == (
        2,
        "error: no losses today\n",
    )


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_has_a_module_of_its_name(name: str) -> None:
    module = importlib.util.find_spec(f"playground.experiments.{name.replace('-', '_')}")
    assert module is not None
    assert (
        "def run(settings: ExperimentSettings) -> Result:" in Path(str(module.origin)).read_text()
    )


@pytest.mark.parametrize(
    ("before", "folder"),
    [([], "results"), (["--quick"], "results"), (["--seeds", "1"], "results/quick")],
)
def test_a_quick_run_never_replaces_a_full_one(
    before: list[str],
    folder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stand_in: list[tuple[str, ExperimentSettings]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if before:
        assert command(["optimizers", *before], capsys)[0] == 0
    status, out, _ = command(["optimizers", "--quick"], capsys)
    assert status == 0
    assert out.startswith("A quick run: about 30 s on an idle core\n")
    assert results.read(tmp_path / folder / "optimizers.json").quick
    assert results.read(tmp_path / "results" / "optimizers.json").quick == (folder == "results")


def test_run_list_says_what_there_is(
    stand_in: list[tuple[str, ExperimentSettings]], capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = command(["--list"], capsys)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == list(EXPERIMENTS)
    assert not stand_in


@pytest.mark.parametrize(("arguments", "message"), [
    (["optimisers"],
     "unknown experiment 'optimisers', did you mean 'optimizers'? Expected one of: optimizers"),
    ([], "no experiment named, expected all or some of: optimizers"),
    (["optimizers", "--seeds", "0"], "seeds is 0, expected an integer of at least 1"),
    (["optimizers", "--device", "abacus"], "device 'abacus' is not available here"),
    (["optimizers", "--output", "file"],
     "file cannot be written to (File exists), expected a folder for results"),
    (["optimizers", "--output", "file/results"],
     "file/results cannot be written to (Not a directory)"),
    (["optimizers", "--output", "taken"],
     "taken/optimizers.json cannot be written: a folder of that name exists"),
    (["optimizers", "--output", "damaged"],
     "damaged/another.json is not the result of an experiment"),
    (["optimizers", "--output", "mine"],
     "mine/README.md is no earlier report and would be replaced"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")  # fmt: skip
def test_what_cannot_be_run_is_said_in_one_line_before_any_training(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stand_in: list[tuple[str, ExperimentSettings]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(EXPERIMENTS, "another", Experiment("What else?"))
    (tmp_path / "file").write_text("")
    (tmp_path / "taken" / "optimizers.json").mkdir(parents=True)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text("mine")
    (tmp_path / "damaged" / "another.json").write_text("{}")
    status, _, err = command(arguments, capsys)
    assert status == 2
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1
    assert not stand_in


def test_a_damaged_result_of_the_experiment_that_is_run_is_written_anew(
    tmp_path: Path,
    stand_in: list[tuple[str, ExperimentSettings]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "optimizers.json").write_text("{}")
    assert command(["optimizers", "--output", str(tmp_path)], capsys)[0] == 0
    assert results.read(tmp_path / "optimizers.json").experiment == "optimizers"


def test_a_package_that_is_missing_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(EXPERIMENTS, "another", Experiment("What else?", needs=("abacus",)))
    with pytest.raises(
        PlaygroundError, match=r"abacus is required but not installed: .*\[playground\]"
    ):
        run_experiment("another")


def test_the_framework_starts_without_torch_scikit_learn_or_matplotlib() -> None:
    heavy = "{'torch', 'sklearn', 'scipy', 'pandas', 'matplotlib', 'PIL'} & set(sys.modules)"
    modules = "sys, playground.experiments, playground.experiments.report"
    code = f"import {modules}; sys.exit(str({heavy}) if {heavy} else 0)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)

"""The report of a sweep: best configuration (YAML), best three (JSON), four figures, a page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assignment.files import write_atomically
from playground.configuration import Configuration
from playground.configuration_files import from_values, write_configuration
from playground.errors import BadFile, PlaygroundError
from playground.plots import small_png
from playground.sweeps import figures
from playground.sweeps.records import Record, best, records_of
from playground.sweeps.settings import SweepSettings
from playground.sweeps.space import in_words

if TYPE_CHECKING:
    from optuna import Study

TOP, TOP_COUNT = "top.json", 3
MAX_BYTES = 1_000_000  # of top.json, which takes about 3 kB


def write(study: Study, settings: SweepSettings, folder: Path) -> list[Path]:
    """Writes the files and returns their paths. Raises PlaygroundError if no trial is complete."""
    records = records_of(study)
    top = best(records, TOP_COUNT)
    if not top:
        raise PlaygroundError("no trial is complete yet, expected at least one: run more trials")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "best.yaml", folder / TOP]
    write_configuration(paths[0], top[0].configuration, _comment(top[0], len(records), settings))
    text = json.dumps(_summary(records, top, settings), indent=1)
    write_atomically(paths[1], f"{text}\n".encode())
    for name, figure in figures.draw(study, records, settings.epochs).items():
        paths.append(folder / f"{name}.png")
        write_atomically(paths[-1], small_png(figure))
    pictures = [path.name for path in paths if path.suffix == ".png"]
    page = _page(records, top, settings, pictures) + _why_they_differ(study, records, settings)
    paths.append(folder / "README.md")
    write_atomically(paths[-1], page.encode())
    return paths


def _page(
    records: list[Record], top: list[Record], settings: SweepSettings, figures: list[str]
) -> str:
    """The README.md of the report."""
    ends = [record.end for record in records]
    lines = [
        f"# A sweep on {settings.source}",
        "",
        f"{len(records)} trials: {ends.count('complete')} completed, {ends.count('pruned')} ended "
        f"early, {ends.count('diverged')} diverged; {_images(settings)} training images, up to "
        f"{settings.epochs} epochs, seed {settings.seed}. All accuracies are validation "
        "accuracies; the test images were not used. The best of many trials benefits from luck, "
        "by a few tenths of a percentage point.",
        "",
        "| trial | validation accuracy | configuration | epochs | parameters |",
        "|---|---|---|---|---|",
        *(
            f"| {r.number} | {r.val_accuracy:.2%} | {' '.join(in_words(r.configuration).split())} "
            f"| {r.configuration.epochs} | {r.network_parameters:,} |"
            for r in top
        ),
        "",
        f"`{settings.train_command('best.yaml')}` trains the best one and tests it once.",
        "",
        *(f"![{name.removesuffix('.png')}]({name})" for name in figures),
    ]
    return "\n".join(lines) + "\n"


def _why_they_differ(study: Study, records: list[Record], settings: SweepSettings) -> str:
    """A paragraph on importance and correlation, if they were drawn."""
    complete = [record for record in records if record.end == "complete"]
    if not figures.comparable(complete):
        return ""
    shares = figures.importances(study)
    values = figures.correlations(complete, settings.epochs)
    important = max(shares, key=shares.__getitem__)
    correlated = max(values, key=lambda name: abs(values[name]))
    return (
        f"\nMost important is {figures.LABELS.get(important, important)} "
        f"({100 * shares[important]:.0f} % of the variance), most strongly correlated "
        f"{correlated} ({values[correlated]:+.2f}). {figures.WHY_THEY_DIFFER}\n"
    )


def _comment(record: Record, trials: int, settings: SweepSettings) -> str:
    return (
        f"The best of {trials} trials on {settings.source}: "
        f"validation accuracy {record.val_accuracy:.2%},\n"
        f"trained on {_images(settings)} images, seed {settings.seed}.\n"
        f"To train and test it: {settings.train_command('THIS_FILE')}"
    )


def _images(settings: SweepSettings) -> str:
    return "all" if settings.train_size is None else f"{settings.train_size:,}"


def _summary(records: list[Record], top: list[Record], settings: SweepSettings) -> dict[str, Any]:
    ends = [record.end for record in records]
    return {
        "settings": asdict(settings),
        "trials": {end: ends.count(end) for end in ("complete", "pruned", "diverged")},
        "seconds": round(sum(record.seconds for record in records), 1),
        "top": [
            {
                "number": record.number,
                "val_accuracy": record.val_accuracy,
                "seconds": round(record.seconds, 1),
                "network_parameters": record.network_parameters,
                "configuration": asdict(record.configuration),
            }
            for record in top
        ],
    }


def read_top(path: Path) -> list[tuple[Configuration, float]]:
    """The configurations in a top.json, each with its validation accuracy, the best first.

    Raises BadFile if the file is missing, damaged or not a top.json.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PlaygroundError(f"it has {path.stat().st_size} bytes")
        entries = json.loads(path.read_text(encoding="utf-8"))["top"]
        return [
            (from_values(entry["configuration"]), float(entry["val_accuracy"])) for entry in entries
        ]
    except OSError as error:
        raise BadFile(
            f"{path} cannot be read ({error.strerror}), expected a file written by sweep"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise BadFile(
            f"{path} does not hold the best of a sweep ({reason}), expected a file written by sweep"
        ) from None

"""What a sweep leaves to read: the best configuration as YAML, the best three as JSON, four figures, and a page with all."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import utils
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

TOP_COUNT = 3
MAX_BYTES = 1_000_000  # bytes of a file of the best; they take 3 kB


def write(study: Study, settings: SweepSettings, folder: Path) -> list[Path]:
    """Writes the files into the folder and returns their paths. Raises PlaygroundError where no trial was completed."""
    records = records_of(study)
    top = best(records, TOP_COUNT)
    if not top:
        raise PlaygroundError(
            "no trial has been trained to its end yet, expected at least one: try more trials"
        )
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "best.yaml", folder / "top.json"]
    write_configuration(paths[0], top[0].configuration, _comment(top[0], len(records), settings))
    text = json.dumps(_summary(records, top, settings), indent=1)
    utils.write_atomically(paths[1], f"{text}\n".encode())
    for name, figure in figures.draw(study, records, settings.epochs).items():
        paths.append(folder / f"{name}.png")
        utils.write_atomically(paths[-1], small_png(figure))
    page = _page(records, top, settings, [path.name for path in paths if path.suffix == ".png"])
    paths.append(folder / "README.md")
    utils.write_atomically(paths[-1], page.encode())
    return paths


def _page(
    records: list[Record], top: list[Record], settings: SweepSettings, figures: list[str]
) -> str:
    """A page of Markdown: what was tried, the best, the figures."""
    ends = [record.end for record in records]
    lines = [
        f"# A sweep on {settings.dataset}",
        "",
        f"{len(records)} trials, {ends.count('complete')} trained to their end, {ends.count('pruned')} ended early, "
        f"{ends.count('diverged')} diverged; {_images(settings)} training images, up to {settings.epochs} epochs, "
        f"seed {settings.seed}. Accuracies are of validation images, which chose: the test images were not looked at. Of so "
        "many trials the best is partly lucky, by a few tenths of a point.",
        "",
        "| trial | validation accuracy | hidden layers, activation, initializer, optimizer, … | epochs | parameters |",
        "|---|---|---|---|---|",
        *(
            f"| {r.number} | {r.val_accuracy:.2%} | {' '.join(in_words(r.configuration).split())} | "
            f"{r.configuration.epochs} | {r.network_parameters:,} |"
            for r in top
        ),
        "",
        "`python -m playground train --config best.yaml` trains the first of them and tests it once.",
        "",
        *(f"![{name.removesuffix('.png')}]({name})" for name in figures),
    ]
    return "\n".join(lines) + "\n"


def _comment(record: Record, trials: int, settings: SweepSettings) -> str:
    return (
        f"The best of {trials} trials on {settings.dataset}: {record.val_accuracy:.2%} of the validation images,\n"
        f"trained on {_images(settings)} images, seed {settings.seed}. python -m playground train --config {{this file}}"
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
    """The best configurations in a file that `write` wrote, each with its validation accuracy; the best first.

    Raises BadFile where it is missing, damaged or something else.
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
            f"{path} cannot be read ({error.strerror}), expected what sweep writes"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise BadFile(
            f"{path} does not hold the best of a sweep ({reason}), expected what sweep writes"
        ) from None

"""Tables of results inside a document: `python -m playground tables README.md` updates them.

A table stands between `<!-- results: NAME -->` and `<!-- /results -->`, each on its own line. The
text between them is generated from `NAME.json`, so that no number is copied by hand.
"""

from __future__ import annotations

import re
from pathlib import Path

from playground.errors import PlaygroundError
from playground.experiments import phrases
from playground.experiments.results import Result, Variant, read

# a table cannot contain another opening marker: after an unclosed one, the text is the author's
PLACE = re.compile(
    r"(<!-- results: (\S+) -->\n)(?:(?!<!-- results:).)*?(<!-- /results -->)", re.DOTALL
)
MARKER = re.compile(r"^[ \t]*<!-- (?:results: .*?|/results) -->", re.MULTILINE)


def fill(text: str, folder: Path) -> str:
    """The document with each table rebuilt from the results in the folder.

    Raises PlaygroundError if there are no markers or one has no counterpart, BadFile if a result is
    missing.
    """
    _check_markers(text)
    if not PLACE.search(text):
        raise PlaygroundError(
            "no table to write, expected <!-- results: NAME --> and <!-- /results --> around it"
        )
    return PLACE.sub(
        lambda place: f"{place[1]}{table(read(folder / f'{place[2]}.json'))}{place[3]}", text
    )


def _check_markers(text: str) -> None:
    """Raises PlaygroundError, naming the first marker without a counterpart, if there is one."""
    rest = PLACE.sub(lambda place: "\n" * place[0].count("\n"), text)  # keeps the line numbers
    if marker := MARKER.search(rest):
        line = rest.count("\n", 0, marker.start()) + 1
        raise PlaygroundError(
            f"{marker[0].strip()} in line {line} has no counterpart, expected <!-- results: NAME "
            "--> above and <!-- /results --> below each table: add the other marker or remove "
            "this one"
        )


def table(result: Result) -> str:
    """A Markdown table with one row per variant, and a caption."""
    seeds = f"{result.seeds} seed{'s' if result.seeds > 1 else ''}"
    quick = "; a quick run, whose results mean little" if result.quick else ""
    quickest = "seconds of the quickest seed, " if result.seeds > 1 else ""
    images = result.images
    head = "| | test accuracy | parameters | epochs | seconds an epoch | seconds |\n"
    rows = head + "|---|---|---|---|---|---|\n" + "".join(map(_row, result.variants))
    counts = f"{images['train']:,} training images, {images['test']:,} test images"
    return f"\n{rows}\n{counts}, {seeds}{quick}; {quickest}{phrases.setting(result)}.\n\n"


def _row(variant: Variant) -> str:
    epochs = [len(trial.history["val_accuracies"]) for trial in variant.trials]
    each = [trial.seconds / number for trial, number in zip(variant.trials, epochs, strict=True)]
    cells = (
        variant.name,
        phrases.percent(variant.test_accuracy),
        f"{variant.parameters:,}",
        f"{max(epochs)}",
        f"{min(each):.2g}" if min(each) < 10 else f"{min(each):.0f}",
        f"{variant.quickest.seconds:.0f}",
    )
    return f"| {' | '.join(cells)} |\n"

"""Runs benchmark sections and writes RESULTS.md and RESULTS.json: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.records import BenchmarkSettings, as_json, as_markdown

# in the order of RESULTS.md
SECTIONS = {
    "training": "a NumPy epoch compared with its lower bound, PyTorch and scikit-learn",
    "accuracy": "training time to reach a test accuracy",
    "marking": "marking one submission, and running its scripts",
    "startup": "starting each command, its imports, loading the data",
    "graders": "time to mark a submission, compared with other graders",
    "a_class": "a whole class: submissions per hour, growth, Dask",
}
HERE = Path(__file__).resolve().parent


def main(arguments: list[str] | None = None) -> int:
    """Measures and returns 0, whether or not the goals are met; the results say so."""
    options = _parse(arguments)
    # before NumPy is imported; child processes inherit it
    coretype = os.environ.pop("OPENBLAS_CORETYPE", None)
    settings = BenchmarkSettings(repeats=options.repeats, quick=options.quick, full=options.full)
    for name in options.sections or SECTIONS:
        print(f"{name}: {SECTIONS[name]} …", file=sys.stderr, flush=True)
        found = machine.describe(coretype)
        section = importlib.import_module(f"benchmarks.{name}").measure(settings)
        _write(
            options.output,
            name,
            as_json(section, settings, found, datetime.date.today().isoformat()),
        )
    print((options.output / "RESULTS.md").read_text(encoding="utf-8"))
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks",
        description="Measure, and write RESULTS.md and RESULTS.json. Sections:\n\n"
        + "\n".join(f"  {name:<10} {summary}" for name, summary in SECTIONS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help="sections to measure (default: all)"
    )
    parser.add_argument("--repeats", type=int, metavar="N", help="rounds (default: 7; quick: 1)")
    parser.add_argument(
        "--quick", action="store_true", help="only test that it runs; the results mean nothing"
    )
    parser.add_argument(
        "--full", action="store_true", help="include measurements that take many minutes"
    )
    parser.add_argument(
        "--output", type=Path, default=HERE, metavar="DIR", help="default: benchmarks/"
    )
    options = parser.parse_args(arguments)
    for name in options.sections:
        if name not in SECTIONS:
            parser.error(f"unknown section {name!r}, expected {', '.join(SECTIONS)}")
    if options.repeats is None:
        options.repeats = 1 if options.quick else 7
    if options.repeats < 1:
        parser.error(f"--repeats is {options.repeats}, expected 1 or more")
    if not options.output.is_dir():
        parser.error(f"--output {options.output} is not a folder")
    if options.quick and options.output == HERE:
        parser.error(
            "--quick needs --output DIR: its results mean nothing and must not replace the real "
            "ones"
        )
    return options


def _write(folder: Path, name: str, section: dict[str, Any]) -> None:
    """Writes the results, replacing the old ones of this section."""
    path = folder / "RESULTS.json"
    kept = json.loads(path.read_text(encoding="utf-8"))["sections"] if path.exists() else {}
    kept[name] = section
    sections = {name: kept[name] for name in SECTIONS if name in kept}
    path.write_text(
        json.dumps({"sections": sections}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (folder / "RESULTS.md").write_text(as_markdown(sections), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

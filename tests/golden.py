"""What a marking shows from outside: `python -m tests.golden record`, `python -m tests.golden compare`.

A refactoring is compared with the record: status, points and ids of every specimen and cheat; of a
handful of whole submissions also exit status, accuracies with a fixed seed, the HTML report, and
the fields of results.json. Wording is left out on purpose: it may improve.
"""

from __future__ import annotations

import json
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.pictures import PICTURES
from tests.support import ROOT, mark, mark_here, script_with, write_submission

SPECIMENS = ROOT / "tests" / "specimens"
RECORD = Path(__file__).with_name("golden.json")
SEED = 11
PART_1, PARTS_2_AND_3 = (
    ["1.2", "1.3", "1.4", "1.5", "1.6"],
    [f"{p}.{n}" for p in (2, 3) for n in (1, 2, 3, 4)],
)

Facts = dict[str, Any]


def _specimens() -> Iterator[tuple[str, Facts]]:
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, keywords, options) in enumerate(_submissions()):
            work = write_submission(Path(folder) / str(number), **keywords)
            plot = options.pop("plot", None)
            if plot is not None:
                file, content = plot
                (work / file).unlink()
                if content is not None:
                    (work / file).write_bytes(content)
            results = mark_here(work, seed=SEED, **options)
            yield (
                name,
                {
                    n: [str(r.status), r.points, r.max_points, list(r.diagnosis)]
                    for n, r in results.items()
                },
            )


def _submissions() -> Iterator[tuple[str, Facts, Facts]]:
    """Name, what the submission is written with, and how it is marked."""
    for file, key in (("right", "right"), ("wrong_numpy", "wrong"), ("wrong_torch", "wrong")):
        for one in tomllib.loads((SPECIMENS / f"{file}.toml").read_text())[key]:
            asked = (
                PART_1
                if one["section"][0] == "1"
                else [f"{one['section'][0]}.{n}" for n in (1, 2, 3, 4)]
            )
            sections = {one["section"]: one["code"], **one.get("others", {})}
            yield (
                f"{file} {one['section']} {one.get('style') or one['mistake']}",
                {"sections": sections},
                {"numbers": asked},
            )
    whole = tomllib.loads((SPECIMENS / "whole_scripts.toml").read_text())
    for one in whole["script"]:
        source = script_with("numpy_ann", {}).replace(one["replace"], one["with"], 1)
        size = 1000 if one["section"] == "1.7" else None
        options = {"numbers": [one["section"]], "train_size": size, "seconds": one.get("seconds")}
        yield f"script {one['section']} {one['mistake']}", {"numpy_ann": source}, options
    for one in whole["plot"]:
        file = f"pytorch_{'ann' if one['section'] == '2.7' else 'cnn'}_train_val_metrics.png"
        content = None if one["picture"] == "none" else PICTURES[one["picture"]]()
        yield (
            f"plot {one['section']} {one['picture']}",
            {},
            {"numbers": [one["section"]], "plot": (file, content)},
        )


def _cheats() -> Iterator[tuple[str, Facts]]:
    from grader.selftest import cases as selftest

    for outcome in selftest.run("auto"):
        yield (
            f"selftest {outcome.name}",
            {
                "expected": outcome.expected,
                "earned": outcome.found,
                "as expected": not outcome.problem,
            },
        )


def _whole() -> Iterator[tuple[str, Facts]]:
    """Commands as an instructor gives them."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        stubs = {
            script: (ROOT / f"{script}.py").read_text()
            for script in ("numpy_ann", "pytorch_ann", "pytorch_cnn")
        }
        no_syntax = script_with("numpy_ann", {}).replace(
            "import numpy as np", "import numpy as np\ndef (", 1
        )
        foreign = script_with("numpy_ann", {}).replace(
            "import numpy as np", "import numpy as np\nimport scipy; scipy.e", 1
        )
        works = {
            "reference": {},
            "stubs": stubs,
            "no pytorch_ann.py": {"pytorch_ann": None},
            "wrong backward": {
                "sections": {
                    "1.6": "return {name: 0 * getattr(self, name) for name in ('W1', 'b1', 'W2', 'b2')}"
                }
            },
            "wrong relu": {"sections": {"1.2": "return np.abs(z)"}},
            "syntax error": {"numpy_ann": no_syntax},
            "forbidden import": {"numpy_ann": foreign},
        }
        for name, keywords in works.items():
            yield _command(
                f"grade {name}",
                write_submission(place / name, **keywords),
                place,
                "--skip-training",
            )
        (place / "empty").mkdir()
        yield _command("grade empty folder", place / "empty", place)
        yield _command(
            "grade reference with training", place / "reference", place, "--train-size=2000"
        )


def _command(name: str, work: Path, place: Path, *options: str) -> tuple[str, Facts]:
    page = place / "page.html"
    page.unlink(missing_ok=True)
    marked = mark(work, f"--seed={SEED}", f"--html={page}", *options)
    results = marked.results
    return name, {
        "exit status": marked.status,
        "html": page.exists() and page.read_text().endswith("</html>\n"),
        "score": results["score"],
        "max_score": results["max_score"],
        "accuracy": results["extra_data"]["accuracy"],
        "fields": sorted(results),
        "extra_data": sorted(results["extra_data"]),
        "fields of a test": sorted({key for test in results["tests"] for key in test}),
        "extra_data of a test": sorted(
            {key for test in results["tests"] for key in test["extra_data"]}
        ),
        "tests": {
            t["number"]: [t["status"], t["score"], t["max_score"], t["extra_data"]["diagnosis"]]
            for t in results["tests"]
        },
    }


def facts() -> Facts:
    """Everything, by name."""
    found: Facts = {}
    for source in (_whole, _specimens, _cheats):
        for name, fact in source():
            print(name, file=sys.stderr)
            assert name not in found, name
            found[name] = fact
    return found


def differences(before: Facts, now: Facts) -> list[str]:
    """A line for each fact that is not as it was."""
    lines = []
    for name in sorted(before.keys() | now.keys()):
        one, two = before.get(name, {}), now.get(name, {})
        lines += [
            f"{name}: {key}: {one.get(key)} -> {two.get(key)}"
            for key in {**one, **two}
            if one.get(key) != two.get(key)
        ]
    return lines


def main(arguments: list[str]) -> int:
    """0 where nothing differs."""
    if arguments[:1] == ["record"]:
        RECORD.write_text(json.dumps(facts(), indent=0, sort_keys=True) + "\n")
        return 0
    changed = differences(json.loads(RECORD.read_text()), facts())
    print("\n".join(changed) or "nothing differs")
    return bool(changed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

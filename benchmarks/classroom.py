"""A synthetic class: honest submissions in many styles, and disguised copies among them.

Everything is generated from a seed. Its honest students are more alike than real ones, because they
all draw from a small set of styles.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from textwrap import indent

from benchmarks import copying, styles
from grader.handout.stubs import Solution, reference_source, split
from grader.sections import SCRIPTS

HYPERPARAMETERS = {
    "HIDDEN_SIZE": ("64", "100", "128", "128", "128", "150", "200", "256", "256", "300", "512"),
    "EPOCHS": ("5", "8", "8", "8", "10", "10", "12", "15", "20", "25"),
    "BATCH_SIZE": ("32", "64", "64", "64", "100", "128", "128", "256"),
    "LEARNING_RATE": (
        "0.001",
        "0.001",
        "0.002",
        "0.003",
        "0.004",
        "0.004",
        "0.005",
        "0.01",
        "1e-3",
        "3e-4",
        "0.0005",
        "0.05",
    ),
}
REMARKS = (
    "gradient of the {}",
    "shape is ({}, {})",
    "see the {}",
    "as in the {}",
    "avoid {} here",
    "works for any {}",
    "the {} of the batch",
    "numerically {}",
    "hidden {}",
    "TODO ask about the {}",
    "like in the {}",
    "no {} needed",
    "from the lecture on {}",
    "keep the {} for later",
    "not sure about the {}",
    "elementwise {}",
    "same {} as the {}",
    "chain rule for the {}",
    "apply {}",
    "next the {}",
)
WORDS = (
    "loss",
    "output",
    "logits",
    "weights",
    "bias",
    "hidden layer",
    "softmax",
    "log",
    "zeros",
    "README",
    "formula",
    "batch",
    "axis",
    "n",
    "k",
    "h",
    "d",
    "mean",
    "sum",
    "transpose",
    "slides",
    "stable",
    "activation",
    "images",
    "classes",
    "pooling",
    "dropout",
    "eval mode",
    "gradients",
)


@dataclass
class Classroom:
    """The class, earlier years, and the copies: `{a, b}` with the name of the disguise."""

    works: dict[str, dict[str, bytes]]
    earlier: dict[str, dict[str, bytes]]
    copies: dict[frozenset[str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class SyntheticStudent:
    """The code and style of one student."""

    sections: dict[str, str]
    names: dict[str, str]
    values: dict[str, str]  # hyperparameters that differ from the handout
    talkative: float  # probability of a comment per line
    rng: random.Random


def student(rng: random.Random) -> SyntheticStudent:
    """A random honest student."""
    written = styles.sections(rng)
    if rng.random() < 0.1:  # some sections stay unwritten
        for number in rng.sample(sorted(written), rng.randint(1, 4)):
            written.pop(number)
    names = {slot: rng.choice(choices) for slot, choices in styles.NAMES.items()}
    values = {
        key: rng.choice(choices) for key, choices in HYPERPARAMETERS.items() if rng.random() < 0.6
    }
    return SyntheticStudent(written, names, values, rng.choice((0, 0, 0.05, 0.2, 0.5)), rng)


def write(author: SyntheticStudent) -> dict[str, bytes]:
    """A student's three scripts."""
    return {script: _script(script, author).encode() for script in SCRIPTS}


def _script(script: str, author: SyntheticStudent) -> str:
    lines: list[str] = []
    for part in split(reference_source(script), f"{script}.py"):
        if isinstance(part, str):
            key = part.partition(" = ")[0]
            lines.append(
                f"{key} = {author.values[key]}"
                if key in author.values and not part.startswith(" ")
                else part
            )
        elif part.section in author.sections:
            code = styles.name(author.sections[part.section], author.names)
            lines += indent(_talk(code, author), " " * _depth(part)).splitlines()
        else:
            lines += _stub(part, script)
    return "\n".join(lines) + "\n"


def _depth(solution: Solution) -> int:
    """The indentation of a section's code: module level, function or method."""
    if solution.section in ("2.5", "3.5"):
        return 0
    return 4 if solution.section in ("1.2", "1.3", "1.4") else 8


def _stub(solution: Solution, script: str) -> list[str]:
    given = [
        line.replace("# STUB ", "", 1)
        for line in solution.lines
        if line.strip().startswith("# STUB ")
    ]
    return given or [
        " " * _depth(solution)
        + f'raise NotImplementedError("TODO {solution.section}: {solution.inside} in {script}.py")'
    ]


def _talk(code: str, author: SyntheticStudent) -> str:
    """The code with random comments."""
    lines = []
    for line in code.splitlines():
        if author.rng.random() < author.talkative and not line.endswith(("(", ",")):
            remark = re.sub(r"\{\}", lambda _: author.rng.choice(WORDS), author.rng.choice(REMARKS))
            line = f"{line}  # {remark}"
        lines.append(line)
    return "\n".join(lines)


def classroom(size: int, copies: int, *, seed: int, earlier: int = 0) -> Classroom:
    """A class of `size` with `copies` copied submissions, some of them from earlier years."""
    rng = random.Random(seed)
    old = {
        f"old{number:03d}": write(student(random.Random(rng.random()))) for number in range(earlier)
    }
    authors = {f"s{number:03d}": student(random.Random(rng.random())) for number in range(size)}
    made = Classroom({one: write(author) for one, author in authors.items()}, old)
    drawn = rng.sample(sorted(authors), 2 * copies)
    ways = list(copying.WAYS)
    for number, (copyist, victim) in enumerate(zip(drawn[:copies], drawn[copies:], strict=True)):
        source = rng.choice(sorted(old)) if old and number % 3 == 2 else victim
        way = ways[number % len(ways)]
        works = made.earlier[source] if source in old else made.works[source]
        made.works[copyist] = copying.copy(works, made.works[copyist], way, rng)
        made.copies[frozenset((copyist, source))] = way
    return made

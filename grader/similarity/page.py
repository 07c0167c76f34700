"""A Comparison as one self-contained HTML page: pairs side by side, what they share marked. Nothing runs, nothing is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from assignment.files import write_atomically
from grader.report.text import one_line, plain
from grader.similarity.comparing import Comparison, Pair, Works
from grader.similarity.source import decode

CONTEXT = 2  # lines before and after what is shared
MAX_WIDTH = 160  # characters of a line
MAX_LINES = 300  # of one script
MAX_SHOWN = 60  # pairs side by side; the table lists all

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Look at these: {{ groups | length }} pairs of {{ comparison.works }} works</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --shared: #fff0b3; --line: #8886; }
@media (prefers-color-scheme: dark) { :root { --shared: #5a4a00; } }
body { max-width: 100rem; margin: 2rem auto; padding: 0 1rem; }
.text { max-width: 46rem; }
table { border-collapse: collapse; }
caption { text-align: left; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; }
pre { margin: 0; padding: .5rem; overflow-x: auto; border: 1px solid var(--line); font: .8rem/1.45 ui-monospace, monospace; }
pre:focus-visible, a:focus-visible { outline: 3px solid #2a7ae2; outline-offset: 2px; }
mark { background: var(--shared); color: inherit; border-left: 3px solid #b58900; padding-left: .3rem; }
:target { outline: 2px solid #2a7ae2; }
.gap, .row { opacity: .75; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
</style>
</head>
<body>
<header class="text">
<h1>Look at these</h1>
<p>{{ comparison.works }} works were compared with each other{% if comparison.earlier %} and with
{{ comparison.earlier }} of earlier years{% endif %}. Listed is who shares more than is usual of what few others have.
What the handout gives and what nearly everybody writes does not count.</p>
<p><strong>This is no verdict, and it affects no mark.</strong> Two who learned together, or from one book, can write
alike; the short answers of this assignment leave little choice. Read both, and talk with both, before you think anything
of it.</p>
{% if comparison.few %}<p>With {{ comparison.works }} works there is no telling what is usual: these are simply the
closest.</p>{% endif %}
</header>
<main>
{% if groups %}
<table>
<caption>Bits weigh what is shared by how few others have it. They put pairs in order and are no probability.
Usual between somebody and the closest other: {{ "%.0f" % comparison.usual }}.</caption>
<thead><tr><th scope="col" class="number">No.</th><th scope="col">Students</th><th scope="col" class="number">Bits</th>
<th scope="col">Scripts</th></tr></thead>
<tbody>{% for group in groups %}
<tr><td class="number">{{ loop.index }}</td>
<th scope="row">{% if loop.index <= max_shown %}<a href="#pair{{ loop.index }}">{{ group.title | one }}</a>
{% else %}{{ group.title | one }}{% endif %}</th>
<td class="number">{{ "%.0f" % group.score }}</td>
<td>{% for view in group.views %}{{ view.pair.script }} {{ "%.0f" % view.pair.score }}{{ ", " if not loop.last }}
{%- endfor %}</td></tr>
{% endfor %}</tbody>
</table>
{% else %}<p>Nobody shares more than is usual.</p>{% endif %}
{% for group in groups[:max_shown] %}{% set number = loop.index %}
<section aria-labelledby="pair{{ number }}">
<h2 id="pair{{ number }}">{{ number }}. {{ group.title | one }}</h2>
{% for view in group.views %}{% set place = "p%d-%d" % (number, loop.index) %}
<h3>{{ view.pair.script }}.py: {{ "%.0f" % view.pair.score }} bits, usual {{ "%.0f" % view.pair.usual }}</h3>
<div class="sides">
{% for side in view.sides %}{% set here = "ab"[loop.index0] %}{% set there = "ba"[loop.index0] %}
<figure>
<figcaption id="{{ place }}{{ here }}">{{ side.student | one }}</figcaption>
<pre tabindex="0" role="region" aria-labelledby="{{ place }}{{ here }}">
{% for line in side.lines %}{% if line.number == 0 %}<span class="gap">      … {{ line.text }}</span>
{% elif line.passage %}<span class="row">{{ "%4d" % line.number }}</span> {% if line.starts
%}<a id="{{ place }}{{ here }}{{ line.passage }}" href="#{{ place }}{{ there }}{{ line.passage }}">{{ "%2d" % line.passage
}}<span class="hidden"> shared passage, {{ "%.0f" % line.bits }} bits; to it in the other script</span></a>{% else %}  {% endif
%} <mark><span class="hidden">shared: </span>{{ line.text | plain }}</mark>
{% else %}<span class="row">{{ "%4d" % line.number }}</span>     {{ line.text | plain }}
{% endif %}{% endfor %}</pre>
</figure>
{% endfor %}</div>
{% endfor %}</section>
{% endfor %}
{% if groups | length > max_shown %}<p>The first {{ max_shown }} pairs are shown side by side; the table lists all.</p>{% endif %}
{% if comparison.notes %}<h2>Not compared as it should be</h2>
<ul>{% for note in comparison.notes %}<li>{{ note | one }}</li>{% endfor %}</ul>{% endif %}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Line:
    """A line to show; `number` 0: lines left out. `passage` 0: not shared; `starts` where a passage begins."""

    number: int
    text: str
    passage: int = 0
    starts: bool = False
    bits: float = 0.0


@dataclass(frozen=True)
class Side:
    """One of the two scripts."""

    student: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class View:
    """A pair of scripts side by side."""

    pair: Pair
    sides: tuple[Side, Side]


@dataclass(frozen=True)
class Group:
    """What the same two students share."""

    title: str
    score: float
    views: tuple[View, ...]


def page(comparison: Comparison, works: Works, earlier: Works) -> str:
    """The page's source."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    environment.filters["plain"] = plain
    environment.filters["one"] = one_line
    groups = [_group(pairs, works, earlier) for pairs in by_students(comparison)]
    return environment.from_string(_PAGE).render(
        comparison=comparison, groups=groups, max_shown=MAX_SHOWN
    )


def write(path: Path, source: str) -> None:
    """Write the page whole or not at all."""
    write_atomically(path, source.encode("utf-8", "replace"))


def by_students(comparison: Comparison) -> list[list[Pair]]:
    """The pairs of scripts of the same two students together."""
    return [
        list(pairs)
        for _, pairs in groupby(
            comparison.pairs, key=lambda pair: (pair.a, pair.b, pair.b_is_earlier)
        )
    ]


def title(pair: Pair) -> str:
    """The two students in words."""
    return f"{pair.a} and {pair.b}{' (an earlier year)' if pair.b_is_earlier else ''}"


def _group(pairs: list[Pair], works: Works, earlier: Works) -> Group:
    views = []
    for pair in pairs:
        others: Mapping[str, Mapping[str, bytes]] = earlier if pair.b_is_earlier else works
        a = {line: number for number, one in enumerate(pair.passages, 1) for line in one.a_lines}
        b = {line: number for number, one in enumerate(pair.passages, 1) for line in one.b_lines}
        views.append(
            View(
                pair,
                (
                    _side(pair.a, works[pair.a][pair.script], a, pair),
                    _side(pair.b, others[pair.b][pair.script], b, pair),
                ),
            )
        )
    return Group(title(pairs[0]), sum(pair.score for pair in pairs), tuple(views))


def _side(student: str, content: bytes, shared: dict[int, int], pair: Pair) -> Side:
    """A script cut to what is shared and the lines around that; `shared` maps lines to the numbers of passages."""
    texts = decode(content).split("\n")
    near = sorted(
        {line + step for line in shared for step in range(-CONTEXT, CONTEXT + 1)}
        & set(range(1, len(texts) + 1))
    )
    lines: list[Line] = []
    last, begun = 0, set[int]()
    for number in near[:MAX_LINES]:
        if number > last + 1:
            lines.append(Line(0, f"{number - last - 1} lines"))
        passage = shared.get(number, 0)
        bits = pair.passages[passage - 1].score if passage else 0.0
        lines.append(
            Line(
                number,
                texts[number - 1][:MAX_WIDTH],
                passage,
                bool(passage) and passage not in begun,
                bits,
            )
        )
        begun.add(passage)
        last = number
    if last < len(texts):
        lines.append(Line(0, f"{len(texts) - last} lines"))
    return Side(student, tuple(lines))

"""A class comparison as one HTML page: equal scripts, then pairs side by side. No JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from assignment.files import write_atomically
from grader.report.text import one_line, plain
from grader.similarity import wording
from grader.similarity.comparing import ClassComparison, Pair, Works
from grader.similarity.equal import EqualGroup
from grader.similarity.names import Names
from grader.similarity.source import decode

CONTEXT = 2  # lines before and after shared ones
MAX_WIDTH = 160  # characters of a line
MAX_LINES = 300  # of one script
MAX_SHOWN = 60  # pairs side by side; the table lists all

_PAGE = """{% macro people(names) %}{% for name in names %}<bdi>{{ name }}</bdi>{{
", " if not loop.last }}{% endfor %}{% endmacro %}<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Similar submissions: {{ equal | length }} equal scripts, {{ groups | length }} pairs</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
:root { --shared: #fff0b3; --line: #8886; --ink: #1b1f24; --paper: #fff; --link: #0b57a4; }
@media (prefers-color-scheme: dark) {
  :root { --shared: #5a4a00; --ink: #e8ebee; --paper: #14181d; --link: #8ec5ff; }
}
@media print {
  :root { --shared: #eee; --ink: #000; --paper: #fff; --link: #000; }
  pre { white-space: pre-wrap; }
}
a { color: var(--link); }
body { color: var(--ink); background: var(--paper); }
body { max-width: 100rem; margin: 2rem auto; padding: 0 1rem; }
.text { max-width: 46rem; }
table { border-collapse: collapse; }
.scroll { overflow-x: auto; }
.equal li { margin-bottom: .6rem; overflow-wrap: anywhere; }
caption { text-align: left; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem; }
th, td { border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; }
.sides { display: grid; gap: 1rem; }
.sides { grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); }
figure { margin: 0; min-width: 0; }
pre { margin: 0; padding: .5rem; overflow-x: auto; border: 1px solid var(--line); }
pre { font: .8rem/1.45 ui-monospace, monospace; }
pre:focus-visible, a:focus-visible, .scroll:focus-visible
{ outline: 3px solid #2a7ae2; outline-offset: 2px; }
mark { background: var(--shared); color: inherit; }
mark { border-left: 3px solid #b58900; padding-left: .3rem; }
:target { outline: 2px solid #2a7ae2; }
.gap, .row { opacity: .75; }
.hidden { position: absolute; width: 1px; height: 1px; }
.hidden { overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
</style>
</head>
<body>
<header class="text">
<h1>Similar submissions</h1>
<p>Compared with each other: {{ compared }}. <strong>{{ no_verdict }}</strong></p>
</header>
<main>
<section class="text" aria-labelledby="equal">
<h2 id="equal">The same script</h2>
{% if equal %}<p>{{ about_equal }}</p>
<ul class="equal">{% for group in equal %}
<li><strong>{{ group.what }}</strong><br>
{{ group.remarks | join("; ") }}<br>
{{ people(group.who) }}
{% for some in group.identical %}<br>byte for byte: {{ people(some) }}
{% endfor %}</li>
{% endfor %}</ul>
{% else %}<p>No two submissions have a script in common.</p>{% endif %}
{% if left_out %}<p>{{ left_out }}</p>{% endif %}
</section>
<section aria-labelledby="near">
<h2 id="near">Near-copies</h2>
<div class="text">
<p>These pairs share unusually much code that few others have. Code from the handout, or that nearly
everybody writes, does not count, and equal scripts count as one. Two students who learned together,
or from the same book, can write alike, and the short answers of this assignment leave little
choice. Read both submissions and talk with both students before you draw conclusions.</p>
{% if comparison.is_complete and comparison.few %}
<p>{{ comparison.works }} submissions are too few to say what is usual: these pairs are simply the closest.</p>{% endif %}
</div>
{% if groups %}
<div class="scroll" role="group" aria-label="Near-copies" tabindex="0">
<table>
<caption>The fewer others share the same code, the higher the score in bits. It orders the pairs and
is no probability. Usual for a student and the closest other:
{{ "%.0f" % comparison.usual }}.</caption>
<thead><tr><th scope="col" class="number">No.</th><th scope="col">Students</th>
<th scope="col" class="number">Bits</th><th scope="col">Scripts</th></tr></thead>
<tbody>{% for group in groups %}
<tr><td class="number">{{ loop.index }}</td>
<th scope="row">{% if loop.index <= max_shown %}
<a href="#pair{{ loop.index }}"><bdi>{{ group.title }}</bdi></a>
{% else %}<bdi>{{ group.title }}</bdi>{% endif %}</th>
<td class="number">{{ "%.0f" % group.score }}</td>
<td>{% for view in group.views %}{{ view.pair.script }} {{ "%.0f" % view.pair.score }}
{{- ", " if not loop.last }}{% endfor %}</td></tr>
{% endfor %}</tbody>
</table>
</div>
{% elif comparison.is_complete %}<p>No pair shares more than usual.</p>
{% else %}<p>The class is so large that different submissions were not compared here; grader
similarity does it.</p>{% endif %}
</section>
{% for group in groups[:max_shown] %}{% set number = loop.index %}
<section aria-labelledby="pair{{ number }}">
<h2 id="pair{{ number }}">{{ number }}. <bdi>{{ group.title }}</bdi></h2>
{% for view in group.views %}{% set place = "p%d-%d" % (number, loop.index) %}
{% set pair = view.pair %}
<h3>{{ pair.script }}.py: {{ "%.0f" % pair.score }} bits, usual {{ "%.0f" % pair.usual }}</h3>
<div class="sides">
{% for side in view.sides %}{% set here = place + "ab"[loop.index0] %}
{% set there = place + "ba"[loop.index0] %}
<figure>
<figcaption id="{{ here }}"><bdi>{{ side.student }}</bdi></figcaption>
<pre tabindex="0" role="group" aria-labelledby="{{ here }}">
{% for line in side.lines %}{% if line.number == 0 %}{#
#}<span class="gap">      … {{ line.text }}</span>
{% elif line.passage %}<span class="row">{{ "%4d" % line.number }}</span> {% if line.starts
%}<a id="{{ here }}{{ line.passage }}" href="#{{ there }}{{ line.passage }}">{{ "%2d" % line.passage
}}<span class="hidden"> shared passage, {{ "%.0f" % line.bits }} bits; go to the other script{#
#}</span></a>{% else %}  {% endif %} {#
#}<mark><span class="hidden">shared: </span>{{ line.text | plain }}</mark>
{% else %}<span class="row">{{ "%4d" % line.number }}</span>     {{ line.text | plain }}
{% endif %}{% endfor %}</pre>
</figure>
{% endfor %}</div>
{% endfor %}</section>
{% endfor %}
{% if groups | length > max_shown %}<p>The first {{ max_shown }} pairs are shown side by side; the
table lists all.</p>{% endif %}
{% if partly_read %}<h2>Not fully compared</h2>
<ul>{% for note in partly_read %}<li>{{ note | one }}</li>{% endfor %}</ul>{% endif %}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class ScriptLine:
    """A line to show. `number` 0: omitted lines; `passage` 0: not shared; `starts`: its first."""

    number: int
    text: str
    passage: int = 0
    starts: bool = False
    bits: float = 0.0


@dataclass(frozen=True)
class Side:
    """One of the two scripts, and who handed it in."""

    student: str
    lines: tuple[ScriptLine, ...]


@dataclass(frozen=True)
class View:
    """A pair of scripts side by side."""

    pair: Pair
    sides: tuple[Side, Side]


@dataclass(frozen=True)
class StudentPair:
    """The pairs of scripts of the same two students."""

    title: str
    score: float
    views: tuple[View, ...]


@dataclass(frozen=True)
class EqualScripts:
    """A group with the same script, in words."""

    what: str
    remarks: tuple[str, ...]
    who: tuple[str, ...]
    identical: tuple[tuple[str, ...], ...]  # those of them who are equal byte for byte, if not all


def page(
    comparison: ClassComparison, works: Works, earlier: Works, names: Names | None = None
) -> str:
    """The HTML of the page."""
    names = names or Names()
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    environment.filters["plain"] = plain
    environment.filters["one"] = one_line
    groups = [_group(pairs, works, earlier, names) for pairs in wording.by_works(comparison)]
    return environment.from_string(_PAGE).render(
        comparison=comparison,
        compared=wording.compared(comparison),
        no_verdict=wording.NO_VERDICT,
        about_equal=wording.EQUAL,
        equal=[_equal(group, names) for group in comparison.equal],
        partly_read=wording.partly_read(comparison, names),
        left_out=wording.left_out(comparison.untouched),
        groups=groups,
        max_shown=MAX_SHOWN,
    )


def _equal(group: EqualGroup, names: Names) -> EqualScripts:
    def people(works: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names.work(work) for work in works)

    return EqualScripts(
        wording.what(group, names),
        tuple(wording.remarks(group)),
        people(group.members + group.earlier),
        tuple(people(some) for some in wording.byte_for_byte(group)),
    )


def write(path: Path, source: str) -> None:
    """Write the page."""
    write_atomically(path, source.encode("utf-8", "replace"))


def _group(pairs: list[Pair], works: Works, earlier: Works, names: Names) -> StudentPair:
    views = []
    for pair in pairs:
        others: Mapping[str, Mapping[str, bytes]] = earlier if pair.b_is_earlier else works
        a = {line: number for number, one in enumerate(pair.passages, 1) for line in one.a_lines}
        b = {line: number for number, one in enumerate(pair.passages, 1) for line in one.b_lines}
        views.append(
            View(
                pair,
                (
                    _side(
                        names.works(pair.a_all or (pair.a,)), works[pair.a][pair.script], a, pair
                    ),
                    _side(
                        names.works(pair.b_all or (pair.b,)), others[pair.b][pair.script], b, pair
                    ),
                ),
            )
        )
    score = sum(pair.score for pair in pairs)
    return StudentPair(wording.title(pairs, names), score, tuple(views))


def _side(student: str, content: bytes, shared: dict[int, int], pair: Pair) -> Side:
    """A script cut to shared lines and their context; `shared` maps lines to passage numbers."""
    texts = decode(content).split("\n")
    near = sorted(
        {line + step for line in shared for step in range(-CONTEXT, CONTEXT + 1)}
        & set(range(1, len(texts) + 1))
    )
    lines: list[ScriptLine] = []
    last, begun = 0, set[int]()
    for number in near[:MAX_LINES]:
        if number > last + 1:
            lines.append(ScriptLine(0, f"{number - last - 1} lines"))
        passage = shared.get(number, 0)
        bits = pair.passages[passage - 1].score if passage else 0.0
        lines.append(
            ScriptLine(
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
        lines.append(ScriptLine(0, f"{len(texts) - last} lines"))
    return Side(student, tuple(lines))

"""A Report as one self-contained HTML page: no script, nothing loaded, every text escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, StrictUndefined

from grader.render.text import plain
from grader.results import Report
from utils import write_atomically

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ report.submission | plain }}: {{ "%g" % report.score }} of {{ "%g" % report.max_score }}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #8886; }
td.number, th.number { text-align: right; white-space: nowrap; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
.failed { color: #c0392b; } .passed { color: #1e8449; }
@media (prefers-color-scheme: dark) { .failed { color: #ff8a7a; } .passed { color: #6fd08c; } }
</style>
</head>
<body>
<h1>{{ report.submission | plain }}</h1>
{% if report.problem %}<p class="failed">{{ report.problem | plain }}</p>{% endif %}
<p><strong>{{ "%g" % report.score }} of {{ "%g" % report.max_score }} points</strong>, marked in {{ "%.1f" % report.seconds }} s
(seed {{ report.seed }}, device {{ report.device }}, sandbox {{ report.sandbox }}).</p>
{% if report.accuracy %}
<table>
<thead><tr><th>Script</th><th class="number">Test accuracy</th><th class="number">Bar</th></tr></thead>
<tbody>{% for script, accuracy in report.accuracy.items() %}
<tr><td>{{ script }}.py</td><td class="number">{{ "%.2f" % (100 * accuracy) }} %</td>
<td class="number">{{ "%.0f" % (100 * report.bars[script]) }} %</td></tr>
{% endfor %}</tbody>
</table>
{% endif %}
<table>
<thead><tr><th>No.</th><th>Section</th><th>Outcome</th><th class="number">Points</th><th>Feedback</th></tr></thead>
<tbody>{% for section in report.sections %}
<tr><td>{{ section.number }}</td><td>{{ section.title }}</td><td class="{{ section.status }}">{{ section.status }}</td>
<td class="number">{{ "%g" % section.points }} / {{ "%g" % section.max_points }}</td>
<td><pre>{{ section.feedback | plain }}</pre></td></tr>
{% endfor %}</tbody>
</table>
</body>
</html>
"""


def page(report: Report) -> str:
    """The page's source."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters["plain"] = plain
    return environment.from_string(_PAGE).render(report=report)


def write(report: Report, path: Path) -> None:
    """Write the page whole or not at all."""
    write_atomically(path, page(report).encode())

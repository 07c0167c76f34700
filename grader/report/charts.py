"""SVG drawings of learning curves and histograms, each described in words too."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from utils import TRAIN_COLOUR, VAL_COLOUR

WIDTH, HEIGHT = 440, 270
LEFT, RIGHT, TOP, BOTTOM = 58, 424, 34, 226  # edges of the frame
MOST_MARKED = 60  # epochs with markers; more would merge into a band
MOST_POINTS = 200  # of a curve; more would not be visible
OFF_THE_CHART = 1e30  # larger values are not drawn: a student's loss can be any float


@dataclass(frozen=True)
class Curve:
    """One curve, distinguished by colour and by marker, "circle" or "square"."""

    name: str
    values: Sequence[float]
    colour: str
    marker: str


def training_and_validation(
    training: Sequence[float], validation: Sequence[float], factor: float = 1.0
) -> list[Curve]:
    """The two curves, in the style used everywhere in the assignment."""
    return [
        Curve("training", [factor * value for value in training], TRAIN_COLOUR, "circle"),
        Curve("validation", [factor * value for value in validation], VAL_COLOUR, "square"),
    ]


def line_chart(title: str, unit: str, lines: list[Curve], bar: float | None = None) -> Markup:
    """Curves over epochs, with a dashed horizontal line at `bar`.

    Values that are not finite are left out.
    """
    epochs = max((len(line.values) for line in lines), default=0)
    finite = [value for line in lines for value in line.values if _is_drawable(value)]
    finite += [] if bar is None else [bar]
    if not epochs or not finite:
        return Markup("<p>{}: there is nothing to draw, no value is finite.</p>").format(title)
    ticks = nice_ticks(min(finite), max(finite))
    low, high = min(ticks[0], *finite), max(ticks[-1], *finite)

    def x_of(epoch: float) -> float:
        return LEFT + (RIGHT - LEFT) * ((epoch - 1) / (epochs - 1) if epochs > 1 else 0.5)

    def y_of(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low)

    parts = [
        _text(LEFT, 20, f"{title} ({unit})", weight="bold"),
        _text((LEFT + RIGHT) / 2, 262, "epoch", anchor="middle"),
    ]
    parts += [_gridline(y_of(tick), f"{tick:g}") for tick in ticks]
    for epoch in sorted(
        {round(tick) for tick in nice_ticks(1, epochs) if 1 <= round(tick) <= epochs} | {1, epochs}
    ):
        if epoch in (1, epochs) or x_of(epochs) - x_of(epoch) > 30 < x_of(epoch) - x_of(1):
            parts.append(_text(x_of(epoch), 244, str(epoch), anchor="middle"))
    if bar is not None:
        parts.append(
            Markup('<path d="M{} {:.1f}H{}" class="bar"/>').format(LEFT, y_of(bar), RIGHT)
            + _text(LEFT + 4, y_of(bar) - 4, f"bar {bar:g} {unit}")
        )
    for number, line in enumerate(lines):
        parts.append(_curve(line, x_of, y_of))
        parts.append(_key(line, RIGHT - 170 + 84 * number))
    return _drawing(
        f"{title} in {unit} over {epochs} epochs. " + " ".join(_in_words(line) for line in lines),
        parts,
    )


def _is_drawable(value: float) -> bool:
    return math.isfinite(value) and abs(value) < OFF_THE_CHART


def _in_words(line: Curve) -> str:
    first, last = (
        f"{value:.3g}" if math.isfinite(value) else "no number"
        for value in (line.values[0], line.values[-1])
    )
    return f"{line.name.capitalize()}: from {first} to {last}."


def thinned(count: int, most: int) -> list[int]:
    """At most `most` numbers below `count`, evenly spaced, with the first and the last."""
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` round numbers that span `low` to `high`.

    >>> nice_ticks(0.21, 0.93)
    [0.2, 0.4, 0.6, 0.8, 1.0]
    """
    # one value, or as good as one: make room around it
    if high - low <= max(1e-9 * max(abs(low), abs(high)), 1e-300):
        room = max(abs(low) * 0.5, 1e-6)
        low, high = low - room, high + room
    rough = (high - low) / (count - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.9)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{number * step:.10g}") for number in range(first, last + 1)]


def _curve(line: Curve, x_of: Callable[[float], float], y_of: Callable[[float], float]) -> Markup:
    path, marks, pen = "", [], "M"
    for index in thinned(len(line.values), MOST_POINTS):
        value = line.values[index]
        if not _is_drawable(value):
            pen = "M"  # a gap
            continue
        x, y = x_of(index + 1), y_of(value)
        path, pen = f"{path}{pen}{x:.1f} {y:.1f}", "L"
        marks.append(_marker(line, x, y))
    drawn = Markup('<path d="{}" fill="none" stroke="{}" stroke-width="2"/>').format(
        path, line.colour
    )
    return drawn + Markup().join(marks if len(line.values) <= MOST_MARKED else [])


def _marker(line: Curve, x: float, y: float) -> Markup:
    if line.marker == "circle":
        return Markup(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{line.colour}"/>')
    return Markup(
        f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" fill="{line.colour}"/>'
    )


def _key(line: Curve, x: float) -> Markup:
    stroke = Markup('<path d="M{} 15h18" stroke="{}" stroke-width="2"/>').format(x, line.colour)
    return stroke + _marker(line, x + 9, 15) + _text(x + 24, 19, line.name)


def histogram(
    title: str, counts: list[int], width: float, unit: str, bar: float | None = None
) -> Markup:
    """Bars for `counts`, each `width` wide, starting at 0; a dashed vertical line at `bar`."""
    most, across = max([*counts, 1]), width * len(counts)
    scale = (RIGHT - LEFT) / across
    parts = [
        _text(LEFT, 20, title, weight="bold"),
        _text((LEFT + RIGHT) / 2, 262, unit, anchor="middle"),
    ]
    parts.append(Markup('<path d="M{} {}H{}" class="axis"/>').format(LEFT, BOTTOM, RIGHT))
    if bar is not None:
        parts.append(
            Markup('<path d="M{:.1f} {}V{}" class="bar"/>').format(LEFT + scale * bar, BOTTOM, TOP)
            + _text(LEFT + scale * bar - 4, TOP + 4, f"bar {bar:g}", anchor="end")
        )
    for number, count in enumerate(counts):
        x, height = LEFT + scale * width * number, (BOTTOM - TOP - 24) * count / most
        if count:
            parts.append(
                Markup(
                    '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>'
                ).format(x + 1, BOTTOM - height, scale * width - 2, height, TRAIN_COLOUR)
                + _text(x + scale * width / 2, BOTTOM - height - 4, str(count), anchor="middle")
            )
    parts += [
        _text(LEFT + scale * tick, 244, f"{tick:g}", anchor="middle")
        for tick in nice_ticks(0, across, 6)
        if tick <= across
    ]
    spans = [
        f"{width * number:g} to {width * (number + 1):g}: {count}"
        for number, count in enumerate(counts)
        if count
    ]
    return _drawing(f"{title}, students by {unit}. {'; '.join(spans) or 'none'}.", parts)


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal"
) -> Markup:
    return Markup(
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )


def _gridline(y: float, label: str) -> Markup:
    line = Markup(f'<path d="M{LEFT} {y:.1f}H{RIGHT}" class="grid"/>')
    return line + _text(LEFT - 6, y + 4, label, anchor="end")


def _drawing(
    words: str, parts: Sequence[Markup], width: float = WIDTH, height: float = HEIGHT
) -> Markup:
    return Markup(
        '<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>'
    ).format(width, height, width, height, words, Markup().join(parts))

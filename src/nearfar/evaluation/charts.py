"""Line charts as SVG, drawn here: a report needs nothing from elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 640, 280
LEFT, RIGHT, TOP, BOTTOM = 70, 26, 14, 46
COLOURS = ("#2563a8", "#c2410c", "#15803d", "#7e22ce", "#0e7490", "#a16207")


@dataclass(frozen=True, slots=True)
class Series:
    """One line: a name, and (place from 0 to 1, value) of its points."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """What stands below a chart: its title, and texts at places from 0 to 1."""

    title: str
    ticks: tuple[tuple[float, str], ...]


def line_chart(title: str, unit: str, axis: Axis, series: Sequence[Series]) -> str:
    """An SVG element: values from 0 upwards against places, a line and dots for each series."""
    top = _round_up(max((value for one in series for _, value in one.points), default=1.0))
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        *_grid(top, unit),
        *_ticks(axis),
    ]
    for place, one in enumerate(series):
        parts += _line(one, top, COLOURS[place % len(COLOURS)]) if one.points else []
    parts.append("</svg>")
    return "".join(parts)


def legend(names: Sequence[str]) -> str:
    """The names of series beside their colours, as HTML."""
    rows = (
        f'<span class="key"><i style="background:{COLOURS[place % len(COLOURS)]}"></i>{escape(name)}</span>'
        for place, name in enumerate(names)
    )
    return f'<p class="legend">{"".join(rows)}</p>'


def _x(place: float) -> float:
    return LEFT + place * (WIDTH - LEFT - RIGHT)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - min(value / top, 1.0) * (HEIGHT - TOP - BOTTOM)


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    if not value > 0 or not math.isfinite(value):
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    return float(next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value * (1 - 1e-9)))


def _grid(top: float, unit: str) -> list[str]:
    parts = []
    for step in range(5):
        value = top * step / 4
        y = _y(value, top)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>'
        )
    middle = TOP + (HEIGHT - TOP - BOTTOM) / 2
    turn = f"rotate(-90 13 {middle:.0f})"
    place = f'x="13" y="{middle:.0f}" text-anchor="middle" transform="{turn}"'
    return [*parts, f'<text class="name" {place}>{escape(unit)}</text>']


def _ticks(axis: Axis) -> list[str]:
    base = HEIGHT - BOTTOM
    parts = [
        f'<text class="tick" x="{_x(place):.1f}" y="{base + 16}" text-anchor="middle">{escape(text)}</text>'
        for place, text in axis.ticks
    ]
    middle = _x(0.5)
    title = escape(axis.title)
    parts.append(f'<text class="name" x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{title}</text>')
    return parts


def _line(one: Series, top: float, colour: str) -> list[str]:
    places = [(_x(x), _y(y, top)) for x, y in one.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    name = escape(one.name)
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}">'
        f"<title>{name}: {value:.4g}</title></circle>"
        for (x, y), (_, value) in zip(places, one.points, strict=True)
    ]
    has_dots = len(places) <= 40
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(dots if has_dots else []),
    ]

"""Draw the house, from the layers in ``pyproject.toml`` and the imports in ``src``.

    python tools/house.py            # writes docs/images/house.svg; a test holds that it is current

Each row is a layer: what stands in it may import what stands below. An arrow is an import; one that follows
from others (A imports B, B imports C, A imports C) is left out.
"""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
PICTURE = ROOT / "docs" / "images" / "house.svg"

ROW, BOX, GAP, CHAR, MARGIN = 60, 28, 56, 7.4, 24  # pixels
STYLE = (
    "text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#1f2328;text-anchor:middle}"
    ".title{font-weight:600;font-size:15px}"
    "rect{fill:#eef4ff;stroke:#5a7fb5}.ground{fill:#ffffff;stroke:#c9d3e0}"
    "path{stroke:#8a97a8;stroke-width:1;fill:none;opacity:.55}"
)


@dataclass(frozen=True)
class Plan:
    """A part of the house: its title, its rows of dotted names from top to bottom, and who imports whom."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    arrows: frozenset[tuple[str, str]]


@cache
def modules() -> dict[str, Path]:
    """Dotted name to file, of every module of both packages."""
    found = {}
    for file in sorted(SOURCE.rglob("*.py")):
        parts = file.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@cache
def tree_of(file: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(file.read_text(encoding="utf-8"))


def imports() -> dict[str, set[str]]:
    """Module to those that it imports: wherever in the file, those for types alone too."""
    known = modules()
    found: dict[str, set[str]] = {name: set() for name in known}
    for name, file in known.items():
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names if alias.name in known}
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    found[name] |= {full if full in known else node.module} & known.keys()
        found[name].discard(name)
    return found


def plans() -> tuple[Plan, ...]:
    """The package and its service, as their contracts lay them out."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    layered = [row for row in contracts if row["type"] == "layers"]
    found = []
    for contract in layered:
        prefix = "".join(f"{name}." for name in contract.get("containers", ()))
        rows = tuple(
            tuple(prefix + name.strip(" ()") for name in layer.split("|")) for layer in contract["layers"]
        )
        found.append(Plan(prefix.rstrip(".") or "nearfar", rows, between({n for row in rows for n in row})))
    return tuple(found)


def between(places: set[str]) -> frozenset[tuple[str, str]]:
    """Who imports whom among places, without what follows from other arrows."""
    below: dict[str, set[str]] = {place: set() for place in places}
    for name, targets in imports().items():
        own = home(name, places)
        for other in (home(target, places) for target in targets):
            if own and other and own != other:
                below[own].add(other)
    return frozenset(
        (place, other)
        for place, others in below.items()
        for other in others
        if not any(other in reached(below, step) for step in others - {other})
    )


def home(name: str, places: set[str]) -> str:
    """The place that a module belongs to: itself or the nearest above it, or ""."""
    parts = name.split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((name for name in names if name in places), "")


def reached(below: dict[str, set[str]], start: str) -> set[str]:
    """All places that one imports, through others too."""
    found: set[str] = set()
    todo = list(below[start])
    while todo:
        place = todo.pop()
        if place not in found:
            found.add(place)
            todo += below[place]
    return found


def drawn(parts: tuple[Plan, ...]) -> str:
    """The picture as SVG, one part beside the other."""
    lines: list[str] = []
    left, height = float(MARGIN), max(len(part.rows) for part in parts) * ROW + 2 * MARGIN + 30
    for part in parts:
        width = max(_width(row, part.title) for row in part.rows) + 2 * MARGIN
        lines += _part(part, left, width)
        left += width + MARGIN
    size = f'width="{left:.0f}" height="{height}" viewBox="0 0 {left:.0f} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    ground = f'<rect class="ground" x="0.5" y="0.5" width="{left - 1:.0f}" height="{height - 1}"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", ground, *lines, "</svg>", ""])


def _width(row: tuple[str, ...], title: str) -> float:
    return sum(_box(name, title) for name in row) + GAP * (len(row) - 1)


def _box(name: str, title: str) -> float:
    return len(_label(name, title)) * CHAR + 18


def _label(name: str, title: str) -> str:
    return name.removeprefix(f"{title}.")


def _part(part: Plan, left: float, width: float) -> list[str]:
    """One part's lines: arrows first, so that boxes lie over them."""
    middles: dict[str, tuple[float, float]] = {}
    boxes = [f'<text class="title" x="{left + width / 2:.0f}" y="{MARGIN + 4}">{part.title}</text>']
    for number, row in enumerate(part.rows):
        x, y = left + (width - _width(row, part.title)) / 2, MARGIN + 30 + number * ROW
        for name in row:
            wide = _box(name, part.title)
            middles[name] = (x + wide / 2, y)
            boxes.append(f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{BOX}" rx="6"/>')
            label = _label(name, part.title)
            boxes.append(f'<text x="{x + wide / 2:.1f}" y="{y + BOX / 2 + 4:.0f}">{label}</text>')
            x += wide + GAP
    return [*(_arrow(middles[a], middles[b]) for a, b in sorted(part.arrows)), *boxes]


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (to_x, to_y) = start, end
    y += BOX
    bend = (to_y - y) / 2
    return f'<path d="M{x:.1f} {y}C{x:.1f} {y + bend:.1f} {to_x:.1f} {to_y - bend:.1f} {to_x:.1f} {to_y}"/>'


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(drawn(plans()), encoding="utf-8")


if __name__ == "__main__":
    main()

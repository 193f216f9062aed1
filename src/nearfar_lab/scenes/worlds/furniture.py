# ruff: noqa: ARG001 - every piece takes its width and depth, needed or not
"""Furniture against a wall: back at z = 0, front towards +z, centred on x = 0, w wide and d deep."""

from collections.abc import Callable

import numpy as np

from nearfar_lab.scenes import surfaces as s
from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import Vector
from nearfar_lab.scenes.worlds import clutter, plants
from nearfar_lab.scenes.worlds import finishes as f
from nearfar_lab.scenes.worlds.finishes import Rng


def legs(b: Builder, m: int, size: Vector, t: float) -> None:
    """Four legs of thickness t under a top of width and depth centred on the origin; size: its height too."""
    w, d, h = size
    for x in (-1, 1):
        for z in (-1, 1):
            b.box((x * (w / 2 - t), h / 2, z * (d / 2 - t)), (t, h, t), m)


def table(b: Builder, rng: Rng, w: float, d: float, h: float | None = None) -> None:
    """A table or desk with things on it."""
    h = float(rng.uniform(0.68, 0.78)) if h is None else h
    m = f.wood(b, rng)
    with b.at(0, 0, d / 2):
        t = float(rng.uniform(0.02, 0.06))
        if rng.random() < 0.12:
            b.cone((0, h - t / 2, 0), min(w, d) / 2, t, m)
            b.cone((0, h / 2, 0), 0.05, h, f.metal(b, rng))
            b.cone((0, 0.02, 0), 0.3 * min(w, d), 0.04, f.metal(b, rng))
        else:
            b.box((0, h - t / 2, 0), (w, t, d), m)
            legs(
                b, m if rng.random() < 0.6 else f.metal(b, rng), (w, d, h - t), float(rng.uniform(0.03, 0.08))
            )
        with b.at(0, h, 0):
            clutter.scatter(b, rng, w, d, int(rng.integers(1, 10)))


def chair(b: Builder, rng: Rng, w: float = 0.45, d: float = 0.45) -> None:
    """A chair whose back is at z = 0."""
    m = f.wood(b, rng) if rng.random() < 0.6 else f.metal(b, rng)
    seat = f.cloth(b, rng) if rng.random() < 0.5 else m
    h, back = float(rng.uniform(0.42, 0.48)), float(rng.uniform(0.8, 1.0))
    with b.at(0, 0, d / 2):
        if rng.random() < 0.2:
            b.cone((0, h / 2, 0), 0.03, h, m)
            for i in range(5):
                with b.at(0, 0.06, 0, yaw=72.0 * i):
                    b.limb((0, 0.02, 0), (0, 0, 0.28), 0.02, m)
        else:
            legs(b, m, (w, d, h), 0.035)
        b.soft((0, h, 0), (w, float(rng.uniform(0.03, 0.08)), d), seat, 0.015)
        if rng.random() < 0.5:
            b.box((0, (h + back) / 2 + 0.1, -d / 2 + 0.02), (w, (back - h) * 0.6, 0.03), seat)
            for x in (-1, 1):
                b.box((x * (w / 2 - 0.02), (h + back) / 2, -d / 2 + 0.02), (0.035, back - h, 0.035), m)
        else:
            for x in np.linspace(-w / 2 + 0.02, w / 2 - 0.02, 5):
                b.box((float(x), (h + back) / 2, -d / 2 + 0.02), (0.025, back - h, 0.025), m)
            b.box((0, back, -d / 2 + 0.02), (w, 0.06, 0.03), m)


def sofa(b: Builder, rng: Rng, w: float, d: float) -> None:
    """A sofa or armchair with cushions."""
    m = f.cloth(b, rng)
    arm = float(rng.uniform(0.12, 0.25))
    seat = float(rng.uniform(0.38, 0.46))
    tall = float(rng.uniform(0.72, 0.95))
    b.soft((0, seat / 2 + 0.03, d / 2), (w, seat - 0.06, d), m, 0.06)
    b.soft((0, tall / 2 + 0.05, 0.13), (w, tall - 0.05, 0.26), m, 0.08)
    for x in (-1, 1):
        b.soft((x * (w - arm) / 2, 0.32, d / 2), (arm, 0.6, d), m, 0.07)
    n = max(1, round((w - 2 * arm) / 0.65))
    step = (w - 2 * arm) / n
    for i in range(n):
        at = -w / 2 + arm + (i + 0.5) * step
        b.soft((at, seat + 0.06, d / 2 + 0.1), (step * 0.98, 0.14, d - 0.2), m, 0.06)
        b.soft((at, seat + 0.3, 0.3), (step * 0.96, 0.4, 0.16), m, 0.08, turn=(0, -12.0, 0))
        if rng.random() < 0.5:
            b.soft(
                (at, seat + 0.26, 0.45),
                (0.42, 0.4, 0.13),
                f.cloth(b, rng),
                0.06,
                turn=(float(rng.normal(0, 15)), -20.0, 0),
            )


def bed(b: Builder, rng: Rng, w: float, d: float) -> None:
    """A bed with its head at the wall."""
    frame, sheet = f.wood(b, rng), f.cloth(b, rng)
    top = float(rng.uniform(0.4, 0.6))
    b.box((0, top / 2 - 0.05, d / 2), (w, top - 0.25, d), frame)
    b.soft((0, top - 0.1, d / 2), (w - 0.04, 0.25, d - 0.04), f.cloth(b, rng), 0.06)
    b.soft((0, top + 0.0, d * 0.62), (w + 0.03, 0.16, d * 0.74), sheet, 0.07)
    b.box((0, float(rng.uniform(0.4, 0.6)), 0.03), (w, float(rng.uniform(0.8, 1.2)), 0.06), frame)
    for x in (-0.25, 0.25) if w > 1.2 else (0.0,):
        b.soft(
            (x * w, top + 0.12, 0.3),
            (0.6, 0.16, 0.4),
            f.cloth(b, rng),
            0.075,
            turn=(float(rng.normal(0, 6)), -15.0, 0),
        )


def shelf(b: Builder, rng: Rng, w: float, d: float, tall: float | None = None) -> None:
    """A bookcase: boards with books and things between them, open or with a back."""
    h = float(rng.uniform(0.8, 2.1)) if tall is None else tall
    m = f.wood(b, rng)
    t = 0.025
    for side in (-1, 1):
        b.box((side * (w - t) / 2, h / 2, d / 2), (t, h, d), m)
    b.box((0, h / 2, 0.005), (w, h, 0.01), m)
    levels = max(2, round(h / float(rng.uniform(0.28, 0.45))))
    gap = (h - t) / levels
    for i in range(levels + 1):
        b.box((0, t / 2 + i * gap, d / 2), (w - 2 * t, t, d), m)
    spines = b.material(
        (0.5, 0.5, 0.5), pattern=s.BOOKS, scale=float(rng.uniform(22, 38)), seed=int(rng.integers(9999))
    )
    for i in range(levels):
        y = t + i * gap
        x = -w / 2 + t
        while x < w / 2 - 0.12:
            run = float(rng.uniform(0.1, 0.5))
            run = min(run, w / 2 - t - x)
            kind = rng.random()
            if kind < 0.55:
                tall_books = gap * float(rng.uniform(0.6, 0.85))
                b.box(
                    (x + run / 2, y + tall_books / 2, d * 0.45),
                    (run, tall_books, d * 0.7),
                    spines,
                    seed=int(rng.integers(99)),
                )
            elif kind < 0.85:
                with b.at(x + run / 2, y, d / 2):
                    clutter.scatter(b, rng, run, d * 0.7, 1 + int(run / 0.15), tall=gap - t)
            x += run + float(rng.uniform(0, 0.06))
    with b.at(0, h, d / 2):
        if h < 1.7:
            clutter.scatter(b, rng, w, d, int(rng.integers(0, 5)))


def cupboard(b: Builder, rng: Rng, w: float, d: float, tall: float | None = None) -> None:
    """A wardrobe, chest of drawers or sideboard with doors and handles."""
    h = float(rng.choice([0.8, 0.9, 1.1, 1.9, 2.1])) * float(rng.uniform(0.9, 1.05)) if tall is None else tall
    m, knob = f.wood(b, rng), f.metal(b, rng)
    b.box((0, h / 2 + 0.03, d / 2), (w, h - 0.06, d), m)
    columns = max(1, round(w / 0.5))
    rows = 1 if h > 1.4 else int(rng.integers(1, 5))
    for i in range(columns):
        for j in range(rows):
            cw, ch = w / columns, (h - 0.1) / rows
            x, y = -w / 2 + (i + 0.5) * cw, 0.08 + (j + 0.5) * ch
            b.box((x, y, d + 0.009), (cw - 0.012, ch - 0.012, 0.018), m)
            if rows > 1:
                b.box((x, y + 0.25 * ch, d + 0.03), (0.14, 0.015, 0.03), knob)
            else:
                b.box((x + 0.4 * cw * (1 - 2 * (i % 2)), y, d + 0.03), (0.015, 0.16, 0.03), knob)
    if h < 1.3:
        with b.at(0, h, d / 2):
            clutter.scatter(b, rng, w, d, int(rng.integers(0, 7)))


def kitchen(b: Builder, rng: Rng, w: float, d: float) -> None:
    """A kitchen run: base units, worktop, sink or hob, wall units, perhaps a fridge and a hood."""
    front, top = f.wood(b, rng), b.material(f.tint(rng, 0.05, 0.7, 0.15), gloss=0.4, mirror=0.04)
    steel = f.metal(b, rng)
    n = max(2, round(w / 0.6))
    step = w / n
    fridge = int(rng.integers(-1, n)) if n > 2 else -1
    wall_units = rng.random() < 0.8
    for i in range(n):
        x = -w / 2 + (i + 0.5) * step
        if i == fridge:
            b.soft(
                (x, 0.95, d / 2),
                (step - 0.01, 1.9, d + 0.03),
                steel if rng.random() < 0.5 else b.material((0.7, 0.7, 0.7), gloss=0.3),
                0.02,
            )
            b.box((x, 1.25, d / 2), (step, 0.012, d + 0.04), b.material((0.05, 0.05, 0.05)))
            b.box((x + 0.4 * step, 1.5, d + 0.05), (0.02, 0.4, 0.04), steel)
            continue
        b.box((x, 0.46, d / 2), (step - 0.008, 0.78, d - 0.02), front)
        b.box((x, 0.05, d / 2 - 0.05), (step, 0.1, d - 0.1), b.material((0.04, 0.04, 0.04)))
        b.box((x, 0.78, d), (0.18, 0.015, 0.03), steel)
        b.box((x, 0.88, d / 2 + 0.01), (step, 0.04, d + 0.03), top)
        kind = rng.random()
        if kind < 0.15:
            b.box(
                (x, 0.905, d / 2),
                (step * 0.9, 0.01, d * 0.8),
                b.material((0.02, 0.02, 0.02), gloss=0.8, mirror=0.08),
            )
            b.box(
                (x, 0.5, d), (step * 0.9, 0.5, 0.02), b.material((0.02, 0.02, 0.02), gloss=0.8, mirror=0.08)
            )
            with b.at(x - 0.1, 0.91, d / 2):
                b.cone((0, 0.07, 0), 0.11, 0.14, steel)
                b.limb((0, 0.1, 0.1), (0, 0.11, 0.3), 0.012, steel)
        elif kind < 0.3:
            b.box((x, 0.902, d / 2), (step * 0.85, 0.006, d * 0.7), b.material((0.12, 0.12, 0.12), gloss=0.6))
            b.limb((x, 0.9, 0.08), (x, 1.18, 0.1), 0.014, steel)
            b.limb((x, 1.18, 0.1), (x, 1.14, 0.28), 0.014, steel)
        else:
            with b.at(x, 0.9, d / 2 - 0.06):
                clutter.scatter(b, rng, step, d * 0.6, int(rng.integers(0, 5)), tall=0.45)
        if wall_units and rng.random() < 0.85:
            b.box((x, 1.8, 0.17), (step - 0.008, 0.75, 0.34), front)
            b.box((x + 0.35 * step, 1.55, 0.35), (0.015, 0.14, 0.03), steel)


def television(b: Builder, rng: Rng, w: float, d: float) -> None:
    """A low board with a television."""
    cupboard(b, rng, w, d, tall=float(rng.uniform(0.35, 0.6)))
    size = w * float(rng.uniform(0.55, 0.9))
    h = size * 0.57
    y = float(rng.uniform(0.62, 0.95))
    black = b.material((0.02, 0.02, 0.02), gloss=0.5, mirror=0.1)
    b.box((0, y + h / 2, 0.12), (size, h, 0.05), black)
    b.box((0, 0.5 * (y + 0.4), 0.12), (0.2, y - 0.4, 0.06), black)
    image = f.picture(b, rng, size / 2)
    if image is not None and rng.random() < 0.4:
        b.quad((0, y + h / 2, 0.146), (size * 0.96, h * 0.93), image)


def plant(b: Builder, rng: Rng, w: float, d: float) -> None:
    """A large pot plant."""
    with b.at(0, 0, d / 2):
        plants.pot_plant(b, rng, float(rng.uniform(0.7, 1.8)))


def lamp(b: Builder, rng: Rng, w: float, d: float) -> None:
    """A standard lamp."""
    h = float(rng.uniform(1.3, 1.8))
    metal = f.metal(b, rng)
    b.cone((0, 0.015, d / 2), 0.14, 0.03, metal)
    b.cone((0, h / 2, d / 2), 0.015, h, metal)
    glow = float(rng.choice([0.0, 2.0]))
    b.cone(
        (0, h, d / 2), 0.2, 0.28, b.material((0.75, 0.68, 0.52), glow=glow), top=float(rng.uniform(0.5, 1.0))
    )


def boxes(b: Builder, rng: Rng, w: float, d: float) -> None:
    """A pile of boxes, a bin, a suitcase."""
    for _ in range(int(rng.integers(1, 4))):
        a, h = float(rng.uniform(0.25, 0.5)), float(rng.uniform(0.2, 0.5))
        with b.at(
            float(rng.uniform(-0.3, 0.3)) * w,
            0,
            d / 2 + float(rng.uniform(-0.1, 0.2)),
            yaw=float(rng.normal(0, 20)),
        ):
            b.box((0, h / 2, 0), (a, h, a * 0.8), f.package(b, rng))
            if rng.random() < 0.4:
                b.box(
                    (0, h + 0.12, 0),
                    (a * 0.7, 0.24, a * 0.6),
                    f.package(b, rng),
                    turn=(float(rng.normal(0, 15)), 0, 0),
                )


def radiator(b: Builder, rng: Rng, w: float, d: float) -> None:
    """A radiator."""
    m = b.material((0.7, 0.7, 0.68), gloss=0.2)
    for x in np.arange(-w / 2, w / 2, 0.08):
        b.soft((float(x) + 0.04, 0.42, 0.1), (0.06, 0.6, 0.1), m, 0.02)


def desk(b: Builder, rng: Rng, w: float, d: float) -> None:
    """A desk with a screen and a chair before it."""
    table(b, rng, w, d)
    with b.at(float(rng.uniform(-0.2, 0.2)) * w, 0.75, d * 0.35):
        clutter.screen(b, rng)
    with b.at(
        float(rng.uniform(-0.2, 0.2)) * w,
        0,
        d + float(rng.uniform(0.2, 0.5)),
        yaw=180.0 + float(rng.normal(0, 30)),
    ):
        chair(b, rng)


Piece = tuple[Callable[..., None], tuple[float, float], tuple[float, float]]
PIECES: dict[str, Piece] = {
    "sofa": (sofa, (0.85, 2.3), (0.8, 1.0)),
    "bed": (bed, (0.9, 1.9), (1.95, 2.1)),
    "shelf": (shelf, (0.5, 1.6), (0.22, 0.4)),
    "cupboard": (cupboard, (0.5, 1.8), (0.35, 0.6)),
    "kitchen": (kitchen, (1.8, 3.6), (0.58, 0.62)),
    "television": (television, (1.0, 2.0), (0.35, 0.5)),
    "plant": (plant, (0.5, 0.8), (0.5, 0.6)),
    "lamp": (lamp, (0.4, 0.5), (0.4, 0.5)),
    "boxes": (boxes, (0.5, 1.2), (0.5, 0.7)),
    "radiator": (radiator, (0.6, 1.4), (0.15, 0.16)),
    "desk": (desk, (1.0, 1.7), (0.55, 0.8)),
    "table": (table, (0.5, 1.6), (0.4, 0.8)),
}
ROOMS: dict[str, tuple[str, ...]] = {
    "living": ("sofa", "sofa", "shelf", "television", "plant", "lamp", "cupboard", "table", "radiator"),
    "bedroom": ("bed", "cupboard", "cupboard", "desk", "shelf", "lamp", "boxes", "table"),
    "kitchen": ("kitchen", "kitchen", "cupboard", "table", "boxes", "plant"),
    "office": ("desk", "desk", "shelf", "cupboard", "boxes", "plant", "radiator"),
    "shop": ("shelf", "shelf", "shelf", "boxes", "cupboard"),
}

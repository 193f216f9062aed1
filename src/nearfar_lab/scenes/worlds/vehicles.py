"""Cars, vans, lorries, buses and bicycles, built at the origin of the present frame, heading +z."""

from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.worlds import finishes as f
from nearfar_lab.scenes.worlds.finishes import Rng

PAINTS = (
    (0.75, 0.75, 0.75),
    (0.03, 0.03, 0.035),
    (0.3, 0.31, 0.32),
    (0.12, 0.13, 0.14),
    (0.35, 0.03, 0.03),
    (0.04, 0.08, 0.3),
)


def paint(b: Builder, rng: Rng) -> int:
    """Car paint: mostly white, grey or black."""
    c = PAINTS[int(rng.integers(len(PAINTS)))] if rng.random() < 0.8 else f.tint(rng, 0.08, 0.6, 1.0)
    return b.material(c, gloss=0.7, shine=50.0, mirror=0.05)


def glass(b: Builder) -> int:
    """Dark, mirroring window glass."""
    return b.material((0.02, 0.025, 0.03), gloss=0.6, shine=80.0, mirror=0.12)


def wheels(b: Builder, x: float, zs: tuple[float, ...], r: float) -> None:
    """Wheels with hubs at both sides."""
    tyre = b.material((0.02, 0.02, 0.02))
    hub = b.material((0.35, 0.35, 0.36), gloss=0.5)
    for z in zs:
        for side in (-1, 1):
            b.cone((side * (x - 0.1), r, z), r, 0.22, tyre, turn=(0, 0, 90.0))
            b.cone((side * (x - 0.085), r, z), 0.6 * r, 0.22, hub, turn=(0, 0, 90.0))


def lights(b: Builder, w: float, y: float, front: float, back: float) -> None:
    """Head and tail lights, number plates."""
    white = b.material((0.7, 0.7, 0.65), gloss=0.8, glow=0.3)
    red = b.material((0.4, 0.02, 0.02), gloss=0.5, glow=0.2)
    plate = b.material((0.7, 0.7, 0.6))
    for side in (-1, 1):
        b.box((side * (w / 2 - 0.22), y, front), (0.32, 0.13, 0.06), white)
        b.box((side * (w / 2 - 0.2), y + 0.06, back), (0.28, 0.16, 0.06), red)
    b.box((0, y - 0.22, front), (0.5, 0.11, 0.05), plate)
    b.box((0, y - 0.1, back), (0.5, 0.11, 0.05), plate)


def car(b: Builder, rng: Rng) -> None:
    """A saloon, estate, hatchback or off-road car."""
    body, pane = paint(b, rng), glass(b)
    long, w = float(rng.uniform(3.6, 4.9)), float(rng.uniform(1.66, 1.9))
    tall = float(rng.uniform(1.4, 1.5)) if rng.random() < 0.65 else float(rng.uniform(1.6, 1.8))
    r = 0.31 if tall < 1.55 else 0.36
    waist = tall * 0.6
    black = b.material((0.03, 0.03, 0.03))
    b.soft((0, (waist + 0.2) / 2 + 0.05, 0), (w, waist - 0.2, long), body, 0.12)
    b.box((0, 0.3, 0), (w - 0.1, 0.25, long - 0.2), black)
    estate = rng.random() < 0.5
    cab = long * (0.68 if estate else 0.56)
    shift = -long * (0.12 if estate else 0.07)
    roof = tall - waist
    with b.at(0, waist, shift):
        b.box(
            (0, roof / 2, 0),
            (w - 0.08, roof, cab),
            pane,
            taper=(0.78, 0.72 if estate else 0.56, -0.06 * long if estate else -0.02 * long),
        )
        b.box(
            (0, roof, -(0.06 if estate else 0.02) * long),
            (0.79 * (w - 0.08), 0.05, cab * (0.72 if estate else 0.56)),
            body,
            taper=(0.9, 0.9, 0),
        )
        for z in (-0.02, 0.24) if estate else (0.02,):
            b.box((0, roof / 2, -z * long), (w - 0.06, roof, 0.1), body, taper=(0.78, 1.0, -0.03 * long))
    wheels(b, w / 2 + 0.01, (0.31 * long, -0.3 * long), r)
    for z in (0.31 * long, -0.3 * long):
        b.cone((0, r + 0.03, z), r + 0.06, w + 0.005, black, turn=(0, 0, 90.0))
    lights(b, w, waist * 0.78, long / 2, -long / 2)
    for side in (-1, 1):
        b.soft((side * (w / 2 + 0.08), waist + 0.06, 0.16 * long), (0.18, 0.13, 0.1), body, 0.04)


def van(b: Builder, rng: Rng) -> None:
    """A van, lorry or bus."""
    body, pane = paint(b, rng), glass(b)
    kind = rng.choice(["van", "lorry", "bus"], p=[0.6, 0.25, 0.15])
    w, tall, long = 1.95, float(rng.uniform(1.9, 2.6)), float(rng.uniform(4.6, 6.2))
    if kind != "van":
        w, tall, long = 2.5, float(rng.uniform(3.0, 3.6)), float(rng.uniform(8, 12))
    low = 0.35
    if kind == "lorry":
        b.soft((0, 1.6, long / 2 - 1.0), (w, 2.4, 2.0), body, 0.12)
        b.box((0, 2.0, long / 2), (w - 0.3, 0.9, 0.06), pane)
        b.box(
            (0, (tall + 1.0) / 2, -1.1),
            (w, tall - 1.0, long - 2.4),
            f.package(b, rng) if rng.random() < 0.3 else paint(b, rng),
        )
    else:
        b.soft((0, (tall + low) / 2, -0.3), (w, tall - low, long - 0.6), body, 0.15)
        if kind == "van":
            b.box((0, 0.8, long / 2 - 0.35), (w - 0.1, 0.7, 0.9), body, taper=(0.95, 0.5, -0.2))
            b.box(
                (0, 0.74 * tall, long / 2 - 0.62), (w - 0.2, 0.32 * tall, 0.3), pane, taper=(0.9, 0.4, -0.1)
            )
            b.box((0, 0.74 * tall, 0.24 * long), (w + 0.02, 0.28 * tall, 0.9), pane)
        else:
            b.box((0, 0.64 * tall, 0), (w + 0.03, 0.32 * tall, long - 1.0), pane)
            b.box((0, 0.6 * tall, long / 2 - 0.6), (w - 0.1, 0.45 * tall, 0.08), pane)
    wheels(b, w / 2, (0.3 * long, -0.28 * long), 0.34 if kind == "van" else 0.48)
    lights(b, w, 0.75, long / 2 + (0.08 if kind == "van" else 0.0), -long / 2)


def bicycle(b: Builder, rng: Rng) -> None:
    """A bicycle or a motor scooter, 1.7 m long."""
    frame = f.ceramic(b, rng)
    tyre = b.material((0.02, 0.02, 0.02))
    for z in (-0.52, 0.52):
        for i in range(10):
            a0, a1 = 36.0 * i, 36.0 * (i + 1)
            p = [(0.0, 0.34 + 0.33 * _sin(a), z + 0.33 * _sin(a + 90)) for a in (a0, a1)]
            b.limb(p[0], p[1], 0.018, tyre)
    b.limb((0, 0.34, -0.52), (0, 0.4, 0), 0.018, frame)
    b.limb((0, 0.4, 0), (0, 0.95, -0.17), 0.02, frame)
    b.limb((0, 0.4, 0), (0, 0.82, 0.38), 0.022, frame)
    b.limb((0, 0.8, -0.12), (0, 0.85, 0.37), 0.02, frame)
    b.limb((0, 0.34, 0.52), (0, 1.0, 0.34), 0.02, frame)
    b.limb((-0.27, 1.02, 0.3), (0.27, 1.02, 0.3), 0.016, tyre)
    b.soft((0, 0.97, -0.18), (0.16, 0.07, 0.27), tyre, 0.03)


def _sin(deg: float) -> float:
    import math

    return math.sin(math.radians(deg))

"""Small things that lie on tables and shelves: each stands on y = 0 at the origin of the present frame."""

import numpy as np

from nearfar_lab.scenes import shapes
from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.worlds import finishes as f
from nearfar_lab.scenes.worlds import plants
from nearfar_lab.scenes.worlds.finishes import Rng


def bottle(b: Builder, rng: Rng) -> None:
    """A bottle or can."""
    h, r, m = float(rng.uniform(0.1, 0.32)), float(rng.uniform(0.025, 0.045)), f.ceramic(b, rng)
    b.cone((0, 0.35 * h, 0), r, 0.7 * h, m)
    if rng.random() < 0.7:
        b.cone((0, 0.76 * h, 0), r, 0.12 * h, m, top=0.4)
        b.cone((0, 0.91 * h, 0), 0.4 * r, 0.18 * h, f.ceramic(b, rng))
        b.cone((0, 0.33 * h, 0), r * 1.02, 0.3 * h, f.package(b, rng))


def cup(b: Builder, rng: Rng) -> None:
    """A cup with a handle, or a glass."""
    h, r, m = float(rng.uniform(0.07, 0.13)), float(rng.uniform(0.03, 0.048)), f.ceramic(b, rng)
    b.cone((0, h / 2, 0), r * 0.85, h, m, top=1.18)
    b.cone((0, h, 0), r * 0.86, 0.004, b.material((0.06, 0.03, 0.02), gloss=0.5))
    a = float(rng.uniform(0, 360))
    with b.at(0, 0, 0, yaw=a):
        b.limb((r, 0.75 * h, 0), (r * 1.6, 0.65 * h, 0), 0.006, m)
        b.limb((r * 1.6, 0.65 * h, 0), (r * 1.5, 0.35 * h, 0), 0.006, m)
        b.limb((r * 1.5, 0.35 * h, 0), (r * 0.9, 0.25 * h, 0), 0.006, m)


def packet(b: Builder, rng: Rng) -> None:
    """A box or packet."""
    w, h, d = (float(v) for v in rng.uniform((0.05, 0.04, 0.05), (0.3, 0.3, 0.2)))
    b.box((0, h / 2, 0), (w, h, d), f.package(b, rng), turn=(float(rng.normal(0, 20)), 0, 0))


def book_pile(b: Builder, rng: Rng) -> None:
    """A few books lying on each other."""
    y = 0.0
    for _ in range(int(rng.integers(1, 6))):
        t, w, d = (
            float(rng.uniform(0.01, 0.045)),
            float(rng.uniform(0.13, 0.22)),
            float(rng.uniform(0.18, 0.3)),
        )
        b.box((0, y + t / 2, 0), (w, t, d), f.package(b, rng), turn=(float(rng.normal(0, 12)), 0, 0))
        y += t


def bowl(b: Builder, rng: Rng) -> None:
    """A bowl of fruit or a plate."""
    r = float(rng.uniform(0.07, 0.16))
    m = f.ceramic(b, rng)
    if rng.random() < 0.5:
        b.cone((0, 0.01, 0), 0.6 * r, 0.02, m, top=1.6)
        b.ball((0.01, 0.02, 0), (0.5 * r, 0.025, 0.4 * r), f.ceramic(b, rng))
        return
    b.cone((0, 0.3 * r, 0), 0.5 * r, 0.6 * r, m, top=2.0)
    fruit = f.ceramic(b, rng)
    for i in range(int(rng.integers(2, 7))):
        a, q = i * 1.3, 0.32 * r
        b.ball((0.5 * r * np.cos(a), 0.7 * r, 0.5 * r * np.sin(a)), (q, q, q), fruit)


def screen(b: Builder, rng: Rng) -> None:
    """A monitor, laptop or picture frame, facing +z."""
    w = float(rng.uniform(0.3, 0.6))
    h = w * float(rng.uniform(0.56, 0.7))
    frame = b.material((0.03, 0.03, 0.03), gloss=0.3)
    image = (
        f.picture(b, rng, w)
        if rng.random() < 0.4
        else b.material((0.02, 0.02, 0.025), gloss=0.5, mirror=0.05)
    )
    image = frame if image is None else image
    if rng.random() < 0.5:
        b.box((0, 0.01, 0.1), (w, 0.018, 0.7 * w), f.metal(b, rng))
        with b.at(0, 0.01, -0.25 * w, pitch=-15.0):
            b.box((0, h / 2, 0), (w, h, 0.01), frame)
            b.quad((0, h / 2, 0.006), (w * 0.94, h * 0.9), image)
        return
    b.box((0, 0.005, 0), (0.3 * w, 0.01, 0.2), frame)
    b.box((0, 0.08, -0.02), (0.05, 0.15, 0.03), frame)
    b.box((0, 0.12 + h / 2, 0), (w, h, 0.03), frame)
    b.quad((0, 0.12 + h / 2, 0.017), (w * 0.95, h * 0.92), image)


def lamp(b: Builder, rng: Rng) -> None:
    """A table lamp; the shade may glow."""
    h = float(rng.uniform(0.3, 0.6))
    b.cone((0, 0.01, 0), 0.07, 0.02, f.metal(b, rng))
    b.cone((0, h / 2, 0), 0.012, h, f.metal(b, rng))
    glow = float(rng.choice([0.0, 1.5]))
    b.cone(
        (0, h, 0),
        float(rng.uniform(0.09, 0.17)),
        0.2,
        b.material((0.75, 0.68, 0.5), glow=glow),
        top=float(rng.uniform(0.5, 1.0)),
    )


def vase(b: Builder, rng: Rng) -> None:
    """A vase, perhaps with flowers, or a pot plant."""
    if rng.random() < 0.5:
        plants.pot_plant(b, rng, float(rng.uniform(0.15, 0.5)))
        return
    h, m = float(rng.uniform(0.12, 0.3)), f.ceramic(b, rng)
    b.ball((0, 0.4 * h, 0), (0.3 * h, 0.4 * h, 0.3 * h), m)
    b.cone((0, 0.85 * h, 0), 0.14 * h, 0.3 * h, m, top=1.3)
    flower, stalk = f.ceramic(b, rng), f.leaves(b, rng)
    for _ in range(int(rng.integers(0, 7))):
        x, z = rng.normal(0, 0.3 * h, 2)
        b.limb((0, 0.95 * h, 0), (x, 1.6 * h, z), 0.003, stalk)
        b.ball((x, 1.6 * h, z), (0.12 * h, 0.09 * h, 0.12 * h), flower)


def toy(b: Builder, rng: Rng) -> None:
    """A ball, a teddy-like thing or a stack of bricks."""
    r, m = float(rng.uniform(0.03, 0.11)), f.cloth(b, rng)
    kind = rng.random()
    if kind < 0.4:
        b.ball((0, r, 0), (r, r, r), m)
    elif kind < 0.7:
        b.ball((0, r, 0), (r, r, 0.8 * r), m)
        b.ball((0, 2.4 * r, 0), (0.75 * r, 0.75 * r, 0.7 * r), m)
        for s in (-1, 1):
            b.ball((s * 0.6 * r, 3.0 * r, 0), (0.25 * r, 0.25 * r, 0.15 * r), m)
            b.limb((s * 0.8 * r, 1.5 * r, 0.2 * r), (s * 1.4 * r, 0.9 * r, 0.5 * r), 0.28 * r, m)
            b.limb((s * 0.5 * r, 0.35 * r, 0.4 * r), (s * 0.9 * r, 0.3 * r, 1.3 * r), 0.3 * r, m)
    else:
        for i in range(int(rng.integers(2, 6))):
            b.box(
                (float(rng.normal(0, 0.01)), (i + 0.5) * r, 0),
                (r, r, r),
                f.ceramic(b, rng),
                turn=(float(rng.uniform(0, 90)), 0, 0),
            )


def cloth_heap(b: Builder, rng: Rng) -> None:
    """A bag or a heap of clothes."""
    m = f.cloth(b, rng)
    for _ in range(int(rng.integers(1, 4))):
        w, h = float(rng.uniform(0.1, 0.25)), float(rng.uniform(0.05, 0.18))
        b.soft(
            (float(rng.normal(0, 0.05)), h / 2, float(rng.normal(0, 0.05))),
            (2 * w, h, 1.4 * w),
            m,
            h * 0.45,
            turn=(float(rng.uniform(0, 180)), 0, 0),
        )


def basket(b: Builder, rng: Rng) -> None:
    """A cage or basket: cut-out quads that are seen through."""
    w, h, m = float(rng.uniform(0.15, 0.35)), float(rng.uniform(0.12, 0.35)), f.metal(b, rng)
    pitch = float(rng.uniform(0.012, 0.04))
    for a in (0, 90, 180, 270):
        with b.at(0, 0, 0, yaw=a):
            b.quad((0, h / 2, w / 2), (w, h), m, mask=shapes.GRILLE, pitch_m=pitch)
    b.box((0, 0.005, 0), (w, 0.01, w), m)


SMALL = (bottle, bottle, cup, cup, packet, packet, book_pile, bowl, vase, toy)
LARGE = (screen, lamp, vase, cloth_heap, basket, packet, bowl, book_pile)


def scatter(b: Builder, rng: Rng, width: float, depth: float, count: int, tall: float = 9.0) -> None:
    """Things on a surface of width (x) by depth (z) about the origin: apart, none taller than `tall`."""
    places: list[tuple[float, float, float]] = []
    for _ in range(count):
        large = rng.random() < 0.25 and tall > 0.5
        make = (LARGE if large else SMALL)[int(rng.integers(8 if large else len(SMALL)))]
        r = 0.2 if large else 0.09
        for _ in range(6):
            x, z = (
                float(rng.uniform(-0.5, 0.5)) * max(width - 1.2 * r, 0.01),
                float(rng.uniform(-0.5, 0.5)) * max(depth - 1.2 * r, 0.01),
            )
            if all((x - p) ** 2 + (z - q) ** 2 > (r + s) ** 2 * 0.7 for p, q, s in places):
                places.append((x, z, r))
                start = len(b.rows)
                with b.at(x, 0, z, yaw=float(rng.normal(0, 25))):
                    make(b, rng)
                top = max(row[2] + row[14] for row in b.rows[start:]) if len(b.rows) > start else 0
                if top > b.height_here() + tall:
                    del b.rows[start:]
                break

"""Rooms and corridors: walls with openings, furniture along them and between, at a person's eye height."""

from dataclasses import dataclass

import numpy as np

from nearfar_lab.scenes import shapes
from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import Camera, Light, Scene, Vector
from nearfar_lab.scenes.worlds import clutter, figures, furniture
from nearfar_lab.scenes.worlds import finishes as f
from nearfar_lab.scenes.worlds.finishes import Rng

Span = tuple[float, float, float, float]


@dataclass(frozen=True)
class Daylight:
    """How bright it is outside, and whether windows are seen through."""

    level: float
    is_open: bool


def pierced(b: Builder, length: float, height: float, m: int, holes: list[Span]) -> None:
    """A wall in the plane z = 0 (inside at +z, 12 cm thick) about x = 0 with holes (x0, x1, y0, y1)."""
    x = -length / 2
    for x0, x1, y0, y1 in sorted(holes):
        if x0 > x:
            b.box(((x + x0) / 2, height / 2, -0.06), (x0 - x, height, 0.12), m)
        if y0 > 0.01:
            b.box(((x0 + x1) / 2, y0 / 2, -0.06), (x1 - x0, y0, 0.12), m)
        if y1 < height:
            b.box(((x0 + x1) / 2, (y1 + height) / 2, -0.06), (x1 - x0, height - y1, 0.12), m)
        x = x1
    if x < length / 2:
        b.box(((x + length / 2) / 2, height / 2, -0.06), (length / 2 - x, height, 0.12), m)


def window(b: Builder, rng: Rng, hole: Span, sun: Daylight) -> None:
    """Frame, bars, sill, perhaps curtains or a blind; light enters through it."""
    x0, x1, y0, y1 = hole
    w, h, x, y = x1 - x0, y1 - y0, (x0 + x1) / 2, (y0 + y1) / 2
    m = b.material((0.7, 0.7, 0.68), gloss=0.2) if rng.random() < 0.7 else f.wood(b, rng)
    t = 0.06
    for s in (-1, 1):
        b.box((x + s * (w - t) / 2, y, -0.05), (t, h, 0.07), m)
        b.box((x, y + s * (h - t) / 2, -0.05), (w, t, 0.07), m)
    for i in range(1, int(rng.integers(1, 4))):
        b.box((x0 + w * i / 3, y, -0.05), (0.05, h, 0.06), m)
    if rng.random() < 0.4:
        b.box((x, y + 0.2 * h, -0.05), (w, 0.04, 0.06), m)
    b.box((x, y0 - 0.015, 0.04), (w + 0.15, 0.03, 0.2), m)
    lit = sun.level
    b.lamp(
        (x, y, -0.02),
        (w / 2, 0, 0),
        (0, h / 2, 0),
        (lit * w * h, lit * w * h * 1.03, lit * w * h * 1.1),
        one_sided=True,
    )
    if not sun.is_open:
        pale = b.material((0.9, 0.93, 1.0), glow=0.5 * lit)
        b.quad((x, y, -0.09), (w, h), pale, casts=False)
    drape = rng.random()
    if drape < 0.45:
        m = f.cloth(b, rng)
        side = float(rng.uniform(0.12, 0.45)) * w
        for s in (-1, 1):
            for k in range(4):
                cx = x + s * (w / 2 + 0.1 - side * (k + 0.5) / 4)
                low = 0.05 if y0 > 0.3 and rng.random() < 0.7 else y0 - 0.1
                b.box(
                    (cx, (low + y1 + 0.1) / 2, 0.08 + 0.03 * (k % 2)),
                    (side / 4 + 0.02, y1 + 0.1 - low, 0.04),
                    m,
                    turn=(0, 0, 0),
                )
        b.cone((x, y1 + 0.12, 0.1), 0.012, w + 0.5, f.metal(b, rng), turn=(0, 0, 90.0))
    elif drape < 0.6:
        m = b.material(f.tint(rng, 0.4, 0.8), glow=0.15 * lit)
        low = y0 + h * float(rng.uniform(0.2, 0.8))
        for yy in np.arange(low, y1, 0.06):
            b.box((x, float(yy), 0.0), (w, 0.045, 0.012), m, turn=(0, 35.0, 0))
    if rng.random() < 0.35:
        with b.at(x, y0, 0.05):
            clutter.scatter(b, rng, w, 0.12, 3)


def door(b: Builder, rng: Rng, hole: Span) -> None:
    """A door frame and leaf, shut or ajar; beyond an open one lies another room."""
    x0, x1, _, y1 = hole
    w, m, knob = x1 - x0, f.wood(b, rng), f.metal(b, rng)
    for x in (x0, x1):
        b.box((x, y1 / 2, -0.02), (0.07, y1 + 0.06, 0.18), m)
    b.box(((x0 + x1) / 2, y1 + 0.03, -0.02), (w, 0.07, 0.18), m)
    angle = 0.0 if rng.random() < 0.55 else float(rng.uniform(20, 110))
    with b.at(x0 + 0.03, 0, -0.05, yaw=-angle):
        b.box((w / 2 - 0.02, y1 / 2, 0), (w - 0.06, y1, 0.04), m)
        for lo, hi in ((0.15, 0.45), (0.55, 0.93)):
            b.box((w / 2 - 0.02, y1 * (lo + hi) / 2, 0.022), (w * 0.6, y1 * (hi - lo), 0.012), m)
        b.limb((w - 0.14, 1.03, 0.05), (w - 0.26, 1.03, 0.05), 0.012, knob)
        b.ball((w - 0.14, 1.03, 0.04), (0.02, 0.02, 0.03), knob)
    if angle > 0:
        depth = float(rng.uniform(1.2, 5.0))
        paint = f.wall(b, rng)
        cx = (x0 + x1) / 2
        b.box((cx, 1.3, -depth), (5, 2.8, 0.1), paint)
        b.box((cx - 1.3, 1.3, -depth / 2 - 0.1), (0.1, 2.8, depth - 0.1), paint)
        b.box((cx + 1.3, 1.3, -depth / 2 - 0.1), (0.1, 2.8, depth - 0.1), paint)
        b.box((cx, 2.75, -depth / 2 - 0.1), (5, 0.1, depth), paint)
        b.lamp((cx, 2.6, -depth / 2 - 0.1), (0.2, 0, 0), (0, 0, 0.2), (2.0, 1.9, 1.7), one_sided=True)


def pictures(b: Builder, rng: Rng, x0: float, x1: float, low: float) -> None:
    """Framed pictures, a mirror, a clock or a board on the wall between x0 and x1 above `low`."""
    n = int(rng.integers(1, 4))
    for i in range(n):
        w = float(rng.uniform(0.25, min(1.2, 0.3 + 0.8 * (x1 - x0) / n)))
        h = w * float(rng.uniform(0.6, 1.5))
        x = x0 + (x1 - x0) * (i + 0.5) / n
        y = max(low + h / 2 + 0.12, float(rng.uniform(1.4, 1.75)))
        if w > (x1 - x0) / n or y + h / 2 > 2.35:
            continue
        frame = f.wood(b, rng)
        b.box((x, y, 0.012), (w, h, 0.03), frame)
        kind = rng.random()
        image = f.picture(b, rng, w) if kind < 0.5 else None
        if image is None:
            image = b.material((0.05, 0.05, 0.05), mirror=0.85) if kind > 0.9 else f.package(b, rng)
        b.quad((x, y, 0.029), (w - 0.05, h - 0.05), image)


def furnish(
    b: Builder, rng: Rng, length: float, pieces: tuple[str, ...], holes: list[Span], fill: float
) -> None:
    """Furniture along a wall (its frame): none before doors, low things before windows, pictures above."""
    x = -length / 2 + float(rng.uniform(0.0, 0.4))
    while x < length / 2 - 0.5:
        make, ws, ds = furniture.PIECES[pieces[int(rng.integers(len(pieces)))]]
        w, d = float(rng.uniform(*ws)), float(rng.uniform(*ds))
        if x + w > length / 2 or rng.random() > fill:
            x += float(rng.uniform(0.2, 0.8))
            continue
        blocked = [h for h in holes if h[0] < x + w + 0.05 and h[1] > x - 0.05]
        if any(h[2] < 0.1 for h in blocked):
            x += 0.3
            continue
        start = len(b.rows)
        with b.item(x + w / 2, 0, 0.04):
            make(b, rng, w, d)
        top = max((r[2] + r[14] for r in b.rows[start:]), default=0.0)
        if blocked and top > 1.4:
            del b.rows[start:]
        elif not blocked and top < 1.6 and rng.random() < 0.6:
            pictures(b, rng, x, x + w, top)
        x += w + float(rng.exponential(0.25))


def middle(b: Builder, rng: Rng, w: float, d: float, kind: str) -> None:
    """What stands in the middle: rug, table with chairs, people, pets, things on the floor."""
    if rng.random() < 0.35:
        b.box(
            (float(rng.uniform(-0.2, 0.2)) * w, 0.006, float(rng.uniform(-0.2, 0.2)) * d),
            (float(rng.uniform(0.3, 0.7)) * w, 0.012, float(rng.uniform(0.3, 0.6)) * d),
            f.cloth(b, rng),
        )
    if rng.random() < 0.6:
        tw, td = float(rng.uniform(0.8, 1.8)), float(rng.uniform(0.6, 1.0))
        low = kind == "living" and rng.random() < 0.7
        with b.item(
            float(rng.uniform(-0.22, 0.22)) * w,
            0,
            float(rng.uniform(-0.22, 0.22)) * d,
            yaw=float(rng.choice([0, 90])) + float(rng.normal(0, 5)),
        ):
            with b.at(0, 0, -td / 2):
                furniture.table(b, rng, tw, td, 0.42 if low else None)
            if not low:
                for i in range(int(rng.integers(1, 7))):
                    side, k = (i % 2) * 180.0, i // 2
                    with (
                        b.at(0, 0, 0, yaw=side),
                        b.at(
                            (k - 1) * 0.55,
                            0,
                            td / 2 + float(rng.uniform(0.15, 0.5)),
                            yaw=180.0 + float(rng.normal(0, 12)),
                        ),
                    ):
                        furniture.chair(b, rng)
    for _ in range(int(rng.integers(1, 6))):
        with b.item(
            float(rng.uniform(-0.45, 0.45)) * w,
            0,
            float(rng.uniform(-0.45, 0.45)) * d,
            yaw=float(rng.uniform(0, 360)),
        ):
            pick = rng.random()
            if pick < 0.3:
                figures.person(b, rng)
            elif pick < 0.4:
                figures.animal(b, rng, float(rng.uniform(0.2, 0.5)))
            elif pick < 0.6:
                furniture.chair(b, rng)
            else:
                with b.at(0, 0, 0):
                    clutter.scatter(b, rng, 1.0, 1.0, int(rng.integers(1, 5)))


def ceiling(b: Builder, rng: Rng, size: Vector, lit: bool) -> None:
    """Ceiling with lamps of a room; size: its width, depth and height in metres."""
    w, d, h = size
    m = b.material(f.tint(rng, 0.6, 0.88, 0.05)) if rng.random() < 0.85 else f.wood(b, rng)
    b.box((0, h + 0.05, 0), (w + 0.3, 0.1, d + 0.3), m)
    level = float(rng.uniform(2.5, 7)) if lit else 0.0
    warmth = float(rng.uniform(0.6, 1.0))
    colour = (level, level * (0.7 + 0.3 * warmth), level * (0.35 + 0.65 * warmth))
    glow = b.material((1.0, 0.95, 0.85), glow=2.5 if lit else 0.6)
    kind = rng.choice(["pendant", "panel", "none"])
    if kind == "panel":
        nx, nz = max(1, round(w / 2.2)), max(1, round(d / 2.2))
        for i in range(nx):
            for j in range(nz):
                b.box(
                    (w * ((i + 0.5) / nx - 0.5), h - 0.01, d * ((j + 0.5) / nz - 0.5)),
                    (0.6, 0.03, 0.6 if rng.random() < 0.9 else 0.2),
                    glow,
                )
        b.lamp(
            (0, h - 0.05, 0),
            (w * 0.35, 0, 0),
            (0, 0, d * 0.35),
            (2 * colour[0], 2 * colour[1], 2 * colour[2]),
            one_sided=True,
        )
    elif kind == "pendant":
        x, z, drop = (
            float(rng.uniform(-0.2, 0.2)) * w,
            float(rng.uniform(-0.2, 0.2)) * d,
            float(rng.uniform(0.15, 0.9)),
        )
        shade = glow if lit else f.ceramic(b, rng)
        with b.item(x, h - drop, z):
            b.cone((0, drop / 2, 0), 0.006, drop, b.material((0.05, 0.05, 0.05)))
            r = float(rng.uniform(0.1, 0.25))
            if rng.random() < 0.5:
                b.ball((0, 0, 0), (r, 0.8 * r, r), shade)
            else:
                b.cone((0, 0, 0), r, r, shade, top=0.4)
            b.rows[-1][shapes.CASTS] = 0.0
        b.lamp((x, h - drop - 0.05, z), (0.12, 0, 0), (0, 0, 0.12), colour, one_sided=False)
    else:
        b.lamp((0, h - 0.1, 0), (0.5, 0, 0), (0, 0, 0.5), colour, one_sided=True)


def eye(rng: Rng, w: float, d: float, h: float, portrait: bool) -> Camera:
    """A camera near the edge of the room, looking across it."""
    angle = float(rng.uniform(0, 2 * np.pi))
    r = float(rng.uniform(0.55, 0.92))
    x, z = 0.5 * w * r * float(np.cos(angle)), 0.5 * d * r * float(np.sin(angle))
    tx, tz = float(rng.uniform(-0.28, 0.28)) * w, float(rng.uniform(-0.28, 0.28)) * d
    yaw = float(np.degrees(np.arctan2(tx - x, tz - z)))
    y = float(np.clip(rng.normal(1.4, 0.25), 0.5, h - 0.3))
    fov = float(np.clip(rng.normal(62, 12), 38, 105)) * (0.78 if portrait else 1.0)
    roll = float(rng.normal(0, 2.0)) if rng.random() < 0.8 else float(rng.normal(0, 8))
    return Camera(
        (x, y, z),
        yaw,
        float(np.clip(rng.normal(-9, 11), -55, 25)),
        roll,
        fov,
        float(rng.normal(0, 0.03)) if rng.random() < 0.4 else 0.0,
    )


def outside(b: Builder, rng: Rng) -> None:
    """What lies beyond the windows: ground a few floors below, houses and trees as blocks and crowns."""
    from nearfar_lab.scenes.worlds import streets

    b.ground(-float(rng.uniform(0.3, 12)), b.material(f.tint(rng, 0.1, 0.3, 0.5), dirt=0.3))
    for _ in range(7):
        a, r = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(12, 60))
        with b.at(r * np.cos(a), -8, r * np.sin(a), yaw=float(rng.uniform(0, 360))):
            if rng.random() < 0.5:
                b.box((0, 8, 0), (12, 16 + float(rng.uniform(-4, 10)), 10), streets.facade_material(b, rng))
            else:
                b.foliage(
                    (0, 7, 0),
                    (4, 5, 4),
                    f.leaves(b, rng),
                    grain=1.5,
                    density=0.7,
                    seed=int(rng.integers(999)),
                )


def holes_of(rng: Rng, length: float, height: float, windows: bool) -> tuple[list[Span], list[Span]]:
    """Windows and doors of a wall of a length, apart from each other."""
    wins: list[Span] = []
    doors: list[Span] = []
    x = -length / 2 + float(rng.uniform(0.3, 1.0))
    while x < length / 2 - 1.0:
        pick = rng.random()
        if pick < 0.3 and windows:
            w = float(rng.uniform(0.7, 2.2))
            low = float(rng.uniform(0.7, 1.0)) if rng.random() < 0.85 else 0.12
            if x + w < length / 2 - 0.2:
                wins.append((x, x + w, low, min(height - 0.15, float(rng.uniform(1.9, 2.3)))))
                x += w + 0.3
        elif pick < 0.42 and not doors:
            w = float(rng.uniform(0.8, 1.0))
            doors.append((x, x + w, 0.0, float(rng.uniform(2.0, 2.15))))
            x += w + 0.4
        x += float(rng.uniform(0.4, 1.5))
    return wins, doors


def room(b: Builder, rng: Rng, portrait: bool, kind: str | None = None) -> Scene:
    """A furnished room."""
    kind = (
        str(rng.choice(["living", "bedroom", "kitchen", "office", "shop"], p=[0.34, 0.24, 0.2, 0.17, 0.05]))
        if kind is None
        else kind
    )
    w, d, h = (
        float(rng.uniform(2.4, 6.5)),
        float(rng.uniform(2.6, 7.5)),
        float(np.clip(rng.normal(2.55, 0.2), 2.2, 3.6)),
    )
    camera = eye(rng, w - 0.5, d - 0.5, h, portrait)
    b.keep_free = (camera.position_m, float(rng.uniform(0.35, 0.8)))
    night = rng.random() < 0.25
    sun = Daylight(0.02 if night else float(rng.uniform(2.5, 9)), rng.random() < 0.35)
    paint = f.wall(b, rng)
    b.box((0, -0.05, 0), (w + 0.3, 0.1, d + 0.3), f.floor(b, rng))
    ceiling(b, rng, (w, d, h), night or rng.random() < 0.5)
    trim = b.material((0.7, 0.7, 0.68)) if rng.random() < 0.7 else None
    fill = float(rng.uniform(0.55, 1.0))
    glazed = 0
    for yaw, length, away in ((0, w, d), (90, d, w), (180, w, d), (270, d, w)):
        m = paint if rng.random() < 0.85 else f.wall(b, rng)
        with b.at(-np.sin(np.radians(yaw)) * away / 2, 0, -np.cos(np.radians(yaw)) * away / 2, yaw=yaw):
            wins, doors = holes_of(rng, length, h, glazed < 2)
            glazed += len(wins)
            pierced(b, length + 0.2, h, m, wins + doors)
            for hole in wins[:2]:
                window(b, rng, hole, sun)
            for hole in wins[2:]:
                b.quad(((hole[0] + hole[1]) / 2, (hole[2] + hole[3]) / 2, -0.1), (3, 3), m)
            for hole in doors:
                door(b, rng, hole)
            if trim is not None:
                for x0, x1 in zip(
                    [-length / 2, *[q[1] for q in doors]], [*[q[0] for q in doors], length / 2], strict=True
                ):
                    b.box(((x0 + x1) / 2, 0.045, 0.008), (x1 - x0, 0.09, 0.016), trim)
            furnish(b, rng, length - 0.9, furniture.ROOMS[kind], wins + doors, fill)
    middle(b, rng, w - 1.2, d - 1.2, kind)
    if sun.is_open:
        outside(b, rng)
    return b.scene(camera, indoor_light(rng, night), kind)


def indoor_light(rng: Rng, night: bool, gain: float = 1.3) -> Light:
    """Light of a room: lamps and windows do most; the rest is what walls throw back (times gain)."""
    level = float(rng.uniform(0.15, 0.5)) * (0.6 if night else 1.0)
    day = 0.05 if night else float(rng.uniform(2.0, 6.0))
    low = float(rng.uniform(0.1, 0.9))
    a = float(rng.uniform(0, 2 * np.pi))
    hot = 0.0 if night or rng.random() < 0.4 else float(rng.uniform(4, 14))
    return Light(
        sun=(float(np.cos(a)), low, float(np.sin(a))),
        sun_colour=(hot, 0.93 * hot, 0.82 * hot),
        sun_radius=0.03,
        zenith=(0.5 * day, 0.7 * day, day),
        horizon=(0.9 * day, 0.95 * day, day),
        bounce=(0.5 * day, 0.47 * day, 0.43 * day),
        ambient=gain * level / day,
        occlusion_m=float(rng.uniform(0.8, 2.0)),
        clouds=float(rng.uniform(0, 1)),
        seed=int(rng.integers(9999)),
    )


def ceiling_lamps(b: Builder, rng: Rng, w: float, d: float, h: float) -> None:
    """Lamps along the ceiling of a corridor of width w, length d and height h in metres."""
    glow = b.material((1.0, 0.97, 0.9), glow=2.0)
    level = float(rng.uniform(3, 8))
    for z in np.arange(-d / 2 + 1, d / 2, float(rng.uniform(2.0, 3.5))):
        b.box((0, h - 0.01, float(z)), (0.3 if rng.random() < 0.5 else 0.9, 0.04, 0.6), glow)
    for z in (-0.28, 0.25):
        b.lamp(
            (0, h - 0.06, z * d),
            (w * 0.2, 0, 0),
            (0, 0, d * 0.2),
            (2 * level, 1.95 * level, 1.8 * level),
            one_sided=True,
        )


def corridor(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """A corridor or hall with doors on both sides, lamps along its ceiling and a few things along it."""
    w, d, h = float(rng.uniform(1.4, 3.6)), float(rng.uniform(8, 30)), float(rng.uniform(2.3, 3.2))
    x = float(rng.uniform(-0.3, 0.3)) * w
    camera = Camera(
        (x, float(rng.uniform(1.0, 1.75)), -d / 2 + float(rng.uniform(0.4, 3))),
        float(rng.normal(0, 8)),
        float(rng.normal(-4, 6)),
        float(rng.normal(0, 2)),
        float(rng.uniform(48, 85)) * (0.75 if portrait else 1.0),
    )
    b.keep_free = (camera.position_m, 0.5)
    paint = f.wall(b, rng)
    b.box((0, -0.05, 0), (w + 0.3, 0.1, d + 0.3), f.floor(b, rng))
    b.box((0, h + 0.05, 0), (w + 0.3, 0.1, d + 0.3), b.material(f.tint(rng, 0.5, 0.85, 0.05)))
    ceiling_lamps(b, rng, w, d, h)
    for yaw, length, away in ((0, w, d), (90, d, w), (180, w, d), (270, d, w)):
        with b.at(-np.sin(np.radians(yaw)) * away / 2, 0, -np.cos(np.radians(yaw)) * away / 2, yaw=yaw):
            doors: list[Span] = []
            p = -length / 2 + float(rng.uniform(0.5, 2.0))
            while length > 5 and p < length / 2 - 1.2:
                doors.append((p, p + 0.95, 0.0, 2.08))
                p += float(rng.uniform(1.6, 4.0))
            pierced(b, length + 0.2, h, paint, doors)
            for hole in doors:
                door(b, rng, hole)
            if length > 5:
                furnish(
                    b,
                    rng,
                    length - 0.4,
                    ("boxes", "plant", "radiator", "shelf" if w > 2.2 else "boxes"),
                    doors,
                    0.12,
                )
    for _ in range(int(rng.integers(0, 4))):
        with b.item(
            float(rng.uniform(-0.35, 0.35)) * w,
            0,
            float(rng.uniform(-0.4, 0.45)) * d,
            yaw=float(rng.choice([0, 180])) + float(rng.normal(0, 15)),
        ):
            figures.person(b, rng)
    return b.scene(camera, indoor_light(rng, night=True), "corridor")

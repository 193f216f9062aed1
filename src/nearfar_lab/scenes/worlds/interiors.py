"""Inside, beyond rooms: shop aisles, halls with rows of tables, stairs, bathrooms."""

import numpy as np

from nearfar_lab.scenes import shapes
from nearfar_lab.scenes import surfaces as s
from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import Camera, Scene, Vector
from nearfar_lab.scenes.worlds import clutter, figures, furniture, plants, rooms
from nearfar_lab.scenes.worlds import finishes as f
from nearfar_lab.scenes.worlds.finishes import Rng


def shell(b: Builder, rng: Rng, w: float, d: float, h: float) -> None:
    """Floor, four walls and a ceiling with rows of lamps, about the origin."""
    b.box((0, -0.05, 0), (w + 0.3, 0.1, d + 0.3), f.floor(b, rng))
    b.box((0, h + 0.05, 0), (w + 0.3, 0.1, d + 0.3), b.material(f.tint(rng, 0.15, 0.85, 0.06)))
    paint = f.wall(b, rng)
    for side in (-1, 1):
        b.box((side * (w / 2 + 0.06), h / 2, 0), (0.12, h, d), paint)
        b.box(
            (0, h / 2, side * (d / 2 + 0.06)), (w, h, 0.12), paint if rng.random() < 0.7 else f.wall(b, rng)
        )
    glow = b.material((1.0, 0.97, 0.9), glow=2.0)
    step = float(rng.uniform(1.8, 3.2))
    for x in np.arange(-w / 2 + step / 2, w / 2, step):
        for z in np.arange(-d / 2 + step / 2, d / 2, step):
            b.box((float(x), h - 0.02, float(z)), (0.3, 0.05, 1.2), glow)
    level = float(rng.uniform(0.5, 1.1)) * w * d / 3
    for z in (-0.25, 0.25):
        colour = (level, 0.97 * level, 0.9 * level)
        b.lamp((0, h - 0.06, z * d), (w * 0.42, 0, 0), (0, 0, d * 0.22), colour, one_sided=True)


def facing(rng: Rng, x: float, z: float, portrait: bool, fov: float = 62.0) -> Camera:
    """A standing person's view from x, z along +z."""
    return Camera(
        (x, float(np.clip(rng.normal(1.45, 0.2), 0.9, 1.9)), z),
        float(rng.normal(0, 14)),
        float(rng.normal(-6, 8)),
        float(rng.normal(0, 2)),
        float(np.clip(rng.normal(fov, 11), 38, 100)) * (0.78 if portrait else 1.0),
        float(rng.normal(0, 0.03)) if rng.random() < 0.4 else 0.0,
    )


def goods(b: Builder, rng: Rng, w: float, d: float, h: float) -> None:
    """A shop shelf (back at z = 0): boards filled with rows of like packets, bottles and tins."""
    m = b.material(f.tint(rng, 0.2, 0.75, 0.2))
    b.box((0, h / 2, 0.01), (w, h, 0.02), m)
    levels = int(rng.integers(4, 7))
    for i in range(levels):
        y = 0.12 + i * (h - 0.2) / levels
        gap = (h - 0.2) / levels - 0.05
        b.box((0, y, d / 2), (w, 0.03, d), m)
        b.box((0, y, d), (w, 0.045, 0.008), b.material(f.tint(rng, 0.3, 0.8, 0.8)))
        x = -w / 2 + 0.03
        while x < w / 2 - 0.12:
            item = f.package(b, rng) if rng.random() < 0.7 else f.ceramic(b, rng)
            pw = float(rng.uniform(0.06, 0.3))
            ph = gap * float(rng.uniform(0.45, 0.95))
            round_ones = rng.random() < 0.3
            for _ in range(int(rng.integers(1, 6))):
                if x + pw > w / 2:
                    break
                z = d - float(rng.uniform(0.03, 0.14))
                if rng.random() < 0.93:
                    if round_ones:
                        r = min(pw, 0.12) / 2
                        b.cone((x + pw / 2, y + 0.015 + ph / 2, z - r), r, ph, item)
                    else:
                        b.box((x + pw / 2, y + 0.015 + ph / 2, z - 0.12), (pw * 0.95, ph, 0.24), item, seed=3)
                x += pw
            x += 0.01


def aisle(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """Between the shelves of a shop or library."""
    gap, d, h = float(rng.uniform(1.2, 2.6)), float(rng.uniform(6, 16)), float(rng.uniform(2.6, 4.2))
    camera = facing(
        rng, float(rng.uniform(-0.25, 0.25)) * gap, -d / 2 + float(rng.uniform(0.3, 2.5)), portrait
    )
    b.keep_free = (camera.position_m, 0.4)
    shell(b, rng, gap + 7, d + 3, h)
    library = rng.random() < 0.3
    tall = float(rng.uniform(1.4, 2.2))
    for side in (-1, 1):
        z = -d / 2
        while z < d / 2:
            with b.item(side * (gap / 2 + 0.45), 0, z + 0.6, yaw=-90.0 * side):
                if library:
                    furniture.shelf(b, rng, 1.2, 0.35, tall)
                else:
                    goods(b, rng, 1.2, 0.45, tall)
            z += 1.21
    for _ in range(int(rng.integers(0, 4))):
        z = float(rng.uniform(-0.3, 0.5)) * d
        with b.item(
            float(rng.uniform(-0.3, 0.3)) * gap,
            0,
            z,
            yaw=float(rng.choice([0, 180, 90])) + float(rng.normal(0, 20)),
        ):
            figures.person(b, rng) if rng.random() < 0.8 else clutter.scatter(b, rng, 0.8, 0.8, 4)
    with b.at(0, 0, d / 2 + 1.4, yaw=180.0):
        rooms.furnish(b, rng, gap + 6, ("shelf", "boxes", "cupboard"), [], 0.8)
    return b.scene(camera, rooms.indoor_light(rng, night=True, gain=5.0), "aisle")


def hall(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """A classroom, café or open office: rows of tables with chairs, people on some."""
    w, d, h = float(rng.uniform(5, 12)), float(rng.uniform(6, 16)), float(rng.uniform(2.5, 4.0))
    camera = facing(
        rng, float(rng.uniform(-0.4, 0.4)) * w, -d / 2 + float(rng.uniform(0.3, 1.2)), portrait, 66.0
    )
    b.keep_free = (camera.position_m, 0.6)
    shell(b, rng, w, d, h)
    office = rng.random() < 0.4
    dx, dz = float(rng.uniform(1.7, 2.6)), float(rng.uniform(1.6, 2.6))
    busy = float(rng.uniform(0, 0.5))
    for x in np.arange(-w / 2 + 1.2, w / 2 - 0.8, dx):
        for z in np.arange(-d / 2 + 2.0, d / 2 - 0.8, dz):
            if rng.random() < 0.12 or len(b.rows) > 900:
                continue
            with b.item(
                float(x) + float(rng.normal(0, 0.06)),
                0,
                float(z) + float(rng.normal(0, 0.06)),
                yaw=float(rng.normal(0, 4)),
            ):
                if office:
                    furniture.desk(b, rng, 1.3, 0.7)
                else:
                    furniture.table(b, rng, 1.0, 0.65)
                    for side in (-1, 1):
                        with b.at(0, 0, 0.33 + side * 0.75, yaw=0.0 if side < 0 else 180.0):
                            furniture.chair(b, rng)
                            if rng.random() < busy:
                                with b.at(0, 0, 0.15):
                                    figures.person(b, rng, "sit")
    for side in (-1, 1):
        with b.at(side * w / 2, 0, 0, yaw=-90.0 * side):
            rooms.furnish(b, rng, d - 1, ("cupboard", "plant", "radiator", "shelf", "boxes"), [], 0.4)
    with b.at(0, 0, d / 2, yaw=180.0):
        rooms.pictures(b, rng, -w / 3, w / 3, 0.8)
    for _ in range(int(rng.integers(0, 5))):
        with b.item(
            float(rng.uniform(-0.45, 0.45)) * w,
            0,
            float(rng.uniform(-0.4, 0.45)) * d,
            yaw=float(rng.uniform(0, 360)),
        ):
            figures.person(b, rng)
    return b.scene(camera, rooms.indoor_light(rng, night=True, gain=5.0), "hall")


def handrails(b: Builder, rng: Rng, steps: int, step: Vector) -> None:
    """A rail with its posts on both sides of a flight; step: width, rise and tread in metres."""
    w, rise, tread = step
    top = steps * rise
    metal = f.metal(b, rng) if rng.random() < 0.5 else f.wood(b, rng)
    for side in (-1, 1):
        edge = side * (w / 2 - 0.05)
        lo, hi = (edge, 0.95, -steps * tread / 2), (edge, top + 0.95, steps * tread / 2)
        b.limb(lo, hi, 0.03, metal)
        for i in range(steps):
            y = (i + 1) * rise
            b.limb(
                (edge, y, -steps * tread / 2 + (i + 0.5) * tread),
                (edge, y + 0.87, -steps * tread / 2 + (i + 0.5) * tread),
                0.012,
                metal,
            )


def stairs(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """A flight of stairs seen from its foot, its side or its head."""
    steps = int(rng.integers(8, 17))
    rise, tread, w = (
        float(rng.uniform(0.15, 0.19)),
        float(rng.uniform(0.25, 0.32)),
        float(rng.uniform(0.9, 2.2)),
    )
    top = steps * rise
    h = top + 2.6
    hall_w = w + float(rng.uniform(0.2, 3.5))
    d = steps * tread + 6
    down = rng.random() < 0.3
    z = (
        steps * tread / 2 + float(rng.uniform(0.6, 1.5))
        if down
        else -steps * tread / 2 - float(rng.uniform(0.8, 2.6))
    )
    x = float(rng.uniform(-0.4, 0.4)) * (w if down else hall_w)
    camera = Camera(
        (x, (top if down else 0.0) + float(rng.uniform(1.2, 1.75)), z),
        (180.0 if down else 0.0) + float(rng.normal(-np.degrees(np.arctan2(x, 4)) * (-1 if down else 1), 8)),
        float(rng.normal(-28, 6)) if down else float(rng.normal(6, 9)),
        float(rng.normal(0, 2)),
        float(rng.uniform(50, 78)) * (0.8 if portrait else 1.0),
    )
    b.keep_free = (camera.position_m, 0.5)
    shell(b, rng, hall_w, d, h)
    m = f.wood(b, rng) if rng.random() < 0.6 else f.floor(b, rng)
    riser = m if rng.random() < 0.6 else b.material(f.tint(rng, 0.3, 0.8, 0.1))
    for i in range(steps):
        zz = -steps * tread / 2 + (i + 0.5) * tread
        b.box((0, (i + 1) * rise - 0.02, zz - 0.01), (w, 0.04, tread + 0.02), m)
        b.box((0, (i * rise + rise - 0.04) / 2, zz), (w - 0.02, i * rise + rise - 0.04, tread), riser)
    b.box((0, top / 2, steps * tread / 2 + 1.4), (hall_w, top, 2.8), riser)
    handrails(b, rng, steps, (w, rise, tread))
    for _ in range(int(rng.integers(0, 3))):
        k = int(rng.integers(0, steps))
        with b.item(
            float(rng.uniform(-0.25, 0.25)) * w,
            (k + 1) * rise,
            -steps * tread / 2 + (k + 0.5) * tread,
            yaw=float(rng.choice([0, 180])),
        ):
            figures.person(b, rng)
    with b.item(-hall_w / 2 + 0.4, 0, -d / 2 + 1.5):
        plants.pot_plant(b, rng, 1.2)
    return b.scene(camera, rooms.indoor_light(rng, night=True, gain=5.0), "stairs")


def basin(b: Builder, rng: Rng, w: float, white: int, steel: int) -> None:
    """A wash basin on a cabinet with tap and mirror (back at z = 0)."""
    if rng.random() < 0.6:
        b.box((0, 0.45, 0.24), (w, 0.75, 0.46), f.wood(b, rng))
    else:
        b.cone((0, 0.4, 0.2), 0.1, 0.8, white)
    b.soft((0, 0.86, 0.25), (w, 0.16, 0.5), white, 0.05)
    b.ball((0, 0.94, 0.27), (0.4 * w, 0.02, 0.17), b.material((0.35, 0.36, 0.37), gloss=0.6))
    b.limb((0, 0.94, 0.06), (0, 1.06, 0.08), 0.016, steel)
    b.limb((0, 1.06, 0.08), (0, 1.05, 0.2), 0.014, steel)
    b.box((0, 1.55, 0.015), (w, 0.8, 0.03), b.material((0.05, 0.05, 0.05), mirror=0.85))
    with b.at(0.35 * w, 0.94, 0.12):
        clutter.scatter(b, rng, 0.15, 0.15, 2, tall=0.3)


def toilet(b: Builder, white: int) -> None:
    """A toilet (back at z = 0)."""
    b.soft((0, 0.6, 0.1), (0.38, 0.4, 0.18), white, 0.04)
    b.cone((0, 0.2, 0.42), 0.14, 0.4, white, top=1.35)
    b.ball((0, 0.41, 0.44), (0.2, 0.035, 0.26), white)


def bathroom(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """A tiled bathroom with basin, toilet, bath or shower."""
    w, d, h = float(rng.uniform(1.7, 3.2)), float(rng.uniform(2.0, 3.8)), float(rng.uniform(2.3, 2.7))
    camera = facing(rng, float(rng.uniform(-0.3, 0.3)) * w, -d / 2 + 0.25, portrait, 72.0)
    b.keep_free = (camera.position_m, 0.3)
    b.box((0, -0.05, 0), (w + 0.3, 0.1, d + 0.3), f.floor(b, rng))
    b.box((0, h + 0.05, 0), (w + 0.3, 0.1, d + 0.3), b.material(f.tint(rng, 0.6, 0.85, 0.05)))
    base = f.tint(rng, 0.25, 0.85, 0.25)
    tiles = b.material(
        base, f.scaled(base, 0.6), s.TILES, scale=float(rng.uniform(3, 10)), param=0.1, gloss=0.5, mirror=0.03
    )
    white, steel = b.material((0.78, 0.78, 0.77), gloss=0.7, shine=60.0, mirror=0.04), f.metal(b, rng)
    b.lamp((0, h - 0.08, 0), (0.3, 0, 0), (0, 0, 0.3), (5.0, 4.8, 4.4), one_sided=False)
    for yaw, length, away in ((0, w, d), (90, d, w), (180, w, d), (270, d, w)):
        with b.at(-np.sin(np.radians(yaw)) * away / 2, 0, -np.cos(np.radians(yaw)) * away / 2, yaw=yaw):
            rooms.pierced(b, length + 0.2, h, tiles if rng.random() < 0.8 else f.wall(b, rng), [])
            x = -length / 2 + 0.5
            while x < length / 2 - 0.4 and yaw:
                with b.item(x, 0, 0.01):
                    pick = int(rng.integers(5))
                    if pick == 0:
                        basin(b, rng, float(rng.uniform(0.5, 0.9)), white, steel)
                    elif pick == 1:
                        toilet(b, white)
                    elif pick == 2:
                        furniture.cupboard(b, rng, 0.5, 0.3)
                    elif pick == 3:
                        b.quad((0, 1.2, 0.06), (0.6, 0.9), f.cloth(b, rng))
                        b.limb((-0.35, 1.66, 0.07), (0.35, 1.66, 0.07), 0.01, steel)
                x += float(rng.uniform(0.7, 1.1))
    if rng.random() < 0.6:
        with b.item(0, 0, d / 2 - 0.4):
            b.soft((0, 0.28, 0), (min(w, 1.7), 0.56, 0.75), white, 0.08)
            b.soft(
                (0, 0.56, 0),
                (min(w, 1.7) - 0.2, 0.01, 0.55),
                b.material((0.4, 0.45, 0.47), mirror=0.1),
                0.004,
            )
            if rng.random() < 0.5:
                b.box((0, 1.2, -0.4), (min(w, 1.7) * 0.5, 1.6, 0.03), f.cloth(b, rng))
    return b.scene(camera, rooms.indoor_light(rng, night=True), "bathroom")


def store(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """A workshop, garage or store room: racks, boxes, pipes, a vehicle."""
    from nearfar_lab.scenes.worlds import vehicles

    w, d, h = float(rng.uniform(4, 14)), float(rng.uniform(6, 22)), float(rng.uniform(2.6, 6))
    camera = facing(
        rng, float(rng.uniform(-0.35, 0.35)) * w, -d / 2 + float(rng.uniform(0.3, 1.5)), portrait, 66.0
    )
    b.keep_free = (camera.position_m, 0.6)
    shell(b, rng, w, d, h)
    metal = f.metal(b, rng)
    for side in (-1, 1):
        z = -d / 2 + 1.0
        while z < d / 2 - 1:
            with b.item(side * w / 2, 0, z, yaw=-90.0 * side):
                pick = rng.random()
                if pick < 0.4:
                    rack(b, rng, 1.6, float(rng.uniform(1.6, min(3.5, h - 0.3))), metal)
                elif pick < 0.7:
                    furniture.boxes(b, rng, 1.2, 0.8)
                elif pick < 0.8:
                    furniture.table(b, rng, 1.6, 0.7)
            z += float(rng.uniform(1.7, 2.4))
    for _ in range(int(rng.integers(1, 6))):
        x, y = float(rng.uniform(-0.5, 0.5)) * w, h - float(rng.uniform(0.1, 0.4))
        b.limb((x, y, -d / 2), (x, y, d / 2), float(rng.uniform(0.03, 0.15)), metal)
    for _ in range(int(rng.integers(1, 7))):
        with b.item(
            float(rng.uniform(-0.3, 0.3)) * w,
            0,
            float(rng.uniform(-0.3, 0.42)) * d,
            yaw=float(rng.uniform(0, 360)),
        ):
            pick = rng.random()
            if pick < 0.3 and w > 6:
                vehicles.car(b, rng)
            elif pick < 0.55:
                figures.person(b, rng)
            elif pick < 0.8:
                furniture.boxes(b, rng, 1.0, 0.6)
            else:
                vehicles.bicycle(b, rng)
    return b.scene(camera, rooms.indoor_light(rng, night=True, gain=5.0), "store")


def rack(b: Builder, rng: Rng, w: float, h: float, metal: int) -> None:
    """A steel rack with boxes (back at z = 0)."""
    for side in (-1, 1):
        for z in (0.03, 0.57):
            b.box((side * w / 2, h / 2, z), (0.05, h, 0.05), metal)
    b.quad((0, h / 2, 0.01), (w, h), metal, mask=shapes.MESH, pitch_m=0.1)
    levels = max(2, round(h / 0.7))
    for i in range(levels):
        y = 0.1 + i * h / levels
        b.box((0, y, 0.3), (w, 0.04, 0.6), metal)
        with b.at(0, y + 0.02, 0.3):
            x = -w / 2 + 0.05
            while x < w / 2 - 0.3:
                a, t = float(rng.uniform(0.2, 0.5)), float(rng.uniform(0.15, h / levels - 0.08))
                if rng.random() < 0.75:
                    b.box((x + a / 2, t / 2, 0), (a, t, 0.45), f.package(b, rng))
                x += a + 0.03

"""Streets: carriageway, pavements, houses, cars, people, trees and lamps, seen by a driver or walker."""

from dataclasses import replace

import numpy as np

from nearfar_lab.scenes import shapes
from nearfar_lab.scenes import surfaces as s
from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import Camera, Light, Scene, Vector
from nearfar_lab.scenes.worlds import figures, plants, vehicles
from nearfar_lab.scenes.worlds import finishes as f
from nearfar_lab.scenes.worlds.finishes import Rng


def facade_material(b: Builder, rng: Rng) -> int:
    """A wall with rows of windows, about 3 m a storey."""
    base = f.warm(rng, 0.12, 0.6, 0.5) if rng.random() < 0.6 else f.tint(rng, 0.15, 0.75, 0.2)
    glass = f.tint(rng, 0.02, 0.12, 0.3)
    return b.material(
        base,
        glass,
        s.FACADE,
        scale=float(rng.uniform(0.28, 0.5)),
        param=float(rng.uniform(0.3, 0.75)),
        seed=int(rng.integers(9999)),
        dirt=0.15,
    )


def daylight(rng: Rng, night_share: float = 0.06) -> Light:
    """Sun and sky: clear, hazy, overcast, low sun or night."""
    kind = rng.random()
    a, high = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.15, 1.4))
    sun = (float(np.cos(a)), high, float(np.sin(a)))
    fog = float(rng.exponential(0.0015)) if rng.random() < 0.7 else float(rng.uniform(0.004, 0.02))
    haze = float(rng.uniform(0.6, 1.0))
    air = Light(
        sun=sun,
        fog=fog,
        occlusion_m=float(rng.uniform(0.8, 2.5)),
        seed=int(rng.integers(9999)),
        cloud_scale=float(rng.uniform(0.6, 2.5)),
    )
    if kind < night_share:
        return night(air)
    if kind < 0.4:
        return overcast(air, rng, haze)
    redness = max(0.0, 0.5 - high)
    hot = float(rng.uniform(1.5, 3.2))
    blue = float(rng.uniform(0.7, 1.2))
    return replace(
        air,
        sun_colour=(hot, hot * (0.95 - 0.5 * redness), hot * (0.85 - 1.1 * redness)),
        zenith=(0.16 * blue, 0.32 * blue, 0.75 * blue),
        horizon=(0.6 + 0.3 * redness, 0.7, 0.85 - 0.4 * redness),
        ambient=float(rng.uniform(0.6, 1.1)),
        fog_colour=(0.6 * haze, 0.68 * haze, 0.78 * haze),
        clouds=float(rng.uniform(0, 1.2)) if rng.random() < 0.7 else 0.0,
    )


def night(air: Light) -> Light:
    """Night: hardly more than what lamps throw."""
    return replace(
        air,
        sun_colour=(0.02, 0.025, 0.04),
        sun_radius=0.05,
        zenith=(0.004, 0.006, 0.015),
        horizon=(0.02, 0.018, 0.02),
        bounce=(0.03, 0.025, 0.02),
        ambient=1.5,
        fog_colour=(0.02, 0.02, 0.025),
    )


def overcast(air: Light, rng: Rng, haze: float) -> Light:
    """A grey sky without shadows."""
    g = float(rng.uniform(0.5, 1.0))
    return replace(
        air,
        sun_colour=(0.15, 0.15, 0.14),
        sun_radius=0.5,
        zenith=(g * 0.8, g * 0.85, g * 0.95),
        horizon=(g, g, g),
        bounce=(0.3, 0.3, 0.3),
        fog_colour=(g * haze, g * haze, g * haze),
        clouds=float(rng.uniform(0, 1)),
    )


def house(b: Builder, rng: Rng, w: float, d: float) -> float:
    """A house, front at z = 0 towards +z, with a door or shop, balconies, a roof; its height is returned."""
    h = float(rng.uniform(5, 9)) if rng.random() < 0.5 else float(rng.uniform(9, 30))
    seed = int(rng.integers(9999))
    m = facade_material(b, rng)
    b.box((0, h / 2, -d / 2), (w, h, d), m, seed=seed)
    trim = b.material(f.tint(rng, 0.2, 0.7, 0.1))
    if rng.random() < 0.5:
        b.box((0, h, -d / 2 + 0.1), (w + 0.3, 0.35, d + 0.3), trim)
    if h < 11 and rng.random() < 0.75:
        roof = b.material(f.warm(rng, 0.04, 0.25, 0.9), (0.03, 0.03, 0.03), s.TILES, scale=3.0, param=0.4)
        rise = float(rng.uniform(1.5, 4))
        b.box(
            (0, h + rise / 2, -d / 2),
            (w + 0.6, rise, d + 0.8),
            roof,
            taper=(1.0 if rng.random() < 0.6 else 0.5, 0.03, 0),
        )
        if rng.random() < 0.5:
            b.box((0.3 * w, h + rise, -d / 2), (0.6, 1.8, 0.6), f.wall(b, rng))
    kind = rng.random()
    if kind < 0.35:
        shop = b.material(
            f.tint(rng, 0.1, 0.8, 0.9), f.tint(rng, 0.02, 0.8, 0.9), s.POSTER, scale=2.0, seed=seed
        )
        b.box((0, 3.2, 0.1), (w * 0.95, 0.7, 0.2), shop)
        glassy = b.material((0.05, 0.055, 0.06), gloss=0.6, mirror=0.15)
        for i in range(max(1, int(w / 3))):
            b.box((-w / 2 + 1.6 + 3 * i, 1.45, 0.02), (2.5, 2.5, 0.06), glassy)
        if rng.random() < 0.5:
            b.box((0, 2.75, 0.7), (w * 0.9, 0.08, 1.4), f.cloth(b, rng), turn=(0, 18.0, 0))
    elif kind < 0.8:
        door = f.wood(b, rng)
        b.box((float(rng.uniform(-0.3, 0.3)) * w, 1.1, 0.02), (1.1, 2.2, 0.1), door)
    if h > 6 and rng.random() < 0.4:
        rail = f.metal(b, rng)
        for i in range(1, int(h / 3)):
            for k in range(max(1, int(w / 5))):
                x = -w / 2 + 2.5 + 5 * k
                if len(b.rows) > 500:
                    return h
                b.box((x, 3 * i, 0.55), (2.4, 0.15, 1.1), trim)
                b.quad((x, 3 * i + 0.55, 1.08), (2.4, 0.95), rail, mask=shapes.RAILING, pitch_m=0.12)
    return h


def frontage(b: Builder, rng: Rng, x: float, side: int, span: tuple[float, float], kind: str) -> None:
    """One side of a street beyond |x|, over a span of z: houses, gardens with fences, trees, open land."""
    z, end = span
    while z < end:
        w = float(rng.uniform(6, 18))
        with b.at(side * x, 0, z + w / 2, yaw=-90.0 * side):
            pick = rng.random()
            if (kind == "town" and pick < 0.88) or (kind == "suburb" and pick < 0.55):
                back = 0.0 if kind == "town" else float(rng.uniform(3, 9))
                with b.at(0, 0, -back):
                    house(b, rng, w - (0 if kind == "town" else 2.0), float(rng.uniform(6, 14)))
                if back > 2:
                    fence(b, rng, w)
                    with b.at(float(rng.uniform(-0.4, 0.4)) * w, 0, -back / 2):
                        plants.bush(b, rng)
            elif pick < 0.95:
                for _ in range(int(rng.integers(1, 4))):
                    with b.at(float(rng.uniform(-0.5, 0.5)) * w, 0, -float(rng.uniform(1, 8))):
                        plants.tree(b, rng) if rng.random() < 0.7 else plants.bush(b, rng)
                if rng.random() < 0.4:
                    fence(b, rng, w)
        z += w + (0.0 if kind == "town" and rng.random() < 0.8 else float(rng.uniform(0, 6)))


def fence(b: Builder, rng: Rng, w: float) -> None:
    """A fence, wall or hedge along the pavement."""
    kind = rng.random()
    h = float(rng.uniform(0.7, 1.9))
    if kind < 0.3:
        b.quad(
            (0, h / 2, 0),
            (w, h),
            f.metal(b, rng),
            mask=int(rng.choice([shapes.RAILING, shapes.MESH])),
            pitch_m=float(rng.uniform(0.08, 0.16)),
        )
    elif kind < 0.6:
        b.box((0, h / 2, 0), (w, h, 0.2), f.wall(b, rng))
    elif kind < 0.8:
        b.soft((0, h / 2, -0.3), (w, h, 0.7), f.leaves(b, rng), 0.15)
    else:
        b.box(
            (0, h / 2, 0),
            (w, h, 0.05),
            b.material(f.warm(rng, 0.08, 0.4), (0.03, 0.03, 0.03), s.STRIPES, scale=7.0, param=0.1),
        )


def markings(b: Builder, rng: Rng, half: float, end: float) -> None:
    """Lane lines, edge lines and perhaps a zebra crossing, 4 mm above the road."""
    white = b.material((0.6, 0.6, 0.58), dirt=0.4)
    if rng.random() < 0.8:
        gap = float(rng.uniform(5, 10))
        for z in np.arange(-5, min(end, 90), gap):
            b.box((0, 0.002, float(z)), (0.13, 0.004, gap * 0.45), white)
    if rng.random() < 0.5:
        for side in (-1, 1):
            b.box((side * (half - 0.35), 0.002, end / 2), (0.13, 0.004, end + 20), white)
    if rng.random() < 0.3:
        z = float(rng.uniform(5, 25))
        for x in np.arange(-half + 0.6, half - 0.3, 1.0):
            b.box((float(x), 0.002, z), (0.5, 0.004, 3.0), white)


def traffic(b: Builder, rng: Rng, half: float, end: float, parked: float) -> None:
    """Parked cars along the kerbs and moving ones in their lanes."""
    for side in (-1, 1):
        if rng.random() < parked:
            z = float(rng.uniform(-3, 8))
            while z < min(end, 70):
                if rng.random() < 0.7:
                    with b.item(side * (half - 1.1), 0, z, yaw=0.0 if side > 0 else 180.0):
                        vehicles.car(b, rng) if rng.random() < 0.85 else vehicles.van(b, rng)
                z += float(rng.uniform(5.3, 7.5))
        z = float(rng.uniform(6, 30))
        while z < min(end, 110) and rng.random() < 0.75:
            with b.item(side * half * 0.35, 0, z, yaw=(0.0 if side > 0 else 180.0) + float(rng.normal(0, 3))):
                vehicles.car(b, rng) if rng.random() < 0.75 else vehicles.van(b, rng)
            z += float(rng.uniform(8, 40))


def sidewalk(b: Builder, rng: Rng, half: float, path: Vector) -> None:
    """People, trees, poles, signs, bins, benches and bicycles on both pavements; path: width, end, height."""
    width, end, y = path
    leafy = rng.random() < 0.5
    pole_gap = float(rng.uniform(14, 35))
    crowd = float(rng.choice([0.5, 2, 6, 12]))
    for side in (-1, 1):
        leaf = f.leaves(b, rng)
        kind = str(rng.choice(["broad", "cone", "bare"], p=[0.75, 0.1, 0.15]))
        if leafy:
            for z in np.arange(float(rng.uniform(0, 9)), min(end, 80), float(rng.uniform(6, 14))):
                with b.item(side * (half + 0.8), y, float(z)):
                    plants.tree(b, rng, float(rng.uniform(4, 9)), kind, leaf)
        metal = f.metal(b, rng)
        for z in np.arange(float(rng.uniform(0, pole_gap)), min(end, 120), pole_gap):
            with b.item(side * (half + 0.5), y, float(z)):
                pole(b, rng, metal, side)
        for _ in range(rng.poisson(crowd)):
            z = float(np.exp(rng.uniform(np.log(2.0), np.log(50.0))))
            with b.item(
                side * (half + float(rng.uniform(0.4, max(0.6, width - 0.4)))),
                y,
                z,
                yaw=float(rng.choice([0, 180])) + float(rng.normal(0, 30)),
            ):
                figures.person(b, rng)
        for _ in range(rng.poisson(3)):
            with b.item(
                side * (half + float(rng.uniform(0.5, max(0.7, width - 0.5)))),
                y,
                float(rng.uniform(1, 35)),
                yaw=float(rng.choice([0, 90, 180, 270])),
            ):
                oddment(b, rng)
    for _ in range(rng.poisson(0.6)):
        with b.item(
            float(rng.uniform(-0.9, 0.9)) * half,
            0,
            float(np.exp(rng.uniform(1.0, 3.6))),
            yaw=float(rng.uniform(0, 360)),
        ):
            figures.person(b, rng)


def pole(b: Builder, rng: Rng, metal: int, side: int) -> None:
    """A street lamp, sign post or traffic light."""
    kind = rng.random()
    if kind < 0.5:
        h = float(rng.uniform(5, 9))
        b.cone((0, h / 2, 0), 0.09, h, metal, top=0.6)
        b.limb((0, h, 0), (-side * 1.6, h + 0.25, 0), 0.05, metal)
        b.soft((-side * 1.7, h + 0.2, 0), (0.7, 0.14, 0.3), metal, 0.06)
        return
    h = float(rng.uniform(2.2, 3.4))
    b.cone((0, h / 2, 0), 0.04, h, metal)
    sign = f.ceramic(b, rng)
    if kind < 0.7:
        b.cone((0, h - 0.3, -0.05), 0.32, 0.03, sign, turn=(0, 90.0, 0))
    elif kind < 0.85:
        b.box((0, h - 0.3, -0.05), (0.6, 0.5, 0.03), f.package(b, rng))
    else:
        b.box((0, h - 0.4, -0.1), (0.32, 0.95, 0.22), b.material((0.02, 0.02, 0.02)))
        for i, c in enumerate(((0.8, 0.05, 0.03), (0.8, 0.5, 0.03), (0.05, 0.6, 0.3))):
            b.cone(
                (0, h - 0.1 - 0.3 * i, -0.22),
                0.1,
                0.04,
                b.material(c, glow=1.5 if i == int(rng.integers(3)) else 0.1),
                turn=(0, 90.0, 0),
            )


def oddment(b: Builder, rng: Rng) -> None:
    """A bin, bench, bollard, bicycle, planter, box or a shop board."""
    kind = int(rng.integers(6))
    if kind == 0:
        b.cone((0, 0.5, 0), 0.28, 1.0, f.metal(b, rng), top=1.15)
    elif kind == 1:
        m = f.wood(b, rng)
        for i in range(3):
            b.box((0, 0.45, -0.2 + 0.15 * i), (1.6, 0.04, 0.12), m)
            b.box((0, 0.58 + 0.13 * i, -0.3), (1.6, 0.1, 0.03), m)
        for x in (-0.7, 0.7):
            b.box((x, 0.22, -0.1), (0.06, 0.44, 0.4), f.metal(b, rng))
    elif kind == 2:
        for i in range(3):
            b.cone((1.3 * i, 0.45, 0), 0.07, 0.9, f.metal(b, rng))
    elif kind == 3:
        vehicles.bicycle(b, rng)
    elif kind == 4:
        b.box((0, 0.3, 0), (1.2, 0.6, 0.6), f.wall(b, rng))
        b.foliage(
            (0, 0.85, 0),
            (0.65, 0.45, 0.35),
            f.leaves(b, rng),
            grain=6,
            density=0.7,
            seed=int(rng.integers(999)),
        )
    else:
        b.box((0, 0.6, 0), (0.7, 1.2, 0.5), f.package(b, rng))


def street_camera(rng: Rng, half: float, path: float, portrait: bool) -> Camera:
    """Where a driver or a walker looks from: `half` the road's half width, `path` the pavement's width."""
    driver = rng.random() < 0.62
    x = (
        half * float(rng.uniform(0.15, 0.6)) * float(rng.choice([-1, 1]))
        if driver
        else float(rng.choice([-1, 1])) * (half + float(rng.uniform(0.2, path)))
    )
    y = float(np.clip(rng.normal(1.55, 0.25), 1.0, 2.5))
    if rng.random() < 0.08:
        y = float(rng.uniform(0.3, 1.0))
    yaw = float(rng.normal(0, 5)) if driver else float(rng.normal(-np.sign(x) * 12, 18))
    wide = rng.random() < 0.3
    fov = float(np.clip(rng.normal(84 if wide else 64, 13), 35, 108)) * (0.75 if portrait else 1.0)
    return Camera(
        (x, y, 0.0),
        yaw,
        float(rng.normal(-1.5, 4)),
        float(rng.normal(0, 1.2)),
        fov,
        float(rng.normal(0, 0.03)) if rng.random() < 0.4 else 0.0,
    )


def street(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """A street running ahead, straight or ending at a cross street, in town, suburb or country."""
    kind = str(rng.choice(["town", "suburb", "country"], p=[0.48, 0.34, 0.18]))
    half, path = float(rng.uniform(2.8, 6.5)), float(rng.uniform(1.2, 4.5))
    end = float(rng.uniform(35, 160))
    camera = street_camera(rng, half, path, portrait)
    b.keep_free = (camera.position_m, float(rng.uniform(0.7, 1.8)))
    asphalt = f.tint(rng, 0.06, 0.3, 0.06)
    road = b.material(
        asphalt,
        f.scaled(asphalt, 0.7),
        s.SPECKLE,
        scale=8.0,
        dirt=0.25,
        seed=int(rng.integers(999)),
        mirror=float(rng.choice([0, 0, 0, 0.08])),
    )
    b.ground(0.0, road)
    markings(b, rng, half, end)
    kerb = 0.0 if kind == "country" else float(rng.uniform(0.08, 0.16))
    verge = kind == "country" or (kind == "suburb" and rng.random() < 0.3)
    base = f.tint(rng, 0.12, 0.4, 0.12)
    paved = b.material(
        base,
        f.scaled(base, 0.6),
        int(rng.choice([s.TILES, s.SPECKLE, s.BRICKS])),
        scale=float(rng.uniform(1.0, 3.0)),
        dirt=0.2,
    )
    green = b.material((0.07, 0.12, 0.03), (0.12, 0.13, 0.05), s.BLOTCHES, scale=3.0, dirt=0.4, bump=0.4)
    stone = b.material(f.tint(rng, 0.2, 0.5, 0.06))
    for side in (-1, 1):
        if kerb:
            b.box((side * (half + 0.07), kerb / 2, 40), (0.14, kerb, 260), stone)
        top = max(kerb, 0.02)
        b.box((side * (half + 0.14 + path / 2), top / 2, 40), (path, top, 260), green if verge else paved)
        b.box(
            (side * (half + path + 60), top / 2 - 0.01, 40),
            (120, top, 260),
            green if kind != "town" else paved,
        )
        frontage(b, rng, half + path + 0.2, side, (-12.0 if kind == "town" else -5.0, min(end, 110)), kind)
    if rng.random() < 0.7:
        with b.at(float(rng.normal(0, 4)), 0, end, yaw=180.0):
            if kind == "country":
                for _ in range(8):
                    with b.at(float(rng.normal(0, 25)), 0, float(rng.uniform(-20, 0))):
                        plants.tree(b, rng)
            else:
                for i in range(-3, 4):
                    with b.at(i * 14.0, 0, 0):
                        house(b, rng, 14.0, 10.0)
    traffic(b, rng, half, end, parked=0.6 if kind != "country" else 0.1)
    sidewalk(b, rng, half, (path, end if kind != "country" else 25, max(kerb, 0.02)))
    if rng.random() < 0.25:
        wires(b, rng, half, end)
    return b.scene(camera, daylight(rng), "street")


def wires(b: Builder, rng: Rng, half: float, end: float) -> None:
    """Overhead wires along and across the street."""
    m = b.material((0.02, 0.02, 0.02))
    for _ in range(int(rng.integers(1, 4))):
        x, y = float(rng.uniform(-1, 1)) * half, float(rng.uniform(5, 7.5))
        b.limb((x, y, -5), (x, y, end), 0.015, m)
    for z in np.arange(6, end, 18):
        b.limb((-half - 2, 6.5, float(z)), (half + 2, 6.5, float(z)), 0.012, m)

"""Open land: fields, forest, mountains, water, and views from the air."""

import numpy as np

from nearfar_lab.scenes import surfaces as s
from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import Camera, Scene
from nearfar_lab.scenes.worlds import figures, plants, streets, vehicles
from nearfar_lab.scenes.worlds import finishes as f
from nearfar_lab.scenes.worlds.finishes import Rng


def soil(b: Builder, rng: Rng) -> int:
    """Grass, earth, sand, rock or snow."""
    kind = rng.choice(["grass", "earth", "sand", "rock", "snow"], p=[0.5, 0.18, 0.12, 0.14, 0.06])
    seed = int(rng.integers(9999))
    if kind == "grass":
        return b.material(
            (0.05, 0.1, 0.025),
            f.warm(rng, 0.1, 0.25),
            s.BLOTCHES,
            scale=float(rng.uniform(0.3, 4)),
            dirt=0.5,
            bump=0.4,
            seed=seed,
        )
    if kind == "snow":
        return b.material((0.75, 0.77, 0.8), dirt=0.1, bump=0.2, seed=seed)
    if kind == "rock":
        return b.material(
            f.tint(rng, 0.08, 0.2, 0.2), f.tint(rng, 0.2, 0.4, 0.2), s.ROCK, scale=0.4, bump=0.8, seed=seed
        )
    base = f.warm(rng, 0.1, 0.4)
    return b.material(
        base, f.scaled(base, 0.5), s.BLOTCHES, scale=float(rng.uniform(1, 6)), dirt=0.3, bump=0.3, seed=seed
    )


def terrain(b: Builder, rng: Rng) -> None:
    """Ground, perhaps with hills or mountains, a lake and a path."""
    hills = rng.random() < 0.65
    mountain = rng.random() < 0.4
    ground = soil(b, rng)
    b.ground(0.0, ground)
    if hills:
        high = float(rng.uniform(60, 400)) if mountain else float(rng.uniform(4, 40))
        rock = soil(b, rng) if mountain else ground
        b.ground(
            -0.5,
            rock,
            relief_m=high,
            per_m=1.0 / (float(rng.uniform(1.5, 4)) * high),
            flat_m=high * float(rng.uniform(0.5, 2)),
            seed=int(rng.integers(9999)),
        )
    if rng.random() < 0.25:
        water = b.material((0.02, 0.03, 0.035), mirror=0.5, bump=0.05, scale=1.0)
        b.add(
            2,
            (float(rng.normal(0, 15)), 0.02, float(rng.uniform(15, 60))),
            (float(rng.uniform(8, 40)), 0.02, float(rng.uniform(6, 30))),
            water,
            extra=(1.0, 0, 0),
        )
    if rng.random() < 0.35:
        path = b.material(f.warm(rng, 0.15, 0.45), dirt=0.3)
        b.box(
            (0, 0.004, 40),
            (float(rng.uniform(0.8, 3)), 0.008, 90),
            path,
            turn=(float(rng.normal(0, 10)), 0, 0),
        )


def something(b: Builder, rng: Rng) -> None:
    """A bush, a boulder, a person or an animal."""
    pick = rng.random()
    if pick < 0.4:
        plants.bush(b, rng)
    elif pick < 0.7:
        r = float(rng.uniform(0.15, 1.2))
        b.ball(
            (0, 0.4 * r, 0),
            (r, 0.7 * r, 0.9 * r),
            b.material(f.tint(rng, 0.1, 0.4, 0.15), f.tint(rng, 0.05, 0.2), s.ROCK, scale=1.5, bump=0.7),
        )
    elif pick < 0.85:
        figures.person(b, rng)
    else:
        figures.animal(b, rng, float(rng.uniform(0.4, 1.5)))


def land(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """Fields, forest edges, hills, mountains, a lake, a path, people."""
    terrain(b, rng)
    near = float(rng.uniform(2, 12))
    forest = rng.random() < 0.45
    kind = str(rng.choice(["broad", "cone", "bare"], p=[0.6, 0.3, 0.1]))
    b.keep_free = ((0.0, 1.6, 0.0), 1.2)
    for _ in range(int(rng.integers(12, 36)) if forest else int(rng.integers(1, 12))):
        z = near + float(rng.exponential(22))
        with b.item(float(rng.normal(0, 0.5)) * (z + 5), 0, z):
            plants.tree(b, rng, None, kind if rng.random() < 0.8 else None)
    for _ in range(int(rng.integers(0, 10))):
        with b.item(float(rng.normal(0, 6)), 0, float(rng.uniform(1.5, 30))):
            something(b, rng)
    leaf = f.leaves(b, rng)
    for _ in range(int(rng.integers(0, 60))):
        z = float(np.exp(rng.uniform(0.0, 2.5)))
        with b.at(float(rng.normal(0, 0.6)) * z, 0, z):
            plants.grass(b, rng, leaf, float(rng.uniform(0.1, 0.4)))
    camera = Camera(
        (0.0, float(rng.uniform(0.5, 2.2)), 0.0),
        0.0,
        float(rng.normal(-1, 6)),
        float(rng.normal(0, 2)),
        float(rng.uniform(45, 85)) * (0.75 if portrait else 1.0),
    )
    return b.scene(camera, streets.daylight(rng, 0.02), "land")


def aerial(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """Houses, roads, trees and cars from a roof, hill or drone."""
    y = float(np.exp(rng.uniform(np.log(8), np.log(90))))
    b.ground(0.0, soil(b, rng))
    road = b.material(f.tint(rng, 0.06, 0.25), dirt=0.2)
    block = float(rng.uniform(28, 45))
    b.keep_free = ((0.0, y, 0.0), 4.0)
    for i in range(-3, 4):
        b.box((i * block, 0.03, 60), (7, 0.06, 500), road)
        b.box((0, 0.03, i * block + 60), (500, 0.05, 7), road)
    for i in range(-2, 3):
        for j in range(-1, 4):
            for _ in range(2):
                cx, cz = (
                    (i + 0.5) * block + float(rng.uniform(-8, 8)),
                    (j + 0.5) * block + float(rng.uniform(-8, 8)) + 60 - block,
                )
                with b.item(cx, 0, cz, yaw=float(rng.choice([0, 90, 180, 270]))):
                    if rng.random() < 0.62:
                        streets.house(b, rng, float(rng.uniform(8, 16)), float(rng.uniform(8, 12)))
                    else:
                        plants.tree(b, rng)
    for _ in range(24):
        on = float(rng.integers(-2, 3)) * block
        with b.item(on + float(rng.choice([-1.8, 1.8])), 0.06, float(rng.uniform(-20, 120))):
            vehicles.car(b, rng)
    camera = Camera(
        (float(rng.uniform(-10, 10)), y, -15.0),
        float(rng.normal(0, 20)),
        float(rng.uniform(-60, -8)),
        float(rng.normal(0, 3)),
        float(rng.uniform(50, 85)) * (0.75 if portrait else 1.0),
    )
    return b.scene(camera, streets.daylight(rng, 0.03), "aerial")

"""Outside, beyond streets: gardens and terraces, squares with people and stalls, car parks."""

import numpy as np

from nearfar_lab.scenes import surfaces as s
from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import Camera, Scene
from nearfar_lab.scenes.worlds import clutter, figures, furniture, nature, plants, streets, vehicles
from nearfar_lab.scenes.worlds import finishes as f
from nearfar_lab.scenes.worlds.finishes import Rng


def standing(rng: Rng, portrait: bool, *, low: float = 0.6) -> Camera:
    """A view from the origin along +z at hand or eye height."""
    return Camera(
        (0.0, float(np.clip(rng.normal(1.5, 0.3), low, 2.2)), 0.0),
        float(rng.normal(0, 15)),
        float(rng.normal(-4, 7)),
        float(rng.normal(0, 2)),
        float(np.clip(rng.normal(62, 12), 35, 100)) * (0.76 if portrait else 1.0),
        float(rng.normal(0, 0.03)) if rng.random() < 0.4 else 0.0,
    )


def paving(b: Builder, rng: Rng) -> int:
    """Slabs, setts, gravel or asphalt."""
    base = f.tint(rng, 0.1, 0.45, 0.15)
    kind = int(rng.choice([s.TILES, s.SPECKLE, s.BRICKS]))
    return b.material(base, f.scaled(base, 0.6), kind, scale=float(rng.uniform(1.0, 4.0)), dirt=0.25)


def garden(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """A garden or terrace: a house or fence behind, beds, furniture, people, a pet."""
    camera = standing(rng, portrait)
    b.keep_free = (camera.position_m, 0.5)
    b.ground(0.0, nature.soil(b, rng))
    far, wide = float(rng.uniform(5, 16)), float(rng.uniform(3, 9))
    if rng.random() < 0.6:
        b.box((0, 0.015, far * 0.6), (wide, 0.03, far * 0.8), paving(b, rng))
    with b.at(float(rng.normal(0, 2)), 0, far, yaw=180.0 + float(rng.normal(0, 10))):
        if rng.random() < 0.6:
            streets.house(b, rng, float(rng.uniform(8, 14)), 9.0)
        else:
            streets.fence(b, rng, 30.0)
    for side in (-1, 1):
        with b.at(side * wide, 0, far / 2, yaw=-90.0 * side):
            streets.fence(b, rng, far * 1.3)
        for _ in range(int(rng.integers(1, 6))):
            with b.item(side * (wide + float(rng.uniform(-1.5, 4))), 0, float(rng.uniform(1.5, far + 6))):
                plants.tree(b, rng, float(rng.uniform(2, 8))) if rng.random() < 0.4 else plants.bush(b, rng)
    leaf = f.leaves(b, rng)
    for _ in range(int(rng.integers(0, 40))):
        z = float(np.exp(rng.uniform(0.2, 2.2)))
        with b.item(float(rng.normal(0, 0.6)) * z, 0, z):
            plants.grass(b, rng, leaf, float(rng.uniform(0.08, 0.35)))
    for _ in range(int(rng.integers(2, 9))):
        with b.item(
            float(rng.uniform(-0.8, 0.8)) * wide,
            0.02,
            float(rng.uniform(1.2, far)),
            yaw=float(rng.uniform(0, 360)),
        ):
            thing(b, rng)
    return b.scene(camera, streets.daylight(rng, 0.03), "garden")


def thing(b: Builder, rng: Rng) -> None:
    """Something found in a garden or a square."""
    pick = rng.random()
    if pick < 0.2:
        figures.person(b, rng)
    elif pick < 0.32:
        figures.animal(b, rng)
    elif pick < 0.47:
        furniture.chair(b, rng)
    elif pick < 0.58:
        furniture.table(b, rng, 1.2, 0.8)
    elif pick < 0.75:
        plants.pot_plant(b, rng, float(rng.uniform(0.4, 1.4)))
    elif pick < 0.9:
        streets.oddment(b, rng)
    else:
        clutter.scatter(b, rng, 0.8, 0.8, 3)


def stall(b: Builder, rng: Rng) -> None:
    """A market stall with goods under an awning."""
    w = float(rng.uniform(1.8, 3.0))
    metal = f.metal(b, rng)
    for x in (-1, 1):
        for z in (-0.8, 0.8):
            b.cone((x * w / 2, 1.15, z), 0.025, 2.3, metal)
    b.box((0, 2.35, 0), (w + 0.5, 0.35, 2.3), f.cloth(b, rng), taper=(0.95, 0.05, 0.0))
    b.box((0, 0.4, 0.3), (w, 0.8, 0.9), f.cloth(b, rng))
    with b.at(0, 0.8, 0.3):
        clutter.scatter(b, rng, w, 0.9, 10)
    with b.at(0, 0, -0.5):
        figures.person(b, rng)


def square(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """A square: people near and far, stalls, trees, benches, houses all round."""
    camera = standing(rng, portrait)
    b.keep_free = (camera.position_m, 0.7)
    b.ground(0.0, paving(b, rng))
    far = float(rng.uniform(15, 60))
    for i in range(-4, 5):
        with b.at(13.0 * i, 0, far + float(rng.uniform(0, 3)), yaw=180.0):
            streets.house(b, rng, 13.0, 10.0)
    side_x = float(rng.uniform(12, 30))
    for side in (-1, 1):
        streets.frontage(b, rng, side_x, side, (0.0, far), "town")
    for _ in range(int(rng.integers(2, 24))):
        z = float(np.exp(rng.uniform(np.log(1.6), np.log(far))))
        with b.item(float(rng.normal(0, 0.45)) * (z + 1), 0, z, yaw=float(rng.uniform(0, 360))):
            figures.person(b, rng)
    market = rng.random() < 0.3
    for _ in range(int(rng.integers(2, 9))):
        z = float(rng.uniform(3, far - 4))
        with b.item(float(rng.normal(0, 0.5)) * (z + 2), 0, z, yaw=float(rng.uniform(0, 360))):
            pick = rng.random()
            if market and pick < 0.7:
                stall(b, rng)
            elif pick < 0.35:
                plants.tree(b, rng, float(rng.uniform(3, 9)))
            elif pick < 0.85:
                thing(b, rng)
            else:
                vehicles.van(b, rng)
    return b.scene(camera, streets.daylight(rng), "square")


def car_park(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """Rows of parked cars, lamps, a few people and trees."""
    camera = standing(rng, portrait)
    b.keep_free = (camera.position_m, 0.8)
    asphalt = f.tint(rng, 0.06, 0.3, 0.05)
    b.ground(0.0, b.material(asphalt, f.scaled(asphalt, 0.7), s.SPECKLE, scale=8.0, dirt=0.3))
    line = b.material((0.6, 0.6, 0.55), dirt=0.4)
    full = float(rng.uniform(0.35, 0.85))
    with b.at(0, 0, 0, yaw=float(rng.uniform(-40, 40))):
        for row, z in enumerate((4.5, 9.5, 17.5, 22.5, 30.5)):
            for x in np.arange(-22, 22, 2.6):
                b.box((float(x) + 1.3, 0.003, z), (0.1, 0.006, 4.8), line)
                if rng.random() < full and len(b.rows) < 1300:
                    with b.item(
                        float(x),
                        0,
                        z + float(rng.normal(0, 0.15)),
                        yaw=float(rng.choice([0, 180])) + float(rng.normal(0, 2)),
                    ):
                        vehicles.car(b, rng) if rng.random() < 0.9 else vehicles.van(b, rng)
            if row % 2:
                with b.item(float(rng.uniform(-12, 12)), 0, z + 2.6):
                    streets.pole(b, rng, f.metal(b, rng), 1)
        with b.at(0, 0, 45, yaw=180.0):
            for i in range(-4, 5):
                with b.at(i * 12.0 + float(rng.normal(0, 2)), 0, 0):
                    if rng.random() < 0.4:
                        streets.house(b, rng, 12.0, 9.0)
                    else:
                        plants.tree(b, rng)
    for _ in range(int(rng.integers(0, 5))):
        with b.item(float(rng.normal(0, 4)), 0, float(rng.uniform(2, 14)), yaw=float(rng.uniform(0, 360))):
            figures.person(b, rng)
    return b.scene(camera, streets.daylight(rng), "car_park")

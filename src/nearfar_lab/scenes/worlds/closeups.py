"""Close-ups: people, pets, things, plants near the camera before a far background; tables from above."""

import numpy as np

from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import Camera, Scene
from nearfar_lab.scenes.worlds import clutter, figures, furniture, plants, rooms, streets
from nearfar_lab.scenes.worlds import finishes as f
from nearfar_lab.scenes.worlds.finishes import Rng


def backdrop(b: Builder, rng: Rng, distance: float) -> bool:
    """Something behind the subject, from `distance` metres on, on ground y = 0; True when it is indoors."""
    kind = rng.choice(["room", "wall", "park", "street", "plain"], p=[0.34, 0.12, 0.28, 0.16, 0.1])
    if kind in ("room", "wall"):
        far = distance + (0.5 if kind == "wall" else float(rng.uniform(1.5, 5)))
        width = float(rng.uniform(3, 7))
        b.box((0, -0.05, 0), (30, 0.1, 40), f.floor(b, rng))
        b.box((0, 2, far + 0.05), (30, 4.4, 0.1), f.wall(b, rng))
        if kind == "room":
            for side in (-1, 1):
                b.box((side * width / 2, 1.4, 0), (0.1, 2.8, 2 * far), f.wall(b, rng))
            with b.at(0, 0, far, yaw=180.0):
                rooms.furnish(
                    b,
                    rng,
                    width - 0.4,
                    furniture.ROOMS[str(rng.choice(["living", "office", "kitchen", "bedroom"]))],
                    [],
                    0.8,
                )
        b.lamp(
            (float(rng.uniform(-2, 2)), 2.6, float(rng.uniform(-1.5, 1))),
            (0.8, 0, 0),
            (0, 0, 0.8),
            (5.0, 4.8, 4.4),
            one_sided=False,
        )
        return True
    green = b.material((0.07, 0.12, 0.03), f.warm(rng, 0.1, 0.3), 1, scale=2.0, dirt=0.3)
    b.ground(0.0, green if kind == "park" else b.material(f.tint(rng, 0.1, 0.5, 0.15), dirt=0.2))
    if kind == "park":
        for _ in range(int(rng.integers(4, 12))):
            with b.at(float(rng.uniform(-25, 25)), 0, distance + float(rng.uniform(2, 45))):
                plants.tree(b, rng) if rng.random() < 0.6 else plants.bush(b, rng)
    elif kind == "street":
        z = distance + float(rng.uniform(5, 30))
        for i in range(-3, 4):
            with b.at(12.0 * i, 0, z, yaw=180.0):
                streets.house(b, rng, 12.0, 9.0)
        for _ in range(int(rng.integers(0, 6))):
            with b.at(
                float(rng.uniform(-10, 10)),
                0,
                distance + float(rng.uniform(1, z - distance - 1)),
                yaw=float(rng.uniform(0, 360)),
            ):
                figures.person(b, rng)
    return False


# Framing of a person: height looked at and distance, in parts of the height of a standing person.
FRAMINGS = {"face": (0.9, (0.35, 0.8)), "half": (0.76, (0.7, 1.3)), "whole": (0.52, (1.3, 2.8))}


def pets(b: Builder, rng: Rng, count: int) -> tuple[float, float]:
    """Animals side by side, turned any way; the height to look at and their distance."""
    size = float(np.exp(rng.uniform(np.log(0.22), np.log(1.2))))
    away = size * float(np.exp(rng.uniform(np.log(1.8), np.log(6.0))))
    for i in range(count):
        x = (i - (count - 1) / 2) * 1.1 * size + float(rng.normal(0, 0.15)) * size
        with b.at(x, 0, away + float(rng.uniform(0, 0.6)) * size, yaw=180.0 + float(rng.normal(0, 60))):
            figures.animal(b, rng, size * float(rng.uniform(0.8, 1.2)))
    return 0.8 * size, away


def people(b: Builder, rng: Rng, count: int) -> tuple[float, float]:
    """Persons side by side, facing the camera; the height to look at and their distance."""
    aim, (near, far) = FRAMINGS[str(rng.choice(list(FRAMINGS), p=[0.35, 0.35, 0.3]))]
    tall = float(np.clip(rng.normal(1.7, 0.09), 1.5, 1.95))
    sitting = rng.random() < 0.2
    away = tall * float(rng.uniform(near, far))
    for i in range(count):
        x = (i - (count - 1) / 2) * 0.6 + float(rng.normal(0, 0.08))
        with b.at(x, 0, away + float(rng.uniform(0.0, 0.4)), yaw=180.0 + float(rng.normal(0, 30))):
            figures.person(b, rng, "sit" if sitting else "stand", tall * float(rng.uniform(0.93, 1.05)))
            if sitting:
                b.soft((0, 0.22, 0.08), (0.55, 0.44, 0.5), b.material((0.2, 0.17, 0.15)), 0.04)
    return (aim - 0.2 if sitting else aim) * tall, away


def portrait_of(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """One to three people or animals: faces, half or whole length."""
    count = int(rng.choice([1, 2, 3], p=[0.65, 0.25, 0.1]))
    is_pet = rng.random() < 0.3
    target, away = (pets if is_pet else people)(b, rng, count)
    indoors = backdrop(b, rng, away + 1.0)
    y = max(0.15, target + abs(float(rng.normal(0, 0.2))) if is_pet else target + float(rng.normal(0, 0.12)))
    tilt = float(np.degrees(np.arctan2(target - y, away))) + float(rng.normal(0, 3))
    fov = float(rng.uniform(32, 64)) * (0.8 if portrait else 1.0)
    camera = Camera(
        (float(rng.normal(0, 0.12)), y, 0.0), float(rng.normal(0, 4)), tilt, float(rng.normal(0, 3)), fov
    )
    light = rooms.indoor_light(rng, night=True) if indoors else streets.daylight(rng, 0.02)
    return b.scene(camera, light, "pet" if is_pet else "person")


def objects(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """Things on a table at arm's length, background far, looking level or down."""
    top = float(rng.uniform(0.6, 0.95))
    away = float(rng.uniform(0.35, 1.1))
    w, d = float(rng.uniform(0.8, 2.2)), float(rng.uniform(0.5, 1.2))
    m = f.wood(b, rng) if rng.random() < 0.7 else f.cloth(b, rng)
    z = away + float(rng.uniform(-0.1, 0.3))
    b.box((0, top - 0.02, z + 0.1), (w, 0.04, d), m)
    for x in (-0.45, 0.45):
        b.box((x * w, (top - 0.04) / 2, z + 0.1), (0.06, top - 0.04, d * 0.8), m)
    with b.at(0, top, z):
        clutter.scatter(b, rng, min(w, 1.0), min(d, 0.7), int(rng.integers(2, 12)))
    with b.at(float(rng.normal(0, 0.06)), top, away, yaw=float(rng.normal(0, 40))):
        make = (clutter.SMALL + clutter.LARGE)[int(rng.integers(len(clutter.SMALL) + len(clutter.LARGE)))]
        make(b, rng)
    indoors = backdrop(b, rng, z + d)
    down = float(rng.uniform(-50, -4)) if rng.random() < 0.8 else float(rng.uniform(-4, 8))
    aim = top + 0.08
    y = aim - float(np.tan(np.radians(down))) * away
    camera = Camera(
        (float(rng.normal(0, 0.05)), max(y, top + 0.03), 0.0),
        float(rng.normal(0, 4)),
        down + float(rng.normal(0, 3)),
        float(rng.normal(0, 3)),
        float(rng.uniform(35, 68)) * (0.8 if portrait else 1.0),
    )
    return b.scene(
        camera, rooms.indoor_light(rng, night=True) if indoors else streets.daylight(rng, 0.02), "objects"
    )


def tabletop(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """A table or floor with things on it, seen steeply from above."""
    h = float(rng.uniform(0.4, 1.6))
    m = (f.wood, f.cloth, f.floor)[int(rng.integers(3))](b, rng)
    w, d = float(rng.uniform(0.9, 3.0)), float(rng.uniform(0.7, 2.0))
    b.box((0, -0.02, 0), (w, 0.04, d), m)
    b.box((0, -0.78, 0), (20, 0.04, 20), f.floor(b, rng))
    for _ in range(int(rng.integers(0, 4))):
        with b.at(
            float(rng.uniform(-0.5, 0.5)) * w,
            -0.76,
            (d / 2 + 0.35) * float(rng.choice([-1, 1])),
            yaw=float(rng.uniform(0, 360)),
        ):
            furniture.chair(b, rng)
    clutter.scatter(b, rng, w, d, int(rng.integers(4, 22)), tall=0.6 * h)
    b.lamp(
        (float(rng.uniform(-1.5, 1.5)), 2.2, float(rng.uniform(-1.5, 1.5))),
        (0.6, 0, 0),
        (0, 0, 0.6),
        (5.0, 4.8, 4.5),
        one_sided=False,
    )
    down = float(rng.uniform(-90, -40))
    z = h / float(np.tan(np.radians(-down))) if down > -89 else 0.0
    camera = Camera(
        (0.0, h, -z),
        float(rng.normal(0, 5)),
        down,
        float(rng.normal(0, 6)),
        float(rng.uniform(45, 75)) * (0.8 if portrait else 1.0),
    )
    return b.scene(camera, rooms.indoor_light(rng, night=True), "tabletop")


def plant(b: Builder, rng: Rng, portrait: bool) -> Scene:
    """A plant, bush or flowers close to the camera."""
    away = float(rng.uniform(0.5, 2.0))
    h = float(rng.uniform(0.4, 1.2))
    with b.at(0, 0, away):
        if rng.random() < 0.5:
            plants.pot_plant(b, rng, h)
        else:
            plants.bush(b, rng, 0.5 * h)
    for _ in range(int(rng.integers(0, 8))):
        with b.at(float(rng.normal(0, 1.0)), 0, away + float(rng.uniform(0.3, 3.0))):
            plants.pot_plant(b, rng, float(rng.uniform(0.3, 1.0)))
    indoors = backdrop(b, rng, away + 1.5)
    y = float(rng.uniform(0.4, 1.5)) * h
    tilt = float(np.degrees(np.arctan2(0.55 * h - y, away))) + float(rng.normal(0, 5))
    camera = Camera(
        (float(rng.normal(0, 0.1)), y, 0.0),
        0.0,
        tilt,
        float(rng.normal(0, 3)),
        float(rng.uniform(35, 65)) * (0.8 if portrait else 1.0),
    )
    return b.scene(
        camera, rooms.indoor_light(rng, night=True) if indoors else streets.daylight(rng, 0.02), "plant"
    )

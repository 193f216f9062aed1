"""Worlds: what scenes are made of. `WORLDS` is the table of kinds, a row a kind."""

from collections.abc import Callable

import numpy as np

from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import Scene
from nearfar_lab.scenes.worlds import closeups, interiors, nature, outdoors, rooms, streets

Maker = Callable[[Builder, np.random.Generator, bool], Scene]
# Name: its share of all scenes and its maker (builder, generator, is_portrait).
WORLDS: dict[str, tuple[float, Maker]] = {
    "room": (0.29, rooms.room),
    "corridor": (0.03, rooms.corridor),
    "aisle": (0.025, interiors.aisle),
    "hall": (0.045, interiors.hall),
    "stairs": (0.015, interiors.stairs),
    "bathroom": (0.02, interiors.bathroom),
    "store": (0.025, interiors.store),
    "street": (0.22, streets.street),
    "square": (0.03, outdoors.square),
    "car_park": (0.02, outdoors.car_park),
    "garden": (0.03, outdoors.garden),
    "person": (0.06, closeups.portrait_of),
    "objects": (0.055, closeups.objects),
    "tabletop": (0.03, closeups.tabletop),
    "plant": (0.02, closeups.plant),
    "land": (0.06, nature.land),
    "aerial": (0.025, nature.aerial),
}

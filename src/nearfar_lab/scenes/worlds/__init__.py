"""Worlds: what scenes are made of. `WORLDS` is the table of kinds, a row a kind."""

from collections.abc import Callable

import numpy as np

from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import Scene
from nearfar_lab.scenes.worlds import closeups, nature, rooms, streets

Maker = Callable[[Builder, np.random.Generator, bool], Scene]
# Name: its share of all scenes and its maker (builder, generator, is_portrait).
WORLDS: dict[str, tuple[float, Maker]] = {
    "room": (0.40, rooms.room),
    "corridor": (0.05, rooms.corridor),
    "street": (0.30, streets.street),
    "person": (0.06, closeups.portrait_of),
    "objects": (0.05, closeups.objects),
    "tabletop": (0.03, closeups.tabletop),
    "plant": (0.02, closeups.plant),
    "land": (0.06, nature.land),
    "aerial": (0.03, nature.aerial),
}

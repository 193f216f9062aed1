"""The network inside the package goes on, on a CPU: new scenes, more streets, wider frames."""

from __future__ import annotations

from dataclasses import replace

from nearfar_lab.recipes.embedded_taught import RECIPE as TAUGHT
from nearfar_lab.recipes.embedded_taught import SHARES
from nearfar_lab.recipes.recipe import Stage

_STREETS = {"nyu_v2_train": 0.25, "carla_lidar": 0.070, "ddad": 0.050, "zed_street": 0.040}

# (height, width, batch, weight): wide frames, as of a street, in nearly every third batch.
_SIZES = (
    (192, 256, 16, 0.42),
    (256, 192, 16, 0.10),
    (192, 192, 16, 0.06),
    (128, 384, 16, 0.18),
    (128, 416, 16, 0.12),
    (160, 224, 16, 0.12),
)

RECIPE = replace(
    TAUGHT,
    name="embedded_streets",
    starts_from="embedded_taught",
    teacher="",
    shares={**SHARES, **_STREETS},
    scene_weights={"street": 2.2, "car_park": 1.8, "square": 1.8},
    stages=(
        Stage(0.85, _SIZES, edge_weight=1.0, relative_weight=0.7),
        Stage(1.00, _SIZES, loss="invariant", edge_weight=1.0, relative_weight=0.7),
    ),
    seed=5,
    rate=2.5e-4,
    scene_size=(240, 320),
)

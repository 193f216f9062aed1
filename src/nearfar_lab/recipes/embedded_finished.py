"""The network inside the package goes on from its taught form on a CPU: two runs, then their mean."""

from __future__ import annotations

from dataclasses import replace

from nearfar_lab.recipes.embedded_taught import RECIPE as TAUGHT
from nearfar_lab.recipes.embedded_taught import SHARES, STRENGTH
from nearfar_lab.recipes.recipe import Recipe, Stage

# Height, width, batch and weight, as everywhere.
_SIZES = (
    (192, 256, 16, 0.5),
    (256, 192, 16, 0.12),
    (192, 192, 16, 0.06),
    (128, 384, 16, 0.2),
    (224, 288, 12, 0.12),
)

RECIPE = Recipe(
    name="embedded_finished",
    starts_from="embedded_taught",
    card_name="embedded",
    # Less of the streets of few places than their teacher saw: they are learned by heart soon.
    shares={**SHARES, "carla_lidar": 0.045, "ddad": 0.02, "zed_street": 0.025},
    scene_weights={"street": 1.3, "car_park": 1.3, "square": 1.3},
    strength=replace(STRENGTH, central=0.5),
    stages=(
        Stage(0.75, _SIZES, edge_weight=1.0, relative_weight=0.7),
        Stage(1.00, _SIZES, loss="invariant", edge_weight=1.0, relative_weight=0.7),
    ),
    net=TAUGHT.net,
    seed=5,
    rate=3e-4,
    average_decay=0.9993,
    scene_size=TAUGHT.scene_size,
    keeps_statistics=True,
    members=2,
    device="cpu",
)

"""The network inside the package goes on: one more block of attention, more streets, larger pictures."""

from __future__ import annotations

from nearfar_lab.net import NetOptions
from nearfar_lab.recipes.recipe import Recipe, Stage

_MIX = {
    "tum": 0.035,
    "tartan_hospital": 0.025,
    "replica_office0": 0.012,
    "people_kinect": 0.025,
    "iphone_desk": 0.012,
    "misc_indoor": 0.025,
    "carla_lidar": 0.045,
    "ddad": 0.025,
    "zed_street": 0.030,
    "people_fall": 0.006,
    "strawberry_outdoor": 0.006,
    "gazebo_gray": 0.008,
}

# (height, width, batch, weight): the default size mostly, then portrait, wide strips, and larger pictures.
_MIXED = (
    (160, 224, 16, 0.35),
    (192, 256, 16, 0.25),
    (224, 160, 16, 0.15),
    (128, 320, 16, 0.15),
    (96, 256, 16, 0.1),
)
_FULL = (
    (192, 256, 16, 0.5),
    (256, 192, 16, 0.12),
    (224, 224, 16, 0.08),
    (128, 384, 16, 0.15),
    (256, 320, 12, 0.15),
)

RECIPE = Recipe(
    name="embedded_longer",
    starts_from="embedded",
    card_name="embedded",
    shares={"nyu_v2_train": 0.266, "scenes": 0.48, **_MIX},
    scene_weights={"street": 1.7, "car_park": 1.5, "square": 1.5},
    stages=(
        Stage(0.40, _MIXED, relative_weight=0.5),
        Stage(0.85, _FULL, edge_weight=1.0, relative_weight=0.5),
        Stage(1.00, _FULL, loss="invariant", edge_weight=1.0, relative_weight=0.5),
    ),
    net=NetOptions(attention_blocks=2),
    seed=2,
    rate=8e-4,
)

"""The network inside the package: from nothing, on two processor cores."""

from __future__ import annotations

from nearfar_lab.recipes.recipe import Recipe, Stage

# Few places each, so small shares: a fifth of a batch all together.
_MIX = {
    "tum": 0.040,
    "tartan_hospital": 0.030,
    "replica_office0": 0.015,
    "people_kinect": 0.025,
    "iphone_desk": 0.015,
    "misc_indoor": 0.025,
    "carla_lidar": 0.030,
    "ddad": 0.015,
    "zed_street": 0.025,
    "people_fall": 0.006,
    "strawberry_outdoor": 0.006,
    "gazebo_gray": 0.008,
}

# (height, width, batch, weight): landscape mostly, portrait, square, and wide strips as of a street.
_SMALL = ((96, 128, 32, 0.7), (128, 96, 32, 0.15), (96, 96, 32, 0.15))
_MIDDLE = ((160, 192, 16, 0.35), (128, 192, 16, 0.35), (192, 128, 16, 0.15), (96, 256, 16, 0.15))
_LARGER = ((160, 224, 16, 0.6), (224, 160, 16, 0.15), (160, 160, 16, 0.1), (96, 320, 16, 0.15))
_FULL = ((192, 256, 16, 0.62), (256, 192, 16, 0.15), (224, 224, 16, 0.08), (128, 416, 16, 0.15))

RECIPE = Recipe(
    name="embedded",
    shares={"nyu_v2_train": 0.29, "scenes": 0.47, **_MIX},
    stages=(
        Stage(0.36, _SMALL),
        Stage(0.58, _MIDDLE),
        Stage(0.78, _LARGER, edge_weight=1.0),
        Stage(0.92, _FULL, edge_weight=1.0),
        Stage(1.00, _FULL, loss="invariant", edge_weight=1.0),
    ),
)

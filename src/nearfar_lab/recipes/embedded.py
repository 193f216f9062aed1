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

RECIPE = Recipe(
    name="embedded",
    shares={"nyu_v2_train": 0.32, "scenes": 0.44, **_MIX},
    stages=(
        Stage(0.36, ((96, 128, 32, 0.7), (128, 96, 32, 0.15), (96, 96, 32, 0.15))),
        Stage(
            0.58,
            (
                (160, 192, 16, 0.35),
                (128, 192, 16, 0.35),
                (192, 128, 16, 0.15),
                (96, 256, 16, 0.15),
            ),
        ),
        Stage(
            0.85,
            ((192, 256, 16, 0.65), (256, 192, 16, 0.15), (224, 224, 16, 0.1), (96, 320, 16, 0.1)),
        ),
        Stage(
            1.0,
            ((192, 256, 16, 0.65), (256, 192, 16, 0.15), (224, 224, 16, 0.1), (128, 416, 16, 0.1)),
            loss="invariant",
        ),
    ),
)

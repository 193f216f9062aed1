"""The network inside the package, made on a graphics card: large batches, endless scenes, a teacher."""

from __future__ import annotations

from nearfar_lab.augment import Strength
from nearfar_lab.net import NetOptions
from nearfar_lab.recipes.recipe import Recipe, Stage

SHARES = {
    "nyu_v2_train": 0.27,
    "scenes": 0.46,
    "tum": 0.035,
    "tartan_hospital": 0.025,
    "replica_office0": 0.012,
    "people_kinect": 0.025,
    "iphone_desk": 0.012,
    "misc_indoor": 0.025,
    "carla_lidar": 0.050,
    "ddad": 0.030,
    "zed_street": 0.030,
    "people_fall": 0.006,
    "strawberry_outdoor": 0.008,
    "gazebo_gray": 0.008,
}
SCENE_WEIGHTS = {"street": 1.5, "car_park": 1.4, "square": 1.4}
STRENGTH = Strength(full_frame=0.3, least_area=0.25, aspect=1.35, turn=0.2, blur=0.25, jpeg=0.15)

# (height, width, batch, weight): about as many pixels in every batch.
SMALL = ((96, 128, 896, 0.6), (128, 96, 896, 0.15), (96, 96, 1024, 0.1), (64, 192, 896, 0.15))
MIDDLE = (
    (128, 160, 448, 0.5),
    (160, 128, 448, 0.12),
    (128, 128, 512, 0.1),
    (96, 256, 384, 0.16),
    (160, 192, 320, 0.12),
)
FULL = (
    (192, 256, 256, 0.5),
    (256, 192, 256, 0.12),
    (192, 192, 320, 0.08),
    (128, 384, 256, 0.18),
    (224, 288, 192, 0.12),
)

RECIPE = Recipe(
    name="embedded_taught",
    teacher="teacher",
    card_name="embedded",
    shares=SHARES,
    scene_weights=SCENE_WEIGHTS,
    strength=STRENGTH,
    stages=(
        Stage(0.25, SMALL, relative_weight=0.5),
        Stage(0.55, MIDDLE, edge_weight=0.7, relative_weight=0.5),
        Stage(0.88, FULL, edge_weight=1.0, relative_weight=0.7),
        Stage(1.00, FULL, loss="invariant", edge_weight=1.0, relative_weight=0.7),
    ),
    net=NetOptions(encoder_blocks=(0, 1, 2, 3, 1), attention_blocks=4),
    seed=4,
    rate=3e-3,
    scene_size=(288, 384),
)

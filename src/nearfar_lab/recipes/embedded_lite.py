"""The network inside the package, from an encoder that knows things and photos whose order one sees."""

from __future__ import annotations

from nearfar_lab.augment import Strength
from nearfar_lab.lite import MEAN, STD, LiteOptions
from nearfar_lab.recipes.recipe import Recipe, Stage

# Real streets are left out: of few places, they are learned by heart, and other streets get worse.
SHARES = {
    "nyu_v2_train": 0.27,
    "scenes": 0.54,
    "tum": 0.035,
    "tartan_hospital": 0.025,
    "replica_office0": 0.012,
    "people_kinect": 0.030,
    "iphone_desk": 0.012,
    "misc_indoor": 0.025,
    "people_fall": 0.006,
    "strawberry_outdoor": 0.010,
    "gazebo_gray": 0.006,
}
ORDER_SHARES = {"photos_various": 0.62, "photos_scenes": 0.38}
SCENE_WEIGHTS = {"street": 1.7, "car_park": 1.5, "square": 1.5}
STRENGTH = Strength(full_frame=0.4, central=0.4)

# (height, width, pictures with depth, weight); half as many photos with ranked points come on top.
# Few sizes: a graphics card takes ten seconds and more to get ready for each.
_FULL = ((192, 256, 12, 0.55), (256, 192, 12, 0.2), (128, 384, 12, 0.1), (288, 384, 5, 0.15))

RECIPE = Recipe(
    name="embedded_lite",
    card_name="embedded",
    shares=SHARES,
    order_shares=ORDER_SHARES,
    order_part=0.5,
    scene_weights=SCENE_WEIGHTS,
    strength=STRENGTH,
    stages=(
        Stage(0.12, ((192, 256, 12, 1.0),), edge_weight=0.5, relative_weight=0.5, order_weight=0.7),
        Stage(0.85, _FULL, edge_weight=1.0, relative_weight=0.5, order_weight=0.7, outline_weight=0.6),
        Stage(
            1.00,
            _FULL,
            loss="invariant",
            edge_weight=1.0,
            relative_weight=0.5,
            order_weight=1.0,
            outline_weight=0.6,
        ),
    ),
    net=LiteOptions(decoder_blocks=(1, 2, 1, 1), border="replicate"),
    seed=7,
    rate=1.2e-3,
    warm_up_steps=150,
    average_decay=0.9985,
    mean=(MEAN, MEAN, MEAN),
    std=(STD, STD, STD),
    scene_size=(384, 512),
    pretrained=True,
    outlines=1,
    encoder_rate=0.25,
    keeps_encoder_statistics=True,
    halves_on_cpu=False,
    card_batch=16,
    card_rate=3e-3,
)

"""The network inside the package goes on from its taught form on a CPU: two runs, then their mean."""

from __future__ import annotations

from dataclasses import replace

from nearfar_lab.recipes.embedded_taught import RECIPE as TAUGHT
from nearfar_lab.recipes.embedded_taught import STRENGTH
from nearfar_lab.recipes.recipe import Recipe, Stage

# Real streets are left out: of few places, they are learned by heart, and other streets get worse.
_SHARES = {
    "nyu_v2_train": 0.245,
    "scenes": 0.62,
    "tum": 0.030,
    "tartan_hospital": 0.022,
    "replica_office0": 0.010,
    "people_kinect": 0.022,
    "iphone_desk": 0.010,
    "misc_indoor": 0.022,
    "people_fall": 0.005,
    "strawberry_outdoor": 0.007,
    "gazebo_gray": 0.007,
}
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
    shares=_SHARES,
    scene_weights={"street": 2.0, "car_park": 2.0, "square": 2.0},
    strength=replace(STRENGTH, central=0.5),
    stages=(Stage(1.0, _SIZES, loss="invariant", edge_weight=1.0, relative_weight=0.7),),
    net=TAUGHT.net,
    seed=5,
    rate=3e-4,
    warm_up_steps=100,
    average_decay=0.9993,
    scene_size=TAUGHT.scene_size,
    keeps_statistics=True,
    members=2,
    device="cpu",
)

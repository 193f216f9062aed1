"""The finer network of the package, and the teacher of the small one: a larger encoder and decoder."""

from __future__ import annotations

from dataclasses import replace

from nearfar_lab.lite import LiteOptions
from nearfar_lab.recipes.embedded_lite import RECIPE as SMALL
from nearfar_lab.recipes.recipe import Stage

# (height, width, pictures with depth, weight)
_MIDDLE = ((192, 256, 12, 0.6), (256, 192, 12, 0.2), (192, 192, 12, 0.1), (128, 384, 12, 0.1))
_LARGE = ((288, 384, 6, 0.5), (384, 288, 6, 0.2), (320, 320, 6, 0.1), (192, 512, 6, 0.1), (384, 512, 4, 0.1))

RECIPE = replace(
    SMALL,
    name="fine",
    card_name="embedded-fine",
    stages=(
        Stage(0.45, _MIDDLE, edge_weight=0.7, relative_weight=0.5, order_weight=0.7),
        Stage(0.88, _LARGE, edge_weight=1.0, relative_weight=0.5, order_weight=0.7),
        Stage(1.00, _LARGE, loss="invariant", edge_weight=1.0, relative_weight=0.5, order_weight=1.0),
    ),
    net=LiteOptions("lite2", (24, 48, 96, 144, 240), (2, 2, 2, 1), attention_blocks=4, heads=8),
    seed=11,
    rate=1e-3,
    card_batch=8,
    card_rate=2e-3,
)

"""The finer network of the package, and the teacher of the small one: a larger encoder and decoder."""

from __future__ import annotations

from dataclasses import replace

from nearfar_lab.lite import LiteOptions
from nearfar_lab.recipes.embedded_lite import RECIPE as SMALL
from nearfar_lab.recipes.recipe import Stage

# (height, width, pictures with depth, weight)
_MIDDLE = ((192, 256, 12, 0.6), (256, 192, 12, 0.2), (192, 192, 12, 0.1), (128, 384, 12, 0.1))
_LARGE = (
    (288, 384, 6, 0.35),
    (384, 288, 6, 0.13),
    (320, 320, 6, 0.08),
    (192, 512, 6, 0.1),
    (384, 512, 3, 0.22),
    (192, 256, 12, 0.12),
)

RECIPE = replace(
    SMALL,
    name="fine",
    card_name="embedded-fine",
    title="Nearfar embedded, finer",
    summary="The larger network inside the package: sharper and surer, no download, slower.",
    input_size=384,
    outlines=2,
    is_int8_alone=True,
    int8_pictures=15,
    stages=(
        Stage(0.40, _MIDDLE, edge_weight=0.7, relative_weight=0.5, order_weight=0.7, outline_weight=0.3),
        Stage(0.85, _LARGE, edge_weight=1.0, relative_weight=0.5, order_weight=0.7, outline_weight=0.6),
        Stage(
            1.00,
            _LARGE,
            loss="invariant",
            edge_weight=1.0,
            relative_weight=0.5,
            order_weight=1.0,
            outline_weight=0.6,
        ),
    ),
    net=LiteOptions(
        "lite2", (24, 48, 96, 144, 240), (2, 2, 2, 1), attention_blocks=4, heads=8, border="replicate"
    ),
    seed=11,
    rate=1e-3,
    card_batch=8,
    card_rate=2e-3,
)

"""The network inside the package goes on: a finer network's labels of many photos, seen at a larger size."""

from __future__ import annotations

from dataclasses import replace

from nearfar_lab.recipes.embedded_lite import RECIPE as SMALL
from nearfar_lab.recipes.recipe import Stage

_FULL = SMALL.stages[-1].sizes

RECIPE = replace(
    SMALL,
    name="embedded_lite_labelled",
    starts_from="embedded_lite_taught",
    labels_from="fine",
    pretrained=False,
    shares={**{name: share * 0.74 for name, share in SMALL.shares.items()}, "photos_labelled": 0.26},
    stages=(
        Stage(0.75, _FULL, edge_weight=1.0, relative_weight=0.5, order_weight=0.7, outline_weight=0.8),
        Stage(
            1.00,
            _FULL,
            loss="invariant",
            edge_weight=1.0,
            relative_weight=0.5,
            order_weight=1.0,
            outline_weight=0.8,
        ),
    ),
    seed=9,
    rate=5e-4,
    card_rate=1e-3,
    warm_up_steps=100,
    device="cpu",
)

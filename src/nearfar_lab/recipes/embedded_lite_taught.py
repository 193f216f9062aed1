"""The network inside the package goes on, taught by the finer one: its labels on every real photo."""

from __future__ import annotations

from dataclasses import replace

from nearfar_lab.recipes.embedded_lite import RECIPE as SMALL
from nearfar_lab.recipes.recipe import Stage

_FULL = SMALL.stages[-1].sizes

RECIPE = replace(
    SMALL,
    name="embedded_lite_taught",
    starts_from="embedded_lite",
    teacher="fine",
    pretrained=False,
    stages=(
        Stage(0.85, _FULL, edge_weight=1.0, relative_weight=0.5, order_weight=0.7),
        Stage(1.00, _FULL, loss="invariant", edge_weight=1.0, relative_weight=0.5, order_weight=1.0),
    ),
    seed=8,
    rate=6e-4,
    card_rate=1.5e-3,
)

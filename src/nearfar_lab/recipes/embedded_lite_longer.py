"""The network inside the package goes on once more: longer, and with more of the scenes of many things."""

from __future__ import annotations

from dataclasses import replace

from nearfar_lab.recipes.embedded_lite_labelled import RECIPE as LABELLED

_OPEN, _CLOSE = LABELLED.stages

RECIPE = replace(
    LABELLED,
    name="embedded_lite_longer",
    starts_from="embedded_lite_labelled",
    order_shares={"photos_various": 0.55, "photos_scenes": 0.45},
    stages=(replace(_OPEN, order_weight=0.9), replace(_CLOSE, order_weight=1.3)),
    seed=10,
)

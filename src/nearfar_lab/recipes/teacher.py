"""A large network for a graphics card, whose labels on real photos teach the one inside the package."""

from __future__ import annotations

from nearfar_lab.net import NetOptions
from nearfar_lab.recipes.embedded_taught import FULL, MIDDLE, SCENE_WEIGHTS, SHARES, STRENGTH
from nearfar_lab.recipes.recipe import Recipe, Stage

SHARE = 0.65
"""Its batches hold so much of the student's: it is as large a network as the card can keep busy."""


def _smaller(sizes: tuple[tuple[int, int, int, float], ...]) -> tuple[tuple[int, int, int, float], ...]:
    return tuple((height, width, round(SHARE * count), weight) for height, width, count, weight in sizes)


RECIPE = Recipe(
    name="teacher",
    shares=SHARES,
    scene_weights=SCENE_WEIGHTS,
    strength=STRENGTH,
    stages=(
        Stage(0.50, _smaller(MIDDLE), relative_weight=0.5),
        Stage(1.00, _smaller(FULL), edge_weight=1.0, relative_weight=0.5),
    ),
    net=NetOptions((32, 64, 192, 384, 640), (0, 2, 3, 4, 2), (2, 2, 2, 1), 5, 10),
    seed=3,
    rate=1.5e-3,
    weight_decay=0.05,
    average_decay=0.998,
    scene_size=(288, 384),
)

"""How often the right pixels of a thing are hidden: by the network's depth, against exact depth.

    python benchmarks/occlusion.py [--pictures 30] [--first 300] [--page FILE.md]

Rooms and streets of the scene generator. A card as high as 40 % of the picture stands on the surface that is
seen at a place, as ``occlude`` finds it. What exact depth puts before the card's surface by more than 10 % is
to hide it, what it puts behind by more than 10 % is not; of these pixels within the card the share that is
right is counted, with the depth of the package's network, and with a ramp (near below, far above) instead.
Cards of which nothing or everything is hidden do not count. ``--page`` renews the block "occlusion".
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import nearfar
from nearfar.types import DepthMap, Photo
from nearfar_lab.figures import Figure, block, check_page, renew
from nearfar_lab.scenes.pictures import photographed, scene_of
from nearfar_lab.scenes.scene import raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]

SIZE = (240, 320)
TALL = 40.0
PLACES = 6
CLEAR = 0.1
LEAST = 0.05
"""Share of a card that is hidden, and that is seen, at least."""


def shown(photo: Photo, depth: DepthMap, place: tuple[float, float]) -> Bools:
    """Where a green card on the surface at a place is seen in a black photo."""
    card = np.full((20, 20, 3), (0, 255, 0), np.uint8)
    done = nearfar.effect(
        "occlude", photo, depth, thing=card, place=place, anchor="middle", tall=TALL, shadow=0.0
    )
    now, before = np.asarray(done).astype(int), photo.pixels.astype(int)
    green = np.abs(now - (0, 255, 0)).sum(axis=-1)
    return np.asarray(green < np.abs(now - before).sum(axis=-1))


def cards(first: int, count: int) -> Iterator[tuple[str, float, float]]:
    """(world, share right by the network, by a ramp) of each card that counts."""
    ramp = DepthMap(
        np.repeat(np.linspace(0, 1, SIZE[0], dtype=np.float32)[:, None], SIZE[1], 1), "relative_inverse"
    )
    for number in range(count):
        world = ("room", "street")[number % 2]
        scene = scene_of(first + number, SIZE, world)
        picture = photographed(first + number, scene, raw(scene, SIZE), SIZE)
        away = np.where(np.isfinite(picture.depth_m), picture.depth_m, 1e4)
        photo = Photo(picture.rgb)
        depth = nearfar.estimate(photo)
        rng = np.random.default_rng(first + number)
        for x, y in rng.uniform((0.25, 0.3), (0.75, 0.8), (PLACES, 2)):
            place = float(x), float(y)
            ratio = away / away[int(y * SIZE[0]), int(x * SIZE[1])]
            high = round(TALL / 200 * SIZE[0])
            row, column = int(y * SIZE[0]), int(x * SIZE[1])
            window = np.zeros(SIZE, bool)
            window[max(0, row - high) : row + high, max(0, column - high) : column + high] = True
            hides, behind = window & (ratio < 1 - CLEAR), window & (ratio > 1 + CLEAR)
            if min(hides.sum(), behind.sum()) < LEAST * window.sum():
                continue
            right = [(~seen & hides).sum() + (seen & behind).sum()
                     for seen in (shown(photo, one, place) for one in (depth, ramp))]  # fmt: skip
            yield world, *(float(n / (hides.sum() + behind.sum())) for n in right)


def main() -> None:
    """Measure, print, and keep it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pictures", type=int, default=30)
    parser.add_argument("--first", type=int, default=300)
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    check_page(given.page, "occlusion")
    rows = list(cards(given.first, given.pictures))
    figures = []
    for world in ("room", "street"):
        some = np.array([row[1:] for row in rows if row[0] == world])
        ours, ramp = some.mean(axis=0)
        name = f"pixels rightly hidden or seen, {len(some)} cards in {world}s"
        figures.append(Figure(name, f"{ours:.1%} (a ramp: {ramp:.1%})", "above the ramp", bool(ours > ramp)))
        print(figures[-1].row())
    if given.page:
        command = f"python benchmarks/occlusion.py --pictures {given.pictures} --page {given.page}"
        renew(given.page, "occlusion", block(command, figures, datetime.now(UTC).date()))


if __name__ == "__main__":
    main()

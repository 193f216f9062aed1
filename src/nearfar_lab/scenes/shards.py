"""Scenes on disk for training: shards of some dozens, rendered by several processes, resumed after a stop.

A shard is three files: `NAME.rgb.npy` uint8 (N, H, W, 3) sRGB; `NAME.inv.npy` float16 (N, H, W) inverse depth
in 1/m, 0 for sky; `NAME.json`. The json is written last: a shard exists when its json does.
"""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nearfar.machine.files import write_whole
from nearfar_lab.scenes import textures
from nearfar_lab.scenes.pictures import VERSION, render_many

SHARD = 64


@dataclass(frozen=True)
class Rendering:
    """What to render: about `count` scenes of the seeds from seed0 on, into shards folder/name-*.

    size: (height, width); every fourth shard has them swapped. data: folder of training sets whose photos may
    be textures. device: cpu or cuda.
    """

    folder: Path
    count: int
    seed0: int = 0
    size: tuple[int, int] = (240, 320)
    data: Path | None = None
    name: str = f"v{VERSION}"
    device: str = "cpu"

    def parts(self) -> Iterator["Part"]:
        """Its shards."""
        for k in range(-(-self.count // SHARD)):
            seed = self.seed0 + k * SHARD
            tall = k % 4 == 3
            shape = (max(self.size), min(self.size)) if tall else (min(self.size), max(self.size))
            name = f"{self.name}-{'portrait' if tall else 'landscape'}-{seed:07d}"
            yield Part(self, name, seed, min(SHARD, self.count - k * SHARD), shape)


@dataclass(frozen=True)
class Part:
    """One shard of a rendering: its files' name, `count` scenes from seed0, pictures of (height, width)."""

    rendering: Rendering
    name: str
    seed0: int
    count: int
    size: tuple[int, int]

    def file(self, suffix: str) -> Path:
        """Where a file of it belongs."""
        return self.rendering.folder / f"{self.name}{suffix}"

    @property
    def is_done(self) -> bool:
        """Whether the shard exists."""
        return self.file(".json").exists()


_photos: dict[Path | None, NDArray[np.float32] | None] = {None: None}


def photos_of(data: Path | None) -> NDArray[np.float32] | None:
    """Photo textures of a data folder, loaded once a process."""
    if data not in _photos:
        _photos[data] = textures.load(data) if data is not None else None
    return _photos[data]


def save(path: Path, array: NDArray[np.generic]) -> None:
    """Write an array under a temporary name, then give it its own."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        np.save(file, array)
    part.replace(path)


def render_shard(part: Part) -> Part:
    """Render and store one shard unless it is there already."""
    if part.is_done:
        return part
    order = part.rendering
    photos = photos_of(order.data)
    rgb = np.empty((part.count, *part.size, 3), np.uint8)
    inverse = np.empty((part.count, *part.size), np.float16)
    worlds, fov = [], []
    seeds = range(part.seed0, part.seed0 + part.count)
    for k, picture in enumerate(render_many(seeds, part.size, photos, order.device)):
        rgb[k], inverse[k] = picture.rgb, picture.inverse_m
        worlds.append(picture.world)
        fov.append(round(float(2 * np.degrees(np.arctan(picture.cx / picture.fx))), 3))
    order.folder.mkdir(parents=True, exist_ok=True)
    save(part.file(".rgb.npy"), rgb)
    save(part.file(".inv.npy"), inverse)
    facts = {
        "kind": worlds,
        "seed0": part.seed0,
        "version": VERSION,
        "fov_deg": fov,
        "photo_textures": photos is not None and len(photos) > 0,
    }
    write_whole(part.file(".json"), json.dumps(facts).encode(), overwrite=True)
    return part


def silent(done: int, total: int) -> None:
    """Hear progress and say nothing."""


def render_shards(
    order: Rendering, processes: int = 1, *, progress: Callable[[int, int], None] = silent
) -> int:
    """Render what was ordered in shards, skipping those there; returns how many scenes were rendered now.

    `progress(done, total)` hears scenes. An interrupt leaves whole shards only; the next call goes on then.
    """
    todo = list(order.parts())
    missing = [part for part in todo if not part.is_done]
    total = sum(part.count for part in todo)
    done = total - sum(part.count for part in missing)
    progress(done, total)
    rendered = 0
    if processes <= 1:
        for part in missing:
            rendered += render_shard(part).count
            progress(done + rendered, total)
        return rendered
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(render_shard, part) for part in missing}
        try:
            while running:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                rendered += sum(future.result().count for future in finished)
                progress(done + rendered, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return rendered

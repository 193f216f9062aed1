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

from nearfar_lab.scenes import textures
from nearfar_lab.scenes.pictures import VERSION, render_many

SHARD = 64


@dataclass(frozen=True)
class Job:
    """One shard to render: files folder/name.*, `count` scenes from seed0, pictures of (height, width)."""

    folder: Path
    name: str
    seed0: int
    count: int
    size: tuple[int, int]
    data: Path | None
    device: str = "cpu"

    @property
    def is_done(self) -> bool:
        """Whether the shard exists."""
        return (self.folder / f"{self.name}.json").exists()


def jobs(
    folder: Path,
    count: int,
    seed0: int,
    size: tuple[int, int] = (240, 320),
    *,
    data: Path | None = None,
    name: str = f"v{VERSION}",
    device: str = "cpu",
) -> Iterator[Job]:
    """Shards for about `count` scenes; every fourth is portrait (height and width swapped)."""
    for k in range(-(-count // SHARD)):
        seed = seed0 + k * SHARD
        tall = k % 4 == 3
        shape = (max(size), min(size)) if tall else (min(size), max(size))
        yield Job(
            folder,
            f"{name}-{'portrait' if tall else 'landscape'}-{seed:07d}",
            seed,
            min(SHARD, count - k * SHARD),
            shape,
            data,
            device,
        )


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


def render_shard(job: Job) -> Job:
    """Render and store one shard unless it is there already."""
    if job.is_done:
        return job
    photos = photos_of(job.data)
    rgb = np.empty((job.count, *job.size, 3), np.uint8)
    inverse = np.empty((job.count, *job.size), np.float16)
    worlds, fov = [], []
    seeds = range(job.seed0, job.seed0 + job.count)
    for k, picture in enumerate(render_many(seeds, job.size, photos, job.device)):
        rgb[k], inverse[k] = picture.rgb, picture.inverse_m
        worlds.append(picture.world)
        fov.append(round(float(2 * np.degrees(np.arctan(picture.cx / picture.fx))), 3))
    job.folder.mkdir(parents=True, exist_ok=True)
    save(job.folder / f"{job.name}.rgb.npy", rgb)
    save(job.folder / f"{job.name}.inv.npy", inverse)
    facts = {
        "kind": worlds,
        "seed0": job.seed0,
        "version": VERSION,
        "fov_deg": fov,
        "photo_textures": photos is not None and len(photos) > 0,
    }
    part = job.folder / f".{job.name}.json.{os.getpid()}.part"
    part.write_text(json.dumps(facts))
    part.replace(job.folder / f"{job.name}.json")
    return job


def silent(done: int, total: int) -> None:
    """Hear progress and say nothing."""


def render_shards(
    folder: Path,
    count: int,
    seed0: int = 0,
    processes: int = 1,
    size: tuple[int, int] = (240, 320),
    *,
    data: Path | None = None,
    name: str = f"v{VERSION}",
    device: str = "cpu",
    progress: Callable[[int, int], None] = silent,
) -> int:
    """Render about `count` scenes in shards, skipping those there; returns how many were rendered now.

    `device` is cpu or cuda. `data` is the folder of training sets for photo textures. `progress(done, total)`
    hears scenes. An interrupt leaves whole shards only; the next call goes on from there.
    """
    todo = list(jobs(folder, count, seed0, size, data=data, name=name, device=device))
    missing = [job for job in todo if not job.is_done]
    done = sum(job.count for job in todo) - sum(job.count for job in missing)
    total = sum(job.count for job in todo)
    progress(done, total)
    rendered = 0
    if processes <= 1:
        for job in missing:
            rendered += render_shard(job).count
            progress(done + rendered, total)
        return rendered
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(render_shard, job) for job in missing}
        try:
            while running:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                rendered += sum(future.result().count for future in finished)
                progress(done + rendered, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return rendered

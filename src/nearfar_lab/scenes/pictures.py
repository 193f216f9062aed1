"""From a seed to a picture: choose a world, build it, render it, develop it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nearfar.registry import named
from nearfar_lab.scenes import optics
from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import Lens, Raw, RenderedPicture, Scene, glance, raw
from nearfar_lab.scenes.worlds import WORLDS

VERSION = 3
ATTEMPTS = 4
BATCH = 16
"""Scenes that a graphics card renders together."""
BLURRED = {"person": 0.6, "pet": 0.6, "objects": 0.55, "plant": 0.6, "tabletop": 0.2}


def scene_of(
    seed: int, size: tuple[int, int], world: str | None = None, textures: NDArray[np.float32] | None = None
) -> Scene:
    """The scene of a seed for a picture of size (height, width); `world` forces its kind.

    Raises:
        UnknownNameError: there is no such world.
    """
    rng = np.random.default_rng([seed, 1])
    shares = np.array([share for share, _ in WORLDS.values()])
    pick = str(rng.choice(list(WORLDS), p=shares / shares.sum()))
    photos = textures if textures is not None and rng.random() < 0.75 else None
    name = pick if world is None else world
    _, make = named("world", WORLDS, name)
    for _ in range(ATTEMPTS):
        scene = make(Builder(photos), rng, size[0] > size[1])
        if is_telling(scene, name):
            break
    return scene


def is_telling(scene: Scene, world: str) -> bool:
    """Whether a view shows enough: not a bare wall, not the inside of a thing held before the lens."""
    depth, ids = glance(scene)
    few = 4 if world in ("objects", "plant", "tabletop", "person") else 10
    near = float(np.percentile(depth, 4))
    largest = np.bincount(ids.ravel() + 1).max() / ids.size
    return len(np.unique(ids)) >= few and near > 0.25 and float(np.median(depth)) > 0.5 and largest < 0.75


def develop_of(
    seed: int, scene: Scene, depth_m: NDArray[np.float32], size: tuple[int, int]
) -> optics.Develop:
    """Camera settings of a seed; close-ups are often out of focus behind (or before) what they show."""
    rng = np.random.default_rng([seed, 2])
    how = optics.random_develop(rng)
    if rng.random() < BLURRED.get(scene.world, 0.0):
        h, w = depth_m.shape
        middle = depth_m[h // 3 : 2 * h // 3, w // 3 : 2 * w // 3]
        focus = float(np.percentile(np.where(np.isfinite(middle), middle, 100.0), 20))
        strength = float(rng.uniform(1.5, 7.0)) * size[1] / 320 * focus
        how = replace(how, defocus_px_m=strength, focus_m=focus)
    return how


def render(
    seed: int,
    size: tuple[int, int] = (240, 320),
    world: str | None = None,
    textures: NDArray[np.float32] | None = None,
    lens: Lens | None = None,
) -> RenderedPicture:
    """The picture of a seed, the same on every run: size is (height, width), world a key of `WORLDS`.

    `textures` (k, s, s, 3) are linear photos for some surfaces (see `textures.load`). With a `lens`, defocus
    is traced through its points and no other camera flaw is added.
    """
    scene = scene_of(seed, size, world, textures)
    taken = raw(scene, size, lens)
    if lens is not None:
        rng = np.random.default_rng([seed, 3])
        return pictured(scene, taken, optics.Develop(), rng, seed)
    return photographed(seed, scene, taken, size)


def photographed(seed: int, scene: Scene, taken: Raw, size: tuple[int, int]) -> RenderedPicture:
    """The picture of a rendered scene with the camera's flaws of a seed."""
    how = develop_of(seed, scene, taken.depth_m, size)
    return pictured(scene, taken, how, np.random.default_rng([seed, 3]), seed)


def render_many(
    seeds: Sequence[int],
    size: tuple[int, int] = (240, 320),
    textures: NDArray[np.float32] | None = None,
    device: str = "cpu",
) -> Iterator[RenderedPicture]:
    """The pictures of seeds, as `render` gives them; on `cuda` a batch of scenes is rendered together.

    Raises:
        DeviceMissingError: cuda was asked for and there is none.
    """
    if device == "cpu":
        yield from (render(seed, size, textures=textures) for seed in seeds)
        return
    from nearfar_lab.scenes.graphics_card import raw_batch

    for start in range(0, len(seeds), BATCH):
        part = seeds[start : start + BATCH]
        scenes = [scene_of(seed, size, None, textures) for seed in part]
        for seed, scene, taken in zip(part, scenes, raw_batch(scenes, size), strict=True):
            yield photographed(seed, scene, taken, size)


def picture_of(scene: Scene, size: tuple[int, int] = (240, 320), lens: Lens | None = None) -> RenderedPicture:
    """A clean picture of an explicit scene: no noise, blur or JPEG."""
    taken = raw(scene, size, lens)
    return pictured(scene, taken, optics.Develop(), np.random.default_rng(0), -1)


def pictured(
    scene: Scene, taken: Raw, how: optics.Develop, rng: np.random.Generator, seed: int
) -> RenderedPicture:
    """A `RenderedPicture` of what was rendered, developed, with the scene's intrinsics."""
    height, width = taken.depth_m.shape
    focal = scene.camera.focal_px(width)
    rgb = optics.developed(taken.radiance, taken.depth_m, how, rng)
    return RenderedPicture(
        rgb, taken.depth_m, focal, focal, width / 2, height / 2, scene.world, scene.camera.distortion, seed
    )

"""A page of every effect, made by one command from a drawn scene and the embedded network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nearfar
from nearfar.registry import EFFECTS
from nearfar.types import Clip, Photo
from nearfar_lab.scenes.pictures import render

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.types import DepthMap, Picture


@dataclass(frozen=True)
class Shot:
    """An effect on the page: its options, and one line on what to see."""

    effect: str
    options: dict[str, Any]
    text: str


SCENES = {"person": (5, "person"), "table": (1, "tabletop"), "street": (12, "street")}
"""Name to (seed, world) of the pictures on the page."""
SIZE = (480, 640)
SHOTS = (
    Shot("heatmap", {}, "Warm is near."),
    Shot("overlay", {}, "The heat map laid over the photo."),
    Shot("side-by-side", {}, "Both next to each other."),
    Shot("bokeh", {"strength": 2.5}, "Focused on the nearest large object."),
    Shot(
        "bokeh",
        {"strength": 2.5, "shape": "hexagon", "highlights": 4},
        "Hexagonal, bright spots bloom.",
    ),
    Shot("cutout", {}, "The nearest 30 %, the rest is clear."),
    Shot("cutout", {"background": "blur"}, "Before a blurred background."),
    Shot("fog", {"density": 2.5}, "Fog that thickens with distance."),
    Shot("relight", {"light": (0.85, 0.2)}, "A lamp at the upper right."),
    Shot("depth-slices", {}, "Five slices of equally many pixels."),
    Shot("tint", {"strength": 0.8}, "Warm near, cold far."),
    Shot("edges", {}, "Lines where depth jumps."),
    Shot("normals", {}, "Which way surfaces face."),
    Shot("stereo", {}, "For parallel eyes."),
    Shot("anaglyph", {}, "For red and cyan glasses."),
    Shot("autostereogram", {}, "Look past the picture."),
    Shot("wiggle", {"size": 320, "frames": 8}, "A loop that swings."),
)
"""What the page shows; effects that need an optional library are left to the reference."""


def make_gallery(folder: Path, scene: str = "person") -> Path:
    """Write every effect as a file and ``README.md`` that shows them; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    seed, world = SCENES[scene]
    photo = Photo(render(seed, SIZE, world).rgb)
    depth = nearfar.estimate(photo)
    nearfar.Picture(photo.pixels).save(folder / "photo.jpg")
    made_by = f"`{depth.provenance.model}` ({depth.provenance.weights_sha256[:12]})"
    rows = [
        "# Every effect\n",
        f"Made by `nearfar-lab gallery` from a drawn scene and the network {made_by}.\n",
    ]
    rows.append("![The photo](photo.jpg)\n")
    for number, shot in enumerate(SHOTS, 1):
        name = _write(folder, f"{number:02d}-{shot.effect}", shot, photo, depth)
        given = ", ".join(f"{key}={value!r}" for key, value in shot.options.items())
        call = f'`nearfar.effect("{shot.effect}", photo{", " + given if given else ""})`'
        rows.append(f"## {shot.effect}\n\n{shot.text} {call}\n\n![{shot.effect}]({name})\n")
    page = folder / "README.md"
    page.write_text("\n".join(rows), encoding="utf-8")
    return page


def missing() -> set[str]:
    """Effects of the registry that the page does not show."""
    shown = {shot.effect for shot in SHOTS}
    plugins = [EFFECTS.load(name) for name in EFFECTS.names()]
    return {plugin.name for plugin in plugins if not plugin.extra} - shown


def _write(folder: Path, stem: str, shot: Shot, photo: Photo, depth: DepthMap) -> str:
    done: Picture | Clip = nearfar.effect(shot.effect, photo, depth, **shot.options)
    has_alpha = not isinstance(done, Clip) and done.pixels.shape[-1] == 4
    suffix = done.suffix if isinstance(done, Clip) else ".png" if has_alpha else ".jpg"
    done.save(folder / (stem + suffix))
    return stem + suffix

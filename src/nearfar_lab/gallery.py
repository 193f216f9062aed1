"""A page of every effect, made by one command from drawn scenes and the embedded network."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import nearfar
from nearfar.encode import encode
from nearfar.machine.files import write_whole
from nearfar.registry import EFFECTS
from nearfar.types import Clip, Photo
from nearfar_lab.scenes.pictures import render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nearfar.types import DepthMap, Picture

SCENES = {"person": (5, "person"), "room": (54, "room"), "street": (1, "street")}
"""Name to (seed, world) of the pictures on the page."""
SIZE = (480, 640)
_QUALITY = 78  # of WebP: the page stays small
_CLIP_STEP = 2  # every second frame of the video is shown


@dataclass(frozen=True)
class Shot:
    """An effect on the page: of which scene, with which options, and one line on what to see."""

    effect: str
    scene: str
    text: str
    options: dict[str, Any] = field(default_factory=dict)


SHOTS = (
    Shot("heatmap", "street", "Warm is near."),
    Shot("overlay", "street", "The heat map laid over the photo."),
    Shot("side-by-side", "room", "Photo and heat map next to each other."),
    Shot(
        "bokeh",
        "person",
        "A lens focused on the person: what is behind blurs.",
        {"strength": 2.0, "focus": (325, 250), "depth_of_field": 0.15},
    ),
    Shot(
        "bokeh",
        "street",
        "Focused on the far end of the street: the near car blurs over what is behind it.",
        {"strength": 1.5, "focus": (330, 260), "shape": "hexagon"},
    ),
    Shot("cutout", "person", "The nearest 30 %; the rest is clear."),
    Shot("cutout", "person", "The same before the photo in grey.", {"background": "grey"}),
    Shot("fog", "street", "Fog that thickens with distance.", {"density": 2.5}),
    Shot("relight", "room", "A lamp at the upper right.", {"light": (0.85, 0.2)}),
    Shot("depth-slices", "room", "Five slices of depth."),
    Shot("tint", "street", "Warm near, cold far.", {"strength": 0.8}),
    Shot("edges", "room", "Lines where depth jumps."),
    Shot("normals", "room", "Which way surfaces face: green up, red right, blue towards you."),
    Shot("stereo", "room", "Two views for eyes that look straight ahead."),
    Shot("anaglyph", "street", "For red and cyan glasses."),
    Shot(
        "autostereogram", "person", "Look past the picture: the person stands before the ground.", {"dot": 2}
    ),
    Shot("wiggle", "room", "A loop that swings.", {"size": 320, "format": "webp"}),
    Shot(
        "parallax",
        "street",
        "The camera moves (a video; here as an animated picture).",
        {"size": 320, "frames": 32, "fps": 16, "path": "orbit", "amount": 2.5},
    ),
    Shot(
        "occlude",
        "person",
        "A title between the person and the ground.",
        {"text": "PERSON", "stand": "between", "anchor": "middle", "place": (0.5, 0.35), "tall": 40},
    ),
)
"""What the page shows."""


def make_gallery(folder: Path) -> Path:
    """Write every effect as a file and ``README.md`` that shows them; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    photos = {name: Photo(render(seed, SIZE, world).rgb) for name, (seed, world) in SCENES.items()}
    depths = {name: nearfar.estimate(photo) for name, photo in photos.items()}
    for name, photo in photos.items():
        write_whole(folder / f"{name}.webp", encode(photo.pixels, ".webp", quality=_QUALITY), overwrite=True)
    sections = []
    for number, shot in enumerate(SHOTS, 1):
        name = f"{number:02d}-{shot.effect}.webp"
        done = nearfar.effect(shot.effect, photos[shot.scene], depths[shot.scene], **shot.options)
        write_whole(folder / name, _webp(done), overwrite=True)
        sections.append(_section(shot, name))
    head = _head(depths[SHOTS[0].scene])
    page = folder / "README.md"
    write_whole(page, "\n".join([*head, *sections]).encode(), overwrite=True)
    return page


def missing() -> set[str]:
    """Effects of the registry that the page does not show."""
    return {EFFECTS.load(name).name for name in EFFECTS.names()} - {shot.effect for shot in SHOTS}


def _head(depth: DepthMap) -> Iterator[str]:
    made = depth.provenance
    yield "# Every effect\n"
    yield (
        "Made by `nearfar-lab gallery --out docs/gallery` from drawn scenes and the network "
        f"`{made.model}` (weights {made.weights_sha256[:12]}). Depth is the network's own guess, with its "
        "mistakes; options are those shown.\n"
    )
    yield from (f"![The photo of the {name}]({name}.webp)" for name in SCENES)
    yield ""


def _section(shot: Shot, name: str) -> str:
    given = "".join(f", {key}={value!r}" for key, value in shot.options.items())
    call = f'`nearfar.effect("{shot.effect}", "{shot.scene}.webp"{given})`'
    return f"## {shot.effect}\n\n{shot.text}\n\n![{shot.effect}: {shot.text}]({name})\n\n{call}\n"


def _webp(done: Picture | Clip) -> bytes:
    if not isinstance(done, Clip):
        return encode(done.pixels, ".webp", quality=_QUALITY)
    return done.data if done.suffix == ".webp" else _animated(done)


def _animated(clip: Clip) -> bytes:
    """Every second frame of a video as an animated WebP, at the video's own speed."""
    import av
    from PIL import Image

    with av.open(io.BytesIO(clip.data), mode="r") as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
        rate = float(video.streams.video[0].average_rate or 16)
    images = [Image.fromarray(frame) for frame in frames[::_CLIP_STEP]]
    out = io.BytesIO()
    how = {
        "save_all": True,
        "append_images": images[1:],
        "duration": round(1000 * _CLIP_STEP / rate),
        "loop": 0,
    }
    images[0].save(out, format="WEBP", quality=_QUALITY, **how)
    return out.getvalue()

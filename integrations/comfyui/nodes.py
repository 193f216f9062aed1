"""Three nodes: depth, background blur, cut-out. Pictures and masks are as ComfyUI hands them on.

IMAGE: a tensor (B, H, W, 3) of float32 in 0…1, RGB. MASK: a tensor (B, H, W) of float32 in 0…1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

import nearfar
from nearfar import settings
from nearfar.weights import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

CATEGORY = "nearfar"
COLOURS = ("inferno", "magma", "plasma", "viridis", "turbo", "spectral", "grey")

Inputs = dict[str, dict[str, tuple[Any, ...]]]


def _models() -> list[str]:
    """The networks that are here: those of the package, and those whose weights were brought."""
    store = open_store(settings.load())
    return [card.name for card in nearfar.list_models() if store.is_installed(card)]


@lru_cache(maxsize=2)
def _model(name: str) -> nearfar.Model:
    return nearfar.load(name)


def _photos(image: torch.Tensor) -> Iterator[nearfar.Photo]:
    """Each picture of a batch; of four channels the first three."""
    for one in image[..., :3].detach().cpu().float().clamp(0, 1).numpy():
        yield nearfar.read(np.ascontiguousarray(np.round(one * 255).astype(np.uint8)))


def _seen(photo: nearfar.Photo, model: str, *, tiles: bool) -> nearfar.DepthMap:
    return _model(model).estimate(photo, tiles=tiles)


def _tensor(pictures: list[np.ndarray[Any, Any]]) -> torch.Tensor:
    """(B, H, W, C) or (B, H, W) of float32 in 0…1, of bytes or of such floats."""
    batch = np.stack(pictures)
    return torch.from_numpy(batch.astype(np.float32) / 255 if batch.dtype == np.uint8 else batch)


def _shared() -> dict[str, tuple[Any, ...]]:
    """What every node asks for."""
    names = _models()
    return {
        "image": ("IMAGE",),
        "model": (
            names,
            {"default": names[0], "tooltip": "The network; embedded-fine sees outlines better."},
        ),
        "tiles": ("BOOLEAN", {"default": False, "tooltip": "Finer detail in large pictures, slower."}),
    }


class NearfarDepth:
    """Depth as a grey picture (near is white), as a map of colours, and as a mask (near is 1)."""

    CATEGORY: ClassVar[str] = CATEGORY
    DESCRIPTION: ClassVar[str] = "How near each pixel is: relative, near is large. No download."
    FUNCTION: ClassVar[str] = "estimate"
    RETURN_TYPES: ClassVar[tuple[str, ...]] = ("IMAGE", "IMAGE", "MASK")
    RETURN_NAMES: ClassVar[tuple[str, ...]] = ("depth", "colours", "near")

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:  # noqa: N802 - ComfyUI's name
        """Its sockets and widgets."""
        return {"required": {**_shared(), "colormap": (list(COLOURS), {"default": COLOURS[0]})}}

    def estimate(
        self, image: torch.Tensor, model: str, tiles: bool, colormap: str
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The three outputs, for each picture of the batch by itself."""
        maps = [_seen(photo, model, tiles=tiles) for photo in _photos(image)]
        near = _tensor([one.near_is_large() for one in maps])
        colours = _tensor([np.asarray(nearfar.heatmap(one, colormap=colormap)) for one in maps])
        return near[..., None].repeat(1, 1, 1, 3), colours, near


class NearfarBlur:
    """Background blur, as a lens makes it."""

    CATEGORY: ClassVar[str] = CATEGORY
    DESCRIPTION: ClassVar[str] = "Blurs what is away from the focus. Of a mask, what is white stays sharp."
    FUNCTION: ClassVar[str] = "blur"
    RETURN_TYPES: ClassVar[tuple[str, ...]] = ("IMAGE",)
    RETURN_NAMES: ClassVar[tuple[str, ...]] = ("image",)

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:  # noqa: N802 - ComfyUI's name
        """Its sockets and widgets."""
        place = {"default": -1.0, "min": -1.0, "max": 1.0, "step": 0.01}
        where = "Place in focus as a share of the picture; below 0 the nearest large thing."
        strength = {"default": 1.2, "min": 0.0, "max": 10.0, "step": 0.1}
        own = {
            "strength": ("FLOAT", {**strength, "tooltip": "Largest blur, in percent of the longer side."}),
            "focus_x": ("FLOAT", {**place, "tooltip": where}),
            "focus_y": ("FLOAT", {**place, "tooltip": where}),
        }
        return {"required": {**_shared(), **own}, "optional": {"mask": ("MASK",)}}

    def blur(
        self,
        image: torch.Tensor,
        model: str,
        tiles: bool,
        strength: float,
        focus_x: float,
        focus_y: float,
        mask: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor]:
        """The blurred pictures; one mask may serve them all."""
        made = []
        for index, photo in enumerate(_photos(image)):
            options: dict[str, Any] = {"strength": strength}
            if focus_x >= 0 and focus_y >= 0:
                options["focus"] = (
                    min(int(focus_x * photo.width), photo.width - 1),
                    min(int(focus_y * photo.height), photo.height - 1),
                )
            if mask is not None:
                masks = mask.detach().cpu().float().numpy().reshape(-1, *mask.shape[-2:])
                options["mask"] = masks[min(index, len(masks) - 1)] > 0.5
            depth = _seen(photo, model, tiles=tiles)
            made.append(np.asarray(nearfar.effect("bokeh", photo, depth, **options)))
        return (_tensor(made),)


class NearfarCutout:
    """The nearest part of a picture, and where it is."""

    CATEGORY: ClassVar[str] = CATEGORY
    DESCRIPTION: ClassVar[str] = "Keeps the nearest part, with a soft edge that follows the picture's."
    FUNCTION: ClassVar[str] = "cut"
    RETURN_TYPES: ClassVar[tuple[str, ...]] = ("IMAGE", "MASK")
    RETURN_NAMES: ClassVar[tuple[str, ...]] = ("image", "mask")

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:  # noqa: N802 - ComfyUI's name
        """Its sockets and widgets."""
        nearest = {"default": 30.0, "min": 0.0, "max": 100.0, "step": 1.0}
        kept = ("FLOAT", {**nearest, "tooltip": "Percent of the picture that is kept."})
        return {"required": {**_shared(), "nearest": kept}}

    def cut(
        self, image: torch.Tensor, model: str, tiles: bool, nearest: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Colours, black where nothing is kept, and the mask: 1 is kept."""
        colours, masks = [], []
        for photo in _photos(image):
            depth = _seen(photo, model, tiles=tiles)
            pixels = np.asarray(nearfar.effect("cutout", photo, depth, nearest=nearest))
            masks.append(pixels[..., 3].astype(np.float32) / 255)
            colours.append(pixels[..., :3].astype(np.float32) / 255 * masks[-1][..., None])
        return _tensor(colours), _tensor(masks)


NODE_CLASS_MAPPINGS = {
    "NearfarDepth": NearfarDepth,
    "NearfarBlur": NearfarBlur,
    "NearfarCutout": NearfarCutout,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "NearfarDepth": "Depth (nearfar)",
    "NearfarBlur": "Background blur (nearfar)",
    "NearfarCutout": "Cut out by depth (nearfar)",
}

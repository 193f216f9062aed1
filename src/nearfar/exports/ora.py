"""Photo and depth as layers for GIMP, Krita and other editors: OpenRaster.

A ZIP of PNG files and ``stack.xml``, as the OpenRaster specification (freedesktop.org, baseline) has it:
``mimetype`` first and as it is, then the layers, the merged picture and a thumbnail.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import cv2
import numpy as np

from nearfar.encode import encode
from nearfar.errors import ParameterError
from nearfar.ops.alpha import shown
from nearfar.ops.nearness import nearness
from nearfar.ops.refine import refine
from nearfar.options import option
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

MEDIA_TYPE = "image/openraster"
_VERSION = "0.0.5"
_THUMBNAIL = 256  # pixels of its longer side, by the specification
_BEGAN = (1980, 1, 1, 0, 0, 0)  # the same input gives the same bytes


@dataclass(frozen=True, slots=True)
class OraOptions:
    """What the layers hold."""

    nearest: float = option(
        30.0, "Percent of the picture that is the layer in front: the nearest.", low=0, high=100
    )
    softness: float = option(0.02, "Width of the soft rim, as a share of the depth.", low=0, high=1)
    refine: bool = option(True, "Bring depth edges to the photo's edges first, where there is a photo.")


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    name: str
    pixels: npt.NDArray[Any]
    is_shown: bool = True


def write(photo: Photo | None, depth: DepthMap, options: OraOptions) -> bytes:
    """The bytes of the file.

    Layers from the top: what is near, alone; the depth in 16 bits of grey, near is white; the depth as the
    alpha of white, which editors turn into a selection or a mask; the photo. The middle two are hidden;
    without a photo they are all there is, and shown.

    Raises:
        ParameterError: photo and depth differ in size.
    """
    if photo is not None and photo.pixels.shape[:2] != depth.values.shape:
        raise ParameterError(
            f"The photo is {photo.width}×{photo.height}, but its depth {depth.width}×{depth.height} pixels.",
            "Give the photo that the depth was made from.",
        )
    near = nearness(depth)
    if options.refine and photo is not None:
        near = refine(near, shown(photo), depth.provenance.input_size, out=near)
    layers = _layers(photo, depth, near, options)
    merged = layers[-1].pixels if photo is not None else layers[0].pixels
    return _packed(layers, merged, dict(depth.text()))


def _layers(photo: Photo | None, depth: DepthMap, near: Floats, options: OraOptions) -> list[_Layer]:
    grey = np.rint(near * np.float32(65535)).astype(np.uint16)
    eight = np.rint(near * np.float32(255)).astype(np.uint8)
    mask = np.full((*eight.shape, 4), 255, np.uint8)
    mask[..., 3] = eight
    is_alone = photo is None
    layers = [_Layer("depth", grey, is_alone), _Layer("depth mask", mask, is_alone)]
    if photo is None:
        return layers
    whole = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    return [_Layer("near", _front(photo, depth, near, options)), *layers, _Layer("photo", whole)]


def _front(photo: Photo, depth: DepthMap, near: Floats, options: OraOptions) -> npt.NDArray[Any]:
    """(H, W, 4) of the photo's type: what is near, its rim soft."""
    known = near if depth.valid is None else near[depth.valid]
    limit = float(np.percentile(known, 100 - options.nearest)) if known.size else 2.0
    half = max(options.softness / 2, 1e-6)
    alpha = np.clip((near - np.float32(limit)) / np.float32(2 * half) + np.float32(0.5), 0, 1)
    if options.nearest >= 100:
        alpha = np.ones_like(alpha)
    if depth.valid is not None:
        alpha[~depth.valid] = 0
    top = np.iinfo(photo.pixels.dtype).max
    if photo.alpha is not None:
        alpha *= photo.alpha.astype(np.float32) / np.float32(top)
    return np.dstack([photo.pixels, np.rint(alpha * np.float32(top)).astype(photo.pixels.dtype)])


def _packed(layers: list[_Layer], merged: npt.NDArray[Any], text: dict[str, str]) -> bytes:
    height, width = merged.shape[:2]
    rows = "".join(
        f'<layer name={quoteattr(layer.name)} src="data/{place}.png" x="0" y="0" opacity="1.0" '
        f'visibility="{"visible" if layer.is_shown else "hidden"}" composite-op="svg:src-over"/>'
        for place, layer in enumerate(layers)
    )
    stack = f'<?xml version="1.0" encoding="UTF-8"?><image version="{_VERSION}" w="{width}" h="{height}">'
    stack += f'<stack name="root">{rows}</stack></image>'
    scale = min(1.0, _THUMBNAIL / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(np.ascontiguousarray(merged), size, interpolation=cv2.INTER_AREA)
    if small.dtype == np.uint16:
        small = ((small.astype(np.uint32) + 128) // 257).astype(np.uint8)
    files = {"mimetype": MEDIA_TYPE.encode(), "stack.xml": stack.encode()}
    for place, layer in enumerate(layers):
        files[f"data/{place}.png"] = encode(layer.pixels, ".png", text if layer.name == "depth" else None)
    files |= {"Thumbnails/thumbnail.png": encode(small), "mergedimage.png": encode(merged)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # PNG files are packed already
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _BEGAN), data)
    return out.getvalue()


PLUGIN = Export("ora", "Layers for GIMP and Krita: OpenRaster", ".ora", MEDIA_TYPE, OraOptions, write)

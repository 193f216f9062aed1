"""A depth map to an answer: which format, its bytes, its headers."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from nearfar import outputs
from nearfar.decode.photo import Limits
from nearfar.encode.metadata import Metadata, with_metadata
from nearfar.errors import ParameterError, did_you_mean
from nearfar.one_photo import OWN_DEPTH_HELP
from nearfar.ops.colormap import COLORMAPS
from nearfar.ops.intrinsics import INTRINSICS_HELP, read_intrinsics
from nearfar.options import option
from nearfar.registry import EXPORTS
from nearfar.service.errors import NotAcceptableError
from nearfar.types import Camera, DepthMap, Photo, RangeRule, parse_range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

HEADERS: dict[str, str] = {
    "Nearfar-Kind": "What the values are: relative_inverse (near is large, unknown scale and shift), "
    "affine_depth (far is large, unknown scale and shift) or metric (metres, far is large).",
    "Nearfar-Unit": "Unit of the values: m, or 1 where they have none.",
    "Nearfar-Model": "Name of the model.",
    "Nearfar-Weights-Sha256": "SHA-256 of the model's weights.",
    "Nearfar-Range-Min": "Smallest value of the whole depth map, in its own unit.",
    "Nearfar-Range-Max": "Largest value of the whole depth map, in its own unit.",
    "Nearfar-Near-Is-Large": "true where a larger value is nearer, else false.",
    "Nearfar-Width": "Width of the depth map that is answered, in pixels: the photo's, or less by max_side.",
    "Nearfar-Height": "Height of the depth map that is answered, in pixels.",
    "Nearfar-Photo-Width": "Width of the upright photo, in pixels.",
    "Nearfar-Photo-Height": "Height of the upright photo, in pixels.",
    "Nearfar-Input-Size": "Width and height of the network's input, as 256x192.",
    "Nearfar-Engine": "What ran the network, such as onnxruntime or onnxruntime-int8.",
    "Nearfar-Warning": "Why the depth is unreliable, as code: sentence; one header a warning, mostly none.",
}
"""Every header that tells what a depth answer means, and what it says."""

OPTIONAL_HEADERS = {"Nearfar-Warning"}
PICTURES = ("heatmap", "overlay")
_MOST_RANGES = 100  # of an Accept header
_DEPTH_ONLY = {"png", "jpeg", "webp", "heatmap", "npy", "png16"}
"""Answers in which nothing of the photo itself is seen."""


def _parts(text: str) -> tuple[str, ...]:
    known = (*PICTURES, *(name.replace("_", "-") for name in EXPORTS.names()))
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in known:
            raise ParameterError(f"There is no part '{name}'.", did_you_mean(name, known), "parts")
    return names


SHARED = ("model", "tiles", "tiles_length", "intrinsics", "own_depth", "max_side")
"""Parameters of every route that estimates depth: how it does so, and how large the answer is."""


@dataclass(frozen=True, slots=True)
class DepthQuery:
    """The query of ``POST /v1/depth``."""

    format: str = option("", "Format of the answer; where it is absent the Accept header chooses.")
    model: str = option("", "Name of a model out of /v1/models; the service's default where absent.")
    size: int | None = option(
        None, "Length of the network's input in pixels; the model's own where absent.", low=1
    )
    tiles: bool = option(False, "Finer detail in big pictures: overlapping tiles fitted to the whole.")
    tiles_length: int | None = option(
        None,
        "Pixels at which tiles see the photo's longer side (and tiles are meant); 3 times the network's own "
        "where absent.",
        low=1,
    )
    intrinsics: Camera | None = option(None, INTRINSICS_HELP, parse=read_intrinsics)
    own_depth: bool = option(False, OWN_DEPTH_HELP)
    colormap: str = option("inferno", "Colours of the picture, from far to near.", choices=COLORMAPS)
    range: RangeRule = option(
        "image",
        "Values spanned by the colours: image (all of this map), percentile (2nd to 98th), or a,b.",
        parse=parse_range,
    )
    overlay: float | None = option(
        None,
        "Lay the heat map over the photo with this opacity; the heat map alone where absent.",
        low=0,
        high=1,
    )
    fast: bool = option(
        False, "Rather fast than exact: scaled JPEG decode, an int8 network where there is one, 256 colours."
    )
    max_side: int | None = option(
        None,
        "Longer side of the answer at most, in pixels: depth and photo are made smaller after the network "
        "saw the whole; the photo's own size where absent.",
        low=1,
    )
    parts: tuple[str, ...] | None = option(
        None,
        "What a JSON answer holds, with commas between: heatmap, overlay, or any export; "
        "heatmap where absent (overlay where an opacity is given). Empty: the description only.",
        parse=_parts,
    )

    @property
    def has_tiles(self) -> bool:
        """The photo is to be seen in parts."""
        return self.tiles or self.tiles_length is not None

    def names(self, format: str) -> tuple[str, ...]:
        """What is made at the same time for an answer in that format."""
        if format != "json":
            return (format,)
        return ("png",) if self.parts is None else self.parts

    def shows_depth_only(self, format: str) -> bool:
        """The answer in a format of that name holds nothing of the photo."""
        parts = ("heatmap",) if self.parts is None else self.parts
        return self.overlay is None and {format if format != "json" else "", *parts} <= {"", *_DEPTH_ONLY}


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What was found in a photo, and how it was asked to be shown; photo and depth as large as the answer."""

    photo: Photo
    depth: DepthMap
    query: DepthQuery
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Multipart fields that came beside the image."""
    kept: Metadata = Metadata()
    """What pictures keep of the photo's own file."""
    limits: Limits = Limits()
    """Of the files."""

    @property
    def main_picture(self) -> str:
        """Name of the effect that the query asks for."""
        return "heatmap" if self.query.overlay is None else "overlay"

    def picture(self, name: str, suffix: str = ".png") -> bytes:
        """The bytes of the effect of that name, as a file of that suffix."""
        query = self.query
        given: dict[str, Any] = {"colormap": query.colormap, "range": query.range}
        if name == "heatmap":
            given["fast"] = query.fast
        if name == "overlay" and query.overlay is not None:
            given["opacity"] = query.overlay
        return with_metadata(outputs.effect(name, given).make(self.photo, self.depth, suffix), self.kept)

    def export(self, name: str) -> bytes:
        """The bytes of the export of that name."""
        return outputs.export(name).make(self.photo, self.depth)

    def json(self) -> bytes:
        """The description with the parts in base64."""
        low, high = self.depth.limits(self.query.range)
        parts = (self.main_picture,) if self.query.parts is None else self.query.parts
        camera = self.depth.camera
        row: dict[str, Any] = {
            **self.depth.describe(),
            "camera": None
            if camera is None
            else {key: getattr(camera, key) for key in ("fx_px", "fy_px", "cx_px", "cy_px", "source")},
            "colors": {"colormap": self.query.colormap, "min": low, "max": high},
            **self.facts,
            "parts": {name: self._part(name) for name in parts},
        }
        return json.dumps(row, ensure_ascii=False, allow_nan=False).encode()

    def _part(self, name: str) -> dict[str, str]:
        is_picture = name in PICTURES
        media_type = "image/png" if is_picture else EXPORTS.load(name).media_type
        data = self.picture(name) if is_picture else self.export(name)
        return {"media_type": media_type, "base64": base64.b64encode(data).decode()}


@dataclass(frozen=True, slots=True)
class Format:
    """One way to answer. ``write`` goes over the wall: it is a function of a module, or a part of one."""

    name: str
    summary: str
    media_type: str
    suffix: str
    write: Callable[[Result], bytes]
    stem: str = "depth"

    @property
    def file(self) -> str:
        """What a browser calls the answer where it is kept."""
        return f"{self.stem}{self.suffix}"


def _picture(suffix: str, result: Result) -> bytes:
    return result.picture(result.main_picture, suffix)


def _export(name: str, result: Result) -> bytes:
    return result.export(name)


_LOSSY = (("jpeg", "JPEG", "image/jpeg", ".jpg"), ("webp", "WebP", "image/webp", ".webp"))


def formats() -> dict[str, Format]:
    """Every format: the picture, JSON, and each export of the registry."""
    own = [
        Format(
            "png",
            "Heat map (or overlay) as PNG",
            "image/png",
            ".png",
            partial(_picture, ".png"),
        ),
        Format(
            "json",
            "Description with parts in base64",
            "application/json",
            ".json",
            Result.json,
        ),
        *(
            Format(
                name,
                f"Heat map (or overlay) as {title}",
                media_type,
                suffix,
                partial(_picture, suffix),
            )
            for name, title, media_type, suffix in _LOSSY
        ),
    ]
    plugins = [EXPORTS.load(name) for name in EXPORTS.names()]
    return {row.name: row for row in [*own, *(_of_export(plugin) for plugin in plugins)]}


def _of_export(plugin: Any) -> Format:
    return Format(
        plugin.name,
        plugin.summary,
        plugin.media_type,
        plugin.suffix,
        partial(_export, plugin.name),
    )


def choose_format(name: str, accept: str, known: Mapping[str, Format]) -> Format:
    """The format of an answer: by name, or where there is none by the Accept header.

    Raises:
        ParameterError: no format of that name.
        NotAcceptableError: nothing that the client accepts.
    """
    if name:
        if name not in known:
            raise ParameterError(f"There is no format '{name}'.", did_you_mean(name, known), "format")
        return known[name]
    wanted = _accepted(accept or "*/*")
    ranked = [(_quality(row.media_type, wanted), -place, row) for place, row in enumerate(known.values())]
    quality, _, best = max(ranked, key=lambda r: r[:2])
    if quality <= 0:
        types = ", ".join(dict.fromkeys(row.media_type for row in known.values()))
        raise NotAcceptableError(
            f"Nothing fits 'Accept: {accept[:100]}'.", f"Accept one of {types}, or pass ?format=."
        )
    return best


def _accepted(accept: str) -> list[tuple[str, float]]:
    """(media range, quality) of an Accept header (RFC 9110, 12.5.1); a quality that is none counts as 0."""
    rows = []
    for item in accept.split(",")[:_MOST_RANGES]:
        kind, *params = (part.strip().lower() for part in item.split(";"))
        weights = [p[2:] for p in params if p.startswith("q=")]
        rows.append((kind, _number(weights[0]) if weights else 1.0))
    return rows


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0


def _quality(media_type: str, wanted: Iterable[tuple[str, float]]) -> float:
    """Quality that the most specific matching range gives a media type; 0 where none matches."""
    ranges = {media_type: 3, media_type.partition("/")[0] + "/*": 2, "*/*": 1}
    matches = [(ranges[kind], quality) for kind, quality in wanted if kind in ranges]
    return max(matches)[1] if matches else 0.0


def headers_of(depth: DepthMap, width: int, height: int) -> list[tuple[str, str]]:
    """The ``Nearfar-`` headers of a depth map that is answered at that size."""
    row = depth.describe()
    pairs = {
        "Nearfar-Kind": row["kind"],
        "Nearfar-Unit": row["unit"],
        "Nearfar-Model": row["model"],
        "Nearfar-Weights-Sha256": row["weights_sha256"],
        "Nearfar-Range-Min": f"{row['min']:.9g}",
        "Nearfar-Range-Max": f"{row['max']:.9g}",
        "Nearfar-Near-Is-Large": "true" if row["near_is_large"] else "false",
        "Nearfar-Width": str(width),
        "Nearfar-Height": str(height),
        "Nearfar-Photo-Width": str(row["width"]),
        "Nearfar-Photo-Height": str(row["height"]),
        "Nearfar-Input-Size": f"{row['input_width']}x{row['input_height']}",
        "Nearfar-Engine": row["engine"],
    }
    warnings = [("Nearfar-Warning", f"{w.code}: {w.message}") for w in depth.warnings]
    return [(name, _ascii(value)) for name, value in [*pairs.items(), *warnings]]


def _ascii(text: str) -> str:
    """Header text: printable ASCII, anything else as a question mark."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)

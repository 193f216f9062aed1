"""What a service saw in one frame of a stream."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.cards import DepthKind
from nearfar.client.errors import ServiceError
from nearfar.decode.depth import depth_of_bytes
from nearfar.errors import InputError, ParameterError
from nearfar.types import DepthMap, Picture

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One answer of a stream: the file in ``data``, and what its colours or numbers mean.

    ``number``: of the frame, from 1. ``range``: the values, in the map's own unit, that colours or numbers
    span. ``is_cut``: a new scene begins here. ``dropped``: frames so far that a newer one replaced.
    ``warnings``: codes such as ``dark``. ``timing_ms``: where the time went in the service.
    ``obstacles``: what stands in the way, or why that cannot be told; None where it was not asked for.
    ``webxr``: what the numbers mean by the names of WebXR's depth sensing, where that format was asked for.
    """

    number: int
    data: bytes
    media_type: str
    is_depth: bool
    width: int
    height: int
    kind: DepthKind
    unit: str
    model: str
    range: tuple[float, float]
    is_cut: bool
    dropped: int
    warnings: tuple[str, ...]
    timing_ms: Mapping[str, float]
    obstacles: Mapping[str, Any] | None = None
    webxr: Mapping[str, Any] | None = None

    def picture(self) -> Picture:
        """The heat map.

        Raises:
            ParameterError: the stream was asked for depth.
        """
        if self.is_depth:
            raise ParameterError("The view holds depth, no heat map.", "Use depth(), or format jpeg or png.")
        from PIL import Image

        try:
            image = Image.open(io.BytesIO(self.data), formats=["JPEG", "PNG"])
            return Picture(np.asarray(image.convert("RGB")))
        except Exception as exc:  # Pillow raises anything on damaged files
            raise ServiceError(f"The answer is no picture: {exc}.") from exc

    def depth(self) -> DepthMap:
        """The depth map, its values rounded to 65,535 steps.

        Of format ``webxr`` it is distances: metres, or affine depth in units of their own.

        Raises:
            ParameterError: the stream was asked for heat maps.
        """
        if not self.is_depth:
            raise ParameterError("The view holds a heat map, no depth.", "Ask for format png16.")
        try:
            return depth_of_bytes(self.data, "the answer") if self.webxr is None else self._distances()
        except (KeyError, TypeError, ValueError, InputError) as exc:
            raise ServiceError(f"The answer holds no depth: {exc}.") from exc

    def _distances(self) -> DepthMap:
        told = self.webxr or {}
        numbers = np.frombuffer(self.data, "<u2").reshape(told["height"], told["width"])
        is_metric = "rawValueToMeters" in told
        scale = float(told["rawValueToMeters" if is_metric else "rawValueToUnits"])
        values = numbers.astype(np.float32) * np.float32(scale)
        valid = None if numbers.all() else numbers > 0
        return DepthMap(values, DepthKind.METRIC if is_metric else DepthKind.AFFINE_DEPTH, valid)


def read_view(header: Mapping[str, Any], data: bytes) -> View:
    """The view of a header and the bytes behind it.

    Raises:
        ServiceError: something is missing.
    """
    try:
        span = header["range"]
        return View(
            number=header["seq"],
            data=data,
            media_type=header["media_type"],
            is_depth=header["format"] in {"png16", "webxr"},
            width=header["width"],
            height=header["height"],
            kind=DepthKind(header["kind"]),
            unit=header["unit"],
            model=header["model"],
            range=(span["min"], span["max"]),
            is_cut=header["is_cut"],
            dropped=header["dropped"],
            warnings=tuple(header["warnings"]),
            timing_ms=header["timing_ms"],
            obstacles=header.get("obstacles"),
            webxr=header.get("webxr"),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise ServiceError(
            f"The header of a frame makes no sense: {exc}.", "Is this a nearfar service?"
        ) from exc

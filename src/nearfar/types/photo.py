"""A decoded photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError
from nearfar.types.arrays import require_array
from nearfar.types.camera import Camera
from nearfar.types.picture import Picture, to_8_bits

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

    from nearfar.types.arrays import Pixels


@dataclass(frozen=True, slots=True)
class PhotoWarning:
    """Something about the photo that makes its depth unreliable: a code for programs, a text for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Photo:
    """A decoded photo, upright, in sRGB.

    ``pixels``: (H, W, 3), uint8 or uint16. ``alpha``: (H, W) of the same type, or None. ``camera``: from
    EXIF, or None. ``name``: where it came from, for messages. ``format``: what it was decoded from.
    ``reduced_from``: (width, height) of the photo that ``pixels`` are a smaller copy of, decoded so for
    speed; None where they are the photo itself. ``camera`` is always the whole photo's. ``encoded``: the
    bytes of the file that it was decoded from; empty where it was none. ``orientation``: as which, by EXIF,
    that file stores it. ``own_depth``: what the depth is called that the file carries; empty: none.
    ``prompt``: (h, w) float32 metres of the whole photo that a sensor gave, for networks that take them.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    camera: Camera | None = None
    name: str = "photo"
    format: str = ""
    reduced_from: tuple[int, int] | None = None
    encoded: bytes = b""
    orientation: int = 1
    own_depth: str = ""
    prompt: npt.NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        require_array(self.pixels, "The pixels of a photo")
        if self.alpha is not None:
            require_array(self.alpha, "The alpha of a photo")
        shape, kind = self.pixels.shape, self.pixels.dtype
        if len(shape) != 3 or shape[2] != 3 or min(shape) < 1 or kind not in (np.uint8, np.uint16):
            raise ParameterError(f"A photo is (H, W, 3) of uint8 or uint16, not {shape} of {kind}.")
        if self.alpha is not None and (self.alpha.shape != shape[:2] or self.alpha.dtype != kind):
            raise ParameterError(f"Alpha is {self.alpha.shape} of {self.alpha.dtype} for a photo {shape}.")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.pixels, dtype, copy=copy)

    def __repr__(self) -> str:
        alpha = ", alpha" if self.alpha is not None else ""
        return f"<Photo {self.width}×{self.height} {self.pixels.dtype}{alpha}, {self.name}>"

    def _repr_png_(self) -> bytes:
        return Picture(_with_alpha(self.rgb8(), self.alpha8())).encoded(".png")

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def full_size(self) -> tuple[int, int]:
        """(width, height) of the photo in pixels, also where only a smaller copy was decoded."""
        return self.reduced_from or (self.width, self.height)

    def rgb8(self) -> npt.NDArray[np.uint8]:
        """The colours as (H, W, 3) uint8 (16 bits are rounded)."""
        return to_8_bits(self.pixels)

    def alpha8(self) -> npt.NDArray[np.uint8] | None:
        """The alpha as (H, W) uint8, or None."""
        return None if self.alpha is None else to_8_bits(self.alpha)

    def image(self) -> Image:
        """The photo as a PIL image, RGB or RGBA, 8 bits."""
        return Picture(_with_alpha(self.rgb8(), self.alpha8())).image()


def _with_alpha(rgb: npt.NDArray[np.uint8], alpha: npt.NDArray[np.uint8] | None) -> npt.NDArray[np.uint8]:
    return rgb if alpha is None else np.dstack([rgb, alpha])

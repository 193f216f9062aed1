"""A finished picture."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.encode import encode
from nearfar.encode.metadata import Metadata, with_metadata
from nearfar.errors import ParameterError
from nearfar.machine.files import write_to, write_whole
from nearfar.types.arrays import require_array

if TYPE_CHECKING:
    from typing import BinaryIO

    import numpy.typing as npt
    from PIL.Image import Image

    from nearfar.types.arrays import Pixels


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Picture:
    """A finished picture. ``pixels``: (H, W), (H, W, 3) or (H, W, 4); uint8, uint16. ``text``: what it means.

    ``palette``: (K, 3) uint8 colours that (H, W) pixels are places in; None where they are colours or greys.
    ``kept``: what its files keep of the photo's own: date, camera, lens, density.
    """

    pixels: Pixels
    text: tuple[tuple[str, str], ...] = ()
    palette: Pixels | None = None
    kept: Metadata = Metadata()

    def __post_init__(self) -> None:
        require_array(self.pixels, "The pixels of a picture")
        shape, kind = self.pixels.shape, self.pixels.dtype
        is_shape = len(shape) == 2 or (len(shape) == 3 and shape[2] in {3, 4})
        if not is_shape or min(shape) < 1 or kind not in (np.uint8, np.uint16):
            raise ParameterError(
                f"A picture is (H, W), (H, W, 3) or (H, W, 4) of uint8 or uint16, not {shape} of {kind}."
            )
        if self.palette is not None and (len(shape) != 2 or kind != np.uint8):
            raise ParameterError(f"Places in a palette are (H, W) of uint8, not {shape} of {kind}.")

    def image(self) -> Image:
        """The picture as a PIL image (16-bit colour becomes 8-bit: PIL has none)."""
        from PIL import Image as pil  # noqa: N813 - Image is the type's name here

        if self.palette is not None:
            return pil.fromarray(self.palette[self.pixels])
        keep = self.pixels.ndim == 2 or self.pixels.dtype == np.uint8
        return pil.fromarray(self.pixels if keep else to_8_bits(self.pixels))

    def encoded(self, suffix: str = ".png", quality: int = 95) -> bytes:
        """The bytes of a file of that kind, the texts within."""
        data = encode(self.pixels, suffix, dict(self.text), quality=quality, palette=self.palette)
        return with_metadata(data, self.kept)

    def save(
        self, path: str | os.PathLike[str] | BinaryIO, *, overwrite: bool = True, suffix: str = ""
    ) -> Path | None:
        """Write the picture; the suffix chooses the format (.png, .jpg, .webp, .tiff).

        ``path`` may be an open binary file: then ``suffix`` or its name chooses, PNG where neither does.
        """
        if not isinstance(path, (str, os.PathLike)):
            name = getattr(path, "name", "")
            write_to(
                path, self.encoded(suffix or Path(name if isinstance(name, str) else "").suffix or ".png")
            )
            return None
        return write_whole(path, self.encoded(suffix or Path(path).suffix), overwrite=overwrite)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        pixels = self.pixels if self.palette is None else self.palette[self.pixels]
        return np.array(pixels, dtype, copy=copy)

    def __repr__(self) -> str:
        channels = "×".join(str(n) for n in (*self.pixels.shape[1::-1], *self.pixels.shape[2:]))
        return f"<Picture {channels} {self.pixels.dtype}>"

    def _repr_png_(self) -> bytes:
        return self.encoded(".png")


def to_8_bits(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """The same in 8 bits: 16 bits are rounded."""
    if pixels.dtype == np.uint8:
        return pixels.view(np.uint8)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def in_8_bits(picture: Picture) -> Picture:
    """The picture in 8 bits, which is what formats with losses hold."""
    return picture if picture.pixels.dtype == np.uint8 else replace(picture, pixels=to_8_bits(picture.pixels))

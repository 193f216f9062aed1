"""A finished animation or video."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar.encode import CLIP_TYPES
from nearfar.errors import ParameterError, did_you_mean
from nearfar.machine.files import write_to, write_whole

if TYPE_CHECKING:
    from typing import BinaryIO


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Clip:
    """A finished animation or video: ``data`` holds the bytes of a file of that ``suffix``."""

    data: bytes
    suffix: str

    def __post_init__(self) -> None:
        if self.suffix not in CLIP_TYPES:
            raise ParameterError(
                f"A clip is not written as '{self.suffix}'.", did_you_mean(self.suffix, CLIP_TYPES)
            )

    @property
    def media_type(self) -> str:
        """Such as ``video/mp4``."""
        return CLIP_TYPES[self.suffix]

    def encoded(self, suffix: str = "") -> bytes:
        """The bytes of the file.

        Raises:
            ParameterError: a suffix other than the clip's own.
        """
        if suffix.lower() not in {"", self.suffix}:
            raise ParameterError(
                f"This clip is a {self.suffix} file, not '{suffix}'.",
                "Choose the format when it is made.",
                parameter="format",
            )
        return self.data

    def __repr__(self) -> str:
        return f"<Clip {self.suffix} {len(self.data):,} bytes>"

    def _repr_html_(self) -> str:
        import base64

        where = f"data:{self.media_type};base64,{base64.b64encode(self.data).decode()}"
        is_video = self.media_type.startswith("video/")
        return f'<video controls loop src="{where}"></video>' if is_video else f'<img src="{where}">'

    def save(self, path: str | os.PathLike[str] | BinaryIO, *, overwrite: bool = True) -> Path | None:
        """Write the clip under a name with its own suffix, or to an open binary file."""
        if not isinstance(path, (str, os.PathLike)):
            write_to(path, self.data)
            return None
        return write_whole(path, self.encoded(Path(path).suffix), overwrite=overwrite)

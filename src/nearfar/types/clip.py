"""A finished animation or video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar.encode import CLIP_TYPES
from nearfar.errors import ParameterError, did_you_mean
from nearfar.machine.files import write_whole

if TYPE_CHECKING:
    import os


@dataclass(frozen=True, slots=True, eq=False)
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

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Write the clip under a name with its own suffix."""
        return write_whole(path, self.encoded(Path(path).suffix), overwrite=overwrite)

"""The flag of a camera: its numbers, or a file that holds them."""

from __future__ import annotations

from pathlib import Path

from nearfar.errors import NearfarError, ParameterError
from nearfar.ops.camera_files import camera_text
from nearfar.ops.intrinsics import INTRINSICS_HELP

INTRINSICS_FLAG = INTRINSICS_HELP.removesuffix(".") + "; or a file that holds them."


def read_text(given: str) -> str:
    """The text in a file of that name, or the text itself where there is no such file.

    Raises:
        ParameterError: a file that holds no short text.
    """
    path = Path(given)
    try:
        return camera_text(path) if given and path.is_file() else given
    except (OSError, ValueError) as exc:
        if isinstance(exc, NearfarError):
            raise
        raise ParameterError(f"{given} cannot be read: {exc}.") from exc

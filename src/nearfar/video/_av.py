"""The one place where PyAV is imported, with what every use of it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.errors import MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType


def av() -> ModuleType:
    """The library.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import av as library
    except ImportError as exc:
        raise MissingExtraError(
            "Videos need the library PyAV, which is not installed.",
            'Install it: pip install "nearfar[video]"',
        ) from exc
    return library

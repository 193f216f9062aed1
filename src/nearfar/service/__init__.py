"""The HTTP service: ``create_app`` makes the ASGI application, ``serve`` runs it on a port."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nearfar.service.app import create_app
    from nearfar.service.start import serve

__all__ = ["create_app", "serve"]
_HOMES = {"create_app": "app", "serve": "start"}


def __getattr__(name: str) -> Any:
    """Loaded when asked for: a worker behind the wall needs none of the web framework."""
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)

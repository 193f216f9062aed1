"""The HTTP service: ``create_app`` makes the ASGI application, ``serve`` runs it on a port."""

from nearfar.service.app import create_app
from nearfar.service.start import serve

__all__ = ["create_app", "serve"]

"""A route whose function reads the request itself and answers with a response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.requests import Request
    from starlette.responses import Response


class PlainRoute(APIRoute):
    """Described like any other, but nothing is taken apart, checked or put together on its behalf.

    The routes that take photos do all of that by their own tables. Measured together with waiting in the
    request's own task: 0.17 ms less processor time of 2.2 ms in the event loop, for a photo.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The function as it was given."""
        return self.endpoint

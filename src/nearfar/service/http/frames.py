"""One websocket of a client: uvicorn's, closed where its frames are far too many for their bytes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from wsproto.events import CloseConnection
from wsproto.utilities import LocalProtocolError

from nearfar.service.errors import MalformedRequestError
from nearfar.service.http.pieces import Pieces, TooManyPiecesError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from uvicorn.config import Config
    from uvicorn.server import ServerState

POLICY = 1008
_TEXTS = {
    b"connection": "ascii",
    b"host": "idna",
    b"sec-websocket-extensions": "ascii",
    b"sec-websocket-protocol": "ascii",
}
"""Headers that the library decodes, and how; it has no answer to those that cannot be."""
_MOST_TEXT = 1024


def check_handshake(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """MalformedRequestError for a header of a websocket's request that is no text of its kind."""
    for name, value in headers:
        if name in _TEXTS and not _is_text(value, _TEXTS[name]):
            raise MalformedRequestError(f"The header '{name.decode('ascii')}' of a websocket is malformed.")


def _is_text(value: bytes, encoding: str) -> bool:
    if len(value) > _MOST_TEXT:  # before it is decoded: names take time by the square of their length
        return False
    try:
        value.decode(encoding)
    except UnicodeError:
        return False
    return True


class Frames(WSProtocol):
    """A websocket with bounds."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._pieces = Pieces()
        events = self.conn.events
        self.conn.events = lambda: self._pieces.counted(events())  # type: ignore[method-assign]

    def data_received(self, data: bytes) -> None:
        """Read on; a client that floods is told so, and left."""
        if self.transport.is_closing():
            return
        self._pieces.come(len(data))
        try:
            super().data_received(data)
        except TooManyPiecesError:
            with contextlib.suppress(LocalProtocolError):  # closed by us already
                self.transport.write(self.conn.send(CloseConnection(POLICY, "too many frames at once")))
            self.transport.close()

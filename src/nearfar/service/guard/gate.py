"""The gate between the frame of a request and its route: it finds out who asks, and lets pass who may."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from nearfar.errors import NearfarError
from nearfar.keys import SCOPES
from nearfar.service.errors import CrowdedError, ForbiddenError, UnauthorizedError
from nearfar.service.guard.hosts import HEALTH
from nearfar.service.guard.lasting import Lasting
from nearfar.service.request import problems
from nearfar.service.request.access import CROWDED, OPEN, address_caller, caller_of, path_of, scope_needed

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from nearfar.keys import Key
    from nearfar.service.guard.keys_now import Guards
    from nearfar.service.guard.limits import Allowance

SUBPROTOCOL = "nearfar"
KEY_SUBPROTOCOL = "nearfar-key."
"""How a browser's websocket carries a key, since it cannot set a header."""

_SECRET_HEADERS = (b"authorization", b"x-api-key")
_HEADS = {"http.response.start", "websocket.accept", "websocket.http.response.start"}
_ALL = frozenset(SCOPES)
_WAY_IN = "Send the header 'Authorization: Bearer KEY' (or X-API-Key) with a key of nearfar keys add."


class Access:
    """ASGI middleware that finds out who asks, and lets pass who may."""

    def __init__(self, app: ASGIApp, guards: Guards) -> None:
        self._app = app
        self._guards = guards

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        with contextlib.ExitStack() as stack:
            try:
                key, allowance = await self._admit(scope)
                if scope_needed(path_of(scope)) != OPEN:
                    stack.enter_context(self._guards.crowd.place(caller_of(scope)))
            except NearfarError as exc:
                await problems.respond(scope, exc)(scope, receive, send)
                return
            app = self._app if key is None else Lasting(self._app, partial(self._is_held, key, scope))
            await app(scope, receive, _marking(scope, send, allowance))

    async def _is_held(self, key: Key, scope: Scope) -> bool:
        """Whether a key is still among those of the file, and allows what was asked."""
        keys, needed = self._guards.keys, scope_needed(path_of(scope))
        await keys.look()
        return keys.holds(key, needed)

    async def _admit(self, scope: Scope) -> tuple[Key | None, Allowance | None]:
        """Set caller and scopes; count the request. Gives the key, where one was sent, and what is left.

        Raises:
            CrowdedError: too many connections are open.
            RateError: the caller sent too many.
            UnauthorizedError: the address needs a key, and none or a wrong one was sent.
            ForbiddenError: the key does not allow this.
        """
        if CROWDED in scope and path_of(scope) not in HEALTH:
            raise CrowdedError("As many connections are open as may be.", "Try again in a moment.", 2)
        keys, needed = self._guards.keys, scope_needed(path_of(scope))
        presented = _take_key(scope)
        is_open = needed == OPEN  # and answers also where the disk of the keys does not
        key = keys.find(presented) if is_open else await keys.find_now(presented)
        state = scope.setdefault("state", {})
        state["caller"] = f"key:{key.id}" if key else address_caller(scope.get("client"))
        state["scopes"] = _scopes(key, is_on=keys.is_on)
        if is_open:
            return key, None
        allowance = self._guards.rates.take(state["caller"], key.rate if key else None)
        if keys.is_on:
            _check(key, needed, presented)
        return key, allowance


def _check(key: Key | None, needed: str, presented: str) -> None:
    if key is None:
        raise UnauthorizedError(_refusal(presented), _WAY_IN)
    if needed not in key.scopes:
        raise ForbiddenError(
            f"This needs the scope '{needed}'; the key has {', '.join(key.scopes)}.",
            f"Make a key that has it: nearfar keys add NAME --scopes {needed}.",
            needed,
        )


def _scopes(key: Key | None, *, is_on: bool) -> frozenset[str]:
    if key is not None:
        return frozenset(key.scopes)
    return frozenset() if is_on else _ALL


def _refusal(presented: str) -> str:
    return "The key is not known; it may have been revoked." if presented else "This service needs a key."


def _take_key(scope: Scope) -> str:
    """The key that a request carries, or "". It is taken out, so that nothing behind can tell or log it."""
    headers = scope["headers"]
    secret = [(name, value) for name, value in headers if name in _SECRET_HEADERS]
    if secret:
        scope["headers"] = [pair for pair in headers if pair[0] not in _SECRET_HEADERS]
    protocols = scope.get("subprotocols") or []
    hidden = [word for word in protocols if word.startswith(KEY_SUBPROTOCOL)]
    if hidden:
        scope["subprotocols"] = [word for word in protocols if word not in hidden]
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"sec-websocket-protocol"]
    found = [text for name, value in secret if (text := _key_text(name, value))]
    found += [word.removeprefix(KEY_SUBPROTOCOL) for word in hidden]
    return found[0] if len(set(found)) == 1 else ("?" if found else "")


def _key_text(name: bytes, value: bytes) -> str:
    """What a header holds as a key; other schemes of Authorization (a proxy's own) are passed over."""
    text = value.decode("latin-1").strip()
    if name == b"x-api-key":
        return text
    scheme, _, rest = text.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else ""


def _marking(scope: Scope, send: Send, allowance: Allowance | None) -> Send:
    """Tell the caller what is left; choose a subprotocol for a browser, which wants one chosen."""
    extra = [(k.lower().encode(), v.encode()) for k, v in allowance.headers().items()] if allowance else []
    is_named = scope["type"] == "websocket" and SUBPROTOCOL in (scope.get("subprotocols") or [])
    if not extra and not is_named:
        return send

    async def marked(message: Message) -> None:
        if extra and message["type"] in _HEADS:
            message["headers"] = [*message.get("headers", ()), *extra]
        if is_named and message["type"] == "websocket.accept" and not message.get("subprotocol"):
            message["subprotocol"] = SUBPROTOCOL
        await send(message)

    return marked

"""A stream of frames to a service: each is sent, and what was seen in it comes back."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING, Any, Self

from websockets.asyncio import client as asynchronous
from websockets.sync import client as blocking

from nearfar.client.live_talk import FAILURES, Talk
from nearfar.client.views import View
from nearfar.errors import NearfarError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Unpack

    from nearfar.client.live_talk import LiveOptions, Tell, Way
    from nearfar.decode.photo import PhotoSource


class Live:
    """A stream to a service, of :meth:`nearfar.client.Client.live`: use it in a ``with``, from one thread.

    A frame is a photo as the client takes it; arrays travel as JPEG. ``options`` are those of the service
    now. What goes wrong with one frame is raised, and the stream goes on; an UnreachableError ends it.
    """

    def __init__(self, way: Way, options: LiveOptions) -> None:
        self._way = way
        self._wanted = options
        self._talk = Talk(way.bounds)
        self._stack = ExitStack()
        self._socket: Any = None

    def __enter__(self) -> Self:
        attempt = 0
        while True:
            attempt += 1
            try:
                address = self._way.address(self._wanted)
                connection = blocking.connect(address, **self._way.ways())
                self._socket = self._stack.enter_context(connection)
            except FAILURES as exc:
                wait_s = self._way.wait_s(exc, attempt)
                if wait_s is None:
                    raise self._way.error(exc) from exc
                time.sleep(wait_s)
            else:
                self._until(lambda found: isinstance(found, dict))
                return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def options(self) -> dict[str, Any]:
        """What the service answers with now, the model's name among it."""
        return dict(self._talk.options)

    def look(self, frame: PhotoSource) -> View:
        """What is seen in a frame; its answer is waited for."""
        number = self._send_frame(frame)
        found = self._until(lambda found: isinstance(found, View) and found.number == number)
        assert isinstance(found, View)  # noqa: S101 - what was waited for
        return found

    def follow(
        self, frames: Iterable[PhotoSource], tell: Tell | None = None, *, ahead: int = 0
    ) -> Iterator[View]:
        """What is seen in frames as they come; the answers never lag behind.

        Args:
            frames: photos: a generator that reads a camera, or a list of files. The next one is asked for
                when it can be sent.
            tell: hears the number and the error of a frame that failed; without it the error is raised. One
                that cannot be read here is not sent: its number is that of the next.
            ahead: frames sent before the answer to the last one is there. With 0 each is answered; with 1 the
                service, which may be far away, never waits for the next, and of two that wait it takes the
                newer one and drops the other.
        """
        for frame in frames:
            if (data := self._talk.readable(frame, tell)) is None:
                continue
            self._send(data)
            while self._talk.sent - self._talk.answered > ahead:
                yield from self._next(tell)
        while self._talk.answered < self._talk.sent:
            yield from self._next(tell)

    def change(self, **options: Unpack[LiveOptions]) -> dict[str, Any]:
        """Take other options from the next frame that is sent on; gives all of them."""
        self._send(json.dumps(options))
        found = self._until(lambda found: isinstance(found, dict))
        assert isinstance(found, dict)  # noqa: S101 - what was waited for
        return dict(found)

    def _next(self, tell: Tell | None) -> Iterator[View]:
        """The views that the next answer holds: one, or none."""
        found = self._receive()
        if isinstance(found, View):
            yield found
        elif isinstance(found, NearfarError):
            if tell is None:
                raise found
            tell(self._talk.answered, found)

    def _until(self, is_it: Callable[[Any], bool]) -> Any:
        """The next thing that is it; the first error is raised."""
        while True:
            found = self._receive()
            if is_it(found):
                return found
            if isinstance(found, Exception):
                raise found

    def _receive(self) -> Any:
        while True:
            try:
                message = self._socket.recv(timeout=self._way.timeout)
            except FAILURES as exc:
                raise self._way.error(exc) from exc
            found = self._talk.take(message)
            if found is not None:
                return found

    def _send_frame(self, frame: PhotoSource) -> int:
        self._send(self._talk.frame(frame))
        return self._talk.sent

    def _send(self, message: str | bytes) -> None:
        try:
            self._socket.send(message)
        except FAILURES as exc:
            raise self._way.error(exc) from exc


class AsyncLive:
    """As :class:`Live`, for asyncio: of :meth:`nearfar.client.AsyncClient.live`, in an ``async with``."""

    def __init__(self, way: Way, options: LiveOptions) -> None:
        self._way = way
        self._wanted = options
        self._talk = Talk(way.bounds)
        self._stack = AsyncExitStack()
        self._socket: Any = None

    async def __aenter__(self) -> Self:
        attempt = 0
        while True:
            attempt += 1
            try:
                address = self._way.address(self._wanted)
                connection = asynchronous.connect(address, **self._way.ways())
                self._socket = await self._stack.enter_async_context(connection)
            except FAILURES as exc:
                wait_s = self._way.wait_s(exc, attempt)
                if wait_s is None:
                    raise self._way.error(exc) from exc
                await asyncio.sleep(wait_s)
            else:
                await self._until(lambda found: isinstance(found, dict))
                return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def options(self) -> dict[str, Any]:
        """As :attr:`Live.options`."""
        return dict(self._talk.options)

    async def look(self, frame: PhotoSource) -> View:
        """As :meth:`Live.look`."""
        await self._send(self._talk.frame(frame))
        number = self._talk.sent
        found = await self._until(lambda found: isinstance(found, View) and found.number == number)
        assert isinstance(found, View)  # noqa: S101 - what was waited for
        return found

    async def follow(
        self, frames: AsyncIterable[PhotoSource], tell: Tell | None = None, *, ahead: int = 0
    ) -> AsyncIterator[View]:
        """As :meth:`Live.follow`; the frames come from an asynchronous source."""
        async for frame in frames:
            if (data := self._talk.readable(frame, tell)) is None:
                continue
            await self._send(data)
            while self._talk.sent - self._talk.answered > ahead:
                if (view := await self._next(tell)) is not None:
                    yield view
        while self._talk.answered < self._talk.sent:
            if (view := await self._next(tell)) is not None:
                yield view

    async def change(self, **options: Unpack[LiveOptions]) -> dict[str, Any]:
        """As :meth:`Live.change`."""
        await self._send(json.dumps(options))
        return dict(await self._until(lambda found: isinstance(found, dict)))

    async def _next(self, tell: Tell | None) -> View | None:
        found = await self._receive()
        if isinstance(found, NearfarError):
            if tell is None:
                raise found
            tell(self._talk.answered, found)
        return found if isinstance(found, View) else None

    async def _until(self, is_it: Callable[[Any], bool]) -> Any:
        while True:
            found = await self._receive()
            if is_it(found):
                return found
            if isinstance(found, Exception):
                raise found

    async def _receive(self) -> Any:
        while True:
            try:
                async with asyncio.timeout(self._way.timeout):
                    message = await self._socket.recv()
            except FAILURES as exc:
                raise self._way.error(exc) from exc
            found = self._talk.take(message)
            if found is not None:
                return found

    async def _send(self, message: str | bytes) -> None:
        try:
            await self._socket.send(message)
        except FAILURES as exc:
            raise self._way.error(exc) from exc

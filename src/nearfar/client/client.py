"""The two clients: the same methods, one that waits and one for asyncio."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

from nearfar import __version__
from nearfar.client import calls
from nearfar.client.answers import Answer
from nearfar.client.calls import Bounds, Call
from nearfar.client.errors import ServiceError, UnreachableError
from nearfar.client.jobs import AsyncJobs, Jobs
from nearfar.client.live import AsyncLive, Live
from nearfar.client.live_talk import Way
from nearfar.client.retries import AGAIN, Retries, seconds_of
from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Unpack

    from nearfar.client.answers import Models
    from nearfar.client.calls import Form
    from nearfar.client.live_talk import LiveOptions
    from nearfar.decode.photo import PhotoSource
    from nearfar.types import Clip, DepthMap, Picture, RangeRule

T = TypeVar("T")


class _Base:
    """What both clients are made from."""

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        timeout: float = 60.0,
        *,
        retries: Retries | None = None,
        bounds: Bounds | None = None,
        transport: Any = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            base_url: of the service, such as ``http://127.0.0.1:8080``.
            key: an API key, where the service needs one.
            timeout: seconds for one attempt's connection, and for each wait for bytes.
            retries: how often to ask again when the service is busy.
            bounds: the most bytes that are sent and taken.
            transport: another way to the service than the network: one of httpx.

        Raises:
            ParameterError: an address that is none.
        """
        if not base_url.startswith(("http://", "https://")):
            raise ParameterError(
                f"base_url is '{base_url}'.", "Give an address such as http://127.0.0.1:8080.", "base_url"
            )
        self.retries = retries or Retries()
        self.bounds = bounds or Bounds()
        headers = {"User-Agent": f"nearfar/{__version__}"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._how: dict[str, Any] = {
            "base_url": base_url,
            "headers": headers,
            "timeout": timeout,
            "transport": transport,
            "follow_redirects": False,
        }

    def _way(self) -> Way:
        """How streams come to the service.

        Raises:
            ParameterError: requests go another way than over the network.
        """
        if self._how["transport"] is not None:
            raise ParameterError(
                "A stream needs a connection of its own.", "Leave transport out.", "transport"
            )
        how = self._how
        return Way(how["base_url"], how["headers"], how["timeout"], self.retries, self.bounds)

    def __repr__(self) -> str:
        """The address; never the key."""
        return f"{type(self).__name__}({self._how['base_url']!r})"


class Client(_Base):
    """A nearfar service. Threads may share one; close it, or use it in a ``with``.

    Every method raises what the library would raise (``InputError``, ``ParameterError``, ``BusyError``, ...),
    ``KeyRefusedError``, ``ServiceError``, or ``UnreachableError``.

    Example:
        >>> from nearfar.client import Client
        >>> with Client("http://127.0.0.1:8080") as client:  # doctest: +SKIP
        ...     client.depth("photo.jpg").save("depth.tiff")
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._http = httpx.Client(**self._how)
        self.jobs = Jobs(self._send, self.bounds)

    __init__.__doc__ = _Base.__init__.__doc__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def depth(
        self,
        photo: PhotoSource,
        *,
        model: str | None = None,
        size: int | None = None,
        max_side: int | None = None,
        form: Form = "json",
    ) -> DepthMap:
        """The depth map of a photo.

        Args:
            photo: a path, bytes, a binary file, a PIL image, an array or a Photo.
            model: a name out of :meth:`models`; the service's default where absent.
            size: length of the network's input in pixels.
            max_side: longer side of the map at most, in pixels; the photo's own size where absent.
            form: how it travels: ``json`` keeps all; ``npy`` is a quarter smaller and has no camera;
                ``png16`` is the smallest and rounds the values to 65,535 steps.
        """
        options = {"model": model, "size": size, "max_side": max_side}
        return self._send(calls.depth(photo, self.bounds, form, options))

    def heatmap(
        self,
        photo: PhotoSource,
        colormap: str = "inferno",
        range: RangeRule = "image",
        overlay: float | None = None,
        **options: Any,
    ) -> Picture:
        """The heat map of a photo, over it where ``overlay`` is given; options: ``model``, ``size``, ..."""
        options |= calls.shown(colormap, range, overlay)
        return self._send(calls.heatmap(photo, self.bounds, options))

    def effect(self, name: str, photo: PhotoSource, **options: Any) -> Picture | Clip:
        """A photo turned by its depth; files among the options are bytes, paths (``Path``) or arrays."""
        return self._send(calls.effect(name, photo, self.bounds, options))

    def export(self, format: str, photo: PhotoSource, **options: Any) -> bytes:
        """The bytes of a depth file or mesh."""
        return self._send(calls.export(format, photo, self.bounds, options))

    def live(self, **options: Unpack[LiveOptions]) -> Live:
        """A stream of frames, to be used in a ``with``; it is closed at the end of it.

        Options: ``format`` (``jpeg``, ``png``: heat maps; ``png16``, ``webxr``: depth), ``model``, ``size``,
        ``colormap``, ``range``, ``smooth`` (0 to 0.99: how steady colours are), ``quality`` (of a jpeg).

        Example:
            >>> from nearfar.client import Client
            >>> with Client("http://127.0.0.1:8080") as client:  # doctest: +SKIP
            ...     with client.live(format="png16") as stream:
            ...         for view in stream.follow(camera()):
            ...             print(view.number, view.depth().value_range)
        """
        return Live(self._way(), options)

    def models(self) -> Models:
        """What the service can run."""
        return self._send(calls.models())

    def health(self) -> dict[str, Any]:
        """Whether the process answers."""
        return self._send(calls.status("/healthz"))

    def ready(self) -> dict[str, Any]:
        """Whether the default model answers; BusyError where it does not."""
        return self._send(calls.status("/readyz"))

    def _send(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._ask(call)
            except UnreachableError as exc:
                wait_s = _wait_of_lost(exc, attempt, self.retries)
                if wait_s is None:
                    raise
            else:
                wait_s = _wait_of(answer, attempt, self.retries)
                if wait_s is None:
                    return _result(call, answer)
            time.sleep(wait_s)

    def _ask(self, call: Call[Any]) -> Answer:
        try:
            with self._http.stream(call.method, call.path, **_sent(call)) as response:
                body = _Body(call, response, self.bounds)
                for chunk in response.iter_bytes():
                    body.add(chunk)
                return body.answer()
        except httpx.HTTPError as exc:
            raise _unreachable(exc, self._http.base_url) from exc


class AsyncClient(_Base):
    """As :class:`Client`, for asyncio: every method is awaited.

    Example:
        >>> from nearfar.client import AsyncClient
        >>> async def main():
        ...     async with AsyncClient("http://127.0.0.1:8080") as client:
        ...         return await client.depth("photo.jpg")
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._http = httpx.AsyncClient(**self._how)
        self.jobs = AsyncJobs(self._send, self.bounds)

    __init__.__doc__ = _Base.__init__.__doc__

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def depth(
        self,
        photo: PhotoSource,
        *,
        model: str | None = None,
        size: int | None = None,
        max_side: int | None = None,
        form: Form = "json",
    ) -> DepthMap:
        """As :meth:`Client.depth`."""
        options = {"model": model, "size": size, "max_side": max_side}
        return await self._send(calls.depth(photo, self.bounds, form, options))

    async def heatmap(
        self,
        photo: PhotoSource,
        colormap: str = "inferno",
        range: RangeRule = "image",
        overlay: float | None = None,
        **options: Any,
    ) -> Picture:
        """As :meth:`Client.heatmap`."""
        options |= calls.shown(colormap, range, overlay)
        return await self._send(calls.heatmap(photo, self.bounds, options))

    async def effect(self, name: str, photo: PhotoSource, **options: Any) -> Picture | Clip:
        """As :meth:`Client.effect`."""
        return await self._send(calls.effect(name, photo, self.bounds, options))

    async def export(self, format: str, photo: PhotoSource, **options: Any) -> bytes:
        """As :meth:`Client.export`."""
        return await self._send(calls.export(format, photo, self.bounds, options))

    def live(self, **options: Unpack[LiveOptions]) -> AsyncLive:
        """As :meth:`Client.live`, in an ``async with``."""
        return AsyncLive(self._way(), options)

    async def models(self) -> Models:
        """As :meth:`Client.models`."""
        return await self._send(calls.models())

    async def health(self) -> dict[str, Any]:
        """As :meth:`Client.health`."""
        return await self._send(calls.status("/healthz"))

    async def ready(self) -> dict[str, Any]:
        """As :meth:`Client.ready`."""
        return await self._send(calls.status("/readyz"))

    async def _send(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self._ask(call)
            except UnreachableError as exc:
                wait_s = _wait_of_lost(exc, attempt, self.retries)
                if wait_s is None:
                    raise
            else:
                wait_s = _wait_of(answer, attempt, self.retries)
                if wait_s is None:
                    return _result(call, answer)
            await asyncio.sleep(wait_s)

    async def _ask(self, call: Call[Any]) -> Answer:
        try:
            async with self._http.stream(call.method, call.path, **_sent(call)) as response:
                body = _Body(call, response, self.bounds)
                async for chunk in response.aiter_bytes():
                    body.add(chunk)
                return body.answer()
        except httpx.HTTPError as exc:
            raise _unreachable(exc, self._http.base_url) from exc


def _sent(call: Call[Any]) -> dict[str, Any]:
    """The call as httpx takes it."""
    row: dict[str, Any] = {"params": dict(call.query), "headers": dict(call.headers)}
    if call.parts:
        row["files"] = list(call.parts)
    elif call.files:
        files: Iterable[tuple[str, bytes]] = call.files.items()
        row["files"] = {name: (name, data, "application/octet-stream") for name, data in files}
    elif call.body is not None:
        row["content"] = call.body
    return row


class _Body:
    """The body of an answer while it comes: kept, or handed to the call's sink."""

    def __init__(self, call: Call[Any], response: httpx.Response, bounds: Bounds) -> None:
        self._response = response
        self._sink = call.sink if response.status_code == httpx.codes.OK else None
        self._bound = "results_bytes" if self._sink else "answer_bytes"
        self._most = getattr(bounds, self._bound)
        self._count = 0
        self._kept = bytearray()

    def add(self, chunk: bytes) -> None:
        """The next bytes.

        Raises:
            ServiceError: more than the bounds allow.
        """
        self._count += len(chunk)
        if self._count > self._most:
            raise ServiceError(
                f"The answer holds more than {self._most / 2**20:g} MiB.",
                f"Raise Bounds.{self._bound} if that is right.",
            )
        if self._sink:
            self._sink(chunk)
        else:
            self._kept += chunk

    def answer(self) -> Answer:
        """All of it."""
        headers = self._response.headers
        warnings = tuple(headers.get_list("nearfar-warning"))
        return Answer(self._response.status_code, dict(headers), bytes(self._kept), warnings)


def _wait_of(answer: Answer, attempt: int, retries: Retries) -> float | None:
    """Seconds until the call is tried again, or None where the answer stands."""
    if answer.status not in AGAIN:
        return None
    return retries.wait_s(attempt, seconds_of(answer.headers.get("retry-after")))


def _wait_of_lost(error: UnreachableError, attempt: int, retries: Retries) -> float | None:
    """The same where there was no connection; what may have begun is not asked twice."""
    return retries.wait_s(attempt, None) if isinstance(error.__cause__, httpx.ConnectError) else None


def _result(call: Call[T], answer: Answer) -> T:
    if answer.status >= 400:
        raise answer.error()
    if answer.status >= 300:
        raise ServiceError(
            f"The service answered with {answer.status}.", "Give the address that it redirects to."
        )
    return call.read(answer)


def _unreachable(error: httpx.HTTPError, base_url: httpx.URL) -> UnreachableError:
    kind = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
    where = f"{base_url.scheme}://{base_url.netloc.decode('ascii', 'replace').rpartition('@')[2]}"
    return UnreachableError(
        f"{where} {kind}: {str(error) or type(error).__name__}.", "Does nearfar serve run there?"
    )

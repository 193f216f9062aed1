"""A stream of frames over one websocket: the newest is looked at, older ones that wait are dropped."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any

from nearfar.errors import BusyError, NearfarError, TooLargeError
from nearfar.one_photo import EstimateOptions, look
from nearfar.robot.look import LookOptions
from nearfar.service.answer.estimation import TicketWatch
from nearfar.service.answer.memory import needed_bytes
from nearfar.service.errors import ClientLeftError
from nearfar.service.live import webxr
from nearfar.service.live.encoders import MEDIA_TYPES, encoded
from nearfar.service.live.options import LiveOptions, changed_by
from nearfar.service.request import problems
from nearfar.service.request.problems import public
from nearfar.service.request.terms import Terms
from nearfar.service.request.timing import Timing
from nearfar.video.live import LiveDepth

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.websockets import WebSocket

    from nearfar.robot.ahead import Ahead
    from nearfar.service.answer.estimation import Tools
    from nearfar.service.answer.probe import Probe
    from nearfar.service.live.places import Live
    from nearfar.service.work.pool import EnginePool
    from nearfar.service.work.ticket import Ticket
    from nearfar.settings import Settings
    from nearfar.video.live import Held

GOING_AWAY = 1001
_MOUNT = [row.name for row in fields(LookOptions)]
_log = logging.getLogger("nearfar.service")


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """What a stream works with: the service's settings, networks, threads, and what it counts."""

    settings: Settings
    tools: Tools
    pool: EnginePool
    probe: Probe
    live: Live


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """A frame as it came: its number (from 1), its bytes, and when it was there."""

    number: int
    data: bytes
    arrived_at: float


class Stream:
    """One connection, from its acceptance to its end."""

    def __init__(self, socket: WebSocket, means: Means, options: LiveOptions, caller: str) -> None:
        self._socket = socket
        self._means = means
        self._options = options
        self._terms = Terms(caller, means.settings.request_timeout)
        self._live = LiveDepth(options.smooth, options.range)
        self._ahead = options.ahead()
        self._number = 0
        self._dropped = 0
        self._next: Arrived | None = None
        self._is_there = asyncio.Event()
        self._speaking = asyncio.Lock()  # a header and its picture go out together

    async def serve(self) -> None:
        """Answer frames until the client leaves, is silent for too long, or the service ends."""
        await self._say({"type": "ready", "options": self._outline()})
        tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._work())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for error in (task.exception() for task in tasks if not task.cancelled()):
                if not isinstance(error, ClientLeftError | None):
                    _log.error("a stream failed", exc_info=error)
            _log.debug("a stream of %d frames ended, %d of them dropped", self._number, self._dropped)

    async def _read(self) -> None:
        idle_s = self._means.settings.live_idle
        while True:
            try:
                async with asyncio.timeout(idle_s):
                    message = await self._socket.receive()
            except TimeoutError:
                await self._socket.close(GOING_AWAY, f"nothing came for {idle_s} s")
                return
            if message["type"] == "websocket.disconnect":
                return
            data, text = message.get("bytes"), message.get("text")
            await (self._take(data) if data is not None else self._change(text or ""))
            await asyncio.sleep(0)  # messages that are there already do not keep others waiting

    async def _take(self, data: bytes) -> None:
        """Keep a frame as the next one; one that waits already is dropped."""
        self._number += 1
        limit = self._means.settings.live_max_bytes
        if len(data) > limit:
            message = f"The frame holds {len(data)} bytes, but at most {limit} are taken."
            await self._fail(self._number, TooLargeError(message, "Send smaller frames."))
            return
        if self._next is not None:
            self._dropped += 1
            self._means.live.dropped += 1
        self._next = Arrived(self._number, data, time.perf_counter())
        self._is_there.set()

    async def _change(self, text: str) -> None:
        """Take over new options; those that are not named stay."""
        try:
            changed = changed_by(self._options, text)
            changed.check_model(self._means.settings.model)
            ahead = changed.ahead()
        except NearfarError as exc:
            await self._fail(None, exc)
            return
        if _differ(changed, self._options, ("smooth", "range", "model")):
            self._live = LiveDepth(changed.smooth, changed.range)
            self._ahead = ahead
        elif _differ(changed, self._options, ("obstacles", "size", *_MOUNT)):
            self._ahead = ahead
        self._options = changed
        await self._say({"type": "ready", "options": self._outline()})

    async def _work(self) -> None:
        while True:
            await self._is_there.wait()
            self._is_there.clear()
            frame, self._next = self._next, None
            if frame is not None:
                await self._answer(frame)

    async def _answer(self, frame: Arrived) -> None:
        try:
            header, body = await self._means.pool.run(partial(self._look, frame), self._terms)
        except NearfarError as exc:
            await self._fail(frame.number, exc)
            return
        except Exception as exc:
            _log.exception("a frame of a stream failed")
            await self._fail(frame.number, exc)
            return
        if not self._options.model:
            self._means.probe.note_success()
        self._means.live.answered += 1
        header["dropped"] = self._dropped
        header["timing_ms"]["total"] = round((time.perf_counter() - frame.arrived_at) * 1e3, 2)
        await self._say(header, body)

    def _look(self, frame: Arrived, ticket: Ticket) -> tuple[dict[str, Any], bytes]:
        """The header and the bytes of an answer. Runs in a worker thread, one at a time for a stream."""
        options, live, ahead, timing = self._options, self._live, self._ahead, Timing()
        timing.note("queue", ticket.queued_at, ticket.waited_s)
        tools = self._means.tools
        with tools.room(needed_bytes(frame.data, [options.format]), ticket) as lease:
            watch = TicketWatch(ticket, lease, timing)
            seen = look(
                lambda: frame.data,
                lambda: tools.loader(options.model, options.size),
                EstimateOptions(name="the frame"),
                tools.limits,
                watch,
            )
            with watch.stage("encode"):
                held = live.hold(seen.photo, seen.depth)
                body = watch.do(encoded, held.depth, held.rule, options)
                row: dict[str, Any] = {} if ahead is None else {"obstacles": _in_the_way(ahead, frame, held)}
                if options.format == "webxr":
                    row["webxr"] = webxr.layout(held.depth)
        header = _header(frame, held, timing) | row
        return header | {"format": options.format, "media_type": MEDIA_TYPES[options.format]}, body

    async def _fail(self, number: int | None, error: Exception) -> None:
        """Say what was wrong with a frame or a message; the stream goes on."""
        self._means.live.failed += 1
        problem = problems.problem_of(error)
        row: dict[str, Any] = {"type": "error", "seq": number, "problem": problem.slug}
        row |= {"status": problem.status, "title": problem.title}
        if isinstance(error, NearfarError):
            row |= {"detail": public(error.message), "hint": public(error.hint)}
        if isinstance(error, BusyError):
            row["retry_after_s"] = error.retry_after_s
        await self._say(row)

    async def _say(self, row: dict[str, Any], body: bytes | None = None) -> None:
        async with self._speaking:
            try:
                await self._socket.send_text(json.dumps(row, ensure_ascii=False))
                if body is not None:
                    await self._socket.send_bytes(body)
            except (OSError, RuntimeError) as exc:  # starlette: the client left, or the end was told already
                raise ClientLeftError from exc

    def _outline(self) -> dict[str, Any]:
        row = asdict(self._options)
        row["model"] = self._options.model or self._means.settings.model
        return row


def _differ(one: LiveOptions, other: LiveOptions, names: Iterable[str]) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in names)


def _in_the_way(ahead: Ahead, frame: Arrived, held: Held) -> dict[str, Any]:
    """What stands in the way of a frame, at the time it came."""
    depth = held.depth
    return ahead.look(depth, (depth.width, depth.height), frame.arrived_at, is_cut=held.is_cut)


def _header(frame: Arrived, held: Held, timing: Timing) -> dict[str, Any]:
    """What goes out before an answer's bytes."""
    depth, scale = held.depth, (held.high - held.low) / 65534
    return {
        "type": "frame",
        "seq": frame.number,
        "width": depth.width,
        "height": depth.height,
        "kind": depth.kind.value,
        "unit": depth.unit,
        "near_is_large": depth.kind.is_near_large,
        "model": depth.provenance.model,
        "range": {"min": held.low, "max": held.high},
        "scale": scale,
        "offset": held.low - scale,
        "is_cut": held.is_cut,
        "warnings": [warning.code for warning in depth.warnings],
        "timing_ms": {name: round(seconds * 1e3, 2) for name, seconds in timing.seconds().items()},
    }

"""One request's work, from the bytes of a photo to the bytes of an answer. Runs in a worker thread."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from structlog.contextvars import bound_contextvars

from nearfar.one_photo import EstimateOptions, look
from nearfar.service.answer.answers import DepthQuery, Format, headers_of
from nearfar.service.answer.memory import needed_bytes
from nearfar.service.answer.written import Wish, written
from nearfar.service.http.uploads import FIELD, PROMPT
from nearfar.service.request.timing import Timing
from nearfar.service.work.budget import MemoryBudget
from nearfar.wall import HERE, Here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from nearfar.api import Model
    from nearfar.decode.photo import Limits
    from nearfar.service.http.uploads import Upload
    from nearfar.service.work.ticket import Ticket
    from nearfar.wall import Lease, Wall

    Loader = Callable[..., Model]  # (name, size), and fast=True where that is asked for


LEEWAY = 1.5
"""Of what a request was estimated to take, a worker may take so many times as much before it is ended."""
LEAST_BYTES = 256 * 2**20
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Tools:
    """What photos are worked on with: networks, limits, and where untrusted bytes are decoded."""

    loader: Loader
    limits: Limits
    wall: Wall | Here = HERE
    memory: MemoryBudget = field(default_factory=lambda: MemoryBudget(sys.maxsize))

    @contextmanager
    def room(self, need: int, ticket: Ticket) -> Iterator[Lease | Here]:
        """Memory for one request, and where its untrusted bytes are worked on.

        Raises:
            TooLargeError: so much memory can never be had.
            BusyError: there was none in its time.
        """
        with self.memory.hold(need, ticket), self.wall.lease(ticket.check) as lease:
            lease.allow(max(LEAST_BYTES, int(need * LEEWAY)))
            yield lease


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a client asks; ``timing`` takes the stages of the work.

    ``files``: names of the multipart fields that may come beside the image.
    """

    upload: Upload
    query: DepthQuery
    format: Format
    request_id: str = ""
    timing: Timing = field(default_factory=Timing)
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What it gets: body, media type, headers."""

    body: bytes
    media_type: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class TicketWatch:
    """Goes along with a photo: times its stages, and asks between them whether the work is still wanted."""

    ticket: Ticket
    lease: Lease | Here = HERE
    timing: Timing = field(default_factory=Timing)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done within; before, it is asked whether the work is still wanted."""
        self.ticket.check()
        with self.timing.stage(name):
            yield

    def engine(self, model: Model) -> AbstractContextManager[None]:
        """The watchdog may give up what is done within."""
        return self.ticket.engine(model)

    def step(self, *_: int) -> None:
        """A tile is done: is the work still wanted? The watchdog's time begins anew."""
        self.ticket.go_on()

    def do(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Behind the wall, where there is one; else here, under the watchdog's eyes."""
        if not isinstance(self.lease, Here):
            return self.lease.do(work, *given, **named)
        with self.ticket.step():
            return work(*given, **named)


def answer(question: Question, tools: Tools, ticket: Ticket) -> Answer:
    """Decode, estimate, encode.

    Raises:
        NearfarError: whatever is wrong with the photo, a parameter or the network.
        ClientLeftError: the client has left.
    """
    query = question.query
    question.timing.note("queue", ticket.queued_at, ticket.waited_s)
    files = question.upload.files(question.files, tools.limits.max_bytes)
    image = files.pop(FIELD)
    need = needed_bytes(image, query.names(question.format.name), files.values(), tiles=query.has_tiles)

    def load() -> Model:
        return tools.loader(query.model, query.size, **({"fast": True} if query.fast else {}))

    with bound_contextvars(request_id=question.request_id), tools.room(need, ticket) as lease:
        watch = TicketWatch(ticket, lease, question.timing)
        options = replace(_options(question), prompt=lambda: files.pop(PROMPT, None))
        seen = look(lambda: image, load, options, tools.limits, watch)
        with watch.stage("encode"):
            wish = Wish(query, question.format, _facts(question, seen.model), files, tools.limits)
            body, *size = watch.do(written, seen.photo, seen.depth, wish)
    return Answer(body, question.format.media_type, tuple(headers_of(seen.depth, *size)))


def _options(question: Question) -> EstimateOptions:
    """How the photo is looked at; decoded whole, save where the answer shows nothing of it."""
    query = question.query
    tiles: bool | int = query.has_tiles and (query.tiles_length or True)
    is_hidden = query.shows_depth_only(question.format.name)
    look = EstimateOptions(tiles, query.intrinsics, not is_hidden, "the image", query.own_depth)
    return replace(look, depth_only=is_hidden)


def _facts(question: Question, model: Model) -> dict[str, Any]:
    timing = {name: round(seconds * 1e3, 2) for name, seconds in question.timing.seconds().items()}
    return {"request_id": question.request_id, "timing_ms": timing, "engine_why": model.why}

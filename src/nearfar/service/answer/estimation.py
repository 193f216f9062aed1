"""One request's work, from the bytes of a photo to the bytes of an answer. Runs in a worker thread."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from structlog.contextvars import bound_contextvars

from nearfar.decode.metadata import metadata_of
from nearfar.one_photo import EstimateOptions, look
from nearfar.ops.reduce import reduced_depth, reduced_photo
from nearfar.service.answer.answers import DepthQuery, Format, Result, headers_of
from nearfar.service.http.uploads import FIELD
from nearfar.service.request.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from nearfar.api import Model
    from nearfar.decode.photo import Limits
    from nearfar.one_photo import Seen
    from nearfar.service.http.uploads import Upload
    from nearfar.service.work.ticket import Ticket

    Loader = Callable[..., Model]  # (name, size), and fast=True where that is asked for


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


def answer(question: Question, loader: Loader, limits: Limits, ticket: Ticket) -> Answer:
    """Decode, estimate, encode.

    Raises:
        NearfarError: whatever is wrong with the photo, a parameter or the network.
        ClientLeftError: the client has left.
    """
    query, watch = question.query, TicketWatch(ticket, question.timing)
    watch.timing.note("queue", ticket.queued_at, ticket.waited_s)
    files: dict[str, bytes] = {}

    def image() -> bytes:
        files.update(question.upload.files(question.files, limits.max_bytes))
        return files.pop(FIELD)

    def load() -> Model:
        return loader(query.model, query.size, **({"fast": True} if query.fast else {}))

    with bound_contextvars(request_id=question.request_id):
        seen = look(image, load, _options(question), limits, watch)
        with watch.stage("encode"):
            result = replace(_result(seen, question, files), limits=limits)
            body = question.format.write(result)
    return Answer(body, question.format.media_type, tuple(headers_of(seen.depth, result.depth)))


def _options(question: Question) -> EstimateOptions:
    """How the photo is looked at; decoded whole, save where the answer shows nothing of it."""
    query = question.query
    tiles: bool | int = query.has_tiles and (query.tiles_length or True)
    is_shown = not query.shows_depth_only(question.format.name)
    return EstimateOptions(tiles, query.intrinsics, is_shown, "the image", query.own_depth)


def _result(seen: Seen[Model], question: Question, files: dict[str, bytes]) -> Result:
    """What is answered: all of it, or a smaller copy in the colours of the whole."""
    photo, depth, query, facts = seen.photo, seen.depth, question.query, _facts(question, seen.model)
    low, high = depth.value_range
    facts |= {"min": low, "max": high, "photo_width": depth.width, "photo_height": depth.height}
    longest, kept = query.max_side, metadata_of(photo)
    if longest is None:
        return Result(photo, depth, query, facts, files, kept)
    small = reduced_depth(depth, longest)
    low, high = depth.limits(query.range)
    if small is not depth and high > low:
        query = replace(query, range=(low, high))
    if not query.shows_depth_only(question.format.name):
        photo = reduced_photo(photo, longest)
    return Result(photo, small, query, facts, files, kept)


def _facts(question: Question, model: Model) -> dict[str, Any]:
    timing = {name: round(seconds * 1e3, 2) for name, seconds in question.timing.seconds().items()}
    return {"request_id": question.request_id, "timing_ms": timing, "engine_why": model.why}

"""One request's work, from the bytes of a photo to the bytes of an answer. Runs in a worker thread."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from structlog.contextvars import bound_contextvars

from nearfar.decode.photo import Limits, read_photo
from nearfar.ops.intrinsics import seen_by
from nearfar.ops.reduce import reduced_depth, reduced_photo
from nearfar.pipeline import tiling
from nearfar.service.answer.answers import DepthQuery, Format, Result, headers_of
from nearfar.service.request.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nearfar.api import Model
    from nearfar.decode._raster import Needed
    from nearfar.service.http.uploads import Upload
    from nearfar.service.work.ticket import Ticket
    from nearfar.types import DepthMap, Photo

    Loader = Callable[..., Model]  # (name, size), and fast=True where that is asked for


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a client asks; ``timing`` takes the stages of the work."""

    upload: Upload
    query: DepthQuery
    format: Format
    request_id: str = ""
    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What it gets: body, media type, headers."""

    body: bytes
    media_type: str
    headers: tuple[tuple[str, str], ...]


@contextmanager
def stage(name: str, ticket: Ticket, timing: Timing) -> Iterator[None]:
    """Time what is done within; before, it is asked whether the work is still wanted."""
    ticket.check()
    with timing.stage(name):
        yield


def answer(question: Question, loader: Loader, limits: Limits, ticket: Ticket) -> Answer:
    """Decode, estimate, encode.

    Raises:
        NearfarError: whatever is wrong with the photo, a parameter or the network.
        ClientLeftError: nobody waits any more.
    """
    query, timing = question.query, question.timing
    timing.note("queue", ticket.queued_at, ticket.waited_s)
    with bound_contextvars(request_id=question.request_id):
        with stage("model", ticket, timing):
            model = loader(query.model, query.size, **({"fast": True} if query.fast else {}))
        with stage("decode", ticket, timing):
            data = question.upload.image(limits.max_bytes)
            photo = read_photo(data, limits, "the image", _needed(question, model))
            photo = seen_by(photo, query.intrinsics)
        with stage("engine", ticket, timing), ticket.engine(model):
            depth = _estimated(photo, model, query, ticket)
        with stage("encode", ticket, timing):
            result = _result(photo, depth, question, model)
            body = question.format.write(result)
    return Answer(body, question.format.media_type, tuple(headers_of(depth, result.depth)))


def _result(photo: Photo, depth: DepthMap, question: Question, model: Model) -> Result:
    """What is answered: all of it, or a smaller copy in the colours of the whole."""
    query, facts = question.query, _facts(question, model)
    low, high = depth.value_range
    facts |= {"min": low, "max": high, "photo_width": depth.width, "photo_height": depth.height}
    longest = query.max_side
    if longest is None:
        return Result(photo, depth, query, facts)
    small = reduced_depth(depth, longest)
    low, high = depth.limits(query.range)
    if small is not depth and high > low:
        query = replace(query, range=(low, high))
    if not query.shows_depth_only(question.format.name):
        photo = reduced_photo(photo, longest)
    return Result(photo, small, query, facts)


def _estimated(photo: Photo, model: Model, query: DepthQuery, ticket: Ticket) -> DepthMap:
    if not query.has_tiles:
        return model.estimator.estimate(photo)
    tiles = tiling.Tiles(query.tiles_length or 0)
    return tiling.estimate(model.estimator, photo, tiles, lambda *_: ticket.go_on())


def _needed(question: Question, model: Model) -> Needed | None:
    """How large the photo must be decoded: whole, save where a fast answer shows nothing of it."""
    query = question.query
    is_enough = query.fast and not query.has_tiles and query.shows_depth_only(question.format.name)
    return model.estimator.input.network_size if is_enough else None


def _facts(question: Question, model: Model) -> dict[str, Any]:
    timing = {name: round(seconds * 1e3, 2) for name, seconds in question.timing.seconds().items()}
    return {"request_id": question.request_id, "timing_ms": timing, "engine_why": model.why}

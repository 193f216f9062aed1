"""One request's work, from the bytes of a photo to the bytes of an answer. Runs in a worker thread."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar.decode.photo import Limits, read_photo
from nearfar.service.answers import DepthQuery, Format, Result, headers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nearfar.api import Model
    from nearfar.service.pool import Ticket
    from nearfar.service.uploads import Upload

    Loader = Callable[[str, int | None], Model]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a client asks."""

    upload: Upload
    query: DepthQuery
    format: Format
    request_id: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What it gets: body, media type, headers, and the seconds that each stage took."""

    body: bytes
    media_type: str
    headers: tuple[tuple[str, str], ...]
    stages: dict[str, float]


@dataclass(slots=True)
class Stages:
    """Seconds by stage; before each it is asked whether the work is still wanted."""

    ticket: Ticket
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done within."""
        self.ticket.check()
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def answer(question: Question, loader: Loader, limits: Limits, ticket: Ticket) -> Answer:
    """Decode, estimate, encode.

    Raises:
        NearfarError: whatever is wrong with the photo, a parameter or the network.
        ClientLeftError: nobody waits any more.
    """
    stages = Stages(ticket, {"queue": ticket.waited_s})
    query = question.query
    with stages.stage("model"):
        model = loader(query.model, query.size)
    with stages.stage("decode"):
        photo = read_photo(question.upload.image(limits.max_bytes), limits, "the image")
    with stages.stage("engine"):
        depth = model.estimator.estimate(photo)
    with stages.stage("encode"):
        body = question.format.write(Result(photo, depth, query, _facts(question, stages)))
    return Answer(body, question.format.media_type, tuple(headers_of(depth)), stages.seconds)


def _facts(question: Question, stages: Stages) -> dict[str, Any]:
    timing = {name: round(seconds * 1e3, 2) for name, seconds in stages.seconds.items()}
    return {"request_id": question.request_id, "timing_ms": timing}

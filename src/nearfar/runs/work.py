"""One photo of a run: its bytes, its depth, its files, its row. The same code wherever it is run."""

from __future__ import annotations

import contextlib
import errno
import io
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from nearfar import api, one_photo
from nearfar.decode.photo import Limits
from nearfar.errors import NearfarError, OutputError, SourceError, shown
from nearfar.one_photo import EstimateOptions, Unwatched
from nearfar.runs.pipeline import key_of
from nearfar.runs.rows import Row

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from nearfar.one_photo import Estimated
    from nearfar.outputs import Outputs
    from nearfar.runs.items import Item
    from nearfar.runs.pipeline import Pipeline
    from nearfar.runs.rows import Result

_BYTES_A_PIXEL = 40  # of a photo at work: pixels, depth, what is drawn
_LEAST_BYTES = 32 * 2**20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class Keep(Protocol):
    """Writes the files of a photo where the run's results are; it is carried to other processes as it is."""

    def __call__(self, name: str, files: Mapping[str, bytes]) -> tuple[Result, ...]:
        """Write the files of the photo ``name``, each whole; OutputError where one cannot be written."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a photo: its row, and its files where nothing wrote them yet."""

    row: Row
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done with each photo: what a runner carries to wherever photos are worked on.

    ``setup``: hash of weights and options. ``keep``: writes results; without it their bytes go back to the
    run. ``only_range``: nothing is made, and the row tells the values that colours would span.
    """

    pipeline: Pipeline
    setup: str
    keep: Keep | None = None
    only_range: bool = False

    def stream(
        self, items: Iterable[Item], model: api.Model, workers: int = 0, memory: int = 0
    ) -> Generator[Done, None, None]:
        """What became of each photo, in order, few in memory at a time.

        Args:
            items: photos; they are taken as there is room for them.
            model: the network, of :meth:`Pipeline.load`.
            workers: photos at once, as of :meth:`nearfar.Model.estimate_stream`.
            memory: bytes that photos at work may take together; 0 for no limit. One that is larger is worked
                on alone.

        Raises:
            OutputError: nothing can be written any more. What is wrong with one photo is in its row.
        """
        made, room = self.pipeline.outputs(), _Room(memory)

        def one(many: api.Model, item: Item) -> Done:
            return _One(self, made, many, item).done(room)

        yield from api.side_by_side(model, one, items, workers)


@dataclass(slots=True)
class _One:
    """The way of one photo."""

    work: Work
    made: Outputs
    model: api.Model
    item: Item
    key: str = ""
    size: int = -1

    def done(self, room: _Room) -> Done:
        began_at = time.perf_counter()
        try:
            data = self._read()
            self.key, self.size = key_of(data, self.work.setup), len(data)
            with room.taking(_bytes_of(data)):
                found = self._attempt(data)
        except NearfarError as exc:
            found = one_photo.Estimated(0, error=exc)
        except Exception as exc:  # a photo that makes a library fail must not end the run
            told = NearfarError(f"{self.item.name} failed: {type(exc).__name__}: {exc}", "Look at the photo.")
            found = one_photo.Estimated(0, error=told)
        seconds = time.perf_counter() - began_at
        if found.error is not None:
            if isinstance(found.error, OutputError) and _is_full(found.error):
                raise found.error
            return Done(
                self._row(error=str(found.error), error_type=type(found.error).__name__, seconds=seconds)
            )
        files, facts = found.made
        results = () if self.work.keep is None else facts.pop("results")
        return Done(self._row(results=results, seconds=seconds, **facts), files)

    def _read(self) -> bytes:
        limit = self.model.settings.max_bytes
        if self.item.size > limit:
            raise SourceError(
                f"{self.item.name} holds {self.item.size} bytes, more than {limit}.",
                "Raise the setting NEARFAR_MAX_BYTES.",
            )
        return self.item.read()

    def _attempt(self, data: bytes) -> Estimated:
        pipeline = self.work.pipeline
        is_hidden = self.work.only_range or not any(_shows_photo(one.plugin) for one in self.made.files)
        look = EstimateOptions(
            pipeline.tiles,
            whole=not is_hidden,
            name=self.item.name,
            own_depth=pipeline.own_depth,
            depth_only=is_hidden,
        )
        settings = self.model.settings
        limits = Limits(settings.max_bytes, settings.max_pixels)
        return one_photo.attempt(0, data, self.model, look, (limits, Unwatched()), self._then)

    def _then(self, found: Estimated) -> tuple[dict[str, bytes], dict[str, Any]]:
        photo, depth = found.result()
        files = {} if self.work.only_range else {one.file: one.make(photo, depth) for one in self.made.files}
        low, high = depth.limits("percentile" if self.work.only_range else "image")
        facts: dict[str, Any] = {
            "kind": depth.kind.value,
            "unit": depth.unit,
            "low": low,
            "high": high,
            "width": depth.width,
            "height": depth.height,
            "model": depth.provenance.model or self.model.card.name,
            "weights_sha256": depth.provenance.weights_sha256,
            "warnings": tuple(warning.message for warning in depth.warnings),
        }
        if self.work.keep is None:
            return files, facts
        return {}, {**facts, "results": self.work.keep(self.item.name, files)}

    def _row(self, **facts: Any) -> Row:
        text = shown(facts.pop("error", ""))
        row = Row(self.item.name, self.item.stamp, self.key, self.size, setup=self.work.setup)
        return replace(row, error=text, **facts)


class _Room:
    """Memory that photos at work share; who finds none waits until another is done."""

    def __init__(self, limit: int) -> None:
        self._limit, self._taken = limit, 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def taking(self, count: int) -> Iterator[None]:
        """Hold so many bytes; more than there are in all are held where nobody else holds any."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._limit or not self._taken or self._taken + count <= self._limit
            )
            self._taken += count
        try:
            yield
        finally:
            with self._changed:
                self._taken -= count
                self._changed.notify_all()


def _bytes_of(data: bytes) -> int:
    """About how much memory a photo takes while it is worked on: by the size that its header tells."""
    from PIL import Image

    pixels = 0
    with (
        contextlib.suppress(Exception),
        Image.open(io.BytesIO(data)) as image,
    ):  # its decoder says what is wrong
        pixels = image.width * image.height
    return max(_LEAST_BYTES, len(data) + _BYTES_A_PIXEL * pixels)


def _shows_photo(plugin: Any) -> bool:
    """Whether more than depth is shown; of formats, which may colour points, it is taken for granted."""
    return bool(getattr(plugin, "needs_photo", True))


def _is_full(error: OutputError) -> bool:
    """Whether nothing can be written any more; a name that disks refuse is one photo's fault."""
    cause = error.__cause__
    return not isinstance(cause, OSError) or cause.errno is None or cause.errno in _FULL

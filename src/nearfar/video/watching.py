"""A camera or a stream as it happens: the newest frame is looked at, older ones are dropped."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.video.estimate import Following, look
from nearfar.video.steady import Steady

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from nearfar.api import Model
    from nearfar.types.moving import VideoFrame
    from nearfar.video.estimate import EstimatedFrame
    from nearfar.video.steady import SteadyOptions

_LOOK_S = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class LiveFrame:
    """A frame of now with its steady depth. ``dropped``: frames that came and were not looked at, so far.

    ``seconds``: from the moment it was there to its depth.
    """

    found: EstimatedFrame
    dropped: int
    seconds: float


class Newest:
    """Takes frames in a thread of its own as they come, and keeps the newest alone."""

    def __init__(self, frames: Iterable[VideoFrame]) -> None:
        self.dropped = 0
        self._frames = frames
        self._held: tuple[VideoFrame, float] | None = None
        self._is_over = False
        self._error: BaseException | None = None
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._take, name="nearfar-newest", daemon=True)

    def __iter__(self) -> Iterator[tuple[VideoFrame, float]]:
        """Each time the newest frame and when it came, until the source ends.

        Raises:
            NearfarError: what the source raised.
        """
        self._thread.start()
        try:
            while (found := self._next()) is not None:
                yield found
        finally:
            with self._news:
                self._is_over = True
        if self._error is not None:
            raise self._error

    def _next(self) -> tuple[VideoFrame, float] | None:
        with self._news:
            while self._held is None and not self._is_over:
                self._news.wait(_LOOK_S)
            found, self._held = self._held, None
            return found

    def _take(self) -> None:
        try:
            for frame in self._frames:
                with self._news:
                    if self._is_over:
                        return
                    self.dropped += self._held is not None
                    self._held = frame, time.monotonic()
                    self._news.notify()
        except BaseException as exc:
            self._error = exc
        finally:
            with self._news:
                self._is_over = True
                self._news.notify()


def paced(
    frames: Iterable[VideoFrame],
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], object] = time.sleep,
) -> Generator[VideoFrame, None, None]:
    """Frames of a file at the pace at which they are shown: a file that stands in for a camera."""
    began_at: float | None = None
    for frame in frames:
        if began_at is None:
            began_at = clock() - frame.seconds
        early = frame.seconds - (clock() - began_at)
        if early > 0:
            wait(early)
        yield frame


def watched(
    frames: Iterable[VideoFrame], model: Model, options: SteadyOptions
) -> Generator[LiveFrame, None, None]:
    """Steady depth of the newest frame, again and again, until the source ends or this is closed."""
    newest = Newest(frames)
    following = Following(model, Steady(model.card.kind, options))
    for frame, came_at in newest:
        for found in following.push(look(frame, model)):
            yield LiveFrame(found, newest.dropped, time.monotonic() - came_at)

"""The one way of a photo: its bytes are decoded, its depth is estimated, files are made of both.

Library, command line, service, jobs, live streams and comparisons all go it. A :class:`Watch` goes along: it
times the stages, and may end the work between them.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar

from nearfar.decode.photo import Limits, read_photo
from nearfar.errors import NearfarError, ParameterError
from nearfar.ops.intrinsics import seen_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.decode.photo import PhotoSource
    from nearfar.decode.prompt import PromptSource
    from nearfar.ops.intrinsics import Intrinsics
    from nearfar.pipeline import Estimator
    from nearfar.pipeline.tiling import Tell
    from nearfar.types import DepthMap, Photo


class Loaded(Protocol):
    """A model that is ready: :class:`nearfar.Model`."""

    @property
    def estimator(self) -> Estimator:
        """What runs it."""


OWN_DEPTH_HELP = "Take the depth that the photo carries itself instead of a network's."
PROMPT_HELP = (
    "Coarse depth of a sensor for networks that take it (prompt-depth-anything): a depth file in metres, or "
    "a 16-bit picture of millimetres; upright, of the whole photo."
)
M = TypeVar("M", bound=Loaded)
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EstimateOptions:
    """How a photo is read and looked at.

    ``tiles``: True or a number of pixels for overlapping tiles, as for :func:`nearfar.estimate`.
    ``intrinsics``: of the camera, in pixels of the upright photo; they take the place of what EXIF says.
    ``whole``: decode the photo at its full size also for a fast model, since more than its depth is shown.
    ``depth_only``: nothing of the photo is shown; JPEGs of many times the network's size may be decoded at
    half or a quarter, and the depth is the same within 1/255 on average.
    ``name``: what messages call the photo; its path, where there is one.
    ``own_depth``: take the depth that the photo carries itself; no network looks at it.
    ``prompt``: coarse depth in metres beside the photo, for networks that take it; or what gives it, called
    in the stage decode.
    """

    tiles: bool | int = False
    intrinsics: Intrinsics | None = None
    whole: bool = False
    name: str = ""
    own_depth: bool = False
    prompt: PromptSource | Callable[[], PromptSource | None] | None = None
    depth_only: bool = False


class Watch(Protocol):
    """What goes along with a photo."""

    def stage(self, name: str) -> AbstractContextManager[object]:
        """Surrounds a stage: model, decode, engine, encode. What it raises ends the work."""

    def engine(self, model: Any) -> AbstractContextManager[object]:
        """Surrounds the calls of a network, within the stage engine."""

    def step(self, done: int, of: int) -> object:
        """Told after each tile. What it raises ends the work."""

    def do(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """What ``work`` makes of ``given``: here, or in a process that can do no harm (nearfar.wall)."""


class Unwatched:
    """Watches nothing; ``tell`` is told of tiles."""

    def __init__(self, tell: Tell | None = None) -> None:
        self._tell = tell

    def stage(self, _: str) -> AbstractContextManager[object]:
        """Nothing happens."""
        return nullcontext()

    def engine(self, _: Any) -> AbstractContextManager[object]:
        """Nothing happens."""
        return nullcontext()

    def step(self, done: int, of: int) -> object:
        """Passed on."""
        return None if self._tell is None else self._tell(done, of)

    def do(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Here."""
        return work(*given, **named)


@dataclass(frozen=True, slots=True, eq=False)
class Seen(Generic[M]):
    """A photo, its depth, and the model that saw it."""

    photo: Photo
    depth: DepthMap
    model: M


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """What became of one photo of a stream: photo and depth, or the error in place of both.

    ``index``: its place in the stream, from 0. ``seconds``: from its bytes to its depth, or to what was made.
    ``made``: what the stream's ``then`` made of photo and depth, which are let go of.
    """

    index: int
    photo: Photo | None = None
    depth: DepthMap | None = None
    error: NearfarError | None = None
    seconds: float = 0.0
    made: Any = None

    def result(self) -> tuple[Photo, DepthMap]:
        """Photo and depth; raises the error where there is one."""
        if self.photo is None or self.depth is None:
            raise self.error or NearfarError("The photo has no depth.", "Estimate it anew.")
        return self.photo, self.depth


def read(
    source: PhotoSource,
    estimator: Estimator,
    options: EstimateOptions,
    limits: Limits | None = None,
    watch: Watch | None = None,
) -> Photo:
    """A photo as a model takes it: whole, or of a JPEG just enough where the model is fast.

    Where only its depth is wanted, more than enough does for any model.

    Errors as of :func:`nearfar.decode.photo.read_photo`.
    """
    photo = (watch or Unwatched()).do(read_photo, source, limits, options.name, _needed(estimator, options))
    photo = seen_by(photo, options.intrinsics)
    given = options.prompt() if callable(options.prompt) else options.prompt
    if given is None:
        return photo
    from nearfar.decode.prompt import prompted, read_prompt

    return prompted(photo, (watch or Unwatched()).do(read_prompt, given))


def _needed(estimator: Estimator, options: EstimateOptions) -> Callable[[int, int], tuple[int, int]] | None:
    """What gives the size that is enough of a photo; None where all of it is wanted."""
    if options.whole or options.tiles:
        return None
    if estimator.is_fast:
        return estimator.input.network_size
    return estimator.input.ample_size if options.depth_only else None


def depth_of(
    photo: Photo, estimator: Estimator, tiles: bool | int = False, tell: Tell | None = None
) -> DepthMap:
    """The depth map of a decoded photo, by one look or by tiles.

    Raises:
        EngineError: the network failed.
        ParameterError: too many tiles; or coarse depth for a photo that is not seen by one look.
    """

    def one(photo: Photo) -> DepthMap:
        if not tiles:
            return estimator.estimate(photo)
        from nearfar.pipeline import tiling

        return tiling.estimate(estimator, photo, tiling.Tiles(0 if tiles is True else tiles), tell)

    is_round = photo.camera is not None and photo.camera.is_equirectangular
    if photo.prompt is not None and (tiles or is_round):
        raise ParameterError(
            "A prompt is of the whole photo, and goes neither with tiles nor with a panorama.",
            "Leave one of them out.",
            "prompt",
        )
    if not is_round:
        return one(photo)
    from nearfar.pipeline import panorama

    return panorama.estimate(photo, one)


def look(
    source: Callable[[], PhotoSource],
    load: Callable[[], M],
    options: EstimateOptions,
    limits: Limits,
    watch: Watch,
) -> Seen[M]:
    """A photo and its depth: load the model, decode, estimate.

    Args:
        source: gives the photo in any form; called in the stage decode.
        load: gives the model; called in the stage model.
        options: how to look.
        limits: of bytes and pixels.
        watch: goes along.

    Raises:
        NearfarError: whatever is wrong with the model, the photo or the network.
    """
    with watch.stage("model"):
        model = load()
    with watch.stage("decode"):
        photo = read(source(), model.estimator, options, limits, watch)
    if options.own_depth:
        from nearfar.decode.own_depth import own_depth_of

        with watch.stage("engine"):
            return Seen(photo, watch.do(own_depth_of, photo), model)
    with watch.stage("engine"), watch.engine(model):
        depth = depth_of(photo, model.estimator, options.tiles, watch.step)
    return Seen(photo, depth, model)


def attempt(
    index: int,
    source: PhotoSource,
    model: Loaded,
    options: EstimateOptions,
    within: tuple[Limits, Watch],
    then: Callable[[Estimated], Any] | None = None,
) -> Estimated:
    """One photo of a stream, and what ``then`` makes of it; what is wrong is in the result, not raised."""
    began_at = time.perf_counter()
    try:
        seen = look(lambda: source, lambda: model, options, *within)
        found = Estimated(index, seen.photo, seen.depth, None, time.perf_counter() - began_at)
        if then is None:
            return found
        made = then(found)
    except NearfarError as exc:
        return Estimated(index, error=exc, seconds=time.perf_counter() - began_at)
    except MemoryError:
        short = NearfarError("There is not enough memory for this photo.", "Scale it down.")
        return Estimated(index, error=short, seconds=time.perf_counter() - began_at)
    return Estimated(index, seconds=time.perf_counter() - began_at, made=made)

"""The façade behind the public names."""

from __future__ import annotations

import os
import threading
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nearfar import one_photo
from nearfar import settings as settings_module
from nearfar.decode.given import depth_of
from nearfar.decode.metadata import metadata_of
from nearfar.decode.photo import Limits, read_photo
from nearfar.encode.metadata import Metadata, with_metadata
from nearfar.errors import ParameterError, did_you_mean
from nearfar.machine.cpus import usable_cpus
from nearfar.machine.helpers import helpers
from nearfar.machine.in_order import in_order
from nearfar.one_photo import Estimated, EstimateOptions
from nearfar.ops.intrinsics import seen_by
from nearfar.options import describe, parse
from nearfar.pipeline import Estimator
from nearfar.registry import EFFECTS, EXPORTS, require_name
from nearfar.sessions.cache import SessionCache
from nearfar.sessions.choice import wish_of
from nearfar.sessions.sharing import shared_out, workers_of
from nearfar.types import Clip, DepthMap, Photo, Picture
from nearfar.weights import open_store
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from nearfar.cards import ModelCard
    from nearfar.decode.depth import DepthSource
    from nearfar.decode.masks import MaskSource, Subject
    from nearfar.decode.photo import PhotoSource
    from nearfar.decode.prompt import PromptSource
    from nearfar.ops.fuse import Fused
    from nearfar.ops.intrinsics import Intrinsics
    from nearfar.pipeline.tiling import Tell
    from nearfar.settings import Settings
    from nearfar.types import RangeRule

A = TypeVar("A")
B = TypeVar("B")
_one_at_a_time = threading.Lock()

__all__ = [
    "EstimateOptions",
    "Estimated",
    "Model",
    "effect",
    "estimate",
    "export",
    "fuse",
    "heatmap",
    "list_models",
    "load",
    "overlay",
    "read",
    "read_options",
]


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded network that takes photos in any form; made by :func:`load`. Threads may share one."""

    card: ModelCard
    estimator: Estimator
    settings: Settings
    why: str = ""
    """Why this engine runs it."""
    asked: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What :func:`load` was asked for."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by what was asked for: another process loads the network anew (or has it already)."""
        return partial(load, **self.asked), ()

    def read(self, photo: PhotoSource, *, whole: bool = False) -> Photo:
        """A photo as this model takes it: whole, or of a JPEG just enough where the model is fast."""
        return one_photo.read(photo, self.estimator, EstimateOptions(whole=whole), self._limits)

    def _read_for_depth(self, photo: PhotoSource, tiles: bool | int = False) -> Photo:
        """A photo of which nothing but its depth is wanted."""
        options = EstimateOptions(whole=bool(tiles), depth_only=True)
        return one_photo.read(photo, self.estimator, options, self._limits)

    @property
    def _limits(self) -> Limits:
        return Limits(self.settings.max_bytes, self.settings.max_pixels)

    def estimate(
        self,
        photo: PhotoSource,
        *,
        tiles: bool | int = False,
        tell: Tell | None = None,
        prompt: PromptSource | None = None,
    ) -> DepthMap:
        """The depth map of a photo, as large as the photo; errors as in :func:`estimate`.

        Args:
            photo: as for :func:`estimate`.
            tiles: as for :func:`estimate`.
            tell: told after each tile how many are done, of how many; what it raises ends the work.
            prompt: as for :func:`estimate`.
        """
        tiles = _checked_tiles(tiles)
        given = self._read_for_depth(photo, tiles)
        if prompt is not None:
            from nearfar.decode.prompt import prompted

            given = prompted(given, prompt)
        return one_photo.depth_of(given, self.estimator, tiles, tell)

    def estimate_batch(self, photos: Iterable[PhotoSource]) -> list[DepthMap]:
        """The depth maps of many photos, in order; the same as one by one within 1e-5 of the range.

        All of them are in memory at once: :meth:`estimate_stream` holds a few.
        """
        return self.estimator.estimate_batch(self._read_for_depth(photo) for photo in photos)

    def estimate_stream(
        self,
        photos: Iterable[PhotoSource],
        options: EstimateOptions | None = None,
        *,
        workers: int = 0,
        tell: Tell | None = None,
        then: Callable[[Estimated], Any] | None = None,
    ) -> Generator[Estimated, None, None]:
        """Photos and their depth maps, one after the other as they are done; the order stays.

        A small network runs in one thread for each photo, as many photos side by side as there are
        processors; the maps are the same.

        Lazy: photos are taken from the iterable as there is room for them, and at most ``workers`` of them
        are in memory beside the one that was given last (with ``then`` twice as many results, whose photos
        are let go of). A photo that cannot be read is a result of its own (``error``), and the others go on.
        Closing the iterator ends the work.

        Args:
            photos: each as for :func:`estimate`.
            options: tiles, intrinsics, and whether a fast model decodes whole photos.
            workers: photos worked on at once; 0 for as many as there are processors, up to eight (four where
                the network is large). 1 works in the caller's thread.
            tell: told after each tile how many of a photo are done, of how many.
            then: what is made of each photo and its depth by the worker that estimated it, such as its file;
                it is in ``made``, in place of photo and depth. A :class:`NearfarError` of it is in ``error``.

        Example:
            >>> import nearfar
            >>> for found in nearfar.load().estimate_stream(["a.jpg", "b.jpg"]):  # doctest: +SKIP
            ...     print(found.error or found.depth.value_range)
        """
        chosen, within = options or EstimateOptions(), (self._limits, one_photo.Unwatched(tell))

        def work(many: Model, numbered: tuple[int, PhotoSource]) -> Estimated:
            return one_photo.attempt(*numbered, many, chosen, within, then)

        yield from side_by_side(self, work, enumerate(photos), workers, is_ahead=then is not None)


def side_by_side(
    model: Model,
    work: Callable[[Model, A], B],
    things: Iterable[A],
    workers: int = 0,
    *,
    is_ahead: bool = True,
) -> Generator[B, None, None]:
    """What ``work`` makes of each thing with a model, in order, that many at once (0: by the processors).

    The model has its share of the processors. ``is_ahead``: the workers go on while one of them is slow, and
    hold twice as many results. Whatever ``work`` raises ends it.
    """
    workers = workers_of(model.card, workers)
    is_own = workers == 1 or not model.asked  # made by load, it can be loaded with other settings
    many = model if is_own else load_side_by_side(workers, {**model.asked, "settings": model.settings})
    with helpers(max(1, usable_cpus() // workers)) if workers > 1 else nullcontext():
        yield from in_order(partial(work, many), things, workers, ahead=workers if is_ahead else 0)


def load_side_by_side(workers: int, asked: Mapping[str, Any]) -> Model:
    """What :func:`load` gives for what was asked, its threads shared out among so many photos at once.

    ``workers``: as of :meth:`Model.estimate_stream`. Errors as of :func:`load`.
    """
    settings = asked.get("settings") or settings_module.load()
    card = catalogue.cards().get(str(asked.get("name") or settings.model))
    shared = settings if card is None else shared_out(settings, card, workers, asked)
    return load(**asked) if shared is settings else load(**{**asked, "settings": shared})


def estimate(
    photo: PhotoSource,
    *,
    model: str | Model | None = None,
    size: int | None = None,
    tiles: bool | int = False,
    intrinsics: Intrinsics | None = None,
    prompt: PromptSource | None = None,
) -> DepthMap:
    """The depth map of a photo, as large as the photo.

    Args:
        photo: a path, bytes, a binary file, a PIL image, an array ((H, W), (H, W, 3) or (H, W, 4), RGB
            order, uint8 or uint16, or floats in 0…1), or a :class:`Photo`.
        model: a name out of :func:`list_models`, or a loaded model; the setting ``model`` (``embedded``)
            where none is given.
        size: length of the network input in pixels, rounded to what the network takes; its card's otherwise.
        tiles: True for finer detail in big pictures: overlapping tiles, each fitted to one look at the whole.
            A number is the length in pixels at which the network then sees the photo's longer side; True is
            three times the network's own. Time grows with the number of tiles, at most 256.
        intrinsics: of the camera in pixels of the photo, as for :func:`read`; the map carries them on.
        prompt: coarse depth of a sensor for models that take it (``takes_prompt`` of their card): a metric
            :class:`DepthMap`, an array of metres (of millimetres, where it holds whole numbers), or a depth
            file of either; upright, of the whole photo. The map is then in metres.

    Raises:
        InputError: the photo is empty, broken, too large or no picture.
        SourceError: the file cannot be read.
        UnknownNameError: there is no such model.
        EngineError: the network failed.

    Example:
        >>> import nearfar
        >>> depth = nearfar.estimate("photo.jpg")  # doctest: +SKIP
        >>> nearfar.heatmap(depth).save("heat.png")  # doctest: +SKIP
    """
    tiles = _checked_tiles(tiles)
    loaded = model if isinstance(model, Model) else load(model, size=size)
    if isinstance(model, Model) and size is not None:
        raise ParameterError("A loaded model has its size.", "Give size to nearfar.load.", "size")
    given = seen_by(loaded._read_for_depth(photo, tiles), intrinsics)  # noqa: SLF001 - of this file
    return loaded.estimate(given, tiles=tiles, prompt=prompt)


def load(  # noqa: PLR0913 - all but the first are named
    name: str | None = None,
    *,
    size: int | None = None,
    engine: str | None = None,
    precision: str | None = None,
    device: str | None = None,
    settings: Settings | None = None,
    fast: bool = False,
) -> Model:
    """A model, loaded and ready; loading the same one again is free while it is among the recent ones.

    Args:
        name: a name out of :func:`models`; the setting ``model`` where none is given.
        size: length of the network input in pixels, rounded to what the network takes; its card's otherwise.
        engine: auto, onnxruntime, openvino or torch.
        precision: auto, float32, bfloat16 or int8.
        device: auto, cpu, cuda or mps.
        settings: those of the environment where none are given.
        fast: rather fast than exact: JPEGs are decoded just large enough, an int8 file is run where there is
            one, and maps are enlarged by linear interpolation. Maps keep the photo's size.

    Raises:
        UnknownNameError: there is no such model or engine; the message offers the nearest name.
        ParameterError: a size that the network cannot take.
        WeightsError: its weights are absent or damaged.
        EngineError: it cannot be loaded.
    """
    for text, what in ((engine, "engine"), (precision, "precision"), (device, "device")):
        require_name("" if text is None else text, what)
    asked = {
        "name": name,
        "size": size,
        "engine": engine,
        "precision": precision,
        "device": device,
        "settings": settings,
        "fast": fast,
    }
    settings = settings or settings_module.load()
    card = catalogue.card(_name_of(name) or settings.model)
    if size is not None:
        card = replace(card, input=card.input.with_size(size))
    wish = wish_of(settings, engine or "", precision or "", device or "", is_fast=fast)
    opened = _sessions(settings).get(card, wish, open_store(settings))
    _check_size(size, card, opened.session.fixed_size)
    sha256 = opened.sha256 or card.sha256
    estimator = Estimator(card, opened.session, opened.choice.label, sha256, is_fast=fast)
    return Model(card, estimator, settings, opened.choice.why, asked)


def _checked_tiles(tiles: Any) -> bool | int:
    """Whether there are tiles, or at which length; ParameterError where neither was said."""
    if isinstance(tiles, (bool, int)):
        return tiles
    if isinstance(tiles, np.integer):
        return int(tiles)
    raise ParameterError(
        f"tiles is {type(tiles).__name__}, but true, false or a number of pixels was expected.",
        parameter="tiles",
    )


def _check_size(size: int | None, card: ModelCard, fixed: tuple[int, int] | None) -> None:
    """ParameterError where a size was asked for that the loaded file does not take."""
    if size is not None and fixed is not None and card.input.size not in fixed:
        raise ParameterError(
            f"size is {size}, but the file of '{card.name}' takes {fixed[0]}×{fixed[1]} only.",
            "Leave the size out, or pull its checkpoint: nearfar models pull NAME --engine torch.",
            parameter="size",
        )


def _name_of(name: Any) -> str:
    """The name of a model; ParameterError where something else was given."""
    if name is None or isinstance(name, str):
        return name or ""
    advice = did_you_mean(Path(name).stem, catalogue.cards()) if _is_path(name) else ""
    raise ParameterError(
        f"A model is named by a text, not by {type(name).__name__}.",
        advice or "nearfar.list_models() tells the names; weights of your own: nearfar models pull --help.",
        "model",
    )


def _is_path(name: Any) -> bool:
    return isinstance(name, os.PathLike)


def discard(model: Model) -> None:
    """Forget a loaded model, so that :func:`load` opens its network anew; who holds it may go on."""
    _sessions(model.settings).discard(model.estimator.session)


def is_loaded(name: str, settings: Settings) -> bool:
    """Whether :func:`load` finds a model loaded already, and takes no time."""
    return _sessions(settings).has(name)


def loaded_bytes(settings: Settings) -> int:
    """Estimated memory of the networks that are loaded."""
    return _sessions(settings).loaded_bytes


def loaded_models(settings: Settings) -> tuple[str, ...]:
    """Names of the models whose networks are loaded."""
    return tuple(card.name for card in list_models() if _sessions(settings).has(card.name))


def list_models() -> tuple[ModelCard, ...]:
    """The cards of all models in the catalogue."""
    return tuple(catalogue.cards().values())


def read(
    photo: PhotoSource, *, settings: Settings | None = None, intrinsics: Intrinsics | None = None
) -> Photo:
    """A photo in any form, decoded, upright and in sRGB; errors as in :func:`estimate`.

    Args:
        photo: as for :func:`estimate`.
        settings: those of the environment where none are given.
        intrinsics: a :class:`Camera`, fx, fy, cx, cy, or a 3×3 matrix, in pixels of the upright photo; they
            take the place of what EXIF says.
    """
    settings = settings or settings_module.load()
    return seen_by(read_photo(photo, Limits(settings.max_bytes, settings.max_pixels)), intrinsics)


def heatmap(
    depth: DepthMap | DepthSource,
    colormap: str = "inferno",
    range: RangeRule = "image",
    *,
    fast: bool = False,
) -> Picture:
    """Depth as colours, warm is near, as large as the depth map.

    Args:
        depth: what :func:`estimate` gave, or a depth file that says what its values mean.
        colormap: inferno, magma, plasma, viridis, turbo, spectral or grey.
        range: ``image`` spans the map's values, ``percentile`` their 2nd to 98th percentile, (a, b) those.
        fast: 256 colours: a PNG is written several times faster.

    Raises:
        ParameterError: no such colour map or range.
    """
    depth = depth_of(depth, "nearfar.heatmap(nearfar.estimate(photo))")
    return _apply("heatmap", None, depth, colormap=colormap, range=range, fast=fast)


def overlay(
    photo: PhotoSource,
    depth: DepthMap | DepthSource,
    opacity: float = 0.4,
    colormap: str = "inferno",
    range: RangeRule = "image",
    *,
    keep_metadata: str = "safe",
) -> Picture:
    """The photo with its heat map laid over it; opacity 0 shows the photo, 1 the heat map.

    ``keep_metadata`` as for :func:`effect`.

    Raises:
        ParameterError: opacity out of 0…1, sizes that differ, no such colour map or range.
    """
    picture = read(photo)
    depth = _fitted(depth_of(depth), picture)
    kept = metadata_of(picture, keep_metadata)
    done = _apply("overlay", picture, depth, opacity=opacity, colormap=colormap, range=range)
    return replace(done, kept=kept)


def effect(
    name: str,
    photo: PhotoSource | None,
    depth: DepthMap | DepthSource | None = None,
    *,
    keep_metadata: str = "safe",
    **options: Any,
) -> Picture | Clip:
    """A photo and its depth turned into a picture or a clip: bokeh, cutout, stereo, parallax, ...

    Args:
        name: one of ``registry.EFFECTS.names()``; ``nearfar effects`` lists them with their options.
        photo: as for :func:`estimate`; None for an effect that needs none.
        depth: what :func:`estimate` gave; it is estimated where it is absent.
        keep_metadata: what files of the result keep of the photo's EXIF: ``safe`` (date, camera, lens and
            density, never the place), ``all`` (the place too) or ``none``.
        options: the effect's own. Files among them are given as a path, bytes, an array or a photo.

    Raises:
        UnknownNameError: there is no such effect.
        ParameterError: an option is unknown or out of range, or sizes differ.
        MissingExtraError: the effect needs a library that is not installed.
    """
    plugin = EFFECTS.ready(name)
    picture = None if photo is None else read(photo)
    chosen = read_options(plugin.options, options, subject_of(picture))
    if depth is None:
        if picture is None:
            raise ParameterError("Neither a photo nor its depth was given.", parameter="photo")
        depth = estimate(picture)
    known = depth_of(depth)
    known = _fitted(known, picture)
    kept = Metadata() if picture is None else metadata_of(picture, keep_metadata)
    done: Picture | Clip = plugin.apply(picture, known, chosen)
    if isinstance(done, Picture):
        return replace(done, kept=kept)
    return replace(done, data=with_metadata(done.data, kept))


def export(
    name: str, depth: DepthMap | DepthSource, photo: PhotoSource | None = None, **options: Any
) -> bytes:
    """The bytes of a file that holds depth: png16, tiff, exr, pfm, npy, npz, ply, glb, obj, sidecar.

    Args:
        name: one of ``registry.EXPORTS.names()``; ``nearfar exports`` lists them with their options.
        depth: what :func:`estimate` gave, or a depth file that says what its values mean.
        photo: gives a point cloud or mesh its colours and, where a network's depth is soft, its edges.
        options: the format's own.

    Raises:
        UnknownNameError: there is no such format.
        ParameterError: an option is unknown or out of range, or sizes differ.
        MissingExtraError: the format needs a library that is not installed.
    """
    plugin = EXPORTS.ready(name)
    picture = None if photo is None else read(photo)
    chosen = read_options(plugin.options, options, subject_of(picture))
    known = depth_of(depth)
    known = _fitted(known, picture)
    data: bytes = plugin.write(picture, known, chosen)
    return data


def subject_of(photo: Photo | None) -> Subject:
    """What masks are for: the photo's name and size, where there is one."""
    from nearfar.decode.masks import Subject

    return Subject() if photo is None else Subject(photo.name, photo.full_size)


def read_options(
    options: type, given: Mapping[str, Any], subject: Subject | None = None, limits: Limits | None = None
) -> Any:
    """An options object from names and values; what is a file is read first.

    Args:
        options: their class.
        given: names and values.
        subject: the photo that masks among them are for.
        limits: of pictures among them; those of the environment where none are given.

    Raises:
        ParameterError: an unknown name, or a value out of its range.
        InputError: a file that does not hold what it should.
    """
    named = [info for info in describe(options) if info.file]
    if not named:
        return parse(options, given)
    from nearfar.decode.masks import read_mask
    from nearfar.decode.mesh import read_mesh

    if limits is None:
        settings = settings_module.load()
        limits = Limits(settings.max_bytes, settings.max_pixels)
    readers: dict[str, Callable[[Any], Any]] = {
        "picture": partial(read_photo, limits=limits),
        "mask": partial(read_mask, subject=subject, limits=limits),
        "mesh": partial(read_mesh, limits=limits),
    }
    files = {info.name: readers[info.file] for info in named}
    ready = {
        name: files[name](value) if name in files and value is not None else value
        for name, value in ((key.replace("-", "_"), value) for key, value in given.items())
    }
    return parse(options, ready)


def fuse(
    depth: DepthMap | DepthSource,
    masks: MaskSource | Sequence[MaskSource],
    *,
    band_px: int | None = None,
    photo: str | os.PathLike[str] | Photo = "",
) -> Fused:
    """Depth with its edges on the edges of masks, and how far each object is, from near to far.

    Args:
        depth: what :func:`estimate` gave, or a depth file that says what its values mean.
        masks: of the photo's own size: a label picture, binary pictures, COCO JSON with run lengths or
            polygons or a NumPy file, by path, as bytes or open; PIL images; arrays ((H, W) labels, bool or
            floats in 0…1, (N, H, W) masks); or several of them.
        band_px: width of the rim that is replaced on each side of an edge; else 0.8 % of the longer side.
        photo: the photo or its name, where COCO JSON holds masks of several images.

    Raises:
        SourceError: a file cannot be read.
        UnsupportedFormatError, BrokenImageError: a file that holds no masks, or damaged ones.
        ParameterError: sizes differ, or there is no object.

    Example:
        >>> import nearfar
        >>> found = nearfar.fuse(nearfar.estimate("a.jpg"), "labels.png")  # doctest: +SKIP
        >>> [(thing.index, thing.median) for thing in found.objects]  # doctest: +SKIP
    """
    from nearfar.decode.masks import Subject, read_masks
    from nearfar.ops.fuse import fuse as fuse_arrays

    known = depth_of(depth)
    subject = Subject(_name_of_photo(photo), (known.width, known.height))
    return fuse_arrays(known, read_masks(masks, subject), band_px)


def _name_of_photo(photo: str | os.PathLike[str] | Photo) -> str:
    if isinstance(photo, Photo):
        return photo.name
    if isinstance(photo, (str, os.PathLike)):
        return os.fspath(photo)
    raise ParameterError(
        f"A photo's name is a text or a path, not {type(photo).__name__}.", parameter="photo"
    )


def _fitted(depth: DepthMap, photo: Photo | None) -> DepthMap:
    """The depth as large as the photo, where there is one."""
    if photo is None or photo.full_size == (depth.width, depth.height):
        return depth
    from nearfar.ops.fit import fitted

    return fitted(depth, *photo.full_size)


def _apply(name: str, photo: Photo | None, depth: DepthMap, **given: Any) -> Picture:
    chosen = EFFECTS.load(name)
    picture: Picture = chosen.apply(photo, depth, parse(chosen.options, given))
    return picture


def _sessions(settings: Settings) -> SessionCache:
    """The cache of this process, also when two threads ask first at once."""
    with _one_at_a_time:
        return _session_cache(settings.session_cache, settings.model_memory)


@cache
def _session_cache(limit: int, budget_mib: int) -> SessionCache:
    return SessionCache(limit, budget_mib * 2**20)

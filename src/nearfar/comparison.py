"""Several networks on one photo: what each sees, how long it takes, how far they agree."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import cv2
import numpy as np

from nearfar import api
from nearfar.cards import DepthKind
from nearfar.decode.photo import Limits
from nearfar.errors import EngineError, NearfarError, ParameterError
from nearfar.one_photo import EstimateOptions, look
from nearfar.ops.ranks import rank_correlation
from nearfar.ops.sheet import Cell, draw_sheet
from nearfar.types.nearness import near_is_large
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    import numpy.typing as npt

    from nearfar.api import Model
    from nearfar.cards import ModelCard
    from nearfar.decode.photo import PhotoSource
    from nearfar.types import DepthMap, Photo, Picture

    Loader = Callable[[str, int | None], Model]
    Watch = Callable[[Model], AbstractContextManager[object]]

P = ParamSpec("P")
T = TypeVar("T")
MOST = 12
"""Networks in one comparison at most."""
SHOWN = {
    DepthKind.RELATIVE_INVERSE: "relative inverse depth, as it is",
    DepthKind.AFFINE_DEPTH: "affine depth, turned over: its shift is unknown",
    DepthKind.METRIC: "metres, shown as 1/depth",
}
"""How values of each kind become near-is-large."""
_CHECKED = Limits(max_pixels=sys.maxsize)  # the photo is decoded already, and was checked then
_SAMPLES = 64  # on the longer side of the grid that agreement is taken on
_CELL = 320  # pixels of a cell's longer side
_PERCENTILES = (2.0, 98.0)


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One network. ``nearness``: (H, W) in 0…1 at the sheet's size, near is large; None where it failed.

    ``agreement``: Spearman's rank correlation with the first network that answered, -1…1; None where either
    map is flat. ``milliseconds``: of one estimate, without loading. ``error``: type, message and hint.
    """

    card: ModelCard
    engine: str = ""
    milliseconds: float | None = None
    load_milliseconds: float | None = None
    input_size: tuple[int, int] = (0, 0)
    agreement: float | None = None
    nearness: npt.NDArray[np.float32] | None = None
    samples: npt.NDArray[np.float32] | None = None
    error: NearfarError | None = None

    def row(self) -> dict[str, Any]:
        """Plain values."""
        card, error = self.card, self.error
        return {
            "model": card.name,
            "title": card.title,
            "kind": card.kind.value,
            "unit": card.unit,
            "shown_as": SHOWN[card.kind],
            "licence": card.licence,
            "engine": self.engine,
            "input_width": self.input_size[0],
            "input_height": self.input_size[1],
            "milliseconds": self.milliseconds,
            "load_milliseconds": self.load_milliseconds,
            "agreement": self.agreement,
            "error": None
            if error is None
            else {"type": type(error).__name__, "message": error.message, "hint": error.hint},
        }

    def lines(self) -> tuple[str, ...]:
        """What stands below its picture."""
        if self.error is not None:
            return (self.card.name,)
        agreement = "-" if self.agreement is None else f"{self.agreement:.2f}"
        return (
            self.card.name,
            f"{self.milliseconds:.0f} ms  agreement {agreement}",
            SHOWN[self.card.kind],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Networks in the order asked for, and a small picture of the photo."""

    photo: npt.NDArray[np.uint8]
    rows: tuple[Compared, ...]

    @property
    def reference(self) -> str:
        """The network that the others are held against: the first that answered, or none."""
        return next((row.card.name for row in self.rows if row.error is None), "")

    def table(self) -> dict[str, Any]:
        """Everything but the pictures as plain values."""
        return {"reference": self.reference, "models": [row.row() for row in self.rows]}

    def sheet(self, colormap: str = "inferno") -> Picture:
        """One picture: the photo, then the heat map of each network with its name, time and agreement.

        Raises:
            ParameterError: no such colour map.
        """
        cells = [Cell(self.photo, ("photo",))]
        for row in self.rows:
            text = "" if row.error is None else str(row.error)
            cells.append(Cell(row.nearness, row.lines(), text))
        return draw_sheet(cells, self.photo.shape[:2], colormap)


def compare(
    photo: PhotoSource,
    models: Iterable[str],
    *,
    tiles: bool | int = False,
    loader: Loader | None = None,
    tell: Callable[[str], object] | None = None,
    watch: Watch = nullcontext,
) -> Comparison:
    """What several networks see in one photo; one that cannot run says why, and the others are done.

    Each map is brought to near-is-large over its own 2nd to 98th percentile: relative inverse depth as it is,
    metres as their inverse, affine depth turned over.

    Args:
        photo: as for :func:`nearfar.estimate`.
        models: names out of :func:`nearfar.list_models`, at most :data:`MOST`; one named twice counts once. A
            text may name several with commas between.
        tiles: as for :func:`nearfar.estimate`.
        loader: gives the model of a name and a size; :func:`nearfar.load` where none is given.
        tell: told each network's name before it is run; what it raises ends the work.
        watch: gives, for a model, the context that its estimate runs in.

    Raises:
        ParameterError: no model, or too many.
        UnknownNameError: there is no such model.
        InputError: the photo cannot be read.

    Example:
        >>> import nearfar
        >>> found = nearfar.compare("photo.jpg", ["embedded", "midas-small"])  # doctest: +SKIP
        >>> found.sheet().save("sheet.png")  # doctest: +SKIP
    """
    cards = cards_of(models)
    given = api.read(photo)
    load = loader or (lambda name, size: api.load(name, size=size))
    rows: list[Compared] = []
    for card in cards:
        if tell is not None:
            tell(card.name)
        row = _one(card, partial(_run, given, load, tiles, watch))
        first = next((other for other in rows if other.samples is not None), row)
        rows.append(replace(row, agreement=_agreement(first, row)))
    return Comparison(_thumbnail(given), tuple(rows))


def cards_of(models: Iterable[str], most: int = MOST) -> tuple[ModelCard, ...]:
    """The cards of models to compare, checked before any work.

    Raises:
        ParameterError: none, or more than ``most``.
        UnknownNameError: there is no such model.
    """
    names = tuple(dict.fromkeys(_names(models)))
    if not 1 <= len(names) <= most:
        raise ParameterError(
            f"{len(names)} models were named, but 1 to {most} can be compared.",
            "Name them with commas between; nearfar models lists them.",
            parameter="models",
        )
    return tuple(catalogue.card(name) for name in names)


def _names(models: Iterable[str]) -> Iterator[str]:
    """The names in a list of them, or in a text with commas between."""
    listed = models.split(",") if isinstance(models, str) else models
    is_list = hasattr(listed, "__iter__") and not isinstance(listed, (bytes, bytearray))
    each = list(listed) if is_list else [listed]
    for name in each:
        if not isinstance(name, str):
            raise ParameterError(
                f"A model is named by a text, not by {type(name).__name__}.",
                "nearfar.list_models() tells the names.",
                parameter="models",
            )
        if name.strip():
            yield name.strip()


def nearness_of(depth: DepthMap) -> npt.NDArray[np.float32]:
    """(H, W) float32 in which near is large, of any range; NaN where the map is not valid."""
    values = near_is_large(depth.values, depth.kind)
    if depth.valid is None:
        return values
    return np.where(depth.valid, values, np.float32(np.nan)).astype(np.float32)


def _run(
    photo: Photo, load: Loader, tiles: bool | int, watch: Watch, name: str
) -> tuple[DepthMap, float, float]:
    """The map, and the milliseconds of the estimate and of loading before it."""
    clock = _Clock(watch)
    seen = look(lambda: photo, lambda: load(name, None), EstimateOptions(tiles), _CHECKED, clock)
    return seen.depth, clock.milliseconds["engine"], clock.milliseconds["model"]


class _Clock:
    """Goes along with a photo and times the stages; the caller's own context is around the network."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done within."""
        start = time.perf_counter()
        yield
        self.milliseconds[name] = round((time.perf_counter() - start) * 1e3, 2)

    def engine(self, model: Model) -> AbstractContextManager[object]:
        """The caller's context."""
        return self._watch(model)

    def step(self, *_: int) -> None:
        """Tiles are not told."""

    def do(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Here: the photo is decoded already."""
        return work(*given, **named)


def _one(card: ModelCard, run: Callable[[str], tuple[DepthMap, float, float]]) -> Compared:
    try:
        depth, took, loading = run(card.name)
    except NearfarError as exc:
        return Compared(card, error=exc)
    except MemoryError:
        short = EngineError(f"There is not enough memory for '{card.name}'.", "Choose a smaller model.")
        return Compared(card, error=short)
    near = nearness_of(depth)
    return Compared(
        card,
        depth.provenance.engine,
        took,
        loading,
        depth.provenance.input_size,
        None,
        _spread(_shrunk(near, _CELL)),
        _samples(near),
    )


def _samples(near: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Pixels of an even grid, flat."""
    step = max(1.0, max(near.shape) / _SAMPLES)
    rows, columns = (np.arange(step / 2, length, step).astype(int) for length in near.shape)
    return np.asarray(near[np.ix_(rows, columns)].ravel(), np.float32)


def _agreement(first: Compared, other: Compared) -> float | None:
    if first.samples is None or other.samples is None:
        return None
    is_known = np.isfinite(first.samples) & np.isfinite(other.samples)
    found = rank_correlation(first.samples[is_known], other.samples[is_known])
    return None if found is None else round(found, 4)


def _spread(near: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """0…1 over its 2nd to 98th percentile; a flat map and what is not valid are 0."""
    known = near[np.isfinite(near)]
    low, high = np.percentile(known, _PERCENTILES) if known.size else (0.0, 0.0)
    if not high > low:
        return np.zeros_like(near)
    return np.nan_to_num(np.clip((near - low) / (high - low), 0, 1), nan=0.0).astype(np.float32)


def _thumbnail(photo: Photo) -> npt.NDArray[np.uint8]:
    return np.asarray(_shrunk(photo.rgb8(), _CELL), np.uint8)


def _shrunk(pixels: npt.NDArray[Any], longest: int) -> npt.NDArray[Any]:
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)

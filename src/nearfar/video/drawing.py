"""What is drawn of each frame: a heat map, or any effect that makes pictures, with steady parameters.

Drawing has two halves. ``plan`` is called frame by frame, in order, and is quick: what follows the clip (a
focus that follows an object, a limit that must not jump) is found there. What it gives is called in any
thread and makes the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nearfar.errors import ParameterError
from nearfar.ops.colormap import colorize
from nearfar.options import describe, parse
from nearfar.registry import EFFECTS
from nearfar.types.picture import in_8_bits
from nearfar.types.ranges import RangeRule
from nearfar.video.heat import planes_of
from nearfar.video.kept import KeptMaker
from nearfar.video.parameters import FOLLOWERS
from nearfar.video.passthrough import KeptOptions, shown
from nearfar.video.stereo import StereoMaker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from nearfar.plugins import Effect
    from nearfar.types import DepthMap
    from nearfar.video.estimate import EstimatedFrame
    from nearfar.video.heat import Planes
    from nearfar.video.parameters import Follower, State
    from nearfar.video.passthrough import Ink
    from nearfar.video.stereo import StereoOptions

CLIPS = ("parallax", "wiggle")
"""Effects that make a clip of a still photo: of a video there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What goes to an encoder: one of these.

    ``rgb``: (H, W, 3) uint8. ``planes``: of :func:`nearfar.video.heat.planes_of`, or as ``ink`` says.
    ``grey``: (H, W) uint16, depth as numbers. ``depth``: as it is.
    """

    rgb: npt.NDArray[np.uint8] | None = None
    planes: Planes | None = None
    grey: npt.NDArray[np.uint16] | None = None
    depth: DepthMap | None = None
    ink: Ink | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        whole = self.rgb if self.planes is None else self.planes[0]
        if whole is None:
            raise ParameterError("Nothing was drawn.")
        return int(whole.shape[1]), int(whole.shape[0])

    def colours(self) -> npt.NDArray[np.uint8]:
        """(H, W, 3) uint8 sRGB, also where it is planes."""
        if self.rgb is not None:
            return self.rgb
        if self.planes is None:
            raise ParameterError("Nothing was drawn.")
        return _rgb_of(self.planes) if self.ink is None else shown(self.planes, self.ink)


class Drawer(Protocol):
    """Draws frames."""

    def plan(self, found: EstimatedFrame) -> Callable[[], Drawn]:
        """What draws this frame, in any thread. Called in order."""
        ...

    def state(self) -> State:
        """What it knows of the frames before, as arrays by name."""
        ...

    def restore(self, state: State) -> None:
        """Go on from there."""
        ...


class HeatDrawer:
    """The heat map alone, the quick way."""

    def __init__(self, colormap: str = "inferno", range: RangeRule = "image") -> None:
        self._colormap = colormap
        self._range = range

    def plan(self, found: EstimatedFrame) -> Callable[[], Drawn]:
        """It follows nothing."""
        return partial(self._drawn, found)

    def state(self) -> State:
        """None."""
        return {}

    def restore(self, state: State) -> None:
        """Nothing."""

    def _drawn(self, found: EstimatedFrame) -> Drawn:
        low, high = self._range if isinstance(self._range, tuple) else found.span
        ends = (low, high) if found.kind.is_near_large else (high, low)
        size = (found.frame.width, found.frame.height)
        if found.plane.valid is not None:
            large = found.plane.enlarged(size, is_fast=found.is_fast)
            share = _share(large.depth, ends)
            return Drawn(rgb=colorize(share, self._colormap, valid=large.valid))
        return Drawn(planes=planes_of(found.plane.depth, ends, size, self._colormap))


class EffectDrawer:
    """An effect for still photos, its parameters held steady."""

    def __init__(self, plugin: Effect, options: Any) -> None:
        self._plugin = plugin
        self._options = options
        self._follower: Follower | None = None
        if plugin.name in FOLLOWERS:
            self._follower = FOLLOWERS[plugin.name](options)
        rules = {info.name: info.default for info in describe(plugin.options)}
        self._has_range = rules.get("range") == "image" and options.range == "image"

    def plan(self, found: EstimatedFrame) -> Callable[[], Drawn]:
        """Its options for this frame are found now."""
        options = self._options
        if self._has_range:
            options = replace(options, range=_widened(found.span))
        if self._follower is not None:
            options = replace(options, **self._follower.follow(found))
        return partial(self._drawn, found, options)

    def state(self) -> State:
        """What its follower knows."""
        return {} if self._follower is None else self._follower.state()

    def restore(self, state: State) -> None:
        """The same, from before."""
        if self._follower is not None:
            self._follower.restore(state)

    def _drawn(self, found: EstimatedFrame, options: Any) -> Drawn:
        depth: DepthMap = replace(found.depth, shared_span=_widened(found.span))
        picture: Any = self._plugin.apply(found.frame.photo(), depth, options)
        pixels = np.asarray(in_8_bits(picture))
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., None], 3, axis=2)
        return Drawn(rgb=np.ascontiguousarray(_over_black(pixels)))


class StereoDrawer:
    """Two views of each frame, laid out for a player."""

    def __init__(self, options: StereoOptions) -> None:
        self._maker = StereoMaker(options)

    def plan(self, found: EstimatedFrame) -> Callable[[], Drawn]:
        """The plate of the background is brought up to date now."""
        make = self._maker.plan(found)
        return lambda: Drawn(rgb=make())

    def state(self) -> State:
        """The plate."""
        return self._maker.state()

    def restore(self, state: State) -> None:
        """The same, from before."""
        self._maker.restore(state)


class KeptDrawer:
    """The video beside its heat map, or under it, in its own colours."""

    def __init__(self, options: KeptOptions, range: RangeRule) -> None:
        self._maker = KeptMaker(options, range)

    def plan(self, found: EstimatedFrame) -> Callable[[], Drawn]:
        """It follows nothing."""
        make = self._maker.plan(found)

        def drawn() -> Drawn:
            planes, ink = make()
            return Drawn(planes=planes, ink=ink)

        return drawn

    def state(self) -> State:
        """None."""
        return self._maker.state()

    def restore(self, state: State) -> None:
        """Nothing."""


def _beside(options: Any) -> Drawer:
    if options.gap:  # white between the two is a picture of ours
        return EffectDrawer(EFFECTS.load("side-by-side"), options)
    return KeptDrawer(KeptOptions(options.layout, colormap=options.colormap), options.range)


DRAWERS: dict[str, Callable[[Any], Drawer]] = {
    "side-by-side": _beside,
    "overlay": lambda options: KeptDrawer(
        KeptOptions("over", options.opacity, options.colormap), options.range
    ),
    "heatmap": lambda options: HeatDrawer(options.colormap, options.range),
}
"""What draws an effect in a way of its own, from its options."""


def drawer_of(name: str, given: Mapping[str, Any] | None = None) -> Drawer:
    """What draws an effect with options by name.

    Raises:
        UnknownNameError: there is no such effect.
        ParameterError: it makes clips of still photos, or an option is unknown or out of range.
        MissingExtraError: it needs a library that is not installed.
    """
    plugin = EFFECTS.ready(name)
    if plugin.is_clip or name in CLIPS:
        raise ParameterError(
            f"The effect '{name}' makes a clip of a still photo.",
            "Of videos choose one that makes pictures: nearfar effects.",
            "effect",
        )
    options = parse(plugin.options, given or {})
    return DRAWERS[plugin.name](options) if plugin.name in DRAWERS else EffectDrawer(plugin, options)


def _widened(span: tuple[float, float]) -> tuple[float, float]:
    """The span, with a trace of width where it has none: a flat clip."""
    low, high = span
    return (low, high) if high > low else (low, low + max(1e-6, abs(low) * 1e-6))


def _share(values: npt.NDArray[np.float32], ends: tuple[float, float]) -> npt.NDArray[np.float32]:
    far, near = ends
    if far == near:
        return np.zeros_like(values)
    share = (values - np.float32(far)) * np.float32(1 / (near - far))
    return np.asarray(np.clip(share, 0, 1), np.float32)


def _over_black(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(H, W, 3): videos have no alpha, and what is cut out stands before black."""
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.uint16)
    return ((pixels[..., :3] * alpha + 127) // 255).astype(np.uint8)


def _rgb_of(planes: Planes) -> npt.NDArray[np.uint8]:
    """(H, W, 3) sRGB of YUV 4:2:0 planes, BT.709 of limited range."""
    height, width = planes[0].shape
    y = (planes[0].astype(np.float32) - 16) / 219
    blue, red = (
        np.repeat(np.repeat(plane.astype(np.float32), 2, 0), 2, 1)[:height, :width] / 224 - 128 / 224
        for plane in planes[1:]
    )
    r, b = y + 1.5748 * red, y + 1.8556 * blue
    g = (y - 0.2126 * r - 0.0722 * b) / 0.7152
    return np.asarray(np.clip(np.rint(np.dstack([r, g, b]) * 255), 0, 255), np.uint8)

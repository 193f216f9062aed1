"""What moved between two frames, and what of it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types.arrays import FloatMap, Mask

    Bytes = npt.NDArray[np.uint8]
    Vectors = npt.NDArray[np.float32]

SIDE = 256
"""Motion is looked for in pictures whose longer side has at most that many pixels."""
_NONE: Any = None  # where OpenCV's types leave out that it makes an array itself
_LEAST_SIDE = 16  # a picture narrower than that has no motion
_CONTRAST = 64.0  # steps of 256 for a difference of a factor e in brightness
_DARK = 12.0  # added to brightness (of 255), so that noise in the dark is not enlarged
_STILL_WINDOW = 5
_LEAST_STEP, _NOISES = 4.0, 3.0  # a window differs if its mean does by that, or by so many of its deviations
_TEXTURE = 6.0  # second difference in steps from which motion would be seen
_PLACE, _LEAST_DETAIL, _PLACE_STILL = 16, 0.03, 0.7  # side in pixels; shares of steep and of still pixels
_NEAR_MOTION = 9  # pixels round what moves that count as moving
_SLACK_PX, _SLACK_SHARE = (
    0.5,
    0.1,
)  # by which the ways forth and back may differ: pixels, share of their length
_BARE = 1.0  # deviation in steps of a picture in which there is nothing to follow
_DOUBTFUL = 1.0  # trust and likeness together, below which the whole picture may have leapt
_LEAST_PEAK = 0.1  # of the phase correlation: two views of one scene reach 0.16, others 0.17 at most
_LOOK_SLACK = 12.0  # steps, by which a followed pixel may look different


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Motion between the frame before and this one, at the size of the pictures looked at.

    ``back``, ``forth``: (h, w, 2) float32, x and y in pixels, from a pixel of this frame to where it was, and
    from one of the frame before to where it is; None where nothing moved. ``trust``, ``trust_before``: (h, w)
    float32 0…1 of this frame's pixels and of those before (None where it was not asked for). ``still``:
    (h, w) bool, unchanged since long. ``alike``: correlation -1…1 of the frame with what was brought along.
    """

    back: Vectors | None
    forth: Vectors | None
    trust: FloatMap
    trust_before: FloatMap | None
    still: Mask
    alike: float = 1.0

    @property
    def found(self) -> float:
        """How much of either frame is found in the other, up to 2: mean trust and likeness together."""
        return float(self.trust.mean()) + self.alike


def picture_size(height: int, width: int) -> tuple[int, int]:
    """(height, width) of the picture in which the motion of a depth map of that size is looked for."""
    share = min(1.0, SIDE / max(height, width))
    return max(1, round(share * height)), max(1, round(share * width))


def appearance(rgb: Bytes, size: tuple[int, int]) -> Bytes:
    """(h, w) uint8: what a picture (H, W, 3) shows, whatever its light; 128 is as bright as all around.

    Brightness by the brightness round it, as a logarithm: a lamp that dims changes nothing.
    """
    height, width = size
    small = rgb if rgb.shape[:2] == size else cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    light = cv2.LUT(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), _logarithms())
    rim = max(3, max(size) // 8) | 1
    around = cv2.blur(light, (rim, rim))
    return np.asarray(
        cv2.convertScaleAbs(np.maximum(cv2.subtract(light, around), -128), beta=128.0), np.uint8
    )


@cache
def _logarithms() -> npt.NDArray[np.float32]:
    return np.asarray(_CONTRAST * np.log(np.arange(256) + _DARK), np.float32)


def follow(before: Bytes, now: Bytes, anchor: FloatMap, *, both_ways: bool = False) -> Flow:
    """The motion from one appearance to the next.

    ``anchor``: (h, w), the appearance of what has long been there; ``both_ways``: trust is wanted for the
    frame before as well.
    """
    still = _still(now, anchor)
    if still.all() or min(now.shape) < _LEAST_SIDE:
        sure = np.ones(now.shape, np.float32)
        return Flow(None, None, sure, sure, still)
    flow = _between(before, now, still, both_ways=both_ways)
    if flow.found < _DOUBTFUL:
        by = _leap(before, now)
        leapt = _between(before, now, still, by, both_ways=both_ways) if any(by) else flow
        flow = leapt if leapt.found > flow.found else flow
    if still.any() and flow.back is not None and flow.forth is not None:
        flow.back[still], flow.forth[still], flow.trust[still] = 0, 0, 1
        if flow.trust_before is not None:
            flow.trust_before[still] = 1
    return flow


def _between(
    before: Bytes, now: Bytes, still: Mask, by: tuple[int, int] = (0, 0), *, both_ways: bool
) -> Flow:
    """The flow, looked for round a move of the whole picture ``by`` so many pixels right and down."""
    start = _moved(before, by) if any(by) else before
    forth = np.asarray(_dis().calc(start, now, _NONE), np.float32)
    back = np.asarray(_dis().calc(now, start, _NONE), np.float32)
    if any(by):
        way = np.array(by, np.float32)
        back, forth = back - way, _moved(forth, (-by[0], -by[1])) + way
    trust, places = _agreement(back, forth)
    then = _read(before, places)
    trust *= _likeness(now, then)
    trust_before = _agreement(forth, back)[0] if both_ways else None
    return Flow(back, forth, trust, trust_before, still, _correlation(then, now))


def _leap(before: Bytes, now: Bytes) -> tuple[int, int]:
    """Pixels right and down by which the whole picture moved, by phase correlation; (0, 0) if it tells none.

    The flow alone finds no way across a third of the picture: a fast pan is not to pass for a cut.
    """
    height, width = now.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (x, y), peak = cv2.phaseCorrelate(before.astype(np.float32), now.astype(np.float32), window)
    if peak < _LEAST_PEAK or abs(x) > width / 2 or abs(y) > height / 2:
        return 0, 0
    return round(x), round(y)


def _moved(plane: Any, by: tuple[int, int]) -> Any:
    """A picture or plane (h, w, …) moved right and down, its border repeated."""
    matrix = np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float32)
    size = plane.shape[1], plane.shape[0]
    return cv2.warpAffine(plane, matrix, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)


def _dis() -> cv2.DISOpticalFlow:
    """A fresh one: one that is kept answers by what it saw before, and runs would differ."""
    made: cv2.DISOpticalFlow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    made.setFinestScale(1)
    return made


def _still(now: Bytes, anchor: FloatMap) -> Mask:
    """Where the picture is what it was, noise apart; nowhere if the camera moves."""
    change = cv2.subtract(now.astype(np.float32), anchor)
    mean = np.abs(cv2.blur(change, (_STILL_WINDOW, _STILL_WINDOW)))
    noise = 1.4826 * float(np.median(np.abs(change[::2, ::2]))) / _STILL_WINDOW
    is_same = mean < max(_LEAST_STEP, _NOISES * min(noise, 2.0))
    if _is_moving(anchor, is_same):
        return np.zeros_like(is_same)
    if is_same.all():
        return is_same
    window = np.ones((_NEAR_MOTION, _NEAR_MOTION), np.uint8)
    return np.asarray(cv2.dilate((~is_same).astype(np.uint8), window) == 0)


def _is_moving(anchor: FloatMap, is_same: Mask) -> bool:
    """Whether the camera moves: more places show change than not, of those where it would be seen.

    By places, not by pixels: one thing full of detail that goes by is not the whole view.
    """
    steep = (np.abs(cv2.Laplacian(cv2.blur(anchor, (3, 3)), cv2.CV_32F)) > _TEXTURE).astype(np.float32)
    height, width = anchor.shape
    size = -(-width // _PLACE), -(-height // _PLACE)
    detail = cv2.resize(steep, size, interpolation=cv2.INTER_AREA)
    same = cv2.resize(steep * is_same, size, interpolation=cv2.INTER_AREA)
    telling = detail > _LEAST_DETAIL
    count = int(np.count_nonzero(telling))
    still = int(np.count_nonzero(same[telling] > _PLACE_STILL * detail[telling]))
    return still < count / 2


def _agreement(there: Vectors, again: Vectors) -> tuple[FloatMap, Vectors]:
    """(trust, places): how well the way there and the way back from there agree, and where it leads to."""
    places = there + _pixels(*there.shape[:2])
    home = _read(again, places)
    gap, length = _length(there + home), _length(there)
    slack = _SLACK_PX + _SLACK_SHARE * length
    height, width = there.shape[:2]
    x, y = places[..., 0], places[..., 1]
    is_inside = (x > -0.5) & (y > -0.5) & (x < width - 0.5) & (y < height - 0.5)
    return np.asarray(_fading(gap / slack) * is_inside, np.float32), places


def _length(vectors: Vectors) -> FloatMap:
    """(h, w), the lengths of (h, w, 2): OpenCV's own differ in the last bit by their place in memory."""
    x, y = vectors[..., 0], vectors[..., 1]
    return np.asarray(np.sqrt(x * x + y * y), np.float32)


def _likeness(now: Bytes, then: Bytes) -> FloatMap:
    """How alike a pixel looks to where it comes from; where all differs (a flash), each may differ more."""
    gap = cv2.blur(cv2.absdiff(now, then).astype(np.float32), (3, 3))
    slack = _LOOK_SLACK + 2 * float(np.median(gap[::2, ::2]))
    return _fading(gap / np.float32(slack))


def _fading(gap: FloatMap) -> FloatMap:
    """1 where there is no gap, falling to 0 at twice the slack: a bell without tails."""
    share = np.maximum(0, 1 - 0.25 * np.square(gap))
    return np.asarray(share * share, np.float32)


def _correlation(a: Bytes, b: Bytes) -> float:
    """Of two pictures, -1…1; of a bare one with another 0, of two bare ones 1."""
    (mean_a, spread_a), (mean_b, spread_b) = (cv2.meanStdDev(plane) for plane in (a, b))
    both = float(spread_a[0, 0] * spread_b[0, 0])
    if min(spread_a[0, 0], spread_b[0, 0]) < _BARE:
        return float(max(spread_a[0, 0], spread_b[0, 0]) < _BARE)
    x, y = a.astype(np.float32).ravel(), b.astype(np.float32).ravel()
    return (float(x @ y) / x.size - float(mean_a[0, 0] * mean_b[0, 0])) / both


@cache
def _pixels(height: int, width: int) -> Vectors:
    """(h, w, 2): x and y of each pixel."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.ascontiguousarray(np.stack([x, y], axis=2))


def warped(plane: FloatMap, vectors: Vectors, *, cubic: bool = False) -> FloatMap:
    """A plane (h, w) as seen from where the vectors (h, w, 2) start."""
    places = vectors + _pixels(*vectors.shape[:2])
    found: FloatMap = _read(plane, places, cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR)
    return found


def _read(plane: Any, places: Vectors, how: int = cv2.INTER_LINEAR) -> Any:
    """An array (h, w, …) at places (h, w, 2), x and y in pixels; beyond its border, as at it."""
    return cv2.remap(plane, places, _NONE, how, borderMode=cv2.BORDER_REPLICATE)


def at_size(flow: Flow, size: tuple[int, int]) -> Flow:
    """The same motion for planes of another size (height, width)."""
    if flow.trust.shape == size:
        return flow
    height, width = size
    by = np.array([width / flow.trust.shape[1], height / flow.trust.shape[0]], np.float32)

    def large(plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)

    still = cv2.resize(flow.still.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return Flow(
        None if flow.back is None else large(flow.back) * by,
        None if flow.forth is None else large(flow.forth) * by,
        large(flow.trust),
        None if flow.trust_before is None else large(flow.trust_before),
        np.asarray(still),
        flow.alike,
    )

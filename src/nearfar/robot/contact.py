"""When what comes nearer is reached: by the growth of inverse depth, in no unit of length."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.robot.sectors import Obstacles

    Floats = npt.NDArray[np.float64]

_LEAST_GROWTH = 0.02  # relative, over the time looked at: less is noise
_MOST_FRAMES = 8
_FEWEST = 3


def time_to_contact(before: Obstacles, after: Obstacles, seconds: float) -> Floats:
    """(N,) seconds from ``after`` until the thing in each direction is reached.

    With u the inverse distance the time is u / (du/dt), exact for an even speed; no unit of length is in it,
    so that relative depth is enough. What stays in one direction while it grows is on a course of collision.
    Infinite where nothing comes nearer (or grows by less than 2 %), NaN where either frame knows nothing.

    Args:
        before: of an earlier frame.
        after: of a later one, of the same directions.
        seconds: between the two.

    Raises:
        ParameterError: no time lies between, or the frames are not alike.
    """
    if not (math.isfinite(seconds) and seconds > 0):
        raise ParameterError(f"Between the frames lie {seconds} s, but more than 0 was expected.")
    _check_alike(before, after)
    first, last = (np.asarray(found.distances, np.float64) for found in (before, after))
    return _contact(1 / first, 1 / last, seconds)


def _contact(first: Floats, last: Floats, seconds: float) -> Floats:
    """From inverse distances; an infinite distance is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = last / first - 1
        found = seconds / growth
    found = np.where((growth >= _LEAST_GROWTH) & np.isfinite(growth), found, np.inf)
    return np.where(np.isnan(first) | np.isnan(last), np.nan, found)


def _check_alike(one: Obstacles, other: Obstacles) -> None:
    rows = [
        (len(o.distances), round(o.first_deg, 3), round(o.increment_deg, 4), o.unit) for o in (one, other)
    ]
    if rows[0] != rows[1]:
        raise ParameterError(
            f"The frames have other directions or units: {rows[0]} and {rows[1]}.",
            "Give frames of one camera, with the same options and mount.",
        )


class ContactWatch:
    """Times to contact out of the last frames of a stream: one bad frame does not change them.

    The speed in a direction is the median of those between all pairs of its last eight frames (Theil, Sen).
    """

    def __init__(self, frames: int = _MOST_FRAMES) -> None:
        if not 2 <= frames <= 100:
            raise ParameterError(f"A stream is watched over {frames} frames, but 2 to 100 were expected.")
        self._seen: deque[tuple[float, Obstacles]] = deque(maxlen=frames)

    def restart(self) -> None:
        """Forget what was seen: after a cut, or a turn."""
        self._seen.clear()

    def push(self, found: Obstacles, seconds: float) -> Floats:
        """(N,) seconds from this frame until contact; NaN while fewer than three frames know a direction.

        Raises:
            ParameterError: the time does not go on, or the frame is not like those before.
        """
        if self._seen:
            if not seconds > self._seen[-1][0]:
                raise ParameterError(
                    f"A frame is of {seconds} s, but later than {self._seen[-1][0]} s was expected."
                )
            _check_alike(self._seen[-1][1], found)
        self._seen.append((seconds, found))
        times = np.array([time for time, _ in self._seen])
        rows = np.stack([np.asarray(one.distances, np.float64) for _, one in self._seen])
        return _from_rows(times, rows)


def _from_rows(times: Floats, rows: Floats) -> Floats:
    """From distances (frames, N) at times (frames,)."""
    first, second = np.triu_indices(len(times), 1)
    known = np.isfinite(rows)
    with np.errstate(invalid="ignore"):
        speeds = (rows[first] - rows[second]) / (times[second] - times[first])[:, None]
    usable = known[first] & known[second]
    found = np.full(rows.shape[1], np.nan)
    for index in range(rows.shape[1]):
        now = rows[-1, index]
        if np.isinf(now):
            found[index] = np.inf
        if not np.isfinite(now) or known[:, index].sum() < _FEWEST:
            continue
        speed = float(np.median(speeds[usable[:, index], index]))
        span = times[-1] - times[known[:, index]][0]
        is_growing = speed * span >= _LEAST_GROWTH * now
        found[index] = now / speed if is_growing else np.inf
    return found

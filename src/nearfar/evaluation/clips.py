"""A clip by the temporal alignment error: one alignment for all of its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import ParameterError
from nearfar.evaluation.alignment import ALIGNMENTS
from nearfar.evaluation.crops import crop
from nearfar.evaluation.dense import Judged, counted, in_space, to_depth
from nearfar.evaluation.reprojection import View, temporal_error
from nearfar.types import Camera

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from nearfar.evaluation.predictions import Prediction
    from nearfar.evaluation.rules import Rules, Track
    from nearfar.evaluation.samples import Sample
    from nearfar.types.arrays import Mask

    Floats = npt.NDArray[np.float64]
    Shown = tuple[Sample, Prediction]

LEAST_VALUE = 1e-3
"""Relative values below count as this large, as published."""


def judge_clip(frames: Sequence[Shown], rules: Rules) -> Judged:
    """The temporal alignment error of frames with poses, in percent.

    Raises:
        ParameterError: a frame has no camera, pose or depth; fewer than two frames; a kind that the protocol
            cannot align in inverse depth.
    """
    (track,) = rules.tracks
    maps = [_values(sample, prediction, track) for sample, prediction in frames]
    p, d = (np.concatenate([rows[place][rows[2]] for rows in maps]) for place in (0, 1))
    if not len(p):
        raise ParameterError("No pixel of the clip is known.", "Give frames with depth.")
    scale, shift = ALIGNMENTS[track.alignment].fit(p, d, np.ones_like(d))
    views, first = [], None
    for (sample, _), (values, truth, is_judged) in zip(frames, maps, strict=True):
        depth_m = to_depth(scale * values + shift, track, float(track.floor))
        views.append(_view(sample, depth_m, track))
        if first is None:
            first = depth_m, np.where(is_judged, 1 / truth, np.nan)
    error = temporal_error(views)
    shown = first or (None, None)
    return Judged({"tae": error}, len(p), 0, {"all": [scale, shift]}, *shown)


def _values(sample: Sample, prediction: Prediction, track: Track) -> tuple[Floats, Floats, Mask]:
    """Values and truth in inverse depth, and which pixels count for the alignment."""
    if prediction.kind not in track.kinds:
        raise ParameterError(
            f"This protocol cannot judge {prediction.kind.value}.",
            f"It judges {', '.join(kind.value for kind in track.kinds)}.",
            parameter="protocol",
        )
    if sample.depth_m is None or sample.camera is None or sample.world_from_cam is None:
        raise ParameterError(
            f"{sample.name} has no depth, camera or pose.", "Choose a set with poses: nearfar eval sets."
        )
    true_m = np.asarray(sample.depth_m, np.float64)
    values, truth = in_space(prediction.resized(*true_m.shape), true_m, track.space)
    return np.maximum(values, LEAST_VALUE), truth, counted(true_m, track)


def _view(sample: Sample, depth_m: Floats, track: Track) -> View:
    """The frame within the track's crop; the camera's centre moves with its corner."""
    rows, columns = crop(track.crop, *depth_m.shape)
    camera = sample.camera
    assert camera is not None  # noqa: S101 - _values told it
    assert sample.world_from_cam is not None  # noqa: S101
    moved = Camera(
        camera.fx_px, camera.fy_px, camera.cx_px - columns.start, camera.cy_px - rows.start, camera.source
    )
    return View(depth_m[rows, columns], moved, sample.world_from_cam)

"""Sequences of millimetres with a pose a frame: what HAMMER and ScanNet have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.evaluation.samples import Sample
from nearfar.evaluation.sets._files import camera_of, metres, read_codes, read_matrix, read_rgb

if TYPE_CHECKING:
    from pathlib import Path

_PER_METRE = 1000.0


@dataclass(frozen=True, slots=True)
class PosedFrame:
    """Where a frame's files lie; intrinsics and pose may be absent.

    ``side``: rows and columns of the matrix of intrinsics, 3 or 4.
    """

    picture: Path
    depth: Path
    intrinsics: Path
    pose: Path
    side: int = 3

    def sample(self, name: str) -> Sample:
        """The frame. A pose that is not finite was lost by the tracker, and is left out."""
        known = self.intrinsics.is_file()
        camera = camera_of(read_matrix(self.intrinsics, self.side, self.side)) if known else None
        pose = read_matrix(self.pose, 4, 4) if self.pose.is_file() else None
        return Sample(
            name,
            read_rgb(self.picture),
            metres(read_codes(self.depth), _PER_METRE),
            camera=camera,
            world_from_cam=pose if pose is not None and np.isfinite(pose).all() else None,
        )

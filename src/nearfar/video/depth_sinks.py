"""Depth as an output of a run: a lossless video, one of 10 bits, or a folder of files."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.video.depth_file import DepthScale, planes_of_depth, tags_of
from nearfar.video.depth_files import DepthFiles, join_files
from nearfar.video.drawing import Drawn
from nearfar.video.join import JoinOptions, join
from nearfar.video.look import look_of
from nearfar.video.sinks import part_of_source, piece_of
from nearfar.video.write import open_piece

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nearfar.types.moving import VideoInfo
    from nearfar.video.drawing import Drawer
    from nearfar.video.estimate import EstimatedFrame, Stretch
    from nearfar.video.parameters import State
    from nearfar.video.run import Film
    from nearfar.video.write import Piece

_TELLING = 0.001  # share of a frame's values beyond the scale from which it is said


class DepthDrawer:
    """Depth as numbers of one scale, which the first frame sets for the whole clip."""

    def __init__(self, bits: int = 16, *, is_whole: bool = False) -> None:
        """``is_whole``: depth maps are given on as they are, and the scale alone is found."""
        self._bits = bits
        self._is_whole = is_whole
        self.scale: DepthScale | None = None
        self.tags: dict[str, str] = {}
        self.beyond = 0.0

    def plan(self, found: EstimatedFrame) -> Callable[[], Drawn]:
        """What makes numbers of a frame, in any thread."""
        if self.scale is None:
            self.scale = DepthScale.of(found.plane.depth, found.kind, found.span, self._bits)
            self.tags = tags_of(found.depth, self.scale, found.frame.time_base)
        self.beyond = max(self.beyond, self.scale.share_beyond(found.plane.depth))
        return partial(self._drawn, found, self.scale)

    def _drawn(self, found: EstimatedFrame, scale: DepthScale) -> Drawn:
        depth = found.depth
        if self._is_whole:
            return Drawn(depth=depth)
        return Drawn(grey=scale.numbers(depth.values, depth.valid))

    def state(self) -> State:
        """The scale, and what is written of it."""
        if self.scale is None:
            return {}
        numbers = (self.scale.scale, self.scale.offset, self.beyond)
        return {"scale": np.array(numbers, np.float64), "tags": np.array(json.dumps(self.tags))}

    def restore(self, state: State) -> None:
        """The same, from before."""
        if "scale" in state:
            scale, offset, self.beyond = (float(number) for number in state["scale"])
            self.scale = DepthScale(scale, offset, self._bits)
            self.tags = json.loads(str(state["tags"]))


class DepthSink:
    """Depth in a video: FFV1 of 16 bits in Matroska, or HEVC of 10 bits."""

    def __init__(self, target: Path) -> None:
        """``target``: ``.mkv`` for 16 bits, anything else for 10."""
        self.target = target
        self._bits = 16 if target.suffix.lower() == ".mkv" else 10
        self._numbers = DepthDrawer(self._bits)
        self.drawer: Drawer | None = self._numbers
        self.recipe: Mapping[str, Any] = {"depth": self._bits}
        self._piece: Piece | None = None
        self._begun: tuple[Path, VideoInfo] | None = None

    def begin(self, folder: Path, info: VideoInfo) -> None:
        """A segment begins."""
        self._begun, self._piece = (piece_of(folder, self.target), info), None

    def add(self, found: EstimatedFrame, drawn: Drawn) -> None:
        """Encode a frame's numbers."""
        if drawn.grey is None:
            return
        if self._piece is None and self._begun is not None:
            path, info = self._begun
            size = (found.frame.width, found.frame.height)
            look = look_of(f"depth{self._bits}", info, size, 12, self.target.suffix)
            self._piece = open_piece(path, look)
        assert self._piece is not None  # noqa: S101 - a segment has begun
        if self._bits == 16:
            self._piece.write(drawn.grey, found.frame.pts)
        else:
            self._piece.write_planes(planes_of_depth(drawn.grey), found.frame.pts)

    def end(self) -> None:
        """The segment is whole."""
        if self._piece is not None:
            self._piece.close()
        self._piece = self._begun = None

    def join(self, folders: Sequence[Path], film: Film | None, stretch: Stretch) -> tuple[str, ...]:
        """Lay the segments one behind the other; what was lost, in words."""
        pieces = [piece_of(folder, self.target) for folder in folders]
        how = JoinOptions(self._numbers.tags, *part_of_source(stretch), keeps_times=self._bits == 16)
        notes = join(
            [path for path in pieces if path.exists()], self.target, film.source if film else None, how
        )
        return (*notes, *beyond_in_words(self._numbers))

    def state(self) -> dict[str, Any]:
        """Its drawer keeps it."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """As above."""


class FilesSink:
    """Depth as a folder of files, one a frame, or archives of many."""

    def __init__(self, target: Path, format: str) -> None:
        self.target = target
        self._format = format
        self._scale = DepthDrawer(is_whole=True)
        self.drawer: Drawer | None = self._scale
        self.recipe: Mapping[str, Any] = {"depth": format}
        self._files: DepthFiles | None = None

    def begin(self, folder: Path, info: VideoInfo) -> None:  # noqa: ARG002 - as of a sink
        """A segment begins."""
        place = folder / self.target.name
        place.mkdir()
        self._files = DepthFiles(place, self._format)

    def add(self, found: EstimatedFrame, drawn: Drawn) -> None:
        """Write a frame's depth."""
        if self._files is None or drawn.depth is None or self._scale.scale is None:
            return
        self._files.span = self._scale.scale.ends
        self._files.add(found.frame, drawn.depth)

    def end(self) -> None:
        """The segment is whole."""
        if self._files is not None:
            self._files.close()
        self._files = None

    def join(
        self,
        folders: Sequence[Path],
        film: Film | None,  # noqa: ARG002 - as of a sink
        stretch: Stretch,  # noqa: ARG002 - as of a sink
    ) -> tuple[str, ...]:
        """Bring the files of all segments into one folder."""
        places = [folder / self.target.name for folder in folders]
        join_files([place for place in places if any(place.glob("[0-9]*"))], self.target, self._format)
        return beyond_in_words(self._scale) if self._format == "png16" else ()

    def state(self) -> dict[str, Any]:
        """Its drawer keeps it."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """As above."""


def beyond_in_words(drawer: DepthDrawer) -> tuple[str, ...]:
    """What is said where values lie beyond the scale that the first frame set."""
    if drawer.beyond <= _TELLING:
        return ()
    share = f"{100 * drawer.beyond:.1f} % of a frame's depth"
    return (f"Up to {share} lies beyond the scale that the first frame set, and was cut off there.",)

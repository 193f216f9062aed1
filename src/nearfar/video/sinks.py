"""Outputs of a run: each is a file in every segment, and one in the end."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nearfar.video.join import JoinOptions, join
from nearfar.video.look import look_of
from nearfar.video.passthrough import kept_look
from nearfar.video.stereo import LAYOUTS, packed
from nearfar.video.write import PIECE_SUFFIX, open_piece

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nearfar.types.moving import VideoInfo
    from nearfar.video.drawing import Drawer, Drawn
    from nearfar.video.estimate import EstimatedFrame, Stretch
    from nearfar.video.run import Film
    from nearfar.video.write import Piece


class PictureSink:
    """A video of what a drawer makes of each frame.

    ``layout``: how two views lie in its pictures, a name of :data:`nearfar.video.stereo.LAYOUTS`; "" for one.
    """

    def __init__(
        self, target: Path, drawer: Drawer, recipe: Mapping[str, Any], quality: int = 20, layout: str = ""
    ) -> None:
        self.target = target
        self._layout = layout
        self.drawer: Drawer | None = drawer
        self.recipe: Mapping[str, Any] = {**recipe, "quality": quality}
        self._quality = quality
        self._piece: Piece | None = None
        self._begun: tuple[Path, VideoInfo] | None = None

    def begin(self, folder: Path, info: VideoInfo) -> None:
        """A segment begins; its file is opened with the first picture, which tells its size."""
        self._begun, self._piece = (piece_of(folder, self.target), info), None

    def add(self, found: EstimatedFrame, drawn: Drawn) -> None:
        """Encode a picture."""
        if self._piece is None and self._begun is not None:
            path, info = self._begun
            how = self._quality, self.target.suffix
            if drawn.ink is None:
                look = look_of("colour", info, drawn.size, *how)
            else:
                look = kept_look(info, drawn.size, drawn.ink, *how)
            if self._layout:
                look = replace(look, options=packed(look.options, self._layout))
            self._piece = open_piece(path, look)
        assert self._piece is not None  # noqa: S101 - a segment has begun
        if drawn.planes is not None:
            self._piece.write_planes(drawn.planes, found.frame.pts)
        elif drawn.rgb is not None:
            self._piece.write(drawn.rgb, found.frame.pts)

    def end(self) -> None:
        """The segment is whole."""
        if self._piece is not None:
            self._piece.close()
        self._piece = self._begun = None

    def join(self, folders: Sequence[Path], film: Film | None, stretch: Stretch) -> tuple[str, ...]:
        """Lay the segments one behind the other, with the sound of the source; what was lost, in words."""
        pieces = [piece_of(folder, self.target) for folder in folders]
        stereo = LAYOUTS[self._layout].stereo if self._layout else None
        how = JoinOptions(self.tags(), *part_of_source(stretch), stereo)
        return join(
            [path for path in pieces if path.exists()], self.target, film.source if film else None, how
        )

    def tags(self) -> dict[str, str]:
        """Words that the file carries."""
        return {"encoder": "nearfar"}

    def state(self) -> dict[str, Any]:
        """Nothing of one segment is needed in the next."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """As above."""


def piece_of(folder: Path, target: Path) -> Path:
    """The file of an output in a segment's folder."""
    return folder / f"{target.stem}{target.suffix}{PIECE_SUFFIX}"


def part_of_source(stretch: Stretch) -> tuple[float, float]:
    """From where to where sound is taken along, in seconds."""
    return stretch.start, math.inf if stretch.end is None else stretch.end

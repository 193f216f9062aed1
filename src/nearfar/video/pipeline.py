"""What a job makes of a video: the member ``video`` of its pipeline, and the outputs that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar.errors import ParameterError
from nearfar.options import option, parse
from nearfar.plugins import Effect
from nearfar.video.estimate import Stretch, VideoOptions
from nearfar.video.outputs import Wish, sinks_of
from nearfar.video.steady import SteadyOptions
from nearfar.video.stereo import LAYOUTS, StereoOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nearfar.outputs import Outputs

CONTAINERS = ("mp4", "mkv", "webm", "mov")
SEGMENT = 30
"""Frames of a segment of a job's video: other work waits for one at most."""


@dataclass(frozen=True, slots=True)
class MovingOptions(SteadyOptions):
    """The options of the member ``video``: which frames, how steady, which files."""

    start: float = option(0.0, "Begin at this second.", low=0)
    end: float | None = option(None, "End before this second.", low=0)
    every: int = option(1, "Take each n-th frame only.", low=1, high=100_000)
    one_range: bool = option(False, "Two passes: the first finds one range of colours for each scene.")
    format: str = option("mp4", "Container of the videos.", choices=CONTAINERS)
    depth: str = option(
        "", "Write depth too: mkv (16 bits, lossless) or mp4 (10 bits).", choices=("", "mkv", "mp4")
    )
    stereo: str = option("", "Also two views, laid out for a player.", choices=("", *LAYOUTS))
    quality: int = option(20, "Of the encoder (CRF): lower is better and larger.", low=0, high=51)

    def looked_at(self) -> VideoOptions:
        """How a video is looked at."""
        steady = SteadyOptions(**{row.name: getattr(self, row.name) for row in fields(SteadyOptions)})
        return VideoOptions(Stretch(self.start, self.end, self.every), steady, one_range=self.one_range)


def moving_options(given: Mapping[str, Any] | None) -> MovingOptions:
    """The options of a pipeline's member ``video``.

    Raises:
        ParameterError: an unknown name, or a value out of its range.
    """
    texts = {name: value for name, value in (given or {}).items() if value is not None}
    found: MovingOptions = parse(MovingOptions, {name: _text(name, value) for name, value in texts.items()})
    found.looked_at()
    return found


def wishes_of(wanted: Outputs, options: MovingOptions, folder: Path) -> list[Wish]:
    """What a pipeline makes of a video: each effect as a video, and depth where it is asked for."""
    wishes: list[Wish] = []
    for output in wanted.files:
        if not isinstance(output.plugin, Effect):
            continue
        name = output.file.rpartition(".")[0]
        target = folder / f"{name}.{options.format}"
        wishes.append(Wish(target, output.plugin.name, _plain(output.options), options.quality))
    if options.stereo:
        pair = StereoOptions(layout=options.stereo)
        wishes.append(Wish(folder / f"stereo.{options.format}", quality=options.quality, stereo=pair))
    if options.depth or not wishes:
        suffix = options.depth or "mkv"
        wishes.append(Wish(folder / f"depth.{suffix}", depth=suffix))
    return wishes


def _plain(options: Any) -> dict[str, Any]:
    """Name to value; values that are pictures or meshes stay what they are."""
    return {row.name: getattr(options, row.name) for row in fields(options)}


def check_moving(wanted: Outputs) -> None:
    """Refuse, before any work, what a pipeline cannot make of a video.

    Raises:
        ParameterError: an effect that makes a clip of a still photo, or an option out of its range.
    """
    sinks_of(wishes_of(wanted, moving_options(wanted.video), Path()))


def _text(name: str, value: object) -> object:
    """A value as a text, as options read it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list) and all(isinstance(part, (int, float)) for part in value):
        return ",".join(map(repr, value))
    raise ParameterError(f"{name[:60]} of video is no value.", "Give a number or a text.", "pipeline")

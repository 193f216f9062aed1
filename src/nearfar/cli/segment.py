"""``nearfar segment PHOTO``: masks of objects by Segment Anything, as a label picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar import api
from nearfar import settings as settings_module
from nearfar.cli import _plugins, _say
from nearfar.cli._verb import Flag, verb
from nearfar.encode import encode
from nearfar.errors import ParameterError
from nearfar.machine.files import write_whole
from nearfar.options import numbers, option, parse
from nearfar.registry import require_libraries
from nearfar.segment import labelled, load_segmenter

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from nearfar.segment import Segmenter
    from nearfar.types import Photo


def _boxes(text: str) -> tuple[tuple[float, ...], ...]:
    return tuple(numbers("box", 4)(part) for part in text.split() or [text])


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """The flags of the verb."""

    weights: str = option("", "Folder of a Segment Anything network, or its name on the hub.")
    output: str = option("", "Where the labels go; PHOTO.labels.png otherwise.")
    box: tuple[tuple[float, ...], ...] | None = option(
        None, "The object in this box: left,top,right,bottom; several with spaces between.", parse=_boxes
    )
    overwrite: bool = option(False, "Replace a file that exists already.")


@verb(
    SegmentOptions,
    ("PHOTO POINT", "A picture, then pixels x,y on objects; none for all objects."),
    {"output": Flag("-o", "FILE.png"), "weights": Flag(value="DIR|NAME")},
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Write a label picture of the objects, for fuse and --mask."""
    options: SegmentOptions = parse(SegmentOptions, given)
    if not words or not options.weights:
        raise ParameterError(
            "A photo and weights are needed.", "For example: nearfar segment a.jpg --weights sam-vit-base"
        )
    points = [numbers("POINT", 2)(word) for word in words[1:]]
    path = Path(options.output) if options.output else Path(words[0]).with_suffix(".labels.png")
    _plugins.check_absent(path, overwrite=options.overwrite)
    require_libraries("Segment Anything", ("transformers", "torch"), "sam")
    photo = api.read(words[0])
    network = load_segmenter(options.weights, offline=settings_module.load().offline)
    masks = _masks(network, photo, points, options)
    write_whole(path, encode(labelled(masks)), overwrite=options.overwrite)
    _say.line(f"{words[0]}: {len(masks)} objects")
    _say.lines([str(path)])
    return 0


def _masks(
    network: Segmenter, photo: Photo, points: list[tuple[float, ...]], options: SegmentOptions
) -> npt.NDArray[np.bool_]:
    """Those of the boxes, then those of the points; of everything where there is neither."""
    import numpy as np

    found = []
    if options.box is not None:
        found.append(network.in_boxes(photo, options.box))  # type: ignore[arg-type]
    if points:
        found.append(network.at_points(photo, points))  # type: ignore[arg-type]
    return np.concatenate(found) if found else network.everything(photo)

"""``nearfar fuse PHOTO MASK...``: how far each object is, and depth with edges on the masks' edges."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar.cards import DepthKind
from nearfar.cli import _plugins, _say
from nearfar.cli._plugins import SharedOptions
from nearfar.cli._verb import Flag, verb
from nearfar.decode.masks import Subject, read_masks
from nearfar.errors import ParameterError
from nearfar.ops.fuse import fuse
from nearfar.options import option, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nearfar.ops.fuse import Fused

_MEANING = {
    DepthKind.METRIC: "metres",
    DepthKind.RELATIVE_INVERSE: "no unit: large is near",
    DepthKind.AFFINE_DEPTH: "no unit: large is far",
}


@dataclass(frozen=True, slots=True)
class FuseOptions(SharedOptions):
    """The flags of the verb."""

    json: bool = option(False, "The table as JSON on standard output.")


@verb(
    FuseOptions,
    ("PHOTO MASK", "A picture, then masks: label pictures, binary pictures, COCO JSON."),
    {
        "output": Flag("-o", "FILE"),
        "depth": Flag(value="FILE"),
        "calibration": Flag(value="FILE"),
        "intrinsics": Flag(value="NUMBERS|FILE"),
    },
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Tell how far each object is; --output writes the depth with sharp edges."""
    options: FuseOptions = parse(FuseOptions, given)
    if len(words) < 2:
        raise ParameterError("A photo and a mask are needed.", "For example: nearfar fuse a.jpg labels.png")
    if options.output:
        _plugins.check_absent(Path(options.output), overwrite=options.overwrite)
    photo, depth = _plugins.photo_and_depth(words[0], options)
    masks = read_masks(list(words[1:]), Subject(words[0], photo.full_size))
    found = fuse(depth, masks)
    if options.output:
        found.depth.save(options.output, overwrite=options.overwrite)
    _say.document(found.describe()) if options.json else _say.lines(_table(found))
    return 0


def _table(found: Fused) -> Iterable[str]:
    heads = "  ".join(f"{head:>9}" for head in ("median", "10 %", "90 %"))
    yield f"order  mask  {heads}    pixels   ({_MEANING[found.depth.kind]})"
    for row in found.objects:
        values = ("-" if v is None else f"{v:.4g}" for v in (row.median, row.p10, row.p90))
        cells = "  ".join(f"{v:>9}" for v in values)
        yield f"{row.order:>5}  {row.index + 1:>4}  {cells}  {row.pixels:>8}"

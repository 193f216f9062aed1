"""``nearfar export FORMAT PHOTO...``: depth as a file that other programs read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from nearfar import api
from nearfar.cli import _plugins, _say
from nearfar.cli._plugins import SharedOptions
from nearfar.cli._verb import Flag, verb
from nearfar.ops.intrinsics import assumption
from nearfar.options import option, parse
from nearfar.registry import EXPORTS


@dataclass(frozen=True, slots=True)
class ExportFlags(SharedOptions):
    """The flags that every format takes."""

    sidecar: bool = option(False, "Also write what the values mean beside it, as FILE.json.")


@verb(
    _plugins.merged(ExportFlags, EXPORTS),
    ("FORMAT PHOTO", "A format out of nearfar exports, then pictures."),
    {
        "output": Flag("-o", "FILE|DIR"),
        "depth": Flag(value="FILE"),
        "calibration": Flag(value="FILE"),
        "intrinsics": Flag(value="NUMBERS|FILE"),
    },
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Write the depth of photos as values, points or a mesh."""
    plugin, photos = _plugins.named(words, EXPORTS, "export")
    ours, own = _plugins.split(given, ExportFlags)
    shared: ExportFlags = parse(ExportFlags, ours)
    api.read_options(plugin.options, own)  # all that can be wrong with the options is told before any work
    work = partial(_one, plugin, shared, own, is_one_of_many=len(photos) > 1)
    return _plugins.each(photos, work, overwrite=shared.overwrite)


def _one(
    plugin: Any, shared: ExportFlags, own: dict[str, Any], source: str, *, is_one_of_many: bool
) -> dict[Path, bytes]:
    path = _plugins.target(source, shared.output, f".depth{plugin.suffix}", is_one_of_many=is_one_of_many)
    _plugins.check_absent(path, overwrite=shared.overwrite)
    photo, depth = _plugins.photo_and_depth(source, shared)
    if _assumes_camera(plugin, own) and depth.camera is None:
        _say.line(f"{source}: {assumption()} Give --fov or --intrinsics.")
    files = {path: api.export(plugin.name, depth, photo, **own)}
    if shared.sidecar:
        files[Path(f"{path}.json")] = depth.record().encode()
    return files


def _assumes_camera(plugin: Any, own: dict[str, Any]) -> bool:
    """Whether the format needs a camera, and no field of view was given."""
    return "fov" in plugin.options.__dataclass_fields__ and not float(own.get("fov", 0))

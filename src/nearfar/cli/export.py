"""``nearfar export FORMAT PHOTO...``: depth as a file that other programs read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar import api
from nearfar.cli import _plugins, _say
from nearfar.cli._plugins import ManyOptions
from nearfar.cli._verb import Flag, verb
from nearfar.ops.intrinsics import assumption
from nearfar.options import describe, option, parse
from nearfar.registry import EXPORTS, by_suffix

if TYPE_CHECKING:
    from nearfar.cli._plan import Task
    from nearfar.types import DepthMap, Photo


@dataclass(frozen=True, slots=True)
class ExportFlags(ManyOptions):
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
    ours, own = _plugins.split(given, ExportFlags)
    shared: ExportFlags = parse(ExportFlags, ours)
    plugin, photos = _named(words, shared.output)
    tasks = _plugins.planned(photos, shared, f".depth{plugin.suffix}", has_sidecar=shared.sidecar)
    api.read_options(plugin.options, own)  # all that can be wrong with the options is told before any work
    work = partial(_one, plugin, own)
    return _plugins.each(tasks, shared, work)


def _named(words: tuple[str, ...], output: str) -> tuple[Any, tuple[str, ...]]:
    """The format and the photos; where no format was named, the output's suffix says it."""
    is_named = not words or words[0].replace("-", "_") in EXPORTS.names() or not Path(output).suffix
    if is_named or not Path(words[0]).suffix:
        return _plugins.named(words, EXPORTS, "export")
    return by_suffix(Path(output).suffix), words


def _one(
    plugin: Any, own: dict[str, Any], task: Task, photo: Photo, depth: DepthMap
) -> dict[Path, bytes] | bytes:
    if _assumes_camera(plugin, own) and depth.camera is None:
        _say.line(f"{task.source}: {assumption()} Give --fov or --intrinsics.")
    data = api.export(plugin.name, depth, photo, **own)
    if task.picture is None:
        return data
    return {task.picture: data} | ({task.raw: depth.record().encode()} if task.raw else {})


def _assumes_camera(plugin: Any, own: dict[str, Any]) -> bool:
    """Whether the format needs a camera, and no field of view was given."""
    return any(info.name == "fov" for info in describe(plugin.options)) and not float(own.get("fov", 0))

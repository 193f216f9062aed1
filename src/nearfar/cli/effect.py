"""``nearfar effect NAME PHOTO...``: a photo and its depth turned into a picture or a clip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar import api
from nearfar.cli import _plugins
from nearfar.cli._plugins import ManyOptions
from nearfar.cli._verb import Flag, verb
from nearfar.decode.masks import Subject
from nearfar.decode.metadata import KEEP, KEEP_HELP
from nearfar.errors import ParameterError
from nearfar.options import option, parse
from nearfar.registry import EFFECTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nearfar.cli._plan import Task
    from nearfar.types import DepthMap, Photo


@dataclass(frozen=True, slots=True)
class EffectFlags(ManyOptions):
    """The flags that every effect takes."""

    keep_metadata: str = option("safe", KEEP_HELP, choices=KEEP)


@verb(
    _plugins.merged(EffectFlags, EFFECTS),
    ("NAME PHOTO", "An effect out of nearfar effects, then pictures."),
    {
        "output": Flag("-o", "FILE|DIR"),
        "depth": Flag(value="FILE"),
        "calibration": Flag(value="FILE"),
        "intrinsics": Flag(value="NUMBERS|FILE"),
    },
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Turn photos into pictures or clips by their depth."""
    plugin, photos = _plugins.named(words, EFFECTS, "effect")
    ours, own = _plugins.split(given, EffectFlags)
    shared: EffectFlags = parse(EffectFlags, ours)
    own |= _format(plugin, shared.output, own)
    suffix = f".{own['format']}" if "format" in own else plugin.suffixes[0]
    tasks = _plugins.planned(photos, shared, f".{plugin.name}{suffix}")
    api.read_options(plugin.options, own, Subject(tasks[0].source))  # what is wrong with them is told first
    work = partial(_one, plugin, own, shared.keep_metadata)
    return _plugins.each(tasks, shared, work)


def _format(plugin: Any, output: str, own: Mapping[str, str | bool]) -> dict[str, str | bool]:
    """The kind of clip that the output's suffix asks for, where the effect makes clips."""
    suffix = Path(output).suffix.lower()
    if suffix and suffix not in plugin.suffixes:
        raise ParameterError(
            f"--output is '{output}', but {plugin.name} writes {', '.join(plugin.suffixes)}.",
            "Choose one of those suffixes.",
            parameter="output",
        )
    return {"format": suffix[1:]} if plugin.is_clip and suffix and "format" not in own else {}


def _one(
    plugin: Any, own: dict[str, Any], keep: str, task: Task, photo: Photo, depth: DepthMap
) -> dict[Path, bytes] | bytes:
    done = api.effect(plugin.name, photo, depth, keep_metadata=keep, **own)
    return done.encoded() if task.picture is None else {task.picture: done.encoded(task.picture.suffix)}

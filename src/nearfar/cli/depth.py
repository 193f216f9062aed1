"""``nearfar PHOTO...``: heat maps, and depth values where they are asked for."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nearfar import api, outputs, registry
from nearfar.cli import _plan, _say, _stream
from nearfar.cli._intrinsics import INTRINSICS_FLAG, read_text
from nearfar.cli._network import FINE_HELP, MODEL_HELP, network
from nearfar.cli._sources import RECURSIVE_HELP, gather
from nearfar.cli._verb import Flag, verb
from nearfar.cli._verbs import verbs
from nearfar.decode.metadata import KEEP, KEEP_HELP, metadata_of
from nearfar.effects.heatmap import HeatmapOptions
from nearfar.encode import MEDIA_TYPES
from nearfar.encode.metadata import with_metadata
from nearfar.errors import NearfarError, ParameterError
from nearfar.machine.files import write_whole
from nearfar.one_photo import OWN_DEPTH_HELP, PROMPT_HELP, EstimateOptions
from nearfar.options import option, parse

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.api import Model
    from nearfar.cli._plan import Task
    from nearfar.one_photo import Estimated
    from nearfar.types import DepthMap, Photo, Picture


@dataclass(frozen=True, slots=True)
class DepthOptions(HeatmapOptions):
    """The flags of the verb; colour map and range are the heat map's own."""

    output: str = option(
        "",
        "Where the result goes: a file (a picture; or .exr, .ply, ... of nearfar exports), a folder, or -.",
    )
    overlay: float | None = option(
        None, "Lay the heat map over the photo; 0 shows the photo, 1 the heat map.", low=0, high=1
    )
    raw: str = option("", "Write the values too, float32 as a NumPy file; a folder for several photos.")
    png16: str = option("", "Write a 16-bit PNG too, scale and offset in its text; or a folder.")
    model: str = option("", MODEL_HELP)
    fine: bool = option(False, FINE_HELP)
    size: int | None = option(None, "Length of the network's input in pixels; the network's own otherwise.")
    tiles: bool = option(False, "Finer detail in big pictures: overlapping tiles fitted to the whole.")
    tiles_length: int | None = option(
        None, "Pixels at which tiles see the longer side; 3 times the network's own otherwise.", low=1
    )
    engine: str = option("", "auto, onnxruntime, openvino or torch; else the setting, auto.")
    precision: str = option("", "auto, float32, bfloat16 or int8; else the setting, auto.")
    device: str = option("", "auto, cpu, cuda or mps; else the setting, auto.")
    fast: bool = option(
        False, "Rather fast than exact: scaled JPEG decode, int8 where there is a file, 256 colours."
    )
    intrinsics: str = option("", INTRINSICS_FLAG, parse=read_text)
    own_depth: bool = option(False, OWN_DEPTH_HELP)
    prompt: str = option("", PROMPT_HELP)
    keep_metadata: str = option("safe", KEEP_HELP, choices=KEEP)
    recursive: bool = option(False, RECURSIVE_HELP)
    workers: int = option(0, _stream.WORKERS_HELP, low=0, high=64)
    overwrite: bool = option(False, "Replace files that exist already.")
    json: bool = option(False, "One JSON object a photo on standard output, errors included.")


_FLAGS = {
    "output": Flag("-o", "FILE|DIR"),
    "colormap": Flag(value="NAME"),
    "range": Flag(value="RULE"),
    "raw": Flag(value="FILE.npy"),
    "png16": Flag(value="FILE.png"),
    "model": Flag(value="NAME"),
    "engine": Flag(value="NAME"),
    "precision": Flag(value="NAME"),
    "device": Flag(value="NAME"),
    "intrinsics": Flag(value="NUMBERS|FILE"),
    "prompt": Flag(value="FILE"),
}


@verb(
    DepthOptions,
    (
        "PHOTO",
        "Pictures, folders, patterns; each picture gets PHOTO.depth.png beside it. - reads standard input.",
    ),
    _FLAGS,
)
def command(photos: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Write the heat map of each photo: warm is near."""
    options = parse(DepthOptions, given)
    _plan.check_verb(photos, verbs())
    sources = gather(photos, recursive=options.recursive)
    tasks = _plan.plan(sources, options.output, options.raw, options.png16)
    _plan.check_streams(tasks, is_json=options.json)
    way = _stream.Way(_look(tasks, options), options.overwrite, not options.json, options.workers)
    model = way.load(len(tasks), **_network(options))
    if "auto" in {options.engine, options.precision, options.device}:
        _say.line(f"{model.card.name} runs in {model.estimator.engine}: {model.why}.")
    _plan.make_folders(tasks, (options.output, options.raw, options.png16))
    for photo in _plan.repeated(sources):
        _say.line(f"{photo} is named twice and is done once.")
    has_paths = not options.json and all(task.picture for task in tasks)
    with _say.progress(len(tasks) if not options.json else 0) as step:
        finish = partial(_finish, model=model, options=options, has_paths=has_paths)
        stream = _stream.made(tasks, lambda: model, way, partial(_make, options=options))
        done = [step(finish(task, found)) for task, found in stream]
    return 0 if all(done) else 1


def _network(options: DepthOptions) -> dict[str, Any]:
    """What is loaded."""
    name = network(options.model, fine=options.fine, fast=options.fast)
    same = ("size", "engine", "precision", "device", "fast")
    return {"name": name, **{word: getattr(options, word) for word in same}}


def _look(tasks: tuple[Task, ...], options: DepthOptions) -> EstimateOptions:
    """How photos are looked at: whole, where more than their depth is shown."""
    is_shown = options.overlay is not None or not all(_is_picture(task) for task in tasks)
    tiles = options.tiles_length or options.tiles
    if options.prompt and len(tasks) > 1:
        raise ParameterError("A prompt is of one photo, but several were given.", parameter="prompt")
    own, prompt = options.own_depth, options.prompt or None
    look = EstimateOptions(tiles, options.intrinsics or None, is_shown, own_depth=own, prompt=prompt)
    return replace(look, depth_only=not is_shown)


def _is_picture(task: Task) -> bool:
    return task.picture is None or task.picture.suffix.lower() in MEDIA_TYPES


@dataclass(frozen=True, slots=True)
class _Made:
    """The files of a photo, or its picture for standard output; its warnings, and facts for a row of JSON."""

    files: tuple[tuple[Path, bytes], ...]
    shown: bytes
    warnings: tuple[str, ...]
    facts: dict[str, Any]


def _make(task: Task, photo: Photo, depth: DepthMap, *, options: DepthOptions) -> _Made:
    """Everything is computed before anything is written."""
    exports = ((task.raw, "npy"), (task.png16, "png16"))
    files = [(path, outputs.export(name).make(photo, depth)) for path, name in exports if path is not None]
    result = _result(photo, depth, options, task.picture.suffix.lower() if task.picture else ".png")
    if task.picture is not None:
        files.insert(0, (task.picture, result))
    warnings = tuple(warning.message for warning in depth.warnings)
    return _Made(tuple(files), b"" if task.picture else result, warnings, depth.describe())


def _finish(task: Task, found: Estimated, *, model: Model, options: DepthOptions, has_paths: bool) -> bool:
    """Write the results of one photo, and say how it went."""
    started = time.perf_counter()
    try:
        if found.error is not None:
            raise found.error
        made: _Made = found.made
        for path, data in made.files:
            write_whole(path, data, overwrite=options.overwrite)
        if made.shown:
            _say.picture(made.shown)
    except NearfarError as exc:
        _say.failure(exc, task.source, is_json=options.json)
        return False
    for warning in made.warnings:
        _say.line(f"{task.source}: {warning}")
    if options.json:
        milliseconds = (found.seconds + time.perf_counter() - started) * 1000
        _say.row({**_describe(task, made.facts, milliseconds), "engine_why": model.why})
    elif has_paths:
        _say.lines(str(path) for path in task.targets)
    return True


def _result(photo: Photo, depth: DepthMap, options: DepthOptions, suffix: str) -> bytes:
    """The bytes of the file of that suffix: a picture, or what the export of that suffix writes."""
    if suffix in MEDIA_TYPES:
        data = _draw(photo, depth, options).encoded(suffix)
        return with_metadata(data, metadata_of(photo, options.keep_metadata))
    return outputs.export(registry.by_suffix(suffix).name).make(photo, depth)


def _draw(photo: Photo, depth: DepthMap, options: DepthOptions) -> Picture:
    """The heat map, alone or over the photo."""
    if options.overlay is None:
        return api.heatmap(depth, options.colormap, options.range, fast=options.fast)
    return api.overlay(
        photo, depth, options.overlay, options.colormap, options.range, keep_metadata="none"
    )  # what is kept is put into either picture later


def _describe(task: Task, facts: dict[str, Any], milliseconds: float) -> dict[str, Any]:
    places = {"output": task.picture, "raw": task.raw, "png16": task.png16}
    return {
        "input": task.source,
        **{name: _text(path) for name, path in places.items()},
        "milliseconds": round(milliseconds, 1),
        **facts,
    }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)

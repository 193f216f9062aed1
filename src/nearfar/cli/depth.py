"""``nearfar PHOTO...``: heat maps, and depth values where they are asked for."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nearfar import api, registry
from nearfar.cli import _plan, _say, verbs
from nearfar.cli._plugins import INTRINSICS_FLAG, read_text
from nearfar.cli._sources import RECURSIVE_HELP, STDIO, gather
from nearfar.cli._verb import Flag, verb
from nearfar.effects.heatmap import HeatmapOptions
from nearfar.encode import MEDIA_TYPES
from nearfar.errors import NearfarError, OutputExistsError
from nearfar.machine.files import write_whole
from nearfar.ops.intrinsics import seen_by
from nearfar.options import option, parse

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.api import Model
    from nearfar.cli._plan import Job
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
    model: str = option("", "Network to use, a name out of nearfar models; else the setting, embedded.")
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
    recursive: bool = option(False, RECURSIVE_HELP)
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
    jobs = _plan.plan(sources, options.output, options.raw, options.png16)
    _plan.check_streams(jobs, is_json=options.json)
    model = api.load(
        options.model or None,
        size=options.size,
        engine=options.engine,
        precision=options.precision,
        device=options.device,
        fast=options.fast,
    )
    if "auto" in {options.engine, options.precision, options.device}:
        _say.line(f"{model.card.name} runs in {model.estimator.engine}: {model.why}.")
    _plan.make_folders(jobs, (options.output, options.raw, options.png16))
    for photo in _plan.repeated(sources):
        _say.line(f"{photo} is named twice and is done once.")
    has_paths = not options.json and all(job.picture for job in jobs)
    with _say.progress(len(jobs) if not options.json else 0) as step:
        attempt = partial(
            _attempt, model=model, options=options, has_paths=has_paths, is_alone=len(jobs) == 1
        )
        done = [step(attempt(job)) for job in jobs]
    return 0 if all(done) else 1


def _attempt(
    job: Job, model: Model, options: DepthOptions, *, has_paths: bool, is_alone: bool = False
) -> bool:
    """Do one photo and say how it went."""
    started = time.perf_counter()
    try:
        depth = _do(job, model, options, is_alone=is_alone)
    except NearfarError as exc:
        _say.failure(exc, job.source, is_json=options.json)
        return False
    except MemoryError:
        short = NearfarError("There is not enough memory for this photo.", "Scale it down.")
        _say.failure(short, job.source, is_json=options.json)
        return False
    for warning in depth.warnings:
        _say.line(f"{job.source}: {warning.message}")
    if options.json:
        milliseconds = (time.perf_counter() - started) * 1000
        _say.row({**_describe(job, depth, milliseconds), "engine_why": model.why})
    elif has_paths:
        _say.lines(str(path) for path in job.targets)
    return True


def _do(job: Job, model: Model, options: DepthOptions, *, is_alone: bool) -> DepthMap:
    """Everything is computed before anything is written."""
    _plan.check_there(job.source)
    _check_absent(job, overwrite=options.overwrite)
    tiles = options.tiles_length or options.tiles
    source = sys.stdin.buffer if job.source == STDIO else job.source
    is_picture = job.picture is None or job.picture.suffix.lower() in MEDIA_TYPES
    photo = model.read(source, whole=bool(tiles) or options.overlay is not None or not is_picture)
    photo = seen_by(photo, options.intrinsics or None)
    with _say.tiles(is_shown=bool(tiles) and is_alone and not options.json) as tell:
        depth = model.estimate(photo, tiles=tiles, tell=tell)
    exports = ((job.raw, "npy"), (job.png16, "png16"))
    files = [(path, _export(name, photo, depth)) for path, name in exports if path is not None]
    result = _result(photo, depth, options, job.picture.suffix.lower() if job.picture else ".png")
    if job.picture is not None:
        files.insert(0, (job.picture, result))
    for path, data in files:
        write_whole(path, data, overwrite=options.overwrite)
    if job.picture is None:
        _say.picture(result)
    return depth


def _result(photo: Photo, depth: DepthMap, options: DepthOptions, suffix: str) -> bytes:
    """The bytes of the file of that suffix: a picture, or what the export of that suffix writes."""
    if suffix in MEDIA_TYPES:
        return _draw(photo, depth, options).encoded(suffix)
    export = registry.by_suffix(suffix)
    data: bytes = export.write(photo, depth, export.options())
    return data


def _check_absent(job: Job, *, overwrite: bool) -> None:
    there = [path for path in job.targets if os.path.exists(path)]  # noqa: PTH110 - never raises
    if there and not overwrite:
        raise OutputExistsError(f"{there[0]} exists already.", "Pass --overwrite, or choose another name.")


def _draw(photo: Photo, depth: DepthMap, options: DepthOptions) -> Picture:
    if options.overlay is None:
        return api.heatmap(depth, options.colormap, options.range, fast=options.fast)
    return api.overlay(photo, depth, options.overlay, options.colormap, options.range)


def _export(name: str, photo: Photo, depth: DepthMap) -> bytes:
    export = registry.EXPORTS.load(name)
    data: bytes = export.write(photo, depth, export.options())
    return data


def _describe(job: Job, depth: DepthMap, milliseconds: float) -> dict[str, Any]:
    places = {"output": job.picture, "raw": job.raw, "png16": job.png16}
    return {
        "input": job.source,
        **{name: _text(path) for name, path in places.items()},
        "milliseconds": round(milliseconds, 1),
        **depth.describe(),
    }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)

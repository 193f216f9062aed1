"""What the verbs of effects and exports share: their flags, their photos, their files."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nearfar import api, plugins
from nearfar.calibration import Calibration
from nearfar.cli import _plan, _say, _stream
from nearfar.cli._depth_source import DepthSource
from nearfar.cli._intrinsics import INTRINSICS_FLAG, read_text
from nearfar.cli._network import network
from nearfar.cli._sources import RECURSIVE_HELP, STDIO, gather
from nearfar.decode.own_depth import own_depth_of
from nearfar.errors import NearfarError, OutputExistsError, ParameterError
from nearfar.machine.files import write_whole
from nearfar.one_photo import OWN_DEPTH_HELP, Estimated, EstimateOptions
from nearfar.ops.fit import fitted
from nearfar.options import describe, option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from nearfar.cli._plan import Task
    from nearfar.options import OptionInfo
    from nearfar.registry import Registry
    from nearfar.types import DepthMap, Photo

    Given = dict[str, str | bool]
    Files = Mapping[Path, bytes] | bytes  # of a photo, or its bytes for standard output
    Work = Callable[[Task, Photo, DepthMap], Files]


@dataclass(frozen=True, slots=True)
class SharedOptions(DepthSource):
    """The flags that every effect and every format takes."""

    tiles: bool = option(False, "Finer detail in big pictures: overlapping tiles fitted to the whole.")
    tiles_length: int | None = option(
        None, "Pixels at which tiles see the longer side; 3 times the network's own otherwise.", low=1
    )
    own_depth: bool = option(False, OWN_DEPTH_HELP)
    intrinsics: str = option("", INTRINSICS_FLAG, parse=read_text)
    calibration: str = option("", "Camera profile of nearfar calibrate: depth becomes metres.")
    overwrite: bool = option(False, "Replace files that exist already.")


@dataclass(frozen=True, slots=True)
class ManyOptions(SharedOptions):
    """The flags of verbs that take many photos."""

    recursive: bool = option(False, RECURSIVE_HELP)
    workers: int = option(0, _stream.WORKERS_HELP, low=0, high=64)


def merged(shared: type, registry: Registry, names: Iterable[str] = (), apart: str = "") -> type:
    """An options class with the shared flags and those of all plug-ins; help says whose they are.

    ``names``: of the plug-ins, where not all are meant. ``apart``: stands before a plug-in's option that is
    called as a shared one.
    """
    ours = {info.name for info in describe(shared)}
    rows: dict[str, list[tuple[str, OptionInfo]]] = {}
    for name in names or registry.names():
        plugin = registry.load(name)
        for info in describe(plugin.options):
            called = apart + info.name if info.name in ours and apart else info.name
            rows.setdefault(called, []).append((plugin.name, info))
    fields: list[Any] = [(info.name, _type(info), _same(info)) for info in describe(shared)]
    fields += [(name, _type(owners[0][1]), _joined(owners)) for name, owners in rows.items()]
    return dataclasses.make_dataclass("MergedOptions", fields, frozen=True)


def _type(info: OptionInfo) -> type:
    return bool if info.type == "bool" else str


def _same(info: OptionInfo) -> Any:
    return option(info.default, info.help, parse=info.parse)


def _joined(owners: list[tuple[str, OptionInfo]]) -> Any:
    """One flag for options of one name; numbers with a minus may follow it."""
    info = owners[0][1]
    names = ", ".join(name for name, _ in owners)
    default = info.default if info.type == "bool" else ""
    return option(default, f"{info.help} For {names}.", parse=str, file=info.file)


def split(given: Given, shared: type) -> tuple[Given, Given]:
    """Shared flags, and the plug-in's own."""
    names = {info.name for info in describe(shared)}
    return {k: v for k, v in given.items() if k in names}, {k: v for k, v in given.items() if k not in names}


def named(words: tuple[str, ...], registry: Registry, verb: str) -> tuple[Any, tuple[str, ...]]:
    """The plug-in that the first word names, and the photos.

    Raises:
        ParameterError: no name or no photo.
        UnknownNameError: there is none of that name.
        MissingExtraError: it needs a library that is not installed.
    """
    if not words:
        raise ParameterError(f"No {registry.kind} was named.", f"See nearfar {verb}s for what there is.")
    plugin = registry.ready(words[0])
    if len(words) < 2:
        raise ParameterError("No photo was named.", f"For example: nearfar {verb} {words[0]} photo.jpg")
    return plugin, words[1:]


def photo_and_depth(source: str, options: SharedOptions) -> tuple[Photo, DepthMap]:
    """The photo, and its depth: read from a file or estimated, and calibrated where asked for."""
    photo = _read(source, options)
    is_there = options.depth or options.own_depth
    depth = _found(photo, options) if is_there else _estimated(photo, options)
    return photo, _finished(source, photo, depth, options)


def _read(source: str, options: SharedOptions) -> Photo:
    return api.read(sys.stdin.buffer if source == STDIO else source, intrinsics=options.intrinsics or None)


def _finished(source: str, photo: Photo, depth: DepthMap, options: SharedOptions) -> DepthMap:
    """The depth with the camera that was given, its warnings told, and calibrated where asked for."""
    depth = _with_camera(photo, depth, options)
    for warning in depth.warnings:
        _say.named(str(source), str(warning.message))
    return _calibrated(depth, options)


def _with_camera(photo: Photo, depth: DepthMap, options: SharedOptions) -> DepthMap:
    return dataclasses.replace(depth, camera=photo.camera) if options.intrinsics else depth


def _calibrated(depth: DepthMap, options: SharedOptions) -> DepthMap:
    return Calibration.load(options.calibration).apply(depth) if options.calibration else depth


def _found(photo: Photo, options: SharedOptions) -> DepthMap:
    """The depth that is there already: in the file that the flags name, or in the photo itself."""
    if options.own_depth:
        return own_depth_of(photo)
    return fitted(options.read_depth(), photo.width, photo.height)


def _estimated(photo: Photo, options: SharedOptions) -> DepthMap:
    tiles = options.tiles_length or options.tiles
    with _say.tiles(is_shown=bool(tiles)) as tell:
        return api.load(network(options.model, fine=options.fine)).estimate(photo, tiles=tiles, tell=tell)


def planned(
    words: tuple[str, ...], options: ManyOptions, ending: str, *, has_sidecar: bool = False
) -> tuple[Task, ...]:
    """Which photo goes to which file: of all photos, before any work.

    Raises:
        ParameterError: two results for one file, one over a photo, or an output that cannot be meant.
    """
    sources = gather(words, recursive=options.recursive)
    tasks = _plan.plan_results(sources, options.output, ending, has_sidecar=has_sidecar)
    _plan.check_streams(tasks)
    _plan.make_folders(tasks, (options.output,))
    for photo in _plan.repeated(sources):
        _say.line(f"{photo} is named twice and is done once.")
    return tasks


def check_absent(path: Path, *, overwrite: bool) -> None:
    """OutputExistsError where a file is there and must stay: before any work is done."""
    if path.exists() and not overwrite:
        raise OutputExistsError(f"{path} exists already.", "Pass --overwrite, or choose another name.")


def each(tasks: Sequence[Task], options: ManyOptions, work: Work) -> int:
    """Do every task and write its files, or its bytes to standard output; the exit code of all of them."""
    failed = 0
    for task, found in _seen(tasks, options, work):
        try:
            if found.error is not None:
                raise found.error
            warnings, done = found.made
            for warning in warnings:
                _say.line(f"{task.source}: {warning}")
            if isinstance(done, bytes):
                _say.picture(done)
                continue
            for path, data in done.items():
                write_whole(path, data, overwrite=options.overwrite)
            _say.lines(str(path) for path in done)
        except NearfarError as exc:
            _say.failure(exc, task.source, is_json=False)
            failed = 1
    return failed


def _seen(tasks: Sequence[Task], options: ManyOptions, work: Work) -> Iterator[tuple[Task, Estimated]]:
    """Each photo with what is made of it: of depth that is estimated, or found where it is already."""

    def make(task: Task, photo: Photo, depth: DepthMap) -> tuple[list[str], Files]:
        ready = _calibrated(_with_camera(photo, depth, options), options)
        return [warning.message for warning in ready.warnings], work(task, photo, ready)

    if not options.depth and not options.own_depth:
        look = EstimateOptions(options.tiles_length or options.tiles, options.intrinsics or None, whole=True)
        way = _stream.Way(look, options.overwrite, workers=options.workers)
        load = partial(way.load, len(tasks), name=network(options.model, fine=options.fine))
        yield from _stream.made(tasks, load, way, make)
        return
    yield from ((task, _from_file(place, task, options, make)) for place, task in enumerate(tasks))


def _from_file(
    place: int, task: Task, options: SharedOptions, make: Callable[[Task, Photo, DepthMap], Any]
) -> Estimated:
    error = _stream.in_the_way(task, overwrite=options.overwrite)
    if error is not None:
        return Estimated(place, error=error)
    try:
        photo = _read(task.source, options)
        return Estimated(place, made=make(task, photo, _found(photo, options)))
    except NearfarError as exc:
        return Estimated(place, error=exc)


def catalogue(registry: Registry) -> list[dict[str, Any]]:
    """Every plug-in with its options as plain values."""
    return [plugins.outline(registry.load(name)) for name in registry.names()]


def tell_all(registry: Registry, names: Iterable[str], *, is_json: bool) -> None:
    """Print every plug-in, or those that are named, with its options."""
    wanted = {registry.load(name).name for name in names}
    rows = [row for row in catalogue(registry) if not wanted or row["name"] in wanted]
    _say.document(rows) if is_json else _say.lines(outline(rows))


def outline(rows: list[dict[str, Any]]) -> Iterable[str]:
    """The catalogue as lines for people."""
    for row in rows:
        lacks = f" (not here: it needs {', '.join(row['missing'])})" if row["missing"] else ""
        yield f"{row['name']}: {row['summary']}{lacks}"
        for info in row["options"]:
            limits = f" {info['low']:g} to {info['high']:g}." if info["high"] is not None else ""
            choices = f" One of: {', '.join(info['choices'])}." if info["choices"] else ""
            default = "" if info["default"] in (None, "") else f" (default: {info['default']})"
            yield f"    --{info['name'].replace('_', '-')}  {info['help']}{choices}{limits}{default}"

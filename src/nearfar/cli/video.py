"""``nearfar video CLIP...``: steady depth of videos, as heat maps, effects and depth files."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar import __version__, api
from nearfar.cli import _idle, _plan, _plugins, _say
from nearfar.cli._network import FINE_HELP, MODEL_HELP, network
from nearfar.cli._sources import STDIO, Source
from nearfar.cli._verb import Flag, verb
from nearfar.errors import NearfarError, ParameterError
from nearfar.options import describe, option, parse
from nearfar.registry import EFFECTS
from nearfar.video.estimate import Stretch, VideoOptions
from nearfar.video.outputs import DEPTH_FORMATS, MOVING, Wish, identity_of, pictures_of, sinks_of
from nearfar.video.run import SEGMENT, RunOptions, partial_folder, run
from nearfar.video.segments import is_begun
from nearfar.video.steady import SteadyOptions
from nearfar.video.stereo import LAYOUTS, StereoOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.cli._plan import Task
    from nearfar.video.run import Progress, Report, Sink

_APART = "effect_"
_INSTEAD_OF = {"stereo": ("effect",), "only_depth": ("effect", "stereo", "output")}
_NEEDS = {"swap": "stereo", "depth_format": "depth"}
_ROW_S = 1.0  # seconds between two rows of progress


@dataclass(frozen=True, slots=True)
class VideoFlags(SteadyOptions):
    """The flags of the verb beside those of the effects."""

    output: str = option(
        "", "Where the video goes: a file (.mp4, .mkv, .mov, .webm) or a folder; beside the clip otherwise."
    )
    effect: str = option("heatmap", "What is drawn: an effect out of nearfar effects that makes pictures.")
    depth: str = option(
        "",
        "Write the depth too: .mkv (16 bits, lossless), .mp4 (10 bits), or a folder of files, one a frame.",
    )
    depth_format: str = option("png16", "Files in such a folder.", choices=DEPTH_FORMATS)
    stereo: str = option(
        "",
        "Two views instead of an effect, laid out for a player; --separation, --plane and --fov count too.",
        choices=("", *LAYOUTS),
    )
    swap: bool = option(False, "With --stereo: the right eye's view first.")
    only_depth: bool = option(False, "Nothing but the depth: no picture is drawn.")
    model: str = option("", MODEL_HELP)
    fine: bool = option(False, FINE_HELP)
    size: int | None = option(None, "Length of the network's input in pixels; the network's own otherwise.")
    fast: bool = option(False, "Rather fast than exact: int8 where there is a file.")
    start: float = option(0.0, "Begin at this second.", low=0)
    end: float | None = option(None, "End before this second; at the end of the clip otherwise.", low=0)
    every: int = option(1, "Take each n-th frame only; times stay as they are.", low=1, high=100_000)
    quality: int = option(20, "Of the video's encoder (CRF): lower is better and larger.", low=0, high=51)
    segment: int = option(
        SEGMENT, "Frames of a segment: a run that is cut off goes on behind the last whole one.", low=1
    )
    one_range: bool = option(
        False, "Two passes: the first finds one range of colours for each scene; takes nearly twice as long."
    )
    workers: int = option(0, "Frames looked at side by side; 0 by the processors.", low=0, high=64)
    overwrite: bool = option(False, "Replace files that exist already.")
    json: bool = option(False, "Progress and the result as JSON objects, a line each, on standard output.")


@verb(
    _plugins.merged(VideoFlags, EFFECTS, pictures_of(), _APART),
    ("CLIP", "Videos; each gets CLIP.depth.mp4 beside it. The same command goes on where it was cut off."),
    {"output": Flag("-o", "FILE|DIR"), "depth": Flag(value="FILE|DIR"), "effect": Flag("-e", "NAME")},
)
def command(clips: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Write steady depth of videos: heat map, any effect, depth values."""
    ours, own = _plugins.split(given, VideoFlags)
    flags: VideoFlags = parse(VideoFlags, ours)
    _check_together(given)
    drawing = {name.removeprefix(_APART): value for name, value in own.items()}
    looked = _looked(flags)
    tasks = _tasks(clips, flags)
    jobs = [(task, _sinks(task, flags, drawing)) for task in tasks]
    _plan.check_distinct([(task.source, [sink.target for sink in sinks]) for task, sinks in jobs], "video")
    model = api.load(network(flags.model, fine=flags.fine, fast=flags.fast), size=flags.size, fast=flags.fast)
    _plan.make_folders(tasks, (flags.output,))
    made = partial(_made, looked=looked, model=model, flags=flags)
    done = [_one(task, sinks, made, flags) for task, sinks in jobs]
    return 0 if all(done) else 1


def _check_together(given: dict[str, str | bool]) -> None:
    """ParameterError where a flag would count for nothing beside, or without, another."""
    for flag, others in _INSTEAD_OF.items():
        if given.get(flag):
            beside = f"beside {_idle.flag(flag)}"
            _idle.refuse((other for other in others if given.get(other)), beside, "Leave one of them out.")
    for flag, needed in _NEEDS.items():
        if given.get(flag) and not given.get(needed):
            raise ParameterError(
                f"{_idle.flag(flag)} needs {_idle.flag(needed)}.", "Give both, or neither.", flag
            )
    depth = Path(str(given.get("depth") or ""))
    if given.get("depth_format") and depth.suffix:
        raise ParameterError(
            f"--depth-format is for a folder, but --depth is '{depth}'.",
            "Name a folder, or leave it out.",
            "depth_format",
        )


def _tasks(clips: tuple[str, ...], flags: VideoFlags) -> tuple[Task, ...]:
    """Which clip goes where, before any work.

    Raises:
        ParameterError: no clip, a name that cannot be meant, or several clips for one file.
    """
    if not clips:
        raise ParameterError("No video was named.", "For example: nearfar video clip.mp4")
    if STDIO in {*clips, flags.output, flags.depth}:
        raise ParameterError("A video is a file: - is none.", "Name a file.")
    if len(clips) > 1 and flags.depth:
        raise ParameterError("--depth is one place for several clips.", "Name one clip.", "depth")
    suffix = Path(flags.output).suffix.lower()
    if suffix and suffix not in MOVING and not Path(flags.output).is_dir():
        raise ParameterError(
            f"--output is '{flags.output}', but a folder or a file of {', '.join(MOVING)} was expected.",
            "Depth goes to --depth FILE.mkv, single pictures to --depth FOLDER.",
            "output",
        )
    called = flags.stereo or ("depth" if flags.effect == "heatmap" else flags.effect)
    return _plan.plan_results([Source(clip) for clip in clips], flags.output, f".{called}.mp4")


def _sinks(task: Task, flags: VideoFlags, drawing: dict[str, Any]) -> list[Sink]:
    """The outputs of a clip."""
    wishes = []
    if not flags.only_depth and task.picture is not None:
        wishes.append(_picture(task.picture, flags, drawing))
    if flags.depth:
        place = Path(flags.depth)
        wishes.append(Wish(place, depth=place.suffix.lower().lstrip(".") or flags.depth_format))
    if not wishes:
        raise ParameterError("Neither a picture nor depth was asked for.", "Give --depth FILE.mkv.", "depth")
    return sinks_of(wishes)


def _picture(target: Path, flags: VideoFlags, drawing: dict[str, Any]) -> Wish:
    """What is drawn: an effect, or two views."""
    if not flags.stereo:
        return Wish(target, flags.effect, _with_files(flags.effect, drawing), flags.quality)
    names = {"fov": "fov_deg"}
    given = {names.get(name, name): value for name, value in drawing.items()}
    options = parse(StereoOptions, {"layout": flags.stereo, "swap": flags.swap, **given})
    return Wish(target, quality=flags.quality, stereo=options)


def _with_files(effect: str, drawing: dict[str, Any]) -> dict[str, Any]:
    """The effect's options, what is a file among them read: one picture or mesh for all frames."""
    options = EFFECTS.ready(effect).options
    files = {info.name for info in describe(options) if info.file} & drawing.keys()
    read = api.read_options(options, {name: drawing[name] for name in files})
    return drawing | {name: getattr(read, name) for name in files}


def _looked(flags: VideoFlags) -> VideoOptions:
    """How clips are looked at; ParameterError where that makes no sense."""
    steady = SteadyOptions(**{row.name: getattr(flags, row.name) for row in fields(SteadyOptions)})
    return VideoOptions(Stretch(flags.start, flags.end, flags.every), steady, flags.workers, flags.one_range)


def _one(
    task: Task, sinks: list[Sink], made: Callable[[Task, list[Sink]], Report], flags: VideoFlags
) -> bool:
    """Make one clip's files, and say how it went."""
    began_at = time.monotonic()
    try:
        found = made(task, sinks)
    except NearfarError as exc:
        _say.failure(exc, task.source, is_json=flags.json)
        return False
    except KeyboardInterrupt:
        _say.line("The same command goes on where this one ended.")
        raise
    seconds = time.monotonic() - began_at
    for text in (*found.notes, *found.warnings):
        _say.line(f"{task.source}: {text}")
    if flags.json:
        _say.row(_described(task, sinks, found, seconds))
    else:
        _say.lines(str(sink.target) for sink in sinks)
    return True


def _made(task: Task, sinks: list[Sink], looked: VideoOptions, model: api.Model, flags: VideoFlags) -> Report:
    from nearfar.video.read import open_video

    _plan.check_there(task.source)
    if is_begun(partial_folder(sinks[0].target)):
        _say.line(f"{sinks[0].target}: going on where the last run ended.")
    with _say.counted("frames", is_shown=not flags.json) as tell, open_video(task.source) as film:
        options = RunOptions(
            video=looked,
            segment=flags.segment,
            overwrite=flags.overwrite,
            identity=identity_of(Path(task.source)) | {"nearfar": __version__},
            tell=_Rows(task.source).tell if flags.json else partial(_tell, tell),
        )
        return run(film, model, sinks, options)


def _tell(tell: Any, progress: Progress) -> None:
    tell(progress.done, progress.total, progress.rate, progress.left_s)


class _Rows:
    """Progress as JSON rows, one a second."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._said_at = float("-inf")

    def tell(self, progress: Progress) -> None:
        """A row, where the last one was a while ago."""
        now = time.monotonic()
        if now - self._said_at >= _ROW_S:
            self._said_at = now
            _say.row({"input": self._source, "progress": asdict(progress) | {"left_s": progress.left_s}})


def _described(task: Task, sinks: list[Sink], found: Report, seconds: float) -> dict[str, Any]:
    """The result as plain values."""
    files = [str(sink.target) for sink in sinks]
    return {"input": task.source, "outputs": files, "seconds": round(seconds, 2), **asdict(found)}

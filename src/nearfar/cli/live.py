"""``nearfar live SOURCE``: steady depth of a camera or a stream, as it happens."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from nearfar import api
from nearfar.cli import _idle, _plan, _say
from nearfar.cli._mount import LIMITS, LOOKS
from nearfar.cli._network import FINE_HELP, MODEL_HELP, network
from nearfar.cli._plugins import check_absent
from nearfar.cli._verb import Flag, verb
from nearfar.cli._window import Window
from nearfar.effects._colours import colormap_option
from nearfar.errors import NearfarError, ParameterError
from nearfar.options import option, parse
from nearfar.robot.ahead import Ahead
from nearfar.robot.look import LookOptions
from nearfar.video.drawing import drawer_of
from nearfar.video.estimate import Stretch
from nearfar.video.outputs import MOVING
from nearfar.video.sinks import PictureSink
from nearfar.video.steady import SteadyOptions
from nearfar.video.watching import paced, watched

if TYPE_CHECKING:
    from typing import Self

    from nearfar.cli._window import Screen
    from nearfar.video.drawing import Drawer, Drawn
    from nearfar.video.estimate import EstimatedFrame
    from nearfar.video.read import Video
    from nearfar.video.watching import LiveFrame

_SHOWN_PX = 960
_SAY_S = 5.0


@dataclass(frozen=True, slots=True)
class LiveFlags(LookOptions, SteadyOptions):
    """The flags of the verb."""

    show: bool = option(False, "Show the heat map in a window; q or Escape ends.")
    output: str = option("", "Record what is drawn: .mkv, .mp4, .mov or .webm.")
    effect: str = option("heatmap", "What is drawn: an effect out of nearfar effects that makes pictures.")
    colormap: str = colormap_option()
    model: str = option("", MODEL_HELP)
    fine: bool = option(False, FINE_HELP)
    size: int | None = option(None, "Length of the network's input in pixels; the network's own otherwise.")
    seconds: float = option(0.0, "End after so many seconds; 0 goes on until Ctrl+C.", low=0)
    frames: int = option(0, "End after so many frames that were looked at; 0 for any number.", low=0)
    json: bool = option(False, "A JSON object for each frame, a line each, on standard output.")
    obstacles: bool = option(
        False,
        "What stands in the way, in rows of --json or as warnings; needs --fov, and --pitch or --horizon.",
    )
    overwrite: bool = option(False, "Replace a recording that exists already.")


@verb(
    LiveFlags,
    ("SOURCE", "An address (rtsp://, http://, udp://), a camera (/dev/video0, or its number), or a file."),
    {
        "output": Flag("-o", "FILE"),
        "effect": Flag("-e", "NAME"),
        "colormap": Flag(value="NAME"),
        **LOOKS,
        **LIMITS,
    },
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Look at a camera or a stream as it happens; frames that come too fast are dropped."""
    from nearfar.video.read import open_video

    flags: LiveFlags = parse(LiveFlags, given)
    if len(words) != 1:
        raise ParameterError("One source is to be named.", "For example: nearfar live /dev/video0 --show")
    if not (flags.show or flags.output or flags.json or flags.obstacles):
        raise ParameterError(
            "Nothing is to be done with the depth.", "Give --show, --output FILE, --json or --obstacles."
        )
    idle = [row.name for row in fields(LookOptions) if row.name in given]
    if not flags.obstacles:
        _idle.refuse(idle, "without --obstacles", "Give --obstacles too.")
    else:
        Ahead(flags)  # what is lacking is said before anything is opened
    source = f"/dev/video{words[0]}" if words[0].isdigit() else words[0]
    if flags.output:
        _check_recording(source, flags)
    with ExitStack() as stack:
        screen = stack.enter_context(closing(Window(f"nearfar: {words[0]}"))) if flags.show else None
        model = api.load(network(flags.model, fine=flags.fine), size=flags.size)
        drawer = drawer_of(flags.effect, {"colormap": flags.colormap} if flags.effect == "heatmap" else {})
        try:
            video = stack.enter_context(open_video(source))
            _follow((video, model, drawer), flags, screen)
        except NearfarError as exc:
            _say.failure(exc, words[0], is_json=flags.json)
            return 1
    return 0


def _check_recording(source: str, flags: LiveFlags) -> None:
    """Refuse, before anything is looked at, a recording that could not be written in the end."""
    target = Path(flags.output)
    if target.suffix.lower() not in MOVING:
        raise ParameterError(
            f"--output is '{flags.output}', but a file of {', '.join(MOVING)} was expected.", "", "output"
        )
    if "://" not in source:
        _plan.check_distinct([(source, [target])], "video")
    check_absent(target, overwrite=flags.overwrite)
    _plan.make_folders([_plan.Task(source, target)], [flags.output])


def _follow(what: tuple[Video, api.Model, Drawer], flags: LiveFlags, screen: Screen | None) -> None:
    """Go through the frames until somebody, or a limit, ends it."""
    video, model, drawer = what
    steady = SteadyOptions(**{row.name: getattr(flags, row.name) for row in fields(SteadyOptions)})
    frames = video.frames() if video.source.is_live else paced(video.frames())
    with (
        _Recording(flags.output, drawer, video) as recording,
        closing(watched(frames, model, steady)) as seen,
    ):
        told = _Told(flags, is_steady=not steady.is_off)
        try:
            for one in seen:
                drawn = drawer.plan(one.found)()
                recording.add(one, drawn)
                told.tell(one)
                if (screen is not None and not screen.show(_fitting(drawn))) or told.is_enough():
                    break
        except KeyboardInterrupt:
            _say.line("ended")
    for note in video.notes:
        _say.line(note)


def _fitting(drawn: Drawn) -> Any:
    """The picture at a size that fits a window."""
    pixels = drawn.colours()
    share = min(1.0, _SHOWN_PX / max(pixels.shape))
    size = (max(1, round(pixels.shape[1] * share)), max(1, round(pixels.shape[0] * share)))
    return pixels if share == 1 else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


class _Recording:
    """What is drawn goes to a file; nowhere where none is named."""

    def __init__(self, output: str, drawer: Drawer, video: Video) -> None:
        self._target = Path(output) if output else None
        self._video = video
        self._stack = ExitStack()
        self._sink = PictureSink(self._target, drawer, {}) if self._target else None
        self._folder = Path()
        self._count = 0

    def __enter__(self) -> Self:
        if self._sink is not None and self._target is not None:
            parent = self._target.resolve().parent
            name = self._stack.enter_context(tempfile.TemporaryDirectory(prefix=".nearfar-", dir=parent))
            self._folder = Path(name)
            self._sink.begin(self._folder, self._video.info)
        return self

    def add(self, one: LiveFrame, drawn: Drawn) -> None:
        """A frame."""
        if self._sink is not None:
            self._sink.add(one.found, drawn)
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._stack:
            if self._sink is not None and self._count:
                self._sink.end()
                self._sink.join([self._folder], None, Stretch())
                _say.lines([str(self._target)])


def _look(ahead: Ahead, found: EstimatedFrame) -> dict[str, Any]:
    """What stands in the way of a frame."""
    frame = found.frame
    return ahead.look(found.small_depth, (frame.width, frame.height), frame.seconds, is_cut=found.is_cut)


class _Told:
    """Says what was found, and whether it is enough."""

    def __init__(self, flags: LiveFlags, *, is_steady: bool) -> None:
        self._flags = flags
        self._began_at = self._said_at = time.monotonic()
        self._count = 0
        self._ahead = Ahead(flags, is_steady=is_steady) if flags.obstacles else None
        self._level = ""

    def tell(self, one: LiveFrame) -> None:
        """A row for programs, or a line now and then for people."""
        self._count += 1
        now, found = time.monotonic(), one.found
        ahead = None if self._ahead is None else _look(self._ahead, found)
        if self._flags.json:
            row: dict[str, Any] = {"frame": found.frame.index, "seconds": round(found.frame.seconds, 3)}
            row |= {"kind": found.kind.value, "unit": found.kind.unit, "model": found.provenance.model}
            row |= {"weights_sha256": found.provenance.weights_sha256}
            row |= {"range": list(found.span), "is_cut": found.is_cut}
            row |= {} if ahead is None else {"obstacles": ahead}
            _say.row(row | {"dropped": one.dropped, "milliseconds": round(1000 * one.seconds, 1)})
        elif now - self._said_at >= _SAY_S:
            self._said_at = now
            rate = self._count / (now - self._began_at)
            _say.line(f"{self._count} frames, {rate:.1f} a second, {one.dropped} dropped")
        if ahead is not None and not self._flags.json:
            self._warn(ahead)

    def _warn(self, ahead: dict[str, Any]) -> None:
        """A line where the warning is another one than before, and for the first frame."""
        level = ahead["alert"]["level"] if "alert" in ahead else "no floor"
        if level != self._level:
            self._level = level
            near = ahead.get("nearest") or {}
            place = f": {near['distance']:.3g} {ahead['unit']}" if near else ""
            _say.lines([f"{level}{place}"])

    def is_enough(self) -> bool:
        """Whether a limit is reached."""
        most_s, most = self._flags.seconds, self._flags.frames
        return bool(
            (most_s and time.monotonic() - self._began_at >= most_s) or (most and self._count >= most)
        )

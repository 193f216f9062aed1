"""``nearfar calibrate PHOTO x,y=metres...``: a camera profile that turns depth into metres."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nearfar import api
from nearfar.calibration import KnownPoint, calibrate
from nearfar.cards import DepthKind
from nearfar.cli import _plugins, _say
from nearfar.cli._intrinsics import INTRINSICS_FLAG, read_text
from nearfar.cli._network import FINE_HELP, MODEL_HELP, network
from nearfar.cli._verb import Flag, verb
from nearfar.decode.depth import INVALID_HELP
from nearfar.errors import ParameterError
from nearfar.ops.fit import fitted
from nearfar.options import option, parse
from nearfar.types import Camera

_NOTHING = 1e-9  # share of a distance below which an error is the machine's rounding


@dataclass(frozen=True, slots=True)
class CalibrateOptions:
    """The flags of the verb."""

    output: str = option("", "Where the profile goes; PHOTO.calibration.json otherwise.")
    model: str = option("", MODEL_HELP)
    fine: bool = option(False, FINE_HELP)
    depth: str = option("", "Depth file to use instead of running a network.")
    depth_kind: str = option("", _plugins.DEPTH_KIND_HELP, choices=("", *DepthKind))
    depth_scale: float = option(1.0, _plugins.DEPTH_SCALE_HELP)
    depth_invalid: str = option("", INVALID_HELP, parse=str)
    depth_array: str = option("", _plugins.DEPTH_ARRAY_HELP)
    fov: float = option(0.0, "Horizontal field of view in degrees, kept in the profile.", low=0, high=179)
    intrinsics: str = option("", INTRINSICS_FLAG, parse=read_text)
    overwrite: bool = option(False, "Replace a file that exists already.")


@verb(
    CalibrateOptions,
    ("PHOTO POINT", "A picture, then two or more pixels with their distances: 320,240=2.5."),
    {
        "output": Flag("-o", "FILE.json"),
        "depth": Flag(value="FILE"),
        "intrinsics": Flag(value="NUMBERS|FILE"),
    },
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Make a camera profile from known distances."""
    options: CalibrateOptions = parse(CalibrateOptions, given)
    if len(words) < 2:
        raise ParameterError(
            "A photo and known distances are needed.",
            "For example: nearfar calibrate a.jpg 320,240=2.5 90,80=7",
        )
    source, points = words[0], [KnownPoint.parse(word) for word in words[1:]]
    path = Path(options.output) if options.output else Path(source).with_suffix(".calibration.json")
    _plugins.check_absent(path, overwrite=options.overwrite)
    if options.fov and options.intrinsics:
        raise ParameterError("Both a field of view and intrinsics were given.", "Give one of them.")
    photo = api.read(source, intrinsics=options.intrinsics or None)
    known = _plugins.given_depth(options) if options.depth else None
    depth = known or api.load(network(options.model, fine=options.fine)).estimate(photo)
    depth = fitted(depth, photo.width, photo.height)
    camera = Camera.from_fov(options.fov, depth.width, depth.height) if options.fov else photo.camera
    fit = calibrate(depth, points, camera)
    for point, error in zip(fit.points, fit.errors_m, strict=True):
        off = error if abs(error) > _NOTHING * point.distance_m else 0.0
        _say.line(f"{point.x:g},{point.y:g}: {point.distance_m:g} m, off by {off:+.3g} m")
    _say.lines([str(fit.save(path, overwrite=options.overwrite))])
    return 0

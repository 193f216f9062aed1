"""``nearfar calibrate PHOTO x,y=metres...``: a camera profile that turns depth into metres.

With ``--height`` and ``--pitch`` in place of distances the floor tells them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar import api
from nearfar.calibration import KnownPoint, calibrate
from nearfar.cli import _idle, _plugins, _say
from nearfar.cli._depth_source import DepthSource
from nearfar.cli._intrinsics import INTRINSICS_FLAG, read_text
from nearfar.cli._mount import LOOKS, known_camera, needed
from nearfar.cli._network import network
from nearfar.cli._verb import Flag, verb
from nearfar.errors import ParameterError
from nearfar.ops.fit import fitted
from nearfar.options import option, parse
from nearfar.robot.ground import find_ground
from nearfar.robot.mount import MountOptions

if TYPE_CHECKING:
    from nearfar.calibration import Calibration
    from nearfar.types import Camera, DepthMap

_NOTHING = 1e-9  # share of a distance below which an error is the machine's rounding


@dataclass(frozen=True, slots=True)
class CalibrateOptions(DepthSource, MountOptions):
    """The flags of the verb."""

    output: str = option("", "Where the profile goes; PHOTO.calibration.json otherwise.")
    intrinsics: str = option("", INTRINSICS_FLAG, parse=read_text)
    overwrite: bool = option(False, "Replace a file that exists already.")


@verb(
    CalibrateOptions,
    (
        "PHOTO POINT",
        "A picture, then two or more pixels with their distances: 320,240=2.5; none with --height.",
    ),
    {
        "output": Flag("-o", "FILE.json"),
        **LOOKS,
        "depth": Flag(value="FILE"),
        "intrinsics": Flag(value="NUMBERS|FILE"),
    },
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Make a camera profile from known distances, or from the camera's height above the floor."""
    options: CalibrateOptions = parse(CalibrateOptions, given)
    by_floor = options.height is not None
    if not words or by_floor == (len(words) > 1):
        raise ParameterError(
            "A photo and known distances are needed, or the camera's height.",
            "For example: nearfar calibrate a.jpg 320,240=2.5 90,80=7, or --height 1.2 --pitch -10.",
        )
    idle = [name for name in LOOKS if name in given and name not in {"height", "fov"} and not by_floor]
    _idle.refuse(idle, "without --height")
    source, points = words[0], [KnownPoint.parse(word) for word in words[1:]]
    path = Path(options.output) if options.output else Path(source).with_suffix(".calibration.json")
    _plugins.check_absent(path, overwrite=options.overwrite)
    photo = api.read(source, intrinsics=options.intrinsics or None)
    known = options.read_depth() if options.depth else None
    depth = known or api.load(network(options.model, fine=options.fine)).estimate(photo)
    depth = fitted(depth, photo.width, photo.height)
    camera = known_camera(options.fov, photo, depth)
    fit = _by_floor(options, depth, camera) if by_floor else calibrate(depth, points, camera)
    for point, error in zip(fit.points, fit.errors_m, strict=True):
        off = error if abs(error) > _NOTHING * point.distance_m else 0.0
        _say.line(f"{point.x:g},{point.y:g}: {point.distance_m:g} m, off by {off:+.3g} m")
    _say.lines([str(fit.save(path, overwrite=options.overwrite))])
    return 0


def _by_floor(options: CalibrateOptions, depth: DepthMap, camera: Camera | None) -> Calibration:
    """The profile that the floor tells."""
    camera = needed(camera)
    ground = find_ground(depth, camera, options.mount(camera))
    _say.line(f"floor: {ground.share:.0%} of the picture; distances are right to about {ground.error:.0%}")
    return ground.calibration

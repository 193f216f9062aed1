"""``nearfar obstacles PHOTO``: free space in each direction, and the nearest thing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar import api
from nearfar.calibration import Calibration
from nearfar.cards import DepthKind
from nearfar.cli import _mount, _plugins, _say
from nearfar.cli._intrinsics import INTRINSICS_FLAG, read_text
from nearfar.cli._network import FINE_HELP, MODEL_HELP, network
from nearfar.cli._verb import Flag, verb
from nearfar.decode.depth import INVALID_HELP
from nearfar.errors import ParameterError
from nearfar.ops.fit import fitted
from nearfar.options import option, parse
from nearfar.robot import messages
from nearfar.robot.sectors import ObstacleOptions, obstacles
from nearfar.types import Camera

if TYPE_CHECKING:
    from nearfar.robot.sectors import Obstacles
    from nearfar.types import DepthMap, Photo


@dataclass(frozen=True, slots=True)
class ObstacleFlags:
    """The flags of the verb."""

    height: float | None = option(None, _mount.HEIGHT_HELP, low=1e-3)
    pitch: float | None = option(None, _mount.PITCH_HELP, parse=_mount.degrees)
    roll: float = option(0.0, _mount.ROLL_HELP, parse=_mount.degrees)
    horizon: float | None = option(None, _mount.HORIZON_HELP, parse=_mount.degrees)
    fov: float = option(0.0, "Horizontal field of view in degrees; 0 takes the photo's own.", low=0, high=179)
    intrinsics: str = option("", INTRINSICS_FLAG, parse=read_text)
    json: bool = option(False, "A JSON object on standard output, with the fields of both messages.")
    output: str = option("", "A picture of floor, things and directions: FILE.png or .jpg.")
    sectors: int = option(72, "Directions that are told apart.", low=1, high=720)
    span: float = option(0.0, "Degrees that they cover; 0 is the field of view.", low=0, high=360)
    step: float | None = option(None, "Metres above the floor that can be driven over.", low=0)
    top: float | None = option(None, "Metres above the floor that pass over the robot.", low=0)
    reach: float | None = option(None, "Metres up to which is looked.", low=1e-3)
    calibration: str = option("", "Camera profile of nearfar calibrate: depth becomes metres.")
    model: str = option("", MODEL_HELP)
    fine: bool = option(False, FINE_HELP)
    depth: str = option("", "Depth file to use instead of running a network.")
    depth_kind: str = option("", _plugins.DEPTH_KIND_HELP, choices=("", *DepthKind))
    depth_scale: float = option(1.0, _plugins.DEPTH_SCALE_HELP)
    depth_invalid: str = option("", INVALID_HELP, parse=str)
    depth_array: str = option("", _plugins.DEPTH_ARRAY_HELP)
    overwrite: bool = option(False, "Replace a picture that exists already.")


@verb(
    ObstacleFlags,
    ("PHOTO", "A picture of a camera whose tilt is known."),
    {
        "output": Flag("-o", "FILE"),
        "height": Flag(value="METRES"),
        "pitch": Flag(value="DEGREES"),
        "roll": Flag(value="DEGREES"),
        "horizon": Flag(value="ROW"),
        "depth": Flag(value="FILE"),
        "intrinsics": Flag(value="NUMBERS|FILE"),
        "calibration": Flag(value="FILE"),
    },
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Tell what stands in the way, by direction."""
    flags: ObstacleFlags = parse(ObstacleFlags, given)
    if len(words) != 1:
        raise ParameterError(
            "One photo is to be named.", "For example: nearfar obstacles a.jpg --height 0.4 --pitch -10"
        )
    if flags.output:
        _plugins.check_absent(Path(flags.output), overwrite=flags.overwrite)
    photo = api.read(words[0], intrinsics=flags.intrinsics or None)
    depth = _depth(flags, photo)
    camera = camera_of(flags.fov, photo, depth)
    options = ObstacleOptions(flags.sectors, flags.span, flags.step, flags.top, flags.reach)
    found = obstacles(depth, camera, _mount.mount_of(flags, camera), options)
    _say.row({"input": words[0], **_row(found)}) if flags.json else _tell(found)
    if flags.output:
        from nearfar.robot.drawing import drawn

        _say.line(str(drawn(photo.rgb8(), found).save(flags.output, overwrite=flags.overwrite)))
    return 0


def _depth(flags: ObstacleFlags, photo: Photo) -> DepthMap:
    known = _plugins.given_depth(flags) if flags.depth else None
    depth = known or api.load(network(flags.model, fine=flags.fine)).estimate(photo)
    depth = fitted(depth, photo.width, photo.height)
    return Calibration.load(flags.calibration).apply(depth) if flags.calibration else depth


def camera_of(fov: float, photo: Photo, depth: DepthMap) -> Camera:
    """The camera that was told, or the photo's own, or the depth map's.

    Raises:
        ParameterError: nobody knows it, or it was told twice.
    """
    camera = Camera.from_fov(fov, depth.width, depth.height) if fov else photo.camera or depth.camera
    if fov and photo.camera is not None and photo.camera.source == "given":
        raise ParameterError("Both a field of view and intrinsics were given.", "Give one of them.")
    if camera is None:
        raise ParameterError(
            "The photo does not say its field of view.", "Give --fov or --intrinsics.", parameter="fov"
        )
    return camera


def _row(found: Obstacles) -> dict[str, object]:
    """For programs; messages where there are metres, infinities as text since JSON has none."""
    row: dict[str, object] = found.describe()
    if found.unit != "m":
        return row
    scan = messages.laser_scan(found)
    scan["ranges"] = [r if math.isfinite(r) else str(r) for r in scan["ranges"]]
    if len(found.distances) <= messages.MAVLINK_SECTORS:
        row["mavlink_obstacle_distance"] = messages.obstacle_distance(found)
    return row | {"ros_laser_scan": scan}


def _tell(found: Obstacles) -> None:
    """For people."""
    error = "" if found.error is None else f" (give or take {found.error:.0%})"
    if found.nearest is None:
        _say.lines([f"nothing within {found.reach:.3g} {found.unit}{error}"])
    else:
        near = found.nearest
        side = "right" if near.bearing_deg > 0 else "left"
        _say.lines(
            [f"nearest: {near.distance:.3g} {found.unit}{error}, {abs(near.bearing_deg):.0f}° to the {side}"]
        )
    for bearing, distance in zip(found.bearings_deg.tolist(), found.distances.tolist(), strict=True):
        free = "unknown" if math.isnan(distance) else "free" if math.isinf(distance) else f"{distance:.3g}"
        _say.lines([f"{bearing:+7.1f}°  {free}"])

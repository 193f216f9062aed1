"""``nearfar obstacles PHOTO``: free space in each direction, and the nearest thing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar.cli import _plugins, _say
from nearfar.cli._mount import LIMITS, LOOKS, known_camera, needed
from nearfar.cli._plugins import SharedOptions
from nearfar.cli._verb import Flag, verb
from nearfar.encode import check_suffix
from nearfar.errors import ParameterError
from nearfar.options import option, parse
from nearfar.robot import messages
from nearfar.robot.look import LookOptions
from nearfar.robot.sectors import obstacles

if TYPE_CHECKING:
    from nearfar.robot.sectors import Obstacles
    from nearfar.types import DepthMap


@dataclass(frozen=True, slots=True)
class ObstacleFlags(SharedOptions, LookOptions):
    """The flags of the verb."""

    output: str = option("", "A picture of floor, things and directions: FILE.png or .jpg.")
    json: bool = option(False, "A JSON object on standard output, with the fields of both messages.")


@verb(
    ObstacleFlags,
    ("PHOTO", "A picture of a camera whose tilt is known."),
    {
        "output": Flag("-o", "FILE"),
        **LOOKS,
        **LIMITS,
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
        check_suffix(Path(flags.output).suffix)
        _plugins.check_absent(Path(flags.output), overwrite=flags.overwrite)
    looks = flags.looks()
    photo, depth = _plugins.photo_and_depth(words[0], flags)
    camera = needed(known_camera(flags.fov, photo, depth))
    found = obstacles(depth, camera, flags.mount(camera), looks)
    _say.row({"input": words[0], **_made_by(depth), **_row(found)}) if flags.json else _tell(found)
    if flags.output:
        from nearfar.robot.drawing import drawn

        _say.line(str(drawn(photo.rgb8(), found).save(flags.output, overwrite=flags.overwrite)))
    return 0


def _made_by(depth: DepthMap) -> dict[str, object]:
    """What kind of depth it was, and of which network."""
    made = depth.provenance
    return {"kind": depth.kind.value, "model": made.model, "weights_sha256": made.weights_sha256}


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

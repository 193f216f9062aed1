"""``nearfar rosbag BAG -o OUT``: depth, points and free space of a recording, as messages of ROS 2."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from nearfar import api
from nearfar.cli import _say
from nearfar.cli._mount import LIMITS, LOOKS
from nearfar.cli._network import FINE_HELP, MODEL_HELP, network
from nearfar.cli._verb import Flag, verb
from nearfar.errors import ParameterError
from nearfar.options import option, parse
from nearfar.ros.bag import BagPlan, convert
from nearfar.ros.stream import RosDepth, RosOptions


@dataclass(frozen=True)
class RosbagFlags(RosOptions):
    """The flags of the verb."""

    output: str = option("", "The bag that is written: FILE.mcap, or a folder.")
    image: str = option("", "Topic of the pictures; found where only one could be meant.")
    info: str = option("", "Topic of their CameraInfo; otherwise camera_info beside the pictures.")
    every: int = option(1, "Only every Nth picture.", low=1)
    keep: bool = option(False, "Copy the bag's own messages too.")
    model: str = option("", MODEL_HELP)
    fine: bool = option(False, FINE_HELP)
    json: bool = option(False, "What was done as a JSON object on standard output.")
    overwrite: bool = option(False, "Replace a file that exists already.")


@verb(
    RosbagFlags,
    ("BAG", "A bag of ROS 2 (.mcap, .db3, or its folder) or of ROS 1 (.bag)."),
    {"output": Flag("-o", "FILE.mcap"), "image": Flag(value="TOPIC"), "info": Flag(value="TOPIC")}
    | LOOKS
    | LIMITS,
)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Read a recording of a robot's camera and write one with its depth."""
    flags: RosbagFlags = parse(RosbagFlags, given)
    if len(words) != 1 or not flags.output:
        raise ParameterError(
            "One bag and --output are needed.",
            "For example: nearfar rosbag in.mcap -o out.mcap --height 0.4 --pitch -10",
        )
    target = Path(flags.output)
    plan = BagPlan(Path(words[0]), target, flags.image, flags.info, flags.keep, flags.every, flags.overwrite)
    plan.check()
    maker = RosDepth(api.load(network(flags.model, fine=flags.fine)), flags)
    report = convert(plan, maker)
    error = median(report.errors) if report.errors else None
    for text in [*report.notes, *report.reasons]:
        _say.line(text)
    if flags.json:
        row = {"output": str(target), "frames": report.frames, "refused": report.refused}
        row |= {"kind": "metric", "unit": "m", "encoding": flags.encoding, "error": error}
        row |= {"model": maker.made_by.model, "weights_sha256": maker.made_by.weights_sha256}
        _say.row(row | {"image": report.image, "info": report.info, "topics": report.topics})
    else:
        about = "" if error is None else f"; distances are right to about {error:.0%}"
        count = "1 frame" if report.frames == 1 else f"{report.frames} frames"
        _say.line(f"{count} of {report.image}, {report.refused} refused{about}")
        _say.lines([str(target)])
    return 0 if report.frames else 1

"""How well the floor gives the scale, obstacles their distance, and growth the time to contact.

    python benchmarks/obstacles.py [--rooms 60] [--drives 12] [--first 100] [--page FILE.md]

Rooms and streets of the scene generator, with cameras that are known: field of view, pitch, roll, and height
above the ground they stand on. Depth is the exact one as a relative map of unknown scale and shift
("exact"), and that of the network in the package ("network"). The stated error was chosen on the scenes of
``--first 1000 --rooms 80``. ``--page`` renews the block "obstacles".
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import nearfar
from nearfar.errors import NoGroundError
from nearfar.robot.contact import ContactWatch, time_to_contact
from nearfar.robot.follow import GroundFollower
from nearfar.robot.mount import slopes
from nearfar.types import Camera, DepthMap, Photo
from nearfar.video.live import LiveDepth
from nearfar_lab.drive.planner import Planner
from nearfar_lab.drive.robot import Robot
from nearfar_lab.drive.run import rooms, seen_by, true
from nearfar_lab.figures import Figure, block, check_page, renew
from nearfar_lab.scenes.pictures import photographed, scene_of
from nearfar_lab.scenes.scene import RenderedPicture, Scene, glance, raw
from nearfar_lab.scenes.shots import Move

SIZE = (192, 256)
FIRST_SEED = 100
FAR_M = 30.0
STREAM = 24
NEAR_M = 4.0
SPEED_M_S, FRAME_S, FRAMES = 1.0, 0.2, 5
WAY_DEG = 15.0
FLOOR, SEEN = 0.02, 0.06
"""By how much floor may be off, and the share of a picture from which a floor is seen."""
Depth = Callable[[RenderedPicture], DepthMap]


@dataclass(frozen=True)
class View:
    """A rendered picture, its camera and its mount."""

    picture: RenderedPicture
    camera: Camera
    mount: nearfar.Mount
    scene: Scene


def view(seed: int, world: str, scene: Scene | None = None) -> View:
    """The picture of a seed; its lens is straightened, so that the camera is a pinhole.

    A street's camera stands on its road or pavement, a room's over its floor, whatever furniture is below it.
    """
    scene = scene or scene_of(seed, SIZE, world)
    scene = replace(scene, camera=replace(scene.camera, distortion=0.0))
    down = replace(scene.camera, pitch_deg=-90.0, roll_deg=0.0, fov_deg=20.0)
    below = float(glance(replace(scene, camera=down), (3, 3))[0][1, 1])
    height = float(scene.camera.position_m[1]) if world == "room" else below
    picture = photographed(seed, scene, raw(scene, SIZE), SIZE)
    camera = Camera(picture.fx, picture.fy, picture.cx, picture.cy)
    mount = nearfar.Mount(height, scene.camera.pitch_deg, scene.camera.roll_deg)
    return View(picture, camera, mount, scene)


def exact(picture: RenderedPicture) -> DepthMap:
    """The true inverse depth, its scale and shift taken away."""
    return DepthMap((3 * picture.inverse_m + 0.7).astype(np.float32), nearfar.DepthKind.RELATIVE_INVERSE)


def truth(one: View) -> nearfar.Obstacles:
    """What stands in the way by exact depth."""
    known = np.isfinite(one.picture.depth_m)
    depth = DepthMap(np.where(known, one.picture.depth_m, 1e4), nearfar.DepthKind.METRIC)
    return nearfar.obstacles(depth, one.camera, one.mount)


def shows_floor(one: View) -> bool:
    """Whether enough of a picture is the floor that the camera's height is measured from."""
    shape = one.picture.depth_m.shape
    rows, columns = np.arange(shape[0]) + 0.5, np.arange(shape[1]) + 0.5
    ratio = one.picture.depth_m * slopes(one.camera, rows, columns, one.mount.axes()[1]) / one.mount.height_m
    return bool((np.abs(ratio - 1) < FLOOR).mean() >= SEEN)


def of_scale(views: list[View], depth_of: Depth) -> tuple[list[float], list[float], list[View]]:
    """Median relative error of each picture's distances, what was stated, and the pictures refused."""
    errors, stated, refused = [], [], []
    for one in views:
        depth = depth_of(one.picture)
        try:
            ground = nearfar.find_ground(depth, one.camera, one.mount)
        except NoGroundError:
            refused.append(one)
            continue
        near = one.picture.depth_m < FAR_M
        found = ground.calibration.apply(depth)
        ratio = found.values[near] / one.picture.depth_m[near]
        errors.append(float(np.median(np.abs(ratio - 1))))
        stated.append(ground.error)
    return errors, stated, refused


def of_sectors(views: list[View], depth_of: Depth) -> tuple[np.ndarray, np.ndarray]:
    """Distances of all directions, ours and true, of pictures that are not refused."""
    ours, true = [], []
    for one in views:
        try:
            found = nearfar.obstacles(depth_of(one.picture), one.camera, one.mount)
        except NoGroundError:
            continue
        ours.append(found.distances)
        true.append(truth(one).distances)
    return np.concatenate(ours), np.concatenate(true)


def drive(seed: int) -> Iterator[View]:
    """Frames of a camera that goes straight ahead through a room, level and slowly."""
    scene = scene_of(seed, SIZE, "room")
    first = replace(scene.camera, pitch_deg=-12.0, roll_deg=0.0)
    ahead = SPEED_M_S * FRAME_S
    level = np.radians(first.pitch_deg)
    move = Move(ahead_m=ahead * float(np.cos(level)), up_m=-ahead * float(np.sin(level)))
    for number in range(FRAMES):
        yield view(seed, "room", replace(scene, camera=move.camera(first, number)))


def of_contact(drives: list[list[View]], depth_of: Depth) -> tuple[list[float], list[float]]:
    """Relative errors of the time to contact straight ahead: of two frames, and of a stream of five.

    The mount's height is not told: all is done in camera heights.
    """
    two, stream = [], []
    for frames in drives:
        try:
            found = [
                nearfar.obstacles(depth_of(one.picture), one.camera, replace(one.mount, height_m=None))
                for one in frames
            ]
        except NoGroundError:
            continue
        watch = ContactWatch()
        for number, one in enumerate(found):
            seconds = watch.push(one, number * FRAME_S)
        known = truth(frames[-1])
        true = known.distances / (SPEED_M_S * np.cos(np.radians(known.bearings_deg)))
        way = (np.abs(known.bearings_deg) < WAY_DEG) & np.isfinite(true) & (known.distances < NEAR_M)
        pair = time_to_contact(found[0], found[-1], (FRAMES - 1) * FRAME_S)
        two += list(np.abs(pair[way] / true[way] - 1))
        stream += list(np.abs(seconds[way] / true[way] - 1))
    return two, stream


def scale_rows(views: dict[str, list[View]], depths: dict[str, Depth]) -> Iterator[Figure]:
    """Of each world and each depth."""
    for world, seen in views.items():
        for name, depth_of in depths.items():
            errors, stated, refused = of_scale(seen, depth_of)
            value = float(np.median(errors))
            inside = float(np.mean(np.array(errors) <= np.array(stated)))
            yield Figure(
                f"{world}, {name} depth: median error of distances",
                f"{value:.1%}; 90 % of pictures below {np.quantile(errors, 0.9):.0%}",
                "≤ 10 %",
                value <= 0.10,
            )
            yield Figure(
                f"{world}, {name} depth: stated error, and pictures within it",
                f"{np.median(stated):.1%}, {inside:.0%} of {len(errors)}",
            )
            with_floor = sum(shows_floor(one) for one in refused)
            yield Figure(
                f"{world}, {name} depth: pictures refused",
                f"{len(refused)} of {len(seen)}, {with_floor} of them with floor on {SEEN:.0%} or more",
            )


def sector_rows(views: list[View], depths: dict[str, Depth]) -> Iterator[Figure]:
    """Of things nearer than four metres."""
    for name, depth_of in depths.items():
        ours, true = of_sectors(views, depth_of)
        near = true < NEAR_M
        off = np.abs(ours[near] / true[near] - 1)
        seen = (ours[near] < 1.5 * true[near]).mean()
        free = np.isinf(true) | (true > NEAR_M)
        false = (ours[free] < 0.5 * NEAR_M).mean()
        yield Figure(
            f"{name} depth: things within {NEAR_M:g} m, by direction",
            f"{seen:.0%} seen (at most half as far again), median error {np.median(off):.0%}",
        )
        yield Figure(f"{name} depth: free directions with a thing within {NEAR_M / 2:g} m", f"{false:.1%}")


def contact_rows(drives: list[list[View]], depths: dict[str, Depth]) -> Iterator[Figure]:
    """Of what stands straight ahead."""
    for name, depth_of in depths.items():
        two, stream = of_contact(drives, depth_of)
        for how, errors in (("first and last frame", two), (f"stream of {FRAMES} frames", stream)):
            known = [e for e in errors if np.isfinite(e)]
            share = len(known) / max(1, len(errors))
            value = f"{np.median(known):.0%}" if known else "none"
            yield Figure(
                f"{name} depth: time to contact, {how}: median error",
                f"{value}; a time is told for {share:.0%} of {len(errors)} directions",
            )


def of_stream(seed: int, smooth: float, model: nearfar.Model) -> Iterator[tuple[float, float]]:
    """Of each frame of a robot's drive the median error of distances and what was stated; NaN: refused.

    ``smooth`` holds depth steady with one scale that is followed; 0 takes each frame by its own floor.
    """
    robot, planner = Robot(seed), Planner()
    live, follower = LiveDepth(smooth, "image"), GroundFollower(robot.body.mount, robot.body.camera)
    for _ in range(STREAM):
        photo, far = Photo(robot.picture()), robot.depth_m()
        held = live.hold(photo, model.estimate(photo))
        if held.is_cut or not smooth:
            follower.restart()
        try:
            ground = follower.update(held.depth)
        except NoGroundError:
            yield np.nan, np.nan
        else:
            off = np.abs(ground.calibration.apply(held.depth).numpy() / far - 1)
            yield float(np.nanmedian(off)), ground.error
        planner.moved(robot.move(planner.command(seen_by(robot, true))))


def stream_rows(seeds: list[int], model: nearfar.Model) -> Iterator[Figure]:
    """Of a robot that drives through rooms, with the network's depth."""
    for smooth, how in ((0.8, "held steady, one scale"), (0.0, "each frame by its own floor")):
        found = np.array([row for seed in seeds for row in of_stream(seed, smooth, model)])
        known = found[np.isfinite(found[:, 0])]
        value = float(np.median(known[:, 0]))
        yield Figure(
            f"stream of a robot that drives, {how}: median error of distances",
            f"{value:.1%}; 90 % of frames below {np.percentile(known[:, 0], 90):.0%}, "
            f"{(known[:, 0] <= known[:, 1]).mean():.0%} within what was stated; "
            f"{len(found) - len(known)} of {len(found)} refused",
            "≤ 10 %",
            value <= 0.10,
        )


def main() -> None:
    """Measure, print, and renew the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=60)
    parser.add_argument("--drives", type=int, default=12)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    check_page(given.page, "obstacles")
    seeds = range(given.first, given.first + given.rooms)
    views = {f"{world}s": [view(seed, world) for seed in seeds] for world in ("room", "street")}
    model = nearfar.load("embedded")
    depths: dict[str, Depth] = {"exact": exact, "network": lambda picture: model.estimate(picture.rgb)}
    figures = list(scale_rows(views, depths))
    figures += sector_rows([*views["rooms"], *views["streets"]], depths)
    figures += contact_rows([list(drive(given.first + n)) for n in range(given.drives)], depths)
    figures += stream_rows(rooms(max(1, given.drives // 2), given.first), model)
    first = f" --first {given.first}" if given.first != FIRST_SEED else ""
    command = f"python benchmarks/obstacles.py --rooms {given.rooms} --drives {given.drives}{first}"
    text = block(command, figures, datetime.now(UTC).date())
    print(text)
    if given.page:
        renew(given.page, "obstacles", text)


if __name__ == "__main__":
    main()

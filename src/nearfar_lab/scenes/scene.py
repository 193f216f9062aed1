"""What a scene is made of, and its picture.

World axes: x right, y up, z ahead; metres. Camera axes: x right, y down, z along the optical axis.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nearfar.errors import ParameterError
from nearfar_lab.scenes import light, surfaces, tree
from nearfar_lab.scenes.compiled import cpu
from nearfar_lab.scenes.shapes import MISS

Floats = NDArray[np.float64]
RGB = tuple[float, float, float]
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: where it stands, where it looks (degrees) and its horizontal field of view."""

    position_m: Vector = (0.0, 1.5, 0.0)
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    fov_deg: float = 60.0
    distortion: float = 0.0

    def axes(self) -> Floats:
        """Rows right, down, forward in world axes. Yaw turns right, pitch up."""
        yaw, pitch, roll = np.radians([self.yaw_deg, self.pitch_deg, self.roll_deg])
        forward = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
        right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
        down = -np.cross(forward, right)
        c, s = np.cos(roll), np.sin(roll)
        return np.stack([c * right + s * down, c * down - s * right, forward])

    def focal_px(self, width: int) -> float:
        """Focal length in pixels of a picture `width` wide."""
        return 0.5 * width / float(np.tan(np.radians(self.fov_deg) / 2))


@dataclass(frozen=True)
class Lens:
    """A thin lens: radius of the opening, distance in focus (both metres), points sampled on the opening."""

    aperture_m: float
    focus_m: float
    samples: int = 64

    def points(self) -> Floats:
        """Offsets (samples, 2) on the opening in metres, evenly spread (a sunflower)."""
        k = np.arange(self.samples)
        r = self.aperture_m * np.sqrt((k + 0.5) / self.samples)
        return np.stack([r * np.cos(2.399963 * k), r * np.sin(2.399963 * k)], axis=1)


@dataclass(frozen=True)
class Light:
    """The light of a scene. Colours are linear; `lamps` (n, light.LAMP_ROW)."""

    sun: Vector = (0.3, 0.8, -0.5)
    sun_colour: RGB = (2.4, 2.2, 1.9)
    sun_radius: float = 0.02
    zenith: RGB = (0.25, 0.45, 0.9)
    horizon: RGB = (0.7, 0.8, 0.95)
    bounce: RGB = (0.3, 0.28, 0.25)
    ambient: float = 1.0
    fog: float = 0.0
    fog_colour: RGB = (0.7, 0.75, 0.8)
    occlusion_m: float = 1.0
    clouds: float = 0.0
    cloud_scale: float = 1.5
    seed: int = 0
    lamps: Floats = field(default_factory=lambda: np.zeros((0, light.LAMP_ROW)))

    def row(self, pixel: float) -> Floats:
        """The numbers as `light.py` reads them; `pixel` is the angle of a pixel."""
        sun = np.array(self.sun) / np.linalg.norm(self.sun)
        parts = [
            sun, self.sun_colour, [self.sun_radius], self.zenith, self.horizon, self.bounce, [self.fog],
            self.fog_colour, [self.occlusion_m, self.clouds, self.cloud_scale],
            [self.seed, self.ambient, pixel],
            [len(self.lamps)],
        ]  # fmt: skip
        return np.concatenate([np.asarray(p, np.float64) for p in parts])


NO_PHOTOS: NDArray[np.float32] = np.full((1, 2, 2, 3), 0.4, np.float32)


@dataclass(frozen=True)
class Scene:
    """Primitives (n, shapes.ROW), materials (m, surfaces.ROW), light, camera; photos (k, s, s, 3) linear."""

    prims: Floats
    materials: Floats
    camera: Camera = field(default_factory=Camera)
    light: Light = field(default_factory=Light)
    photos: NDArray[np.float32] = field(default_factory=lambda: NO_PHOTOS)
    world: str = "explicit"

    def __post_init__(self) -> None:
        from nearfar_lab.scenes import shapes

        if self.prims.ndim != 2 or self.prims.shape[1] != shapes.ROW or not len(self.prims):
            raise ParameterError(
                f"Primitives are (N > 0, {shapes.ROW}), not {self.prims.shape}.", "Make them with a Builder."
            )
        if self.materials.ndim != 2 or self.materials.shape[1] != surfaces.ROW:
            raise ParameterError(
                f"Materials are (M, {surfaces.ROW}), not {self.materials.shape}.", "Make them with a Builder."
            )
        if not 0 <= self.prims[:, shapes.MATERIAL].max() < len(self.materials):
            raise ParameterError(
                "A primitive names a material that the scene does not have.", "Add the material first."
            )


@dataclass(frozen=True)
class RenderedPicture:
    """A rendered scene: rgb (H, W, 3) uint8 sRGB, depth_m (H, W) float32 along the axis, inf for sky."""

    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    fx: float
    fy: float
    cx: float
    cy: float
    world: str
    distortion: float = 0.0
    seed: int = -1

    @property
    def inverse_m(self) -> NDArray[np.float32]:
        """Inverse depth (H, W) in 1/m, 0 for sky."""
        return 1.0 / self.depth_m


@dataclass(frozen=True)
class Raw:
    """Linear radiance (H, W, 3), depth (H, W) in metres (inf: sky), primitive seen (H, W; -1: sky)."""

    radiance: NDArray[np.float32]
    depth_m: NDArray[np.float32]
    ids: NDArray[np.int32]


def view_row(
    camera: Camera, height: int, width: int, offset: Floats | None = None, focus_m: float = 1e9
) -> Floats:
    """The camera as `frame.ray` reads it, seen through a point of the lens."""
    f = camera.focal_px(width)
    shift = np.zeros(2) if offset is None else offset
    parts = [
        camera.position_m,
        camera.axes().ravel(),
        [f, f, width / 2, height / 2, camera.distortion],
        shift,
        [focus_m],
    ]
    return np.concatenate([np.asarray(p, np.float64) for p in parts])


def raw(scene: Scene, size: tuple[int, int], lens: Lens | None = None, edge_samples: int = 4) -> Raw:
    """Radiance and exact depth of a scene; through a lens the radiance is the mean over its points."""
    height, width = size
    run = cpu()
    prims, bounds, links = tree.build(scene.prims, np.asarray(scene.camera.position_m))
    env = scene.light.row(1.0 / scene.camera.focal_px(width))
    world = (prims, bounds, links)
    stage = (world, scene.materials, scene.photos, scene.light.lamps, env)

    def radiance(view: Floats, seen: tuple[Floats, NDArray[np.int32]]) -> Floats:
        buffer = run.shaded(stage, view, seen)
        lit = np.ascontiguousarray(buffer[..., 6:10])
        for step in (1, 4):
            lit = run.smoothed(buffer, lit, seen, step)
        sun = run.smoothed(buffer, np.ascontiguousarray(buffer[..., 14:17]), seen, 1)
        flat = run.composed((buffer, lit, sun), seen, (env, view))
        return run.edges_smoothed(world, view, (*seen, flat), edge_samples) if edge_samples else flat

    view = view_row(scene.camera, height, width)
    depth, ids = run.first_hits(world, view, height, width)
    if lens is None:
        colour = radiance(view, (depth, ids))
    else:
        colour = np.zeros((height, width, 3))
        for point in lens.points():
            off = view_row(scene.camera, height, width, point, lens.focus_m)
            colour += radiance(off, run.first_hits(world, off, height, width)) / lens.samples
    depth_m = np.where(depth >= MISS, np.inf, depth).astype(np.float32)
    return Raw(colour.astype(np.float32), depth_m, ids)


def glance(scene: Scene, size: tuple[int, int] = (24, 32)) -> tuple[Floats, NDArray[np.int32]]:
    """Depth and seen primitives of a scene in a tiny picture: enough to judge a view."""
    world = tree.build(scene.prims, np.asarray(scene.camera.position_m))
    depth, ids = cpu().first_hits(world, view_row(scene.camera, *size), *size)
    return depth, ids

"""What the exports of points and meshes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError
from nearfar.ops.alpha import SEEN, is_seen, share, shown
from nearfar.ops.colormap import colorize
from nearfar.ops.inpaint import extend
from nearfar.ops.intrinsics import camera_of
from nearfar.ops.mesh import Mesh, mesh
from nearfar.ops.nearness import distance
from nearfar.ops.refine import refine
from nearfar.ops.steps import crisp
from nearfar.options import option

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import Camera, DepthMap, Photo
    from nearfar.types.arrays import FloatMap


@dataclass(frozen=True, slots=True)
class SpaceOptions:
    """How pixels become points."""

    fov: float = option(
        0.0, "Horizontal field of view in degrees; 0 takes the photo's own, else 60.", low=0, high=179
    )
    near: float = option(1.0, "Distance of the nearest pixel of relative depth.", low=1e-6, high=1e6)
    far: float = option(10.0, "Distance of the farthest pixel of relative depth.", low=1e-6, high=1e6)
    refine: bool = option(
        True, "Bring edges of a network's depth to the photo's edges first, where there is a photo."
    )


@dataclass(frozen=True, slots=True)
class MeshOptions(SpaceOptions):
    """How pixels become a surface."""

    faces: int = option(150_000, "Most triangles.", low=2, high=20_000_000)
    edge: float = option(0.06, "Relative jump of distance at which the surface is cut.", low=0.001, high=10)


def in_space(photo: Photo | None, depth: DepthMap, options: SpaceOptions) -> tuple[FloatMap, Camera]:
    """(H, W) distance and the camera.

    Raises:
        ParameterError: photo and depth differ in size, not near < far, or a field of view beside intrinsics.
    """
    if photo is not None and (photo.height, photo.width) != depth.values.shape:
        raise ParameterError(
            f"The photo is {photo.width}×{photo.height}, but its depth {depth.width}×{depth.height} pixels.",
            "Give the photo that the depth was made from.",
        )
    away = distance(depth, options.near, options.far)
    if options.refine and photo is not None and _is_enlarged(depth):
        away = _refined(away, photo, depth)
    return away, camera_of(depth, options.fov)


def _is_enlarged(depth: DepthMap) -> bool:
    """Whether a network saw less than the map has: its edges are soft. Other maps stay as they are."""
    width, height = depth.provenance.input_size
    return 0 < width < depth.width and 0 < height < depth.height


def _refined(away: FloatMap, photo: Photo, depth: DepthMap) -> FloatMap:
    """The distance with edges that are steps, on the edges of the photo."""
    inverse = refine(np.asarray(1 / away, np.float32), shown(photo), depth.provenance.input_size)
    low, span = float(inverse.min()), float(np.ptp(inverse))
    if span <= 0:
        return away
    near = crisp((inverse - np.float32(low)) * np.float32(1 / span))
    return np.asarray(1 / (near * np.float32(span) + np.float32(low)), np.float32)


def meshed(photo: Photo | None, depth: DepthMap, options: MeshOptions) -> Mesh:
    """The mesh of a depth map."""
    away, camera = in_space(photo, depth, options)
    return mesh(away, seen_and_valid(photo, depth), camera, most_faces=options.faces, edge=options.edge)


def surface(photo: Photo | None, depth: DepthMap, options: MeshOptions) -> Mesh:
    """The mesh of a photo and its depth, with at least one triangle.

    Raises:
        ParameterError: no surface is left; or as of :func:`meshed`.
    """
    found = meshed(photo, depth, options)
    if not len(found.faces):
        raise ParameterError(
            "No surface is left: the picture is too small, or all of it is cut or not valid.",
            "Raise edge, or export points with ply.",
        )
    return found


def colours_of(photo: Photo | None, depth: DepthMap) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8: the photo's colours, the heat map's where there is no photo.

    Transparent pixels have the colour of what is seen beside them: none of theirs mixes into a texture.
    """
    if photo is None:
        return colorize(depth.near_is_large())
    alpha, colours = share(photo), np.asarray(photo.rgb8())
    if alpha is None or alpha.min() >= 1:
        return colours
    solid = (alpha >= np.float32(SEEN)).astype(np.float32)
    carried = extend(colours.astype(np.float32), solid)
    return np.where(solid[..., None] > 0, colours, np.rint(np.clip(carried, 0, 255)).astype(np.uint8))


def seen_and_valid(photo: Photo | None, depth: DepthMap) -> npt.NDArray[np.bool_] | None:
    """(H, W): pixels that are points of the scene: valid, and not transparent; None where all are."""
    seen = is_seen(photo)
    if seen is None:
        return depth.valid
    return seen if depth.valid is None else seen & depth.valid


def notes(depth: DepthMap, options: SpaceOptions) -> list[str]:
    """Sentences that say where the numbers come from."""
    camera = camera_of(depth, options.fov)
    unit = (
        "Distances are metres."
        if depth.kind is DepthKind.METRIC
        else f"Distances have no unit: the nearest pixel was put at {options.near:g}, the farthest at "
        f"{options.far:g}."
    )
    made_by = f"Made by nearfar from {depth.kind.value} depth of the network {depth.provenance.model or '?'}."
    focal = f"Camera: focal length {camera.fx_px:.1f} px ({camera.source})."
    return [made_by, unit, focal, "Axes: x right, y up, z towards the viewer; the camera is at the origin."]

"""A workbench for scenes: put shapes in place by simple calls, nested frames included."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nearfar_lab.scenes import shapes, surfaces, tree
from nearfar_lab.scenes.scene import NO_PHOTOS, RGB, Camera, Light, Scene, Vector

Floats = NDArray[np.float64]


def rotation(yaw_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> Floats:
    """Axes as columns: turned about z by roll, then x by pitch, then y by yaw (yaw 90 takes z to x)."""
    y, p, r = np.radians([yaw_deg, pitch_deg, roll_deg])
    cy, sy, cp, sp, cr, sr = np.cos(y), np.sin(y), np.cos(p), np.sin(p), np.cos(r), np.sin(r)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    out: Floats = about_y @ about_x @ about_z
    return out


class Builder:
    """Collects primitives, materials and lamps; positions are in the frame opened last."""

    def __init__(self, photos: NDArray[np.float32] | None = None) -> None:
        """An empty scene; `photos` (k, s, s, 3) linear are pictures that materials may show."""
        self.photos = NO_PHOTOS if photos is None or not len(photos) else photos
        self.has_photos = photos is not None and len(photos) > 0
        self.rows: list[Floats] = []
        self.materials: list[Floats] = []
        self.lamps: list[Floats] = []
        self.keep_free: tuple[Vector, float] | None = None
        self._turn = np.eye(3)
        self._move = np.zeros(3)

    @contextmanager
    def item(self, x: float, y: float, z: float, yaw: float = 0.0) -> Iterator[None]:
        """A frame like `at`; its shapes are all dropped when one comes too near the camera (`keep_free`)."""
        start, lamps = len(self.rows), len(self.lamps)
        with self.at(x, y, z, yaw):
            yield
        if self.keep_free is not None and len(self.rows) > start:
            eye, margin = self.keep_free
            part = tree.boxes(np.array(self.rows[start:]))
            gap = np.maximum(np.maximum(part[:, :3] - eye, eye - part[:, 3:]), 0.0)
            if np.linalg.norm(gap, axis=1).min() < margin:
                del self.rows[start:], self.lamps[lamps:]

    @contextmanager
    def at(
        self, x: float, y: float, z: float, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0
    ) -> Iterator[None]:
        """A frame at x, y, z of the present one, turned by angles in degrees."""
        turn, move = self._turn, self._move
        self._move = move + turn @ np.array([x, y, z], np.float64)
        self._turn = turn @ rotation(yaw, pitch, roll)
        try:
            yield
        finally:
            self._turn, self._move = turn, move

    def height_here(self) -> float:
        """Height above the world's zero of the present frame."""
        return float(self._move[1])

    def material(self, a: RGB, b: RGB = (0.0, 0.0, 0.0), pattern: int = surfaces.PLAIN, **more: float) -> int:
        """Number of a new material; `more` names columns: scale, bump, gloss, mirror, glow, layer, seed."""
        row = np.zeros(surfaces.ROW)
        row[surfaces.PATTERN] = pattern
        row[1:4], row[4:7] = a, b
        row[surfaces.SCALE] = more.get("scale", 1.0)
        row[surfaces.PARAM] = more.get("param", 0.5)
        row[surfaces.BUMP] = more.get("bump", 0.0)
        row[surfaces.GLOSS] = more.get("gloss", 0.0)
        row[surfaces.SHINE] = more.get("shine", 20.0)
        row[surfaces.MIRROR] = more.get("mirror", 0.0)
        row[13:16] = np.array(a) * more.get("glow", 0.0)
        row[surfaces.LAYER] = more.get("layer", 0)
        row[surfaces.SEED] = more.get("seed", 0)
        row[surfaces.DIRT] = more.get("dirt", 0.0)
        self.materials.append(row)
        return len(self.materials) - 1

    def add(
        self,
        kind: int,
        centre: Vector,
        half: Vector,
        material: int,
        *,
        turn: Vector = (0.0, 0.0, 0.0),
        extra: Vector = (0.0, 0.0, 0.0),
        mask: int = shapes.FULL,
        casts: bool = True,
        seed: int = 0,
    ) -> None:
        """A primitive; turn is yaw, pitch, roll in degrees, extra as the shape reads it."""
        row = np.zeros(shapes.ROW)
        row[shapes.KIND] = kind
        row[1:4] = self._move + self._turn @ np.array(centre, np.float64)
        axes = self._turn @ rotation(*turn) if any(turn) else self._turn
        row[4:13] = axes.T.ravel()
        row[13:16] = np.maximum(half, 1e-4)
        row[16:19] = extra
        row[shapes.MATERIAL], row[shapes.MASK], row[shapes.CASTS], row[shapes.SEED] = (
            material,
            mask,
            float(casts),
            seed,
        )
        self.rows.append(row)

    def box(
        self,
        centre: Vector,
        size: Vector,
        m: int,
        *,
        turn: Vector = (0.0, 0.0, 0.0),
        taper: Vector = (1.0, 1.0, 0.0),
        seed: int = 0,
    ) -> None:
        """A box by its centre and full size; taper scales its top in x and z and moves it in z."""
        half = (size[0] / 2, size[1] / 2, size[2] / 2)
        self.add(shapes.BOX, centre, half, m, turn=turn, extra=taper, seed=seed)

    def soft(
        self, centre: Vector, size: Vector, m: int, r: float, *, turn: Vector = (0.0, 0.0, 0.0), seed: int = 0
    ) -> None:
        """A box with edges rounded by r."""
        half = (size[0] / 2, size[1] / 2, size[2] / 2)
        r = min(r, 0.98 * min(half))
        self.add(shapes.ROUNDBOX, centre, half, m, turn=turn, extra=(r, 0.0, 0.0), seed=seed)

    def ball(
        self, centre: Vector, half: Vector, m: int, *, turn: Vector = (0.0, 0.0, 0.0), seed: int = 0
    ) -> None:
        """An ellipsoid by its half axes."""
        self.add(shapes.ELLIPSOID, centre, half, m, turn=turn, seed=seed)

    def cone(
        self,
        centre: Vector,
        r: float,
        height: float,
        m: int,
        *,
        top: float = 1.0,
        turn: Vector = (0.0, 0.0, 0.0),
        seed: int = 0,
    ) -> None:
        """An upright cylinder, or with top (ratio of radii) a cone."""
        self.add(shapes.FRUSTUM, centre, (r, height / 2, r), m, turn=turn, extra=(top, 0.0, 0.0), seed=seed)

    def limb(self, a: Vector, b: Vector, r: float, m: int, *, seed: int = 0) -> None:
        """A capsule of radius r between two points."""
        p, q = np.array(a, np.float64), np.array(b, np.float64)
        along = q - p
        length = max(float(np.linalg.norm(along)), 1e-4)
        flat = float(np.hypot(along[0], along[2]))
        yaw = float(np.degrees(np.arctan2(along[0], along[2])))
        pitch = float(-np.degrees(np.arctan2(flat, along[1])))
        mid = 0.5 * (p + q)
        self.add(
            shapes.CAPSULE, (mid[0], mid[1], mid[2]), (r, length / 2, r), m, turn=(yaw, pitch, 0.0), seed=seed
        )  # fmt: skip

    def quad(
        self,
        centre: Vector,
        size: tuple[float, float],
        m: int,
        *,
        turn: Vector = (0.0, 0.0, 0.0),
        mask: int = shapes.FULL,
        pitch_m: float = 0.05,
        seed: int = 0,
        casts: bool = True,
    ) -> None:
        """A rectangle facing z by its full size, perhaps with a cut-out mask."""
        half = (size[0] / 2, size[1] / 2, 1e-4)
        self.add(
            shapes.QUAD,
            centre,
            half,
            m,
            turn=turn,
            mask=mask,
            extra=(pitch_m, 0.0, 0.0),
            seed=seed,
            casts=casts,
        )

    def foliage(
        self, centre: Vector, half: Vector, m: int, *, grain: float, density: float, seed: int
    ) -> None:
        """A crown or bush: an ellipsoid of leaves, `grain` features a metre, density 0…1."""
        self.add(shapes.FOLIAGE, centre, half, m, extra=(grain, density, 0.0), seed=seed)

    def ground(
        self,
        y: float,
        m: int,
        *,
        relief_m: float = 0.0,
        per_m: float = 0.02,
        flat_m: float = 20.0,
        seed: int = 0,
    ) -> None:
        """An endless floor, or land with hills of height relief_m outside a flat disc round the origin."""
        self.add(shapes.GROUND, (0.0, y, 0.0), (1.0, 1.0, 1.0), m, extra=(relief_m, per_m, flat_m), seed=seed)

    def lamp(self, centre: Vector, u: Vector, v: Vector, colour: RGB, *, one_sided: bool) -> None:
        """A light: a rectangle with half edges u, v shining along their cross product, or a ball."""
        row = np.zeros(13)
        row[0:3] = self._move + self._turn @ np.array(centre, np.float64)
        row[3:6], row[6:9] = self._turn @ np.array(u, np.float64), self._turn @ np.array(v, np.float64)
        row[9:12] = colour
        row[12] = float(one_sided)
        self.lamps.append(row)

    def scene(self, camera: Camera, light: Light, world: str) -> Scene:
        """All of it as a scene."""
        lamps = np.array(self.lamps) if self.lamps else np.zeros((0, 13))
        lit = replace(light, lamps=lamps)
        return Scene(np.array(self.rows), np.array(self.materials), camera, lit, self.photos, world)

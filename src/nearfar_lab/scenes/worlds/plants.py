"""Trees, bushes, grass and pot plants, built at the origin of the present frame."""

import numpy as np

from nearfar_lab.scenes import shapes
from nearfar_lab.scenes import surfaces as s
from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.worlds import finishes as f
from nearfar_lab.scenes.worlds.finishes import Rng


def bark(b: Builder, rng: Rng) -> int:
    """Bark of a tree."""
    base = f.warm(rng, 0.05, 0.2, 0.4)
    return b.material(base, f.scaled(base, 0.4), s.WOOD, scale=6.0, bump=0.6, dirt=0.3)


def conifer(b: Builder, rng: Rng, h: float, r: float, look: tuple[int, int, int]) -> None:
    """A conical tree of height h, r the radius of its trunk; look: materials of trunk and leaves, seed."""
    trunk, leaf, seed = look
    b.cone((0, 0.25 * h, 0), r, 0.5 * h, trunk, top=0.6)
    w = h * float(rng.uniform(0.14, 0.25))
    for i in range(4):
        y = h * (0.25 + 0.2 * i)
        b.foliage(
            (0, y, 0),
            (w * (1.05 - 0.24 * i), 0.2 * h, w * (1.05 - 0.24 * i)),
            leaf,
            grain=14 / h + 1,
            density=0.75,
            seed=seed + i,
        )


def tree(
    b: Builder, rng: Rng, height: float | None = None, kind: str | None = None, leaf: int | None = None
) -> None:
    """A tree: broad, conical, palm or bare."""
    h = float(rng.uniform(3.5, 13)) if height is None else height
    kind = (
        str(rng.choice(["broad", "cone", "palm", "bare"], p=[0.62, 0.2, 0.06, 0.12]))
        if kind is None
        else kind
    )
    trunk, leaf = bark(b, rng), f.leaves(b, rng) if leaf is None else leaf
    r = 0.022 * h * float(rng.uniform(0.7, 1.4))
    seed = int(rng.integers(1 << 16))
    if kind == "cone":
        conifer(b, rng, h, r, (trunk, leaf, seed))
        return
    split = h * float(rng.uniform(0.28, 0.5))
    lean = float(rng.normal(0, 0.04)) * h
    b.limb((0, -r, 0), (lean, split, 0), r, trunk)
    if kind == "palm":
        b.limb((lean, split, 0), (2 * lean, 0.9 * h, 0), 0.7 * r, trunk)
        for i in range(12):
            a = i * 30.0
            with b.at(2 * lean, 0.9 * h, 0, yaw=a):
                b.quad(
                    (0, 0.02 * h, 0.16 * h), (0.07 * h, 0.36 * h), leaf, turn=(0, 100.0, 0), mask=shapes.LEAF
                )
        return
    n = int(rng.integers(3, 7))
    for i in range(n):
        a = 2 * np.pi * (i + rng.random()) / n
        reach = h * float(rng.uniform(0.12, 0.27))
        tip = (lean + reach * float(np.cos(a)), h * float(rng.uniform(0.62, 0.9)), reach * float(np.sin(a)))
        b.limb((lean, split * float(rng.uniform(0.8, 1.0)), 0), tip, 0.45 * r, trunk)
        if kind == "bare":
            for _ in range(3):
                end = tuple(float(v) for v in np.array(tip) + rng.normal(0, 0.1 * h, 3))
                b.limb(tip, (end[0], max(end[1], 0.3 * h), end[2]), 0.2 * r, trunk)
        else:
            w = h * float(rng.uniform(0.14, 0.24))
            b.foliage(
                tip,
                (w, 0.75 * w, w),
                leaf,
                grain=9 / h + 0.7,
                density=float(rng.uniform(0.35, 0.9)),
                seed=seed + i,
            )
    if kind == "broad":
        w = h * float(rng.uniform(0.2, 0.3))
        b.foliage((lean, 0.78 * h, 0), (w, 0.8 * w, w), leaf, grain=9 / h + 0.7, density=0.7, seed=seed + 20)


def bush(b: Builder, rng: Rng, size: float | None = None) -> None:
    """A bush or clipped hedge."""
    w = float(rng.uniform(0.3, 1.3)) if size is None else size
    leaf = f.leaves(b, rng)
    if rng.random() < 0.2:
        b.soft((0, 0.5 * w, 0), (3 * w, w, 0.7 * w), leaf, 0.1 * w)
        return
    for _ in range(int(rng.integers(1, 4))):
        x, z = rng.normal(0, 0.4 * w, 2)
        k = w * float(rng.uniform(0.6, 1.0))
        b.foliage(
            (x, 0.7 * k, z), (k, 0.8 * k, k), leaf, grain=4 / w + 1, density=0.7, seed=int(rng.integers(9999))
        )


def grass(b: Builder, rng: Rng, leaf: int, size: float) -> None:
    """A tuft of grass about `size` metres high: crossed cut-out quads."""
    for i in range(2):
        a = 90.0 * i + float(rng.uniform(0, 60))
        b.quad(
            (0, size / 2, 0),
            (1.6 * size, size),
            leaf,
            turn=(a, 0, 0),
            mask=shapes.GRASS,
            pitch_m=size * 0.07,
            seed=int(rng.integers(9999)),
        )


def pot_plant(b: Builder, rng: Rng, height: float) -> None:
    """A plant in a pot on the floor or a table: leaves on stalks, or a small crown."""
    r = height * float(rng.uniform(0.12, 0.22))
    ph = height * float(rng.uniform(0.2, 0.4))
    b.cone((0, ph / 2, 0), 0.75 * r, ph, f.ceramic(b, rng), top=1.33)
    leaf = f.leaves(b, rng)
    if rng.random() < 0.35:
        b.limb((0, ph, 0), (0, 0.6 * height, 0), 0.1 * r, bark(b, rng))
        w = 0.3 * height
        b.foliage(
            (0, 0.75 * height, 0),
            (w, 0.3 * height, w),
            leaf,
            grain=9 / height,
            density=0.6,
            seed=int(rng.integers(9999)),
        )
        return
    n = int(rng.integers(7, 18))
    up = float(rng.uniform(15, 60))
    long = height - ph
    for i in range(n):
        a = 360.0 * i / n + float(rng.normal(0, 15))
        length = long * float(rng.uniform(0.5, 1.05))
        tilt = 90.0 - float(np.clip(rng.normal(up, 15), 5, 85))
        with b.at(0, ph, 0, yaw=a, pitch=90.0 - tilt):
            b.quad(
                (0, length / 2, 0), (length * float(rng.uniform(0.15, 0.4)), length), leaf, mask=shapes.LEAF
            )

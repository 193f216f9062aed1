"""People and animals of capsules and ellipsoids, built at the origin of the present frame, facing +z."""

import numpy as np

from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import Vector
from nearfar_lab.scenes.worlds import finishes as f
from nearfar_lab.scenes.worlds.finishes import Rng


def head(b: Builder, rng: Rng, y: float, size: float, skin_hair: tuple[int, int]) -> None:
    """A head whose centre is at height y, `size` its half height."""
    skin, hair = skin_hair
    turn = float(rng.normal(0, 25))
    with b.at(0, y, 0, yaw=turn, pitch=float(rng.normal(0, 8))):
        b.ball((0, 0, 0), (0.74 * size, size, 0.86 * size), skin)
        b.ball((0, -0.12 * size, 0.84 * size), (0.13 * size, 0.2 * size, 0.2 * size), skin)
        white = b.material((0.7, 0.7, 0.7), gloss=0.5)
        dark = b.material((0.03, 0.02, 0.02), gloss=0.5)
        lips = b.material((0.3, 0.1, 0.09))
        for side in (-1, 1):
            b.ball(
                (side * 0.3 * size, 0.12 * size, 0.75 * size), (0.13 * size, 0.07 * size, 0.06 * size), white
            )
            b.ball(
                (side * 0.3 * size, 0.12 * size, 0.8 * size), (0.055 * size, 0.06 * size, 0.04 * size), dark
            )
            b.ball(
                (side * 0.3 * size, 0.3 * size, 0.75 * size), (0.17 * size, 0.035 * size, 0.08 * size), hair
            )
            b.ball((side * 0.74 * size, 0.0, 0.0), (0.1 * size, 0.24 * size, 0.17 * size), skin)
        b.ball((0, -0.45 * size, 0.71 * size), (0.24 * size, 0.06 * size, 0.09 * size), lips)
        style = rng.random()
        if style < 0.88:
            b.ball((0, 0.27 * size, -0.16 * size), (0.84 * size, 0.84 * size, 0.88 * size), hair)
        if style < 0.42:
            b.soft(
                (0, -0.55 * size, -0.42 * size),
                (1.6 * size, (1.4 + style * 2) * size, 0.8 * size),
                hair,
                0.4 * size,
            )
        elif style > 0.92:
            b.cone((0, 0.75 * size, 0), 1.3 * size, 0.08 * size, hair)
            b.cone((0, 1.0 * size, 0), 0.85 * size, 0.6 * size, hair, top=0.85)


def person(b: Builder, rng: Rng, pose: str | None = None, height: float | None = None) -> None:
    """A person standing, walking or sitting (seat at 0.45 m), dressed at random."""
    h = float(np.clip(rng.normal(1.7, 0.1), 1.45, 1.95)) if height is None else height
    if height is None and rng.random() < 0.1:
        h = float(rng.uniform(0.95, 1.4))
    pose = str(rng.choice(["stand", "walk", "walk"])) if pose is None else pose
    k = h / 1.75
    skin = f.skin(b, rng)
    hair = b.material(f.warm(rng, 0.01, 0.25, 0.7))
    top, legs, shoes = f.cloth(b, rng), f.cloth(b, rng), f.ceramic(b, rng)
    wide = float(rng.uniform(0.85, 1.3))
    hip, trunk = 0.9 * k if pose != "sit" else 0.55, 0.55 * k
    stride = {"walk": float(rng.uniform(0.1, 0.28)), "stand": 0.03, "sit": 0.0}[pose] * k
    dress = rng.random() < 0.15
    for side in (-1, 1):
        x = side * 0.1 * k * wide
        if pose == "sit":
            b.limb((x, hip - 0.02, 0), (x * 1.4, hip - 0.02, 0.45 * k), 0.085 * k * wide, legs)
            b.limb((x * 1.4, hip - 0.03, 0.45 * k), (x * 1.3, 0.08, 0.45 * k), 0.06 * k, legs)
            b.soft((x * 1.3, 0.05, 0.52 * k), (0.1 * k, 0.1, 0.27 * k), shoes, 0.04)
            continue
        z = side * stride
        knee = (x, 0.5 * k, z * 0.3 + 0.05 * k)
        b.limb((x, hip, 0), knee, 0.08 * k * wide, skin if dress else legs)
        b.limb(knee, (x, 0.1 * k, z), 0.055 * k * wide**0.5, skin if dress else legs)
        b.soft((x, 0.05 * k, z + 0.06 * k), (0.1 * k, 0.1 * k, 0.27 * k), shoes, 0.04 * k)
    if dress and pose != "sit":
        b.cone((0, hip - 0.1 * k, 0), 0.3 * k, 0.5 * k, top, top=0.55)
    b.soft((0, hip + 0.04 * k, 0), (0.34 * k * wide, 0.2 * k, 0.22 * k * wide), legs, 0.09 * k)
    b.soft((0, hip + 0.3 * k, 0), (0.36 * k * wide, trunk, 0.21 * k * wide), top, 0.1 * k)
    shoulder = hip + trunk - 0.02 * k
    b.limb((-0.16 * k * wide, shoulder, 0), (0.16 * k * wide, shoulder, 0), 0.065 * k, top)
    for side in (-1, 1):
        x = side * 0.22 * k * wide
        swing = -side * stride * 0.8
        if rng.random() < 0.25:
            elbow = (x * 1.3, shoulder - 0.22 * k, 0.06 * k)
            hand = (x * float(rng.uniform(0.1, 1.2)), shoulder - float(rng.uniform(0.0, 0.3)) * k, 0.28 * k)
        else:
            elbow = (x * 1.2, shoulder - 0.28 * k, swing * 0.4 - 0.02)
            hand = (x * 1.15, shoulder - 0.52 * k, swing + 0.05 * k)
            if pose == "sit":
                hand = (x * 0.8, hip + 0.08, 0.3 * k)
        b.limb((x, shoulder - 0.01, 0), elbow, 0.052 * k * wide**0.5, top)
        b.limb(elbow, hand, 0.04 * k, skin if rng.random() < 0.4 else top)
        b.ball(hand, (0.05 * k, 0.06 * k, 0.04 * k), skin)
    b.limb((0, shoulder, 0), (0, shoulder + 0.12 * k, 0.01), 0.055 * k, skin)
    head(b, rng, shoulder + 0.225 * k, 0.118 * (0.6 * k + 0.4), (skin, hair))
    if rng.random() < 0.2 and pose != "sit":
        b.soft((0, hip + 0.33 * k, -0.19 * k), (0.3 * k, 0.42 * k, 0.16 * k), f.cloth(b, rng), 0.06)


def muzzle(b: Builder, rng: Rng, neck: Vector, h: float, coat_dark: tuple[int, int]) -> None:
    """The head of an animal of shoulder height h at the end of its neck."""
    coat, dark = coat_dark
    r = h * float(rng.uniform(0.17, 0.24))
    with b.at(*neck, yaw=float(rng.normal(0, 30)), pitch=float(rng.normal(8, 10))):
        b.ball((0, 0.05 * h, 0.05 * h), (r, r * 0.95, r * 1.1), coat)
        b.limb((0, 0, 0.1 * h), (0, -0.02 * h, r * 1.5 + 0.02 * h), 0.45 * r, coat)
        b.ball((0, 0.04 * r, r * 2.0), (0.2 * r, 0.15 * r, 0.15 * r), dark)
        droop = rng.random() < 0.5
        for side in (-1, 1):
            b.ball(
                (side * 0.42 * r, 0.05 * h + 0.3 * r, 0.05 * h + 0.95 * r),
                (0.13 * r, 0.14 * r, 0.1 * r),
                dark,
            )
            if droop:
                b.ball((side * 1.0 * r, 0.2 * r, 0), (0.2 * r, 0.65 * r, 0.4 * r), coat)
            else:
                b.cone((side * 0.6 * r, 0.05 * h + 1.1 * r, 0), 0.35 * r, 0.8 * r, coat, top=0.05)


def animal(b: Builder, rng: Rng, size: float | None = None) -> None:
    """A dog-, cat- or horse-like animal; size is its shoulder height in metres."""
    h = float(rng.uniform(0.22, 0.7)) if size is None else size
    fur = f.warm(rng, 0.03, 0.6, 0.7) if rng.random() < 0.7 else f.tint(rng, 0.02, 0.8, 0.05)
    coat = b.material(
        fur,
        f.warm(rng, 0.02, 0.7, 0.5),
        int(rng.choice([0, 1, 1])),
        scale=4.0 / h,
        bump=0.5,
        seed=int(rng.integers(999)),
    )
    dark = b.material((0.02, 0.02, 0.02), gloss=0.7)
    long = h * float(rng.uniform(0.9, 1.5))
    fat = h * float(rng.uniform(0.2, 0.32))
    if rng.random() < 0.3:
        # Sitting: trunk upright.
        b.limb((0, 0.25 * h, -0.25 * long), (0, 0.85 * h, 0), fat, coat)
        b.ball((0, 0.22 * h, -0.2 * long), (1.3 * fat, 0.24 * h, 0.3 * long), coat)
        for side in (-1, 1):
            b.limb(
                (side * 0.6 * fat, 0.6 * h, 0.05), (side * 0.6 * fat, 0.06 * h, 0.12 * h), 0.22 * fat, coat
            )
        neck = (0.0, 1.0 * h, 0.05 * h)
    else:
        b.limb((0, 0.75 * h, -0.45 * long), (0, 0.78 * h, 0.4 * long), fat, coat)
        for sx in (-1, 1):
            for z in (-0.5, 0.42):
                dz = float(rng.uniform(-0.1, 0.1)) * h
                b.limb(
                    (sx * 0.6 * fat, 0.7 * h, z * long),
                    (sx * 0.6 * fat, 0.06 * h, z * long + dz),
                    0.24 * fat,
                    coat,
                )
        b.limb(
            (0, 0.85 * h, -0.5 * long), (0, h * float(rng.uniform(0.4, 1.3)), -0.85 * long), 0.15 * fat, coat
        )
        neck = (0.0, h * float(rng.uniform(1.0, 1.3)), 0.62 * long)
        b.limb((0, 0.85 * h, 0.4 * long), neck, 0.6 * fat, coat)
    muzzle(b, rng, neck, h, (coat, dark))

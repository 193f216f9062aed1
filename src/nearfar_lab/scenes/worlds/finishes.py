"""Materials by what they cover: walls, floors, wood, cloth, metal, leaves, with real reflectances."""

import colorsys

import numpy as np

from nearfar_lab.scenes import surfaces as s
from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import RGB

Rng = np.random.Generator


def tint(rng: Rng, low: float, high: float, saturation: float = 0.15) -> RGB:
    """A random colour of reflectance low…high (log-uniform) and at most the given saturation."""
    level = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    r, g, b = colorsys.hsv_to_rgb(rng.random(), saturation * rng.random() ** 0.7, 1.0)
    return (level * r, level * g, level * b)


def warm(rng: Rng, low: float, high: float, saturation: float = 0.45) -> RGB:
    """A random brown, beige or sand."""
    level = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    r, g, b = colorsys.hsv_to_rgb(rng.uniform(0.04, 0.12), saturation * rng.uniform(0.4, 1.0), 1.0)
    return (level * r, level * g, level * b)


def scaled(c: RGB, f: float) -> RGB:
    """A colour times a factor, at most 0.9."""
    return (min(0.9, c[0] * f), min(0.9, c[1] * f), min(0.9, c[2] * f))


def picture(b: Builder, rng: Rng, width_m: float, light: float = 1.0) -> int | None:
    """A material that shows a photo about width_m wide, or None without photos."""
    if not b.has_photos:
        return None
    layer = int(rng.integers(len(b.photos)))
    return b.material((light, light, light), pattern=s.PHOTO, scale=1.0 / width_m, layer=layer)


def wall(b: Builder, rng: Rng) -> int:
    """Painted, papered, tiled, brick or panelled wall; mostly plain and light."""
    kind = rng.choice(
        ["paint", "paper", "tile", "brick", "panel", "photo"], p=[0.66, 0.1, 0.06, 0.06, 0.06, 0.06]
    )
    base = tint(rng, 0.35, 0.85, 0.16) if rng.random() < 0.82 else tint(rng, 0.12, 0.6, 0.55)
    seed = int(rng.integers(1 << 20))
    if kind == "photo":
        m = picture(b, rng, float(rng.uniform(1.0, 3.0)))
        if m is not None:
            return m
    if kind == "paper":
        pattern = int(rng.choice([s.STRIPES, s.DOTS, s.BLOTCHES, s.CHECKS]))
        return b.material(
            base,
            scaled(base, float(rng.uniform(0.6, 1.3))),
            pattern,
            scale=float(rng.uniform(2, 12)),
            seed=seed,
        )
    if kind == "tile":
        return b.material(
            base, scaled(base, 0.6), s.TILES, scale=float(rng.uniform(3, 9)), param=0.1, gloss=0.4, seed=seed
        )
    if kind == "brick":
        brick = warm(rng, 0.12, 0.45, 0.75) if rng.random() < 0.6 else base
        return b.material(brick, tint(rng, 0.3, 0.6), s.BRICKS, scale=4.0, bump=0.25, seed=seed)
    if kind == "panel":
        return wood(b, rng)
    return b.material(
        base,
        dirt=float(abs(rng.normal(0, 0.05))),
        gloss=0.05,
        shine=4.0,
        bump=float(rng.choice([0.0, 0.05])),
        seed=seed,
    )


def wood(b: Builder, rng: Rng, scale: float | None = None) -> int:
    """Plain painted or grained wood."""
    base = warm(rng, 0.05, 0.55) if rng.random() < 0.75 else tint(rng, 0.03, 0.8, 0.1)
    gloss = float(rng.choice([0.0, 0.1, 0.4]))
    if rng.random() < 0.4:
        return b.material(base, gloss=gloss, dirt=0.08, seed=int(rng.integers(1 << 20)))
    dark = scaled(base, float(rng.uniform(0.35, 0.8)))
    size = float(rng.uniform(1.5, 5.0)) if scale is None else scale
    return b.material(base, dark, s.WOOD, scale=size, gloss=gloss, seed=int(rng.integers(1 << 20)))


def floor(b: Builder, rng: Rng) -> int:
    """Parquet, tiles, carpet, concrete."""
    kind = rng.choice(
        ["planks", "tiles", "carpet", "plain", "marble", "checks"], p=[0.36, 0.2, 0.22, 0.14, 0.04, 0.04]
    )
    seed = int(rng.integers(1 << 20))
    mirror = float(rng.choice([0.0, 0.03, 0.1], p=[0.55, 0.3, 0.15]))
    if kind == "planks":
        base = warm(rng, 0.08, 0.5)
        return b.material(
            base,
            scaled(base, 0.6),
            s.PLANKS,
            scale=float(rng.uniform(3, 7)),
            gloss=0.15,
            mirror=mirror,
            seed=seed,
        )
    if kind == "tiles":
        base = tint(rng, 0.2, 0.75, 0.15)
        return b.material(
            base,
            scaled(base, 0.55),
            s.TILES,
            scale=float(rng.uniform(1.5, 4)),
            param=0.12,
            mirror=mirror,
            seed=seed,
        )
    if kind == "carpet":
        base = tint(rng, 0.06, 0.5, 0.35)
        return b.material(
            base, scaled(base, 0.6), s.SPECKLE, scale=float(rng.uniform(15, 40)), dirt=0.1, seed=seed
        )
    if kind == "marble":
        base = tint(rng, 0.3, 0.7, 0.1)
        return b.material(base, scaled(base, 0.6), s.MARBLE, scale=0.7, mirror=0.1, seed=seed)
    if kind == "checks":
        return b.material(
            tint(rng, 0.4, 0.8),
            tint(rng, 0.04, 0.3, 0.4),
            s.CHECKS,
            scale=float(rng.uniform(2, 4)),
            mirror=mirror,
        )
    return b.material(tint(rng, 0.12, 0.6, 0.12), dirt=0.15, mirror=mirror, seed=seed)


def cloth(b: Builder, rng: Rng) -> int:
    """Upholstery, clothes, bedding."""
    base = tint(rng, 0.03, 0.8, 0.75)
    seed = int(rng.integers(1 << 20))
    kind = rng.random()
    if kind < 0.62:
        return b.material(base, bump=float(rng.choice([0.0, 0.15, 0.4])), scale=6.0, dirt=0.08, seed=seed)
    other = tint(rng, 0.05, 0.8, 0.6)
    pattern = int(rng.choice([s.STRIPES, s.CHECKS, s.DOTS, s.BLOTCHES, s.SPECKLE]))
    if kind < 0.92:
        return b.material(
            base,
            other,
            pattern,
            scale=float(rng.uniform(4, 22)),
            param=float(rng.uniform(0.3, 0.6)),
            seed=seed,
        )
    m = picture(b, rng, 0.6)
    return b.material(base) if m is None else m


def metal(b: Builder, rng: Rng) -> int:
    """Steel, brass, black iron."""
    base = tint(rng, 0.04, 0.5, 0.1) if rng.random() < 0.85 else warm(rng, 0.2, 0.5, 0.6)
    return b.material(base, gloss=0.8, shine=40.0, mirror=float(rng.choice([0.0, 0.15, 0.4])))


def ceramic(b: Builder, rng: Rng) -> int:
    """Glazed or plastic things of any colour."""
    base = tint(rng, 0.04, 0.85, 0.95)
    return b.material(
        base,
        gloss=float(rng.uniform(0.1, 0.9)),
        shine=float(rng.uniform(10, 80)),
        mirror=float(rng.choice([0, 0, 0.06])),
    )


def package(b: Builder, rng: Rng) -> int:
    """Boxes, books, packets: printed or plain."""
    kind = rng.random()
    if kind < 0.35:
        return ceramic(b, rng)
    if kind < 0.7:
        return b.material(
            tint(rng, 0.1, 0.85, 0.9),
            tint(rng, 0.02, 0.8, 0.9),
            s.POSTER,
            scale=float(rng.uniform(5, 18)),
            seed=int(rng.integers(1 << 20)),
        )
    if kind < 0.85:
        return b.material(warm(rng, 0.2, 0.5), dirt=0.1)
    m = picture(b, rng, float(rng.uniform(0.15, 0.5)))
    return ceramic(b, rng) if m is None else m


def anything(b: Builder, rng: Rng) -> int:
    """Any of the finishes of movable things."""
    return (wood, cloth, metal, ceramic, package)[int(rng.integers(5))](b, rng)


def leaves(b: Builder, rng: Rng) -> int:
    """Leaves: mostly green, some autumn, some pale."""
    hue = rng.uniform(0.2, 0.36) if rng.random() < 0.85 else rng.uniform(0.03, 0.16)
    level = float(rng.uniform(0.06, 0.22))
    r, g, bl = colorsys.hsv_to_rgb(hue, float(rng.uniform(0.45, 0.85)), 1.0)
    return b.material(
        (level * r, level * g, level * bl), dirt=0.3, gloss=0.1, seed=int(rng.integers(1 << 20))
    )


def skin(b: Builder, rng: Rng) -> int:
    """Human skin, all tones."""
    level = float(rng.uniform(0.08, 0.62))
    return b.material(
        (level, level * float(rng.uniform(0.6, 0.75)), level * float(rng.uniform(0.42, 0.6))),
        gloss=0.06,
        shine=8.0,
    )

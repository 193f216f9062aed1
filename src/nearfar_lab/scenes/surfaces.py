# ruff: noqa: ANN001, ANN201, RUF046 - kernels: types from the compiler, plain arguments
"""Colour and relief of surfaces: procedural patterns and photo textures.

A material is a row of numbers (`ROW` columns). Colours are linear reflectances.
All functions are plain scalar functions: `compiled.py` turns the same source into CPU or CUDA device code.
"""

import math

from nearfar_lab.scenes.noise import fbm2, fbm3, hash_unit, noise2, noise3

PLAIN, BLOTCHES, CHECKS, BRICKS, WOOD, STRIPES, TILES, GRADIENT = range(8)
PHOTO, MARBLE, SPECKLE, PLANKS, FACADE, DOTS, BOOKS, POSTER, ROCK = range(8, 17)

PATTERN = 0
COLOUR_A, COLOUR_B = 1, 4
SCALE, PARAM, BUMP, GLOSS, SHINE, MIRROR = 7, 8, 9, 10, 11, 12
GLOW = 13
LAYER, SEED, DIRT = 16, 17, 18
ROW = 19


def lines(u, v, width, shift):
    """1 on the joints of a running bond of unit width, rows of half a unit, else 0."""
    row = math.floor(v * 2.0)
    x = u + shift * 0.5 * (row - 2.0 * math.floor(row / 2.0))
    fx = x - math.floor(x)
    fy = v * 2.0 - row
    return 1.0 if fx < width or fy < 2.0 * width else 0.0


def cells(u, v, width):
    """1 on the joints of a square grid, else 0."""
    return 1.0 if u - math.floor(u) < width or v - math.floor(v) < width else 0.0


def pattern(kind, uv, point, style):
    """Share of colour B (0…1) and brightness factor at a point, uv in pattern units; see `reflectance`."""
    (u, v), (x, y, z), (param, half_y, seed) = uv, point, style
    iu, iv = int(math.floor(u)), int(math.floor(v))
    if kind == BLOTCHES:
        s = fbm3(x, y, z, 3, seed)
        return min(1.0, max(0.0, (s - 0.5) * (1.5 + 4.0 * param) + 0.5)), 1.0
    if kind == CHECKS:
        return float((iu + iv) & 1), 1.0
    if kind == BRICKS:
        row = int(math.floor(v * 2.0))
        k = int(math.floor(u + 0.5 * (row & 1)))
        return lines(u, v, 0.05, 1.0), 0.75 + 0.5 * hash_unit(k, row, 0, seed)
    if kind == WOOD:
        s = fbm2(u * 0.6, v * 7.0, 3, seed)
        f = v * 3.0 + 2.0 * s
        return 0.7 * abs(2.0 * (f - math.floor(f)) - 1.0) * s + 0.15 * s, 1.0
    if kind == STRIPES:
        return (1.0 if u - math.floor(u) < param else 0.0), 1.0
    if kind == TILES:
        return cells(u, v, 0.04), 1.0 + param * (hash_unit(iu, iv, 1, seed) - 0.5)
    if kind == GRADIENT:
        return min(1.0, max(0.0, 0.5 + 0.5 * y / half_y)), 1.0
    if kind == MARBLE:
        s = math.sin(3.0 * x + 9.0 * fbm3(x, y, z, 4, seed))
        return 0.5 + 0.5 * s * abs(s), 1.0
    if kind == SPECKLE:
        return hash_unit(int(math.floor(u * 4.0)), int(math.floor(v * 4.0)), 5, seed) * 0.6 + 0.4 * noise2(
            u, v, seed
        ), 1.0
    if kind == PLANKS:
        row = int(math.floor(v * 2.0))
        shift = hash_unit(row, 7, 0, seed)
        k = int(math.floor(u * 0.25 + shift))
        s = fbm2(u * 0.7 + 9.0 * hash_unit(k, row, 2, seed), v * 9.0, 3, seed)
        joint = v * 2.0 - row < 0.03 or u * 0.25 + shift - k < 0.006
        return (1.0 if joint else 0.6 * s), 0.75 + 0.5 * hash_unit(k, row, 1, seed)
    if kind == DOTS:
        fx, fy = u - iu - 0.5, v - iv - 0.5
        return (1.0 if fx * fx + fy * fy < param * param else 0.0), 1.0
    if kind == ROCK:
        s = fbm3(x, y, z, 5, seed)
        return min(1.0, max(0.0, 2.5 * s - 0.75)), 0.6 + 0.8 * fbm3(x * 0.3, y * 2.0, z * 0.3, 3, seed + 9)
    # Posters: lines of print and blocks of colour.
    if hash_unit(iu, int(math.floor(v * 0.34)), 2, seed) < 0.3:
        return hash_unit(iu, int(math.floor(v * 0.34)), 3, seed), 1.0
    f = v * 2.0 - math.floor(v * 2.0)
    word = hash_unit(int(math.floor(u * 6.0)), int(math.floor(v * 2.0)), 4, seed)
    return (1.0 if f < 0.45 and word < 0.75 else 0.0), 1.0


def facade(u, v, param, seed):
    """Share of window glass (0…1) and brightness of a wall of windows, a window a unit."""
    iu = int(math.floor(u))
    iv = int(math.floor(v))
    fx, fy = u - iu, v - iv
    left = 0.5 - 0.5 * param
    low = 0.22
    if not (left < fx < 1.0 - left and low < fy < 0.85):
        trim = left - 0.05 < fx < 1.05 - left and low - 0.06 < fy < 0.9
        return 0.0, 1.35 if trim else 1.0
    frame = abs(fx - 0.5) < 0.02 or abs(fy - 0.6) < 0.015 or fx < left + 0.03 or fx > 0.97 - left
    if frame:
        return 0.0, 1.5
    shade = 0.5 + hash_unit(iu, iv, 6, seed) + 0.5 * noise2(u * 3.0, v * 2.0, seed)
    curtain = hash_unit(iu, iv, 7, seed) < 0.3 and fy > 0.3 + 0.5 * hash_unit(iu, iv, 8, seed)
    return 1.0, shade * (5.0 if curtain else 1.0)


def books(u, v, seed):
    """Red, green, blue of a row of upright spines, about a book a unit."""
    row = int(math.floor(v))
    k = int(math.floor(u + 0.4 * noise2(u * 0.7, row * 3.1, seed)))
    light = 0.06 + 0.6 * hash_unit(k, row, 1, seed) ** 2
    tint = 0.8 * hash_unit(k, row, 2, seed)
    hue = 6.0 * hash_unit(k, row, 3, seed)
    r = light * (1.0 - tint * min(1.0, abs(hue - 3.0) / 2.0))
    g = light * (1.0 - tint * min(1.0, abs(hue - 5.0) / 2.0))
    b = light * (1.0 - tint * min(1.0, abs(hue - 1.0) / 2.0))
    edge = v - row
    if edge > 0.72 + 0.28 * hash_unit(k, row, 4, seed):
        return 0.02, 0.02, 0.02
    if 0.35 < edge < 0.45 and hash_unit(k, row, 5, seed) < 0.5:
        return 1.6 * g + 0.1, 1.6 * g + 0.1, 1.2 * g + 0.1
    return r, g, b


def photo(photos, layer, u, v):
    """Red, green, blue of a photo tile, repeated in mirror image, bilinear."""
    size = photos.shape[1]
    fu = u * 0.5 - math.floor(u * 0.5)
    fv = v * 0.5 - math.floor(v * 0.5)
    fu = 1.0 - abs(2.0 * fu - 1.0)
    fv = abs(2.0 * fv - 1.0)
    x = fu * (size - 1.001)
    y = fv * (size - 1.001)
    i = int(x)
    j = int(y)
    fx, fy = x - i, y - j
    w00, w01, w10, w11 = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
    t = photos
    r = (
        w00 * t[layer, j, i, 0]
        + w01 * t[layer, j, i + 1, 0]
        + w10 * t[layer, j + 1, i, 0]
        + w11 * t[layer, j + 1, i + 1, 0]
    )
    g = (
        w00 * t[layer, j, i, 1]
        + w01 * t[layer, j, i + 1, 1]
        + w10 * t[layer, j + 1, i, 1]
        + w11 * t[layer, j + 1, i + 1, 1]
    )
    b = (
        w00 * t[layer, j, i, 2]
        + w01 * t[layer, j, i + 1, 2]
        + w10 * t[layer, j + 1, i, 2]
        + w11 * t[layer, j + 1, i + 1, 2]
    )
    return r, g, b


def unrolled(point, normal):
    """The two coordinates of a point along the face that its normal says it lies on."""
    x, y, z = point
    nx, ny, nz = abs(normal[0]), abs(normal[1]), abs(normal[2])
    if ny > nx and ny > nz:
        return x, z
    if nx > nz:
        return z, y
    return x, y


def reflectance(paint, m, spot):
    """Linear red, green, blue of material m at a spot of a shape.

    paint: (materials, photos). spot: (point and normal in the shape's own frame, its half height, its seed,
    a pixel's width there). The style of a pattern is (the material's parameter, half height, seed).
    """
    mats, photos = paint
    point, normal, half_y, seed, footprint = spot
    x, y, z = point
    kind = int(mats[m, PATTERN])
    ar, ag, ab = mats[m, 1], mats[m, 2], mats[m, 3]
    br, bg, bb = mats[m, 4], mats[m, 5], mats[m, 6]
    scale, param = mats[m, SCALE], mats[m, PARAM]
    noise_seed = int(mats[m, SEED]) + seed
    u, v = unrolled(point, normal)
    u, v = u * scale, v * scale
    r, g, b = ar, ag, ab
    if kind == PHOTO:
        r, g, b = photo(photos, int(mats[m, LAYER]), u, v)
        r, g, b = r * ar, g * ag, b * ab
    elif kind == BOOKS:
        r, g, b = books(u, v, noise_seed)
    elif kind == FACADE:
        share, light = facade(u, v, param, noise_seed)
        r, g, b = (
            (br * light, bg * light, bb * light) if share > 0.5 else (ar * light, ag * light, ab * light)
        )
    elif kind != PLAIN:
        share, light = pattern(kind, (u, v), (x * scale, y * scale, z * scale), (param, half_y, noise_seed))
        # Patterns finer than a pixel fade to their average instead of sparkling.
        keep = min(1.0, max(0.0, 1.6 - 2.2 * footprint * scale * (4.0 if kind == SPECKLE else 1.0)))
        share = 0.4 + (share - 0.4) * keep if kind != GRADIENT else share
        light = 1.0 + (light - 1.0) * keep
        r, g, b = (
            (ar + (br - ar) * share) * light,
            (ag + (bg - ag) * share) * light,
            (ab + (bb - ab) * share) * light,
        )
    dirt = mats[m, DIRT]
    if dirt > 0.0:
        f = 1.0 + dirt * (fbm3(x * 1.7, y * 1.7, z * 1.7, 3, noise_seed + 31) * 2.0 - 1.0)
        r, g, b = r * f, g * f, b * f
    return min(r, 0.95), min(g, 0.95), min(b, 0.95)


def relief(mats, m, spot):
    """Change of the normal by bumps at a spot of a shape (see `reflectance`), in the shape's own frame."""
    point, _, _, seed, footprint = spot
    x, y, z = point
    bump = mats[m, BUMP]
    if bump <= 0.0:
        return 0.0, 0.0, 0.0
    f = max(mats[m, SCALE], 0.5) * 2.0
    keep = bump * min(1.0, max(0.0, 1.8 - 2.0 * footprint * f))
    if keep <= 0.0:
        return 0.0, 0.0, 0.0
    s = int(mats[m, SEED]) + seed
    gx = noise3(x * f, y * f, z * f, s) - 0.5
    gy = noise3(x * f + 31.0, y * f, z * f, s) - 0.5
    gz = noise3(x * f, y * f + 57.0, z * f, s) - 0.5
    return gx * keep, gy * keep, gz * keep

# ruff: noqa: ANN001, ANN201, RUF046 - kernels: types from the compiler, plain arguments
"""What light arrives at a point: sky, sun, lamps, ambient light, one mirror bounce.

`env` is a row of numbers (columns below); a lamp is a row: centre 0-2, half edges 3-5 and 6-8, colour 9-11,
then 1 for a one-sided rectangle or 0 for a ball. All are plain scalar functions (see `compiled.py`).

Points, directions and colours are tuples of three. A `stage` is (world, materials, photos, lamps, env) with
the world of `shapes.trace`; `at` is (a point, the normal there, u, v): u and v in 0…1 choose the sample.
"""

import math

from nearfar_lab.scenes.noise import fbm2, hash_unit
from nearfar_lab.scenes.shapes import FOLIAGE, MISS, is_blocked, local_normal, trace, turned
from nearfar_lab.scenes.surfaces import reflectance, relief

SUN_DIR, SUN_COLOUR, SUN_RADIUS = 0, 3, 6
ZENITH, HORIZON, BOUNCE = 7, 10, 13
FOG, FOG_COLOUR, AO_REACH = 16, 17, 20
CLOUDS, CLOUD_SCALE, SEED, AMBIENT, PIXEL = 21, 22, 23, 24, 25
LAMPS = 26
ENV = 27
LAMP_ROW = 13
CHANNELS = 18


def sky(env, d):
    """Linear red, green, blue of the sky in a direction of length one."""
    dx, dy, dz = d
    up = max(dy, 0.0)
    k = 1.0 - math.exp(-3.5 * up)
    r = env[10] + (env[7] - env[10]) * k
    g = env[11] + (env[8] - env[11]) * k
    b = env[12] + (env[9] - env[12]) * k
    if env[CLOUDS] > 0.0 and dy > 0.01:
        s = env[CLOUD_SCALE] / (dy + 0.12)
        c = fbm2(dx * s + 40.0, dz * s + 40.0, 5, int(env[SEED]))
        a = min(1.0, max(0.0, (c - 0.75 + 0.5 * env[CLOUDS]) * 5.0)) * min(1.0, dy * 8.0)
        white = (env[7] + env[8] + env[9]) * 0.45 * (0.7 + 0.9 * c)
        r, g, b = r + (white - r) * a, g + (white - g) * a, b + (white - b) * a
    cos_sun = dx * env[0] + dy * env[1] + dz * env[2]
    if cos_sun > 0.0:
        glow = 0.05 * cos_sun**40 + (3.0 if cos_sun > 0.9994 else 0.0)
        r, g, b = r + glow * env[3], g + glow * env[4], b + glow * env[5]
    return r, g, b


def ambient(env, ny):
    """Light from all around on a surface that faces up (ny = 1) to down (-1), without occlusion."""
    k = 0.5 + 0.5 * ny
    s = env[AMBIENT]
    r = s * (env[13] + (0.5 * (env[7] + env[10]) - env[13]) * k)
    g = s * (env[14] + (0.5 * (env[8] + env[11]) - env[14]) * k)
    b = s * (env[15] + (0.5 * (env[9] + env[12]) - env[15]) * k)
    return r, g, b


def unit(v):
    """A direction at length one."""
    x, y, z = v
    s = 1.0 / math.sqrt(x * x + y * y + z * z + 1e-30)
    return x * s, y * s, z * s


def unit_normal(prims, i, point):
    """Outward normal of length one, in the axes of primitive i, at a point of its own frame."""
    half = (prims[i, 13], prims[i, 14], prims[i, 15])
    extra = (prims[i, 16], prims[i, 17], prims[i, 18])
    return unit(local_normal(int(prims[i, 0]), point, half, extra, int(prims[i, 22])))


def along(point, d, t):
    """The point that lies t along a direction."""
    return point[0] + t * d[0], point[1] + t * d[1], point[2] + t * d[2]


def own_frame(prims, i, point):
    """A point of the world in the frame of primitive i."""
    return turned(prims, i, (point[0] - prims[i, 1], point[1] - prims[i, 2], point[2] - prims[i, 3]))


def to_world(prims, i, v):
    """A direction in the frame of primitive i in world axes."""
    x, y, z = v
    return (
        x * prims[i, 4] + y * prims[i, 7] + z * prims[i, 10],
        x * prims[i, 5] + y * prims[i, 8] + z * prims[i, 11],
        x * prims[i, 6] + y * prims[i, 9] + z * prims[i, 12],
    )


def sun_light(world, env, at):
    """Linear red, green, blue of direct sun on a point; u, v choose the point of its disc."""
    point, (nx, ny, nz), u, v = at
    if env[3] + env[4] + env[5] <= 0.0:
        return 0.0, 0.0, 0.0
    a = env[SUN_RADIUS]
    sx, sy, sz = env[0] + a * (u - 0.5), env[1] + a * (v - 0.5), env[2] + a * (u + v - 1.0) * 0.7
    cos = nx * env[0] + ny * env[1] + nz * env[2]
    if cos <= 0.0 or is_blocked(world, point, (sx, sy, sz), MISS):
        return 0.0, 0.0, 0.0
    return env[3] * cos, env[4] * cos, env[5] * cos


def lamp_light(world, lamps, k, at, faint):
    """Linear red, green, blue of lamp k on a point; u, v choose the point of the lamp.

    Light below `faint` is taken for none.
    """
    (x, y, z), (nx, ny, nz), u, v = at
    p, q = 2.0 * u - 1.0, 2.0 * v - 1.0
    lx = lamps[k, 0] + p * lamps[k, 3] + q * lamps[k, 6] - x
    ly = lamps[k, 1] + p * lamps[k, 4] + q * lamps[k, 7] - y
    lz = lamps[k, 2] + p * lamps[k, 5] + q * lamps[k, 8] - z
    d2 = lx * lx + ly * ly + lz * lz + 1e-6
    d = math.sqrt(d2)
    cos = (nx * lx + ny * ly + nz * lz) / d
    if cos <= 0.0:
        return 0.0, 0.0, 0.0
    if lamps[k, 12] > 0.0:
        fx = lamps[k, 4] * lamps[k, 8] - lamps[k, 5] * lamps[k, 7]
        fy = lamps[k, 5] * lamps[k, 6] - lamps[k, 3] * lamps[k, 8]
        fz = lamps[k, 3] * lamps[k, 7] - lamps[k, 4] * lamps[k, 6]
        area = math.sqrt(fx * fx + fy * fy + fz * fz) + 1e-9
        out = -(fx * lx + fy * ly + fz * lz) / (area * d)
        if out <= 0.0:
            return 0.0, 0.0, 0.0
        cos *= out
    f = cos / (d2 + 0.05)
    if f * lamps[k, 10] < faint or is_blocked(world, (x, y, z), (lx, ly, lz), 0.995):
        return 0.0, 0.0, 0.0
    return lamps[k, 9] * f, lamps[k, 10] * f, lamps[k, 11] * f


def open_share(world, reach, at):
    """How open (0…1) the surroundings are in one cosine-weighted direction chosen by u, v."""
    point, (nx, ny, nz), u, v = at
    r = math.sqrt(u)
    phi = 6.2831853 * v
    p, q, w = r * math.cos(phi), r * math.sin(phi), math.sqrt(max(0.0, 1.0 - u))
    # An orthonormal basis round the normal (Duff et al. 2017).
    s = 1.0 if nz >= 0.0 else -1.0
    a = -1.0 / (s + nz)
    b = nx * ny * a
    dx = p * (1.0 + s * nx * nx * a) + q * b + w * nx
    dy = p * s * b + q * (s + ny * ny * a) + w * ny
    dz = -p * s * nx - q * ny + w * nz
    t, i = trace(world, point, (dx, dy, dz), (2e-3, reach))
    if i < 0:
        return 1.0
    f = t / reach
    return 0.15 + 0.85 * f


def reflection(stage, point, d):
    """What a mirror shows along a direction of length one: linear red, green, blue without shadows."""
    world, mats, photos, _, env = stage
    prims = world[0]
    t, i = trace(world, point, d, (2e-3, MISS))
    if i < 0:
        return sky(env, d)
    m = int(prims[i, 19])
    local = own_frame(prims, i, along(point, d, t))
    normal = unit_normal(prims, i, local)
    spot = (local, normal, prims[i, 14], int(prims[i, 22]), 0.01 * t)
    r, g, b = reflectance((mats, photos), m, spot)
    nx, ny, nz = to_world(prims, i, normal)
    ar, ag, ab = ambient(env, ny)
    cos = max(0.0, nx * env[0] + ny * env[1] + nz * env[2]) * 0.5
    return (
        r * (ar + cos * env[3]) + mats[m, 13],
        g * (ag + cos * env[4]) + mats[m, 14],
        b * (ab + cos * env[5]) + mats[m, 15],
    )


def leaf_turn(prims, i, point):
    """Change of the normal and brightness of a leaf: leaves face every way, the crown keeps its roundness."""
    lx, ly, lz = point
    cell = prims[i, 16] * 6.0
    seed = int(prims[i, 22])
    k0, k1, k2 = int(math.floor(lx * cell)), int(math.floor(ly * cell)), int(math.floor(lz * cell))
    bx = 0.9 * (hash_unit(k0, k1, k2, seed) - 0.5)
    by = 0.9 * (hash_unit(k0, k1, k2, seed + 1) - 0.5)
    bz = 0.9 * (hash_unit(k0, k1, k2, seed + 2) - 0.5)
    return bx, by, bz, 0.6 + 0.8 * hash_unit(k0, k1, k2, seed + 3)


def highlight(stage, m, point, r):
    """Highlight of sun and lamps at a point for the mirrored view r: a factor of arriving light."""
    _, mats, _, lamps, env = stage
    x, y, z = point
    rx, ry, rz = r
    if mats[m, 10] <= 0.0:
        return 0.0
    spec = 0.0
    if env[3] > 0.0:
        spec = max(0.0, rx * env[0] + ry * env[1] + rz * env[2]) ** mats[m, 11]
    for k in range(int(env[LAMPS])):
        kx, ky, kz = lamps[k, 0] - x, lamps[k, 1] - y, lamps[k, 2] - z
        d = math.sqrt(kx * kx + ky * ky + kz * kz) + 1e-6
        spec += max(0.0, (rx * kx + ry * ky + rz * kz) / d) ** mats[m, 11]
    return spec * mats[m, 10]


def surface_at(stage, o, d, t, i):
    """What primitive i shows at o + t d: colour, normal in its own frame and in the world, bumps and all."""
    world, mats, photos, _, env = stage
    prims, m = world[0], int(world[0][i, 19])
    local = own_frame(prims, i, along(o, d, t))
    normal = unit_normal(prims, i, local)
    spot = (local, normal, prims[i, 14], int(prims[i, 22]), t * env[PIXEL])
    r, g, b = reflectance((mats, photos), m, spot)
    bx, by, bz = relief(mats, m, spot)
    if int(prims[i, 0]) == FOLIAGE:
        bx, by, bz, f = leaf_turn(prims, i, local)
        r, g, b = r * f, g * f, b * f
    bumped = unit(to_world(prims, i, (normal[0] + bx, normal[1] + by, normal[2] + bz)))
    return (r, g, b), to_world(prims, i, normal), bumped


def arriving(stage, at, flat, sampled):
    """Sun and lamps on a point, and how open it is (-1 where lamps and openness are not `sampled`).

    flat: the normal without bumps, to which the openness belongs.
    """
    world, _, _, lamps, env = stage
    point, _, u, v = at
    r, g, b = 0.0, 0.0, 0.0
    faint = 0.02 * env[AMBIENT] * env[14]
    for k in range(int(env[LAMPS]) if sampled else 0):
        lr, lg, lb = lamp_light(world, lamps, k, at, faint)
        r, g, b = r + lr, g + lg, b + lb
    opened = -1.0
    if sampled:
        opened = open_share(world, env[AO_REACH], (point, flat, u, v))
    return sun_light(world, env, at), (r, g, b), opened


def shining(stage, m, point, normal, view):
    """Glow and mirror image of a material, how much it mirrors, and its highlight; `view` has length one."""
    mats = stage[1]
    cos = normal[0] * view[0] + normal[1] * view[1] + normal[2] * view[2]
    mirrored = along(view, normal, -2.0 * cos)
    r, g, b = mats[m, 13], mats[m, 14], mats[m, 15]
    spec = highlight(stage, m, point, mirrored)
    mirror = mats[m, 12]
    if mirror > 0.0:
        mirror = mirror + (1.0 - mirror) * (1.0 - min(1.0, abs(cos))) ** 5 * min(1.0, 4.0 * mirror)
        mr, mg, mb = reflection(stage, point, mirrored)
        r, g, b = r + mirror * mr, g + mirror * mg, b + mirror * mb
    return (r, g, b), mirror, spec


def shade(stage, sight, seen, pixel, out):
    """Fill `out` (CHANNELS) with what is seen and what light falls on it.

    Reflectance 0-2, normal 3-5, lamps 6-8, openness 9, added light 10-12, mirror 13, sun 14-16, highlight 17.
    The ray of sight is (o, d); seen is (t, i): it hits primitive i at o + t d. The pixel is (x, y, sampled):
    x and y choose the sample of its lights. Without `sampled`, lamps and openness are left out (openness -1)
    for neighbours to fill in.
    """
    (o, d), (t, i), (px, py, sampled) = sight, seen, pixel
    colour, flat, normal = surface_at(stage, o, d, t, i)
    if flat[0] * d[0] + flat[1] * d[1] + flat[2] * d[2] > 0.0:
        flat = (-flat[0], -flat[1], -flat[2])
        normal = (-normal[0], -normal[1], -normal[2])
    point = along(along(o, d, t), flat, 1e-3 + 2e-4 * t)
    # Eight strata of directions over the sampled half of each block of 4×4 pixels.
    cell = ((px >> 1) & 1) + 2 * (py & 3)
    u = (cell + hash_unit(px, py, 2, 7)) / 8.0
    v = ((cell * 3) % 8 + hash_unit(px, py, 3, 7)) / 8.0
    sun, lit, opened = arriving(stage, (point, normal, u, v), flat, sampled)
    length = math.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
    view = (d[0] / length, d[1] / length, d[2] / length)
    added, mirror, spec = shining(stage, int(stage[0][0][i, 19]), point, normal, view)
    out[0], out[1], out[2] = colour
    out[3], out[4], out[5] = normal
    out[6], out[7], out[8] = lit
    out[9] = opened
    out[10], out[11], out[12] = added
    out[13] = mirror
    out[14], out[15], out[16] = sun
    out[17] = spec

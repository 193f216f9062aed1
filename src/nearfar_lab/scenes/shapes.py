# ruff: noqa: ANN001, ANN201, RUF046, PLW3301 - kernels: types from the compiler, plain arguments
"""Where a ray meets a primitive, in closed form wherever there is one.

A primitive is a row of numbers (`ROW` columns); the shape lives in a frame of its own, so that each
function below sees a ray `o + t d` relative to the shape's centre and axes. `d` need not have length one:
camera rays have a forward component of one, and `t` is then the depth along the optical axis.

Points and directions are tuples (x, y, z); `half` holds the half sizes (a, b, c) along the axes and `span`
the (least, largest) t that counts.

All functions are plain scalar functions: `compiled.py` turns the same source into CPU or CUDA device code.
"""

import math

from nearfar_lab.scenes.noise import fbm2, hash_unit, noise2, noise3

BOX, ELLIPSOID, FRUSTUM, CAPSULE, QUAD, FOLIAGE, ROUNDBOX, GROUND = range(8)
# Masks of a quad.
FULL, DISC, LEAVES, GRILLE, RAILING, LEAF, MESH, GRASS = range(8)

KIND = 0
CENTRE = 1
AXIS_X, AXIS_Y, AXIS_Z = 4, 7, 10
HALF = 13
EXTRA = 16
MATERIAL = 19
MASK = 20
CASTS = 21
SEED = 22
ROW = 23

MISS = 1e30


def hit_box(o, d, half, taper, span):
    """Box whose top face is scaled by taper (p0 in x, p1 in z) and moved in z (p2)."""
    ox, oy, oz = o
    dx, dy, dz = d
    a, b, c = half
    p0, p1, p2 = taper
    tmin, tmax = span
    kx = a * (p0 - 1.0) / (2.0 * b)
    kz = c * (p1 - 1.0) / (2.0 * b)
    ks = p2 / (2.0 * b)
    near = -MISS
    far = MISS
    h = oy + b
    for i in range(6):
        if i == 0:
            f = oy - b
            g = dy
        elif i == 1:
            f = -oy - b
            g = -dy
        elif i == 2:
            f = ox - a - kx * h
            g = dx - kx * dy
        elif i == 3:
            f = -ox - a - kx * h
            g = -dx - kx * dy
        elif i == 4:
            f = oz - c - (kz + ks) * h
            g = dz - (kz + ks) * dy
        else:
            f = -oz - c - (kz - ks) * h
            g = -dz - (kz - ks) * dy
        if abs(g) < 1e-12:
            if f > 0.0:
                return MISS
        else:
            t = -f / g
            if g < 0.0:
                near = max(near, t)
            else:
                far = min(far, t)
            if near > far:
                return MISS
    if near > tmin:
        return near if near < tmax else MISS
    return far if tmin < far < tmax else MISS


def hit_ellipsoid(o, d, half, span):
    """Ellipsoid of half axes `half`."""
    a, b, c = half
    tmin, tmax = span
    ox, oy, oz = o[0] / a, o[1] / b, o[2] / c
    dx, dy, dz = d[0] / a, d[1] / b, d[2] / c
    qa = dx * dx + dy * dy + dz * dz
    qb = ox * dx + oy * dy + oz * dz
    # The distance of the line from the centre is computed without cancelling for far, small ellipsoids.
    s = -qb / qa
    px, py, pz = ox + s * dx, oy + s * dy, oz + s * dz
    disc = 1.0 - (px * px + py * py + pz * pz)
    if disc < 0.0:
        return MISS
    root = math.sqrt(disc / qa)
    t = s - root
    if t <= tmin:
        t = s + root
    return t if tmin < t < tmax else MISS


def hit_frustum(o, d, half, p0, span):
    """Elliptic cone frustum along y: half axes a, c below, p0 times those above, half height b."""
    ox, oy, oz = o
    dx, dy, dz = d
    a, b, c = half
    tmin, tmax = span
    ox, oz, dx, dz = ox / a, oz / c, dx / a, dz / c
    k = (p0 - 1.0) / (2.0 * b)
    r0 = 1.0 + k * (oy + b)
    rd = k * dy
    qa = dx * dx + dz * dz - rd * rd
    qb = ox * dx + oz * dz - r0 * rd
    qc = ox * ox + oz * oz - r0 * r0
    best = tmax
    disc = qb * qb - qa * qc
    if disc > 0.0 and abs(qa) > 1e-12:
        root = math.sqrt(disc)
        for i in range(2):
            t = (-qb - root) / qa if i == 0 else (-qb + root) / qa
            if tmin < t < best and abs(oy + t * dy) <= b and r0 + t * rd >= 0.0:
                best = t
    if abs(dy) > 1e-12:
        for i in range(2):
            y = -b if i == 0 else b
            r = 1.0 if i == 0 else p0
            t = (y - oy) / dy
            if tmin < t < best:
                x, z = ox + t * dx, oz + t * dz
                if x * x + z * z <= r * r:
                    best = t
    return best if best < tmax else MISS


def hit_capsule(o, d, a, b, span):
    """Capsule along y: radius a, half length b between the centres of its two end spheres."""
    ox, oy, oz = o
    dx, dy, dz = d
    tmin, tmax = span
    best = tmax
    qa = dx * dx + dz * dz
    qb = ox * dx + oz * dz
    qc = ox * ox + oz * oz - a * a
    disc = qb * qb - qa * qc
    if disc < 0.0:
        return MISS
    if qa > 1e-12:
        t = (-qb - math.sqrt(disc)) / qa
        if tmin < t < best and abs(oy + t * dy) <= b:
            best = t
    for i in range(2):
        y = oy + b if i == 0 else oy - b
        t = hit_ellipsoid((ox, y, oz), d, (a, a, a), (tmin, best))
        best = min(best, t)
    return best if best < tmax else MISS


def is_leafy(u, v, seed):
    """Whether a point of a plane, in leaf lengths, lies on one of many scattered leaves."""
    iu = int(math.floor(u))
    iv = int(math.floor(v))
    for j in range(-1, 2):
        for i in range(-1, 2):
            cu = iu + i
            cv = iv + j
            angle = 6.2832 * hash_unit(cu, cv, 3, seed)
            x = u - cu - hash_unit(cu, cv, 1, seed)
            y = v - cv - hash_unit(cu, cv, 2, seed)
            s, c = math.sin(angle), math.cos(angle)
            along = (x * c + y * s) / 0.75
            across = (y * c - x * s) / 0.32
            if along * along + across * across < 1.0:
                return True
    return False


def is_solid(cut, x, y, a, b):
    """Whether the point x, y of a quad of half sizes a, b is there; cut: pitch in metres, mask, seed."""
    p0, mask, seed = cut
    u = x / a
    v = y / b
    if mask == FULL:
        return True
    if mask == DISC:
        return u * u + v * v <= 1.0
    if mask == LEAVES:
        rim = 1.0 - 0.45 * noise2(u * 3.0 + 50.0, v * 3.0 + 50.0, seed)
        return u * u + v * v < rim and is_leafy(x / p0, y / p0, seed)
    if mask == GRILLE:
        fx = x / p0 - math.floor(x / p0)
        fy = y / p0 - math.floor(y / p0)
        return fx < 0.18 or fy < 0.18
    if mask == RAILING:
        fx = x / p0 - math.floor(x / p0)
        return fx < 0.2 or v > 0.9 or (-0.9 < v < -0.78)
    if mask == LEAF:
        half = (1.0 - v) * (1.0 + v) * (0.75 + 0.25 * v)
        return abs(u) < half
    if mask == MESH:
        f = (x + y) / p0 - math.floor((x + y) / p0)
        g = (x - y) / p0 - math.floor((x - y) / p0)
        return f < 0.12 or g < 0.12
    # Grass: blades of differing height, narrowing towards their tips.
    blade = x / p0
    k = int(math.floor(blade))
    height = 2.0 * (0.35 + 0.65 * hash_unit(k, 0, 0, seed)) - 1.0
    lean = (hash_unit(k, 1, 0, seed) - 0.5) * 0.5 * (v + 1.0)
    offset = abs(blade - k - 0.5 + lean)
    return v < height and offset < 0.5 * (height - v) / (height + 1.0) + 0.05


def hit_quad(o, d, half, cut, span):
    """Rectangle in the plane z = 0 with a cut-out mask (see `is_solid`)."""
    ox, oy, oz = o
    dx, dy, dz = d
    a, b, _ = half
    tmin, tmax = span
    if abs(dz) < 1e-12:
        return MISS
    t = -oz / dz
    if not tmin < t < tmax:
        return MISS
    x = ox + t * dx
    y = oy + t * dy
    if abs(x) > a or abs(y) > b:
        return MISS
    return t if is_solid(cut, x, y, a, b) else MISS


def hit_foliage(o, d, half, leaves, span):
    """Five nested ellipsoids with holes of noise; leaves: features a metre, how dense (0…1), seed."""
    ox, oy, oz = o
    dx, dy, dz = d
    a, b, c = half
    p0, p1, seed = leaves
    for k in range(5):
        s = 1.0 - 0.13 * k
        t = hit_ellipsoid(o, d, (a * s, b * s, c * s), span)
        if t >= span[1]:
            return MISS
        x, y, z = (ox + t * dx) * p0, (oy + t * dy) * p0, (oz + t * dz) * p0
        value = 0.45 * noise3(x, y, z, seed) + 0.55 * noise3(x * 3.1, y * 3.1, z * 3.1, seed + 1)
        if value > 0.72 - 0.16 * p1 - 0.075 * k:
            return t
    return MISS


def roundbox_distance(x, y, z, half, r):
    """Signed distance to a box with edges rounded by r."""
    a, b, c = half
    qx, qy, qz = abs(x) - a + r, abs(y) - b + r, abs(z) - c + r
    mx, my, mz = max(qx, 0.0), max(qy, 0.0), max(qz, 0.0)
    return math.sqrt(mx * mx + my * my + mz * mz) + min(max(qx, max(qy, qz)), 0.0) - r


def hit_roundbox(o, d, half, r, span):
    """Box with rounded edges, by sphere tracing to a hundred-thousandth of its size."""
    ox, oy, oz = o
    dx, dy, dz = d
    a, b, c = half
    tmin, tmax = span
    t = hit_box(o, d, half, (1.0, 1.0, 0.0), span)
    if t >= tmax:
        return MISS
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    eps = 1e-5 * (a + b + c)
    for _ in range(40):
        d = roundbox_distance(ox + t * dx, oy + t * dy, oz + t * dz, half, r)
        if d < eps:
            return t if tmin < t < tmax else MISS
        t += d / length
        if t >= tmax or d > a + b + c:
            return MISS
    return MISS


def ground_height(x, z, land):
    """Height of land: amplitude, features a metre, flat within so many metres of the origin, seed."""
    p0, p1, p2, seed = land
    far = math.sqrt(x * x + z * z)
    rise = min(1.0, max(0.0, (far - p2) / (p2 + 3.0 / p1)))
    h = fbm2(x * p1 + 100.0, z * p1 + 100.0, 5, seed)
    return p0 * rise * h * h * 1.6


def hit_ground(o, d, land, span):
    """Infinite plane y = 0 or, with an amplitude, the height field of `land`, by marching and bisection."""
    ox, oy, oz = o
    dx, dy, dz = d
    p0, p1, _, _ = land
    tmin, tmax = span
    if p0 == 0.0:
        if abs(dy) < 1e-12:
            return MISS
        t = -oy / dy
        return t if tmin < t < tmax else MISS
    t = tmin
    end = min(tmax, 4000.0)
    top = 1.6 * p0
    if oy > top:
        if dy >= 0.0:
            return MISS
        t = max(t, (top - oy) / dy)
    last = t
    flat = math.sqrt(dx * dx + dz * dz) + 1e-9
    for _ in range(160):
        y = oy + t * dy
        gap = y - ground_height(ox + t * dx, oz + t * dz, land)
        if gap <= 0.0:
            break
        if (y > top and dy >= 0.0) or t > end:
            return MISS
        last = t
        t += max(0.02 * t + 0.02, 0.45 * gap / (flat * (0.3 + p0 * p1) + abs(dy)))
    else:
        return MISS
    low, high = last, t
    for _ in range(24):
        mid = 0.5 * (low + high)
        if oy + mid * dy > ground_height(ox + mid * dx, oz + mid * dz, land):
            low = mid
        else:
            high = mid
    return high if tmin < high < tmax else MISS


def turned(prims, i, v):
    """A direction in world axes in the frame of primitive i."""
    x, y, z = v
    return (
        x * prims[i, 4] + y * prims[i, 5] + z * prims[i, 6],
        x * prims[i, 7] + y * prims[i, 8] + z * prims[i, 9],
        x * prims[i, 10] + y * prims[i, 11] + z * prims[i, 12],
    )


def hit(prims, i, o, d, span):
    """The smallest t in its span at which a ray of the world meets primitive i, or MISS."""
    moved = (o[0] - prims[i, 1], o[1] - prims[i, 2], o[2] - prims[i, 3])
    p, q = turned(prims, i, moved), turned(prims, i, d)
    half = (prims[i, 13], prims[i, 14], prims[i, 15])
    p0, p1, p2 = prims[i, 16], prims[i, 17], prims[i, 18]
    kind = int(prims[i, 0])
    seed = int(prims[i, 22])
    if kind == BOX:
        return hit_box(p, q, half, (p0, p1, p2), span)
    if kind == ELLIPSOID:
        return hit_ellipsoid(p, q, half, span)
    if kind == FRUSTUM:
        return hit_frustum(p, q, half, p0, span)
    if kind == CAPSULE:
        return hit_capsule(p, q, half[0], half[1], span)
    if kind == QUAD:
        return hit_quad(p, q, half, (p0, int(prims[i, 20]), seed), span)
    if kind == FOLIAGE:
        return hit_foliage(p, q, half, (p0, p1, seed), span)
    if kind == ROUNDBOX:
        return hit_roundbox(p, q, half, p0, span)
    return hit_ground(p, q, (p0, p1, p2, seed), span)


def box_normal(point, half, taper):
    """Outward normal of the face of a tapered box nearest to a point on it."""
    x, y, z = point
    a, b, c = half
    p0, p1, p2 = taper
    kx = a * (p0 - 1.0) / (2.0 * b)
    kz = c * (p1 - 1.0) / (2.0 * b)
    ks = p2 / (2.0 * b)
    h = y + b
    nx, ny, nz = 0.0, 1.0, 0.0
    best = abs(y - b)
    if abs(y + b) < best:
        best = abs(y + b)
        ny = -1.0
    side = math.sqrt(1.0 + kx * kx)
    f = abs(x - a - kx * h) / side
    if f < best:
        best = f
        nx, ny, nz = 1.0 / side, -kx / side, 0.0
    f = abs(-x - a - kx * h) / side
    if f < best:
        best = f
        nx, ny, nz = -1.0 / side, -kx / side, 0.0
    k = kz + ks
    side = math.sqrt(1.0 + k * k)
    f = abs(z - c - k * h) / side
    if f < best:
        best = f
        nx, ny, nz = 0.0, -k / side, 1.0 / side
    k = kz - ks
    side = math.sqrt(1.0 + k * k)
    f = abs(-z - c - k * h) / side
    if f < best:
        nx, ny, nz = 0.0, -k / side, -1.0 / side
    return nx, ny, nz


def local_normal(kind, point, half, extra, seed):
    """Outward normal (not of length one) at a point of a shape, in the shape's own frame."""
    x, y, z = point
    a, b, c = half
    p0, p1, p2 = extra
    if kind == BOX:
        return box_normal(point, half, extra)
    if kind in (ELLIPSOID, FOLIAGE):
        return x / (a * a), y / (b * b), z / (c * c)
    if kind == FRUSTUM:
        k = (p0 - 1.0) / (2.0 * b)
        r = 1.0 + k * (y + b)
        rim = math.sqrt((x / a) ** 2 + (z / c) ** 2)
        if abs(abs(y) - b) < abs(rim - r) * min(a, c):
            return 0.0, y, 0.0
        return x / (a * a), -k * r, z / (c * c)
    if kind == CAPSULE:
        return x, y - min(max(y, -b), b), z
    if kind == QUAD:
        return 0.0, 0.0, 1.0
    if kind == ROUNDBOX:
        ix, iy, iz = max(a - p0, 0.0), max(b - p0, 0.0), max(c - p0, 0.0)
        return x - min(max(x, -ix), ix), y - min(max(y, -iy), iy), z - min(max(z, -iz), iz)
    if p0 == 0.0:
        return 0.0, 1.0, 0.0
    e = 0.02 + 0.004 * (abs(x) + abs(z))
    land = (p0, p1, p2, seed)
    dx = ground_height(x + e, z, land) - ground_height(x - e, z, land)
    dz = ground_height(x, z + e, land) - ground_height(x, z - e, land)
    return -dx / (2.0 * e), 1.0, -dz / (2.0 * e)


def reciprocal(d):
    """One over each component of a direction, large where it is nothing."""
    dx, dy, dz = d
    rx = 1.0 / dx if abs(dx) > 1e-12 else 1e12
    ry = 1.0 / dy if abs(dy) > 1e-12 else 1e12
    rz = 1.0 / dz if abs(dz) > 1e-12 else 1e12
    return rx, ry, rz


def is_missed(bounds, k, o, r, span):
    """Whether a ray passes the bounds of node k by, or meets them outside of its span; r: `reciprocal`."""
    u0, u1 = (bounds[k, 0] - o[0]) * r[0], (bounds[k, 3] - o[0]) * r[0]
    v0, v1 = (bounds[k, 1] - o[1]) * r[1], (bounds[k, 4] - o[1]) * r[1]
    w0, w1 = (bounds[k, 2] - o[2]) * r[2], (bounds[k, 5] - o[2]) * r[2]
    near = max(max(min(u0, u1), min(v0, v1)), min(w0, w1))
    far = min(min(max(u0, u1), max(v0, v1)), max(w0, w1))
    return near > far or near > span[1] or far < span[0]


def trace(world, o, d, span):
    """Depth and index of the first primitive on a ray, (MISS, -1) for none.

    `world` is (primitives, bounds, links): bounds (nodes, 6) and links (nodes, 3: skip to, first primitive,
    count) hold a depth-first tree; node 0 is the list of primitives without bounds.
    """
    prims, bounds, links = world
    tmin, tmax = span
    best = tmax
    found = -1
    for i in range(links[0, 1], links[0, 1] + links[0, 2]):
        t = hit(prims, i, o, d, (tmin, best))
        if t < best:
            best, found = t, i
    r = reciprocal(d)
    k = 1
    while k < links.shape[0]:
        if is_missed(bounds, k, o, r, (tmin, best)):
            k = links[k, 0]
            continue
        for i in range(links[k, 1], links[k, 1] + links[k, 2]):
            t = hit(prims, i, o, d, (tmin, best))
            if t < best:
                best, found = t, i
        k += 1
    if found < 0:
        return MISS, -1
    return best, found


def is_blocked(world, o, d, tmax):
    """Whether a primitive that casts shadows lies on the ray before tmax."""
    prims, bounds, links = world
    span = (1e-3, tmax)
    for i in range(links[0, 1], links[0, 1] + links[0, 2]):
        if prims[i, 21] > 0.0 and hit(prims, i, o, d, span) < tmax:
            return True
    r = reciprocal(d)
    k = 1
    while k < links.shape[0]:
        if is_missed(bounds, k, o, r, span):
            k = links[k, 0]
            continue
        for i in range(links[k, 1], links[k, 1] + links[k, 2]):
            if prims[i, 21] > 0.0 and hit(prims, i, o, d, span) < tmax:
                return True
        k += 1
    return False

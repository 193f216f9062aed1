# ruff: noqa: ANN001, ANN201 - kernels: types from the compiler, plain arguments
"""One pixel of a picture: what every loop over pixels does, on a processor or on a graphics card.

`stage` and `world` are those of `light`; `seen` is (depth, ids), both (H, W); `at` is the pixel (x, y).
"""

import math

from nearfar_lab.scenes.light import ambient, shade, sky
from nearfar_lab.scenes.noise import hash_unit
from nearfar_lab.scenes.shapes import MISS, trace


def ray(view, x, y):
    """Origin and direction in the world of the ray through picture position x, y (pixel centres at .5).

    `view`: origin 0-2, right 3-5, down 6-8, forward 9-11, focal fx fy 12-13, centre cx cy 14-15,
    radial distortion 16, lens offset right and down 17-18, focus distance 19. The direction has forward
    component one: t is depth.
    """
    u = (x - view[14]) / view[12]
    v = (y - view[15]) / view[13]
    f = 1.0 + view[16] * (u * u + v * v)
    u = u * f - view[17] / view[19]
    v = v * f - view[18] / view[19]
    dx = u * view[3] + v * view[6] + view[9]
    dy = u * view[4] + v * view[7] + view[10]
    dz = u * view[5] + v * view[8] + view[11]
    ox = view[0] + view[17] * view[3] + view[18] * view[6]
    oy = view[1] + view[17] * view[4] + view[18] * view[7]
    oz = view[2] + view[17] * view[5] + view[18] * view[8]
    return (ox, oy, oz), (dx, dy, dz)


def first_hit(world, view, x, y):
    """Depth at the centre of pixel x, y (MISS for sky) and the index of what is seen (-1 for sky)."""
    o, d = ray(view, x + 0.5, y + 0.5)
    return trace(world, o, d, (0.02, MISS))


def shade_pixel(stage, view, seen, at, out):
    """Fill `out` (CHANNELS, of zeros) with what `light.shade` says of a pixel; the sky stays zero."""
    depth, ids = seen
    x, y = at
    height, width = depth.shape
    i = ids[y, x]
    if i < 0:
        return
    # Every other pixel borrows lamp light and occlusion from neighbours that show the same thing.
    same = False
    if 0 < x < width - 1 and 0 < y < height - 1:
        same = ids[y, x - 1] == i and ids[y, x + 1] == i and ids[y - 1, x] == i and ids[y + 1, x] == i
    sampled = not same or (x + y) % 2 == 0
    shade(stage, ray(view, x + 0.5, y + 0.5), (depth[y, x], i), (x, y, sampled), out)


def smooth_pixel(buffer, light, seen, around, out):
    """Fill `out` (n, of zeros) with the light (H, W, N) round a pixel over like surface.

    around: (x, y, how many pixels apart its neighbours lie).
    """
    depth, ids = seen
    x, y, step = around
    height, width = depth.shape
    n = light.shape[2]
    if ids[y, x] < 0:
        return
    total = 0.0
    nx, ny, nz = buffer[y, x, 3], buffer[y, x, 4], buffer[y, x, 5]
    d = depth[y, x]
    for j in range(y - 2 * step, y + 2 * step, step):
        for i in range(x - 2 * step, x + 2 * step, step):
            if i < 0 or j < 0 or i >= width or j >= height or ids[j, i] < 0:
                continue
            if light[j, i, n - 1] < 0.0:
                continue
            if abs(depth[j, i] - d) > (0.03 + 0.02 * step) * d:
                continue
            if nx * buffer[j, i, 3] + ny * buffer[j, i, 4] + nz * buffer[j, i, 5] < 0.9:
                continue
            for c in range(n):
                out[c] += light[j, i, c]
            total += 1.0
    if total == 0.0:
        # A lone pixel: its own light, or that of the pixel beside it.
        near = x if light[y, x, n - 1] >= 0.0 else max(0, x - 1)
        for c in range(n):
            out[c] = light[y, near, c]
        return
    for c in range(n):
        out[c] /= total


def compose_pixel(layers, seen, outside, x, y):
    """Linear red, green, blue of the centre of pixel x, y: light on a surface, sky, fog.

    layers: (buffer, lit, sun) of `frame`; outside: (env, view).
    """
    buffer, lit, sun = layers
    depth, ids = seen
    env, view = outside
    _, (dx, dy, dz) = ray(view, x + 0.5, y + 0.5)
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    if ids[y, x] < 0:
        return sky(env, (dx / length, dy / length, dz / length))
    ar, ag, ab = ambient(env, buffer[y, x, 4])
    keep, spec, o = 1.0 - buffer[y, x, 13], buffer[y, x, 17], lit[y, x, 3]
    br, bg, bb = keep * buffer[y, x, 0], keep * buffer[y, x, 1], keep * buffer[y, x, 2]
    r = (br + spec) * (lit[y, x, 0] + sun[y, x, 0]) + br * o * ar + buffer[y, x, 10]
    g = (bg + spec) * (lit[y, x, 1] + sun[y, x, 1]) + bg * o * ag + buffer[y, x, 11]
    b = (bb + spec) * (lit[y, x, 2] + sun[y, x, 2]) + bb * o * ab + buffer[y, x, 12]
    clear = math.exp(-env[16] * depth[y, x] * length)
    return (
        env[17] + (r - env[17]) * clear,
        env[18] + (g - env[18]) * clear,
        env[19] + (b - env[19]) * clear,
    )


def is_outline(ids, x, y):
    """Whether a neighbour of pixel x, y shows something else."""
    height, width = ids.shape
    for j in range(max(0, y - 1), min(height, y + 2)):
        for k in range(max(0, x - 1), min(width, x + 2)):
            if ids[j, k] != ids[y, x]:
                return True
    return False


def smooth_outline(world, view, picture, at, samples):
    """Radiance of a pixel; an outline is averaged over `samples` more rays, coloured from neighbours.

    picture: (depth, ids, radiance).
    """
    depth, ids, radiance = picture
    x, y = at
    height, width = depth.shape
    r, g, b = radiance[y, x, 0], radiance[y, x, 1], radiance[y, x, 2]
    if not is_outline(ids, x, y):
        return r, g, b
    for s in range(samples):
        sx = (s + hash_unit(x, y, s, 11)) / samples
        sy = ((s * 3) % samples + hash_unit(x, y, s, 12)) / samples
        o, d = ray(view, x + sx, y + sy)
        t, hit_id = trace(world, o, d, (0.02, MISS))
        best = MISS
        by, bx = y, x
        for j in range(max(0, y - 1), min(height, y + 2)):
            for k in range(max(0, x - 1), min(width, x + 2)):
                gap = abs(k + 0.5 - x - sx) + abs(j + 0.5 - y - sy)
                if ids[j, k] != hit_id:
                    gap += 10.0 + 100.0 * abs(math.log(min(depth[j, k], 1e5) / min(t, 1e5)))
                if gap < best:
                    best = gap
                    by, bx = j, k
        r += radiance[by, bx, 0]
        g += radiance[by, bx, 1]
        b += radiance[by, bx, 2]
    n = samples + 1.0
    return r / n, g / n, b / n

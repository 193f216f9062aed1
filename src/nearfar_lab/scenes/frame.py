# ruff: noqa: ANN001, ANN201, PLR0917 - kernels: types from the compiler, plain arguments
"""A whole picture: loops over pixels on the CPU (one thread; run several processes for several cores)."""

import math

import numpy as np

from nearfar_lab.scenes.light import CHANNELS, ambient, shade, sky
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
    return ox, oy, oz, dx, dy, dz


def first_hits(prims, bounds, links, view, height, width):
    """Depth (height, width) of pixel centres (MISS for sky) and the index of what is seen (-1 for sky)."""
    depth = np.empty((height, width))
    ids = np.empty((height, width), np.int32)
    for py in range(height):
        for px in range(width):
            ox, oy, oz, dx, dy, dz = ray(view, px + 0.5, py + 0.5)
            t, i = trace(prims, bounds, links, ox, oy, oz, dx, dy, dz, 0.02, MISS)
            depth[py, px] = t
            ids[py, px] = i
    return depth, ids


def shaded(prims, bounds, links, mats, photos, lamps, env, view, depth, ids):
    """Buffer (height, width, CHANNELS) of what `light.shade` says of each pixel."""
    height, width = depth.shape
    out = np.zeros((height, width, CHANNELS))
    for py in range(height):
        for px in range(width):
            i = ids[py, px]
            if i >= 0:
                ox, oy, oz, dx, dy, dz = ray(view, px + 0.5, py + 0.5)
                t = depth[py, px]
                # Every other pixel borrows lamp light and occlusion from neighbours that show the same thing.
                inner = 0 < px < width - 1 and 0 < py < height - 1
                same = (
                    inner
                    and ids[py, px - 1] == i
                    and ids[py, px + 1] == i
                    and ids[py - 1, px] == i
                    and ids[py + 1, px] == i
                )
                sampled = not same or (px + py) % 2 == 0
                shade(
                    prims,
                    bounds,
                    links,
                    mats,
                    photos,
                    lamps,
                    env,
                    out[py, px],
                    ox,
                    oy,
                    oz,
                    dx,
                    dy,
                    dz,
                    t,
                    i,
                    px,
                    py,
                    sampled,
                )
    return out


def smoothed(buffer, light, depth, ids, step):
    """Channels `light` (height, width, n) averaged over 4×4 pixels `step` apart of like surface.

    Pixels whose last channel is negative have no sample of their own.
    """
    height, width = depth.shape
    n = light.shape[2]
    out = np.zeros((height, width, n))
    for y in range(height):
        for x in range(width):
            if ids[y, x] < 0:
                continue
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
                        out[y, x, c] += light[j, i, c]
                    total += 1.0
            if total == 0.0:
                # A lone pixel: its own light, or that of the pixel beside it.
                near = x if light[y, x, n - 1] >= 0.0 else max(0, x - 1)
                for c in range(n):
                    out[y, x, c] = light[y, near, c]
                continue
            for c in range(n):
                out[y, x, c] /= total
    return out


def composed(buffer, lit, sun, depth, ids, env, view):
    """Linear radiance (height, width, 3) of pixel centres: light on surfaces, sky, fog."""
    height, width = depth.shape
    out = np.empty((height, width, 3))
    for y in range(height):
        for x in range(width):
            _, _, _, dx, dy, dz = ray(view, x + 0.5, y + 0.5)
            length = math.sqrt(dx * dx + dy * dy + dz * dz)
            if ids[y, x] < 0:
                out[y, x, 0], out[y, x, 1], out[y, x, 2] = sky(env, dx / length, dy / length, dz / length)
                continue
            ar, ag, ab = ambient(env, buffer[y, x, 4])
            keep, spec, o = 1.0 - buffer[y, x, 13], buffer[y, x, 17], lit[y, x, 3]
            br, bg, bb = keep * buffer[y, x, 0], keep * buffer[y, x, 1], keep * buffer[y, x, 2]
            r = (br + spec) * (lit[y, x, 0] + sun[y, x, 0]) + br * o * ar + buffer[y, x, 10]
            g = (bg + spec) * (lit[y, x, 1] + sun[y, x, 1]) + bg * o * ag + buffer[y, x, 11]
            b = (bb + spec) * (lit[y, x, 2] + sun[y, x, 2]) + bb * o * ab + buffer[y, x, 12]
            clear = math.exp(-env[16] * depth[y, x] * length)
            out[y, x, 0] = env[17] + (r - env[17]) * clear
            out[y, x, 1] = env[18] + (g - env[18]) * clear
            out[y, x, 2] = env[19] + (b - env[19]) * clear
    return out


def edges_smoothed(prims, bounds, links, view, depth, ids, radiance, samples):
    """Radiance with outlines averaged over `samples` more rays, coloured from neighbours they agree with."""
    height, width = depth.shape
    out = radiance.copy()
    for y in range(height):
        for x in range(width):
            i = ids[y, x]
            edge = False
            for j in range(max(0, y - 1), min(height, y + 2)):
                for k in range(max(0, x - 1), min(width, x + 2)):
                    if ids[j, k] != i:
                        edge = True
            if not edge:
                continue
            r, g, b = radiance[y, x, 0], radiance[y, x, 1], radiance[y, x, 2]
            for s in range(samples):
                sx = (s + hash_unit(x, y, s, 11)) / samples
                sy = ((s * 3) % samples + hash_unit(x, y, s, 12)) / samples
                ox, oy, oz, dx, dy, dz = ray(view, x + sx, y + sy)
                t, hit_id = trace(prims, bounds, links, ox, oy, oz, dx, dy, dz, 0.02, MISS)
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
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = r / n, g / n, b / n
    return out

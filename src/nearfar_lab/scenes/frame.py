# ruff: noqa: ANN001, ANN201 - kernels: types from the compiler, plain arguments
"""A whole picture: loops over pixels on the CPU (one thread; run several processes for several cores).

`stage` and `world` are those of `light`; `seen` is (depth, ids), both (H, W); `view` is the camera of `ray`.
"""

import numpy as np

from nearfar_lab.scenes.light import CHANNELS
from nearfar_lab.scenes.pixel import compose_pixel, first_hit, shade_pixel, smooth_outline, smooth_pixel


def first_hits(world, view, height, width):
    """Depth (H, W) of pixel centres (MISS for sky) and the index of what is seen (-1 for sky)."""
    depth = np.empty((height, width))
    ids = np.empty((height, width), np.int32)
    for y in range(height):
        for x in range(width):
            depth[y, x], ids[y, x] = first_hit(world, view, x, y)
    return depth, ids


def shaded(stage, view, seen):
    """Buffer (H, W, CHANNELS) of what `light.shade` says of each pixel."""
    height, width = seen[0].shape
    out = np.zeros((height, width, CHANNELS))
    for y in range(height):
        for x in range(width):
            shade_pixel(stage, view, seen, (x, y), out[y, x])
    return out


def smoothed(buffer, light, seen, step):
    """Channels `light` (H, W, N) averaged over 4×4 pixels `step` apart of like surface.

    Pixels whose last channel is negative have no sample of their own.
    """
    height, width = seen[0].shape
    out = np.zeros((height, width, light.shape[2]))
    for y in range(height):
        for x in range(width):
            smooth_pixel(buffer, light, seen, (x, y, step), out[y, x])
    return out


def composed(layers, seen, outside):
    """Linear radiance (H, W, 3) of pixel centres: light on surfaces, sky, fog.

    layers: (buffer of `shaded`, lamps and openness, sun); outside: (env, view).
    """
    height, width = seen[0].shape
    out = np.empty((height, width, 3))
    for y in range(height):
        for x in range(width):
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = compose_pixel(layers, seen, outside, x, y)
    return out


def edges_smoothed(world, view, picture, samples):
    """Radiance with outlines averaged over `samples` more rays, coloured from neighbours they agree with.

    picture: (depth, ids, radiance (H, W, 3)).
    """
    height, width = picture[0].shape
    out = np.empty((height, width, 3))
    for y in range(height):
        for x in range(width):
            r, g, b = smooth_outline(world, view, picture, (x, y), samples)
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = r, g, b
    return out

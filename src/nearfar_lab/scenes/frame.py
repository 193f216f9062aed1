# ruff: noqa: ANN001, ANN201, PLR0917 - kernels: types from the compiler, plain arguments
"""A whole picture: loops over pixels on the CPU (one thread; run several processes for several cores)."""

import numpy as np

from nearfar_lab.scenes.light import CHANNELS
from nearfar_lab.scenes.pixel import compose_pixel, first_hit, shade_pixel, smooth_outline, smooth_pixel


def first_hits(prims, bounds, links, view, height, width):
    """Depth (height, width) of pixel centres (MISS for sky) and the index of what is seen (-1 for sky)."""
    depth = np.empty((height, width))
    ids = np.empty((height, width), np.int32)
    for y in range(height):
        for x in range(width):
            depth[y, x], ids[y, x] = first_hit(prims, bounds, links, view, x, y)
    return depth, ids


def shaded(prims, bounds, links, mats, photos, lamps, env, view, depth, ids):
    """Buffer (height, width, CHANNELS) of what `light.shade` says of each pixel."""
    height, width = depth.shape
    out = np.zeros((height, width, CHANNELS))
    for y in range(height):
        for x in range(width):
            shade_pixel(prims, bounds, links, mats, photos, lamps, env, view, depth, ids, out[y, x], x, y)
    return out


def smoothed(buffer, light, depth, ids, step):
    """Channels `light` (height, width, n) averaged over 4×4 pixels `step` apart of like surface.

    Pixels whose last channel is negative have no sample of their own.
    """
    height, width = depth.shape
    out = np.zeros((height, width, light.shape[2]))
    for y in range(height):
        for x in range(width):
            smooth_pixel(buffer, light, depth, ids, step, out[y, x], x, y)
    return out


def composed(buffer, lit, sun, depth, ids, env, view):
    """Linear radiance (height, width, 3) of pixel centres: light on surfaces, sky, fog."""
    height, width = depth.shape
    out = np.empty((height, width, 3))
    for y in range(height):
        for x in range(width):
            r, g, b = compose_pixel(buffer, lit, sun, depth, ids, env, view, x, y)
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = r, g, b
    return out


def edges_smoothed(prims, bounds, links, view, depth, ids, radiance, samples):
    """Radiance with outlines averaged over `samples` more rays, coloured from neighbours they agree with."""
    height, width = depth.shape
    out = np.empty((height, width, 3))
    for y in range(height):
        for x in range(width):
            r, g, b = smooth_outline(prims, bounds, links, view, depth, ids, radiance, samples, x, y)
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = r, g, b
    return out

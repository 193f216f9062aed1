# ruff: noqa: ANN001, ANN201 - kernels: types from the compiler, plain arguments
"""Hashes and smooth noise of integers and positions.

Every function here is a plain scalar function: `compiled.py` turns the same source into CPU or CUDA code.
"""

import math


def hash_unit(ix, iy, iz, seed):
    """A number in 0…1 that depends only on the four integers."""
    h = (ix * 374761393 + iy * 668265263 + iz * 1440662683 + seed * 974634551) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 15)) * 668265263) & 0xFFFFFFFF
    return (h ^ (h >> 16)) / 4294967296.0


def noise2(x, y, seed):
    """Smooth value noise in 0…1 with one feature a unit."""
    ix = math.floor(x)
    iy = math.floor(y)
    fx = x - ix
    fy = y - iy
    jx = int(ix)
    jy = int(iy)
    fx = fx * fx * (3.0 - 2.0 * fx)
    fy = fy * fy * (3.0 - 2.0 * fy)
    a = hash_unit(jx, jy, 0, seed)
    b = hash_unit(jx + 1, jy, 0, seed)
    c = hash_unit(jx, jy + 1, 0, seed)
    d = hash_unit(jx + 1, jy + 1, 0, seed)
    low = a + (b - a) * fx
    return low + (c + (d - c) * fx - low) * fy


def noise3(x, y, z, seed):
    """Smooth value noise in 0…1 of a position in space with one feature a unit."""
    iz = math.floor(z)
    fz = z - iz
    jz = int(iz)
    fz = fz * fz * (3.0 - 2.0 * fz)
    ix = math.floor(x)
    iy = math.floor(y)
    fx = x - ix
    fy = y - iy
    jx = int(ix)
    jy = int(iy)
    fx = fx * fx * (3.0 - 2.0 * fx)
    fy = fy * fy * (3.0 - 2.0 * fy)
    a = hash_unit(jx, jy, jz, seed)
    b = hash_unit(jx + 1, jy, jz, seed)
    c = hash_unit(jx, jy + 1, jz, seed)
    d = hash_unit(jx + 1, jy + 1, jz, seed)
    low = a + (b - a) * fx
    near = low + (c + (d - c) * fx - low) * fy
    a = hash_unit(jx, jy, jz + 1, seed)
    b = hash_unit(jx + 1, jy, jz + 1, seed)
    c = hash_unit(jx, jy + 1, jz + 1, seed)
    d = hash_unit(jx + 1, jy + 1, jz + 1, seed)
    low = a + (b - a) * fx
    far = low + (c + (d - c) * fx - low) * fy
    return near + (far - near) * fz


def fbm2(x, y, octaves, seed):
    """Sum of octaves of `noise2`, in 0…1."""
    total = 0.0
    weight = 0.5
    norm = 0.0
    for k in range(octaves):
        total += weight * noise2(x, y, seed + k)
        norm += weight
        weight *= 0.5
        x = x * 2.03 + 17.1
        y = y * 2.03 - 9.7
    return total / norm


def fbm3(x, y, z, octaves, seed):
    """Sum of octaves of `noise3`, in 0…1."""
    total = 0.0
    weight = 0.5
    norm = 0.0
    for k in range(octaves):
        total += weight * noise3(x, y, z, seed + k)
        norm += weight
        weight *= 0.5
        x = x * 2.03 + 17.1
        y = y * 2.03 - 9.7
        z = z * 2.03 + 3.3
    return total / norm

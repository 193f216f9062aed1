"""A tree of boxes over primitives in depth-first order, so that a ray needs no stack to walk it."""

import numpy as np
from numpy.typing import NDArray

from nearfar_lab.scenes import shapes

Array = NDArray[np.float64]


def boxes(prims: Array) -> Array:
    """Axis-aligned bounds (n, 6: low x y z, high x y z) of primitives."""
    kind = prims[:, shapes.KIND]
    half = prims[:, 13:16].copy()
    capsule = kind == shapes.CAPSULE
    half[capsule] = np.stack(
        [half[capsule, 0], half[capsule, 0] + half[capsule, 1], half[capsule, 0]], axis=1
    )
    half[kind == shapes.QUAD, 2] = 1e-4
    box, cone = kind == shapes.BOX, kind == shapes.FRUSTUM
    half[box, 0] *= np.maximum(1.0, prims[box, 16])
    half[box, 2] = np.maximum(half[box, 2], half[box, 2] * prims[box, 17] + abs(prims[box, 18]))
    half[cone, 0] *= np.maximum(1.0, prims[cone, 16])
    half[cone, 2] *= np.maximum(1.0, prims[cone, 16])
    axes = np.abs(prims[:, 4:13]).reshape(-1, 3, 3)
    reach = np.einsum("nij,ni->nj", axes, half) * 1.0001 + 1e-4
    return np.concatenate([prims[:, 1:4] - reach, prims[:, 1:4] + reach], axis=1)


def build(prims: Array, eye: Array, leaf: int = 2) -> tuple[Array, Array, NDArray[np.int64]]:
    """The primitives reordered, node bounds (m, 6) and links (m, 3), near sides first as seen from `eye`."""
    endless = np.flatnonzero(prims[:, 0] == shapes.GROUND)
    finite = np.flatnonzero(prims[:, 0] != shapes.GROUND)
    bounds = boxes(prims)
    centres = 0.5 * (bounds[:, :3] + bounds[:, 3:])
    order = list(endless)
    node_bounds = [np.zeros(6)]
    links = [[0, 0, len(endless)]]

    def add(members: NDArray[np.int64]) -> None:
        node = len(links)
        part = bounds[members]
        node_bounds.append(np.concatenate([part[:, :3].min(axis=0), part[:, 3:].max(axis=0)]))
        links.append([0, 0, 0])
        if len(members) <= leaf:
            links[node][1:] = [len(order), len(members)]
            order.extend(members)
        else:
            spread = np.ptp(centres[members], axis=0)
            axis = int(spread.argmax())
            ranked = members[np.argsort(centres[members, axis], kind="stable")]
            halves = [ranked[: len(ranked) // 2], ranked[len(ranked) // 2 :]]
            if eye[axis] > centres[ranked[len(ranked) // 2], axis]:
                halves.reverse()
            for part_members in halves:
                add(part_members)
        links[node][0] = len(links)

    if len(finite):
        add(finite)
    return np.ascontiguousarray(prims[order]), np.array(node_bounds), np.array(links, np.int64)

"""The same loops over pixels on a graphics card: a thread a pixel, the scenes of a batch side by side.

Double precision as on the processor, and the same text of every function (see `compiled`), so that a scene
is the same within rounding. Needs a CUDA device and driver; numba brings the compiler.
"""

from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import cuda
from numpy.typing import NDArray

from nearfar_lab.errors import DeviceMissingError
from nearfar_lab.scenes import compiled, pixel, tree
from nearfar_lab.scenes.light import CHANNELS
from nearfar_lab.scenes.scene import Raw, Scene, view_row
from nearfar_lab.scenes.shapes import MISS

BLOCK = (8, 8)


def check_card() -> None:
    """Raise DeviceMissingError where no CUDA device can be used."""
    if not cuda.is_available():
        raise DeviceMissingError(
            "No CUDA device was found.", "Render with --device cpu, or install the driver of the card."
        )


@cache
def kernels() -> SimpleNamespace:
    """The kernels, compiled for the device at their first call."""
    run = compiled.functions(cuda.jit(device=True), (*compiled.LAYERS, pixel))
    # The compiler knows a name that holds a function, not an attribute that does.
    first_hit, shade_pixel, smooth_pixel = run.first_hit, run.shade_pixel, run.smooth_pixel
    compose_pixel, smooth_outline = run.compose_pixel, run.smooth_outline

    @cuda.jit
    def first_hits(prims, bounds, links, view, depth, ids):  # noqa: ANN001, ANN202
        x, y = cuda.grid(2)  # type: ignore[attr-defined]
        if x < depth.shape[1] and y < depth.shape[0]:
            t, i = first_hit((prims, bounds, links), view, x, y)
            depth[y, x] = t
            ids[y, x] = i

    @cuda.jit
    def shaded(prims, bounds, links, mats, photos, lamps, env, view, depth, ids, out):  # noqa: ANN001, ANN202, PLR0917
        x, y = cuda.grid(2)  # type: ignore[attr-defined]
        if x < depth.shape[1] and y < depth.shape[0]:
            stage = ((prims, bounds, links), mats, photos, lamps, env)
            shade_pixel(stage, view, (depth, ids), (x, y), out[y, x])

    @cuda.jit
    def smoothed(buffer, first, count, light, depth, ids, step, out):  # noqa: ANN001, ANN202, PLR0917
        x, y = cuda.grid(2)  # type: ignore[attr-defined]
        if x < depth.shape[1] and y < depth.shape[0]:
            part = light[:, :, first : first + count]
            smooth_pixel(buffer, part, (depth, ids), (x, y, step), out[y, x])

    @cuda.jit
    def composed(buffer, lit, sun, depth, ids, env, view, out):  # noqa: ANN001, ANN202, PLR0917
        x, y = cuda.grid(2)  # type: ignore[attr-defined]
        if x < depth.shape[1] and y < depth.shape[0]:
            r, g, b = compose_pixel((buffer, lit, sun), (depth, ids), (env, view), x, y)
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = r, g, b

    @cuda.jit
    def edges_smoothed(prims, bounds, links, view, depth, ids, radiance, samples, out):  # noqa: ANN001, ANN202, PLR0917
        x, y = cuda.grid(2)  # type: ignore[attr-defined]
        if x < depth.shape[1] and y < depth.shape[0]:
            picture = (depth, ids, radiance)
            r, g, b = smooth_outline((prims, bounds, links), view, picture, (x, y), samples)
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = r, g, b

    made = (first_hits, shaded, smoothed, composed, edges_smoothed)
    return SimpleNamespace(**{kernel.__name__: kernel for kernel in made})


def raw_batch(scenes: Sequence[Scene], size: tuple[int, int], edge_samples: int = 4) -> list[Raw]:
    """What `scene.raw` gives for each scene, rendered on the card together.

    Every scene has a stream of its own: the card works on as many as fit, while later ones are still sent.

    Raises:
        DeviceMissingError: there is no CUDA device.
    """
    check_card()
    return [_fetch(*sent) for sent in [_send(scene, size, edge_samples) for scene in scenes]]


def _send(scene: Scene, size: tuple[int, int], edge_samples: int) -> tuple[Any, Any, Any, Any]:
    """Start the rendering of a scene: stream and, on the card, radiance, depth and what is seen."""
    height, width = size
    stream, run = cuda.stream(), kernels()
    grid = (-(-width // BLOCK[0]), -(-height // BLOCK[1]))

    def put(array: NDArray[Any]) -> Any:
        return cuda.to_device(np.ascontiguousarray(array), stream=stream)

    def launch(name: str, *arguments: Any) -> None:
        getattr(run, name)[grid, BLOCK, stream](*arguments)

    prims, bounds, links = tree.build(scene.prims, np.asarray(scene.camera.position_m))
    world = (put(prims), put(bounds), put(links))
    env = put(scene.light.row(1.0 / scene.camera.focal_px(width)))
    view = put(view_row(scene.camera, height, width))
    surfaces = (put(scene.materials), put(scene.photos), put(_at_least_one(scene.light.lamps)))
    depth, ids = put(np.empty(size)), put(np.empty(size, np.int32))
    launch("first_hits", *world, view, depth, ids)
    buffer = put(np.zeros((*size, CHANNELS)))
    launch("shaded", *world, *surfaces, env, view, depth, ids, buffer)
    lit = buffer
    for first, step in ((6, 1), (0, 4)):
        wider = put(np.zeros((*size, 4)))
        launch("smoothed", buffer, first, 4, lit, depth, ids, step, wider)
        lit = wider
    sun = put(np.zeros((*size, 3)))
    launch("smoothed", buffer, 14, 3, buffer, depth, ids, 1, sun)
    colour = put(np.zeros((*size, 3)))
    launch("composed", buffer, lit, sun, depth, ids, env, view, colour)
    if edge_samples:
        smooth = put(np.zeros((*size, 3)))
        launch("edges_smoothed", *world, view, depth, ids, colour, edge_samples, smooth)
        colour = smooth
    return stream, colour, depth, ids


def _at_least_one(lamps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lamps, or one row that nothing reads: a card takes no empty array."""
    return lamps if len(lamps) else np.zeros((1, lamps.shape[1]))


def _fetch(stream: Any, colour: Any, depth: Any, ids: Any) -> Raw:
    """Wait for a scene and bring it back."""
    radiance, depths, seen = (part.copy_to_host(stream=stream) for part in (colour, depth, ids))
    stream.synchronize()
    depth_m = np.where(depths >= MISS, np.inf, depths).astype(np.float32)
    return Raw(radiance.astype(np.float32), depth_m, seen)

"""Speed and memory of effects and meshes on a drawn photo, against the yardsticks that they are held to.

python benchmarks/effects.py
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import nearfar
from nearfar.ops.refine import refine
from nearfar.ops.resize import enlarge
from nearfar.registry import EFFECTS
from nearfar.types import DepthKind, DepthMap, Photo, Provenance
from pictures import draw

if TYPE_CHECKING:
    from collections.abc import Callable


def scene(width: int, height: int) -> tuple[Photo, DepthMap]:
    """A photo and a soft depth map with slopes, blocks and sky."""
    small = np.linspace(0, 1, 288, dtype=np.float32)[:, None] * np.ones((1, 384), np.float32)
    small[:115] = 0
    small[72:260, 77:115] = 0.9
    small[158:216, 230:345] = 0.6
    values = enlarge(cv2.GaussianBlur(small, (0, 0), 1.0), width, height)
    made_by = Provenance(input_size=(384, 288))
    return Photo(draw(width, height)), DepthMap(values, DepthKind.RELATIVE_INVERSE, provenance=made_by)


def best(work: Callable[[], object], runs: int = 3) -> float:
    """Seconds of the fastest of some runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def against(name: str, seconds: float, limit: float) -> None:
    """One row: what it took, what it may take."""
    print(f"{name:34} {seconds:8.3f} s   limit {limit:8.3f} s   {'ok' if seconds <= limit else 'OVER'}")


def speeds() -> None:
    """The figures that are limits."""
    photo, depth = scene(4000, 3000)
    small = cv2.resize(depth.values, (384, 288), interpolation=cv2.INTER_AREA)
    bicubic = best(lambda: enlarge(small, 4000, 3000))
    against(
        "refine, 12 megapixels",
        best(lambda: refine(depth.values, photo.pixels, (384, 288))),
        2 * bicubic + 0.3,
    )
    strength = 1.0
    radius = round(strength / 100 * 4000)
    side = (2 * radius + 1, 2 * radius + 1)
    gauss = best(lambda: cv2.GaussianBlur(photo.pixels, side, 0))
    bokeh = best(lambda: nearfar.effect("bokeh", photo, depth, strength=strength), 2)
    against(f"bokeh, 12 megapixels, radius {radius}", bokeh, 6 * gauss)
    photo, depth = scene(1280, 720)
    clip = best(lambda: nearfar.effect("parallax", photo, depth), 1)
    against("parallax, 1280x720, 90 frames", clip, 90 / 30 / 0.5)
    photo, depth = scene(1154, 866)
    against("glb, 1 megapixel", best(lambda: nearfar.export("glb", depth, photo)), 1.5)
    print(f"glb of a 1-megapixel photo: {len(nearfar.export('glb', depth, photo)) / 1e6:.1f} MB, limit 10 MB")


def _peak(name: str, out: multiprocessing.SimpleQueue) -> None:
    photo, depth = scene(2000, 1500)
    small = scene(64, 48)
    _apply(name, *small)  # libraries are loaded before the count begins
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark begins anew
    before = _high_water()
    _apply(name, photo, depth)
    after = _high_water()
    out.put((after - before) * 1024 / (photo.pixels.size * 4))


def _high_water() -> int:
    """Most resident memory so far, in KiB (Linux)."""
    rows = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(row for row in rows if row.startswith("VmHWM")).split()[1])


def _apply(name: str, photo: Photo, depth: DepthMap) -> None:
    if name == "glb":
        nearfar.export("glb", depth, photo)
    else:
        nearfar.effect(name, photo, depth)


def memories() -> None:
    """Resident memory that each effect adds, as a multiple of the photo's float32 size."""
    for name in (*EFFECTS.names(), "glb"):
        out = multiprocessing.get_context("spawn").SimpleQueue()
        worker = multiprocessing.get_context("spawn").Process(target=_peak, args=(name, out))
        worker.start()
        worker.join()
        times = out.get()
        print(f"{name:20} {times:5.1f} x the photo's float32 size (3 megapixels), limit 12")


if __name__ == "__main__":
    cv2.setNumThreads(2)
    speeds()
    memories()

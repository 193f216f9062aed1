"""Speed and memory of effects and meshes on a drawn photo, against the yardsticks that they are held to.

python benchmarks/effects.py

Seconds are those on the clock, and in brackets those of the processors.
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


Seconds = tuple[float, float]
"""On the clock, and of the processors: the second is the same on a busy machine."""


def best(*works: Callable[[], object], runs: int = 3) -> list[Seconds]:
    """Seconds of the fastest run of each; the works take turns, so that load falls on all of them."""
    times: list[list[Seconds]] = [[] for _ in works]
    for _ in range(runs):
        for work, found in zip(works, times, strict=True):
            start, processors = time.perf_counter(), time.process_time()
            work()
            found.append((time.perf_counter() - start, time.process_time() - processors))
    return [(min(row[0] for row in found), min(row[1] for row in found)) for found in times]


def against(name: str, took: Seconds, limit: float, processors: float | None = None) -> None:
    """One row: what it took, what it may take on the clock; and where it is a ratio, of the processors."""
    limits = f"{limit:7.3f} s" + ("" if processors is None else f" ({processors:.3f} s)")
    is_ok = took[0] <= limit or (processors is not None and took[1] <= processors)
    print(f"{name:32} {took[0]:7.3f} s ({took[1]:.3f} s)   limit {limits}   {'ok' if is_ok else 'OVER'}")


def speeds() -> None:
    """The figures that are limits."""
    photo, depth = scene(4000, 3000)
    small = cv2.resize(depth.values, (384, 288), interpolation=cv2.INTER_AREA)
    bicubic, refined = best(
        lambda: enlarge(small, 4000, 3000), lambda: refine(depth.values, photo.pixels, (384, 288)), runs=5
    )
    against("refine, 12 megapixels", refined, 2 * bicubic[0] + 0.3, 2 * bicubic[1] + 0.3)
    strength = 1.0
    radius = round(strength / 100 * 4000)
    side = (2 * radius + 1, 2 * radius + 1)
    gauss, bokeh = best(
        lambda: cv2.GaussianBlur(photo.pixels, side, 0),
        lambda: nearfar.effect("bokeh", photo, depth, strength=strength),
    )
    against(f"bokeh, 12 megapixels, radius {radius}", bokeh, 6 * gauss[0], 6 * gauss[1])
    photo, depth = scene(1280, 720)
    (clip,) = best(lambda: nearfar.effect("parallax", photo, depth), runs=1)
    against("parallax, 1280x720, 90 frames", clip, 90 / 30 / 0.5)
    photo, depth = scene(1154, 866)
    (glb,) = best(lambda: nearfar.export("glb", depth, photo))
    against("glb, 1 megapixel", glb, 1.5)
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

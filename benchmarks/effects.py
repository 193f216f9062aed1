"""Every figure that effects and meshes are held to, in one run: measured, limit, reached or missed.

    python benchmarks/effects.py            # a table on standard output, 1 where a figure is missed
    python benchmarks/effects.py --write    # also into docs/reference/effects.md, with date and machine

Times are the fastest of a few runs in turns with the yardstick, so that load falls on both. Memory is what a
fresh process comes to hold at most beyond what it held before. About two minutes on two cores.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import boundaries
import nearfar
import thin_lens
from nearfar.bench.turns import apart
from nearfar.machine.files import write_whole
from nearfar.ops.refine import refine
from nearfar.ops.resize import enlarge
from nearfar.registry import EFFECTS
from nearfar.types import DepthKind, DepthMap, Photo, Provenance
from nearfar_lab.machine import machine_class
from pictures import draw
from steady import conditions, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "effects.md"
BEGIN, END = "<!-- figures: python benchmarks/effects.py --write -->\n", "<!-- end of figures -->\n"
TWELVE, ONE, VIDEO, THREE = (4000, 3000), (1154, 866), (1280, 720), (2000, 1500)  # megapixels


class Figure(NamedTuple):
    """One row: what, how much, how much it may be at most (or, where ``is_least``, at least)."""

    name: str
    value: float
    limit: float
    unit: str
    is_least: bool = False
    note: str = ""
    apart: float = 0.0
    """By how much the halves of its run differ."""

    @property
    def is_reached(self) -> bool:
        """Whether the limit is kept."""
        return self.value >= self.limit if self.is_least else self.value < self.limit

    def cells(self) -> tuple[str, ...]:
        """Name, measured, limit, verdict."""
        word = "at least" if self.is_least else "below"
        unit = f" {self.unit}" if self.unit else ""
        measured = f"{_number(self.value)}{unit}{f' ({self.note})' if self.note else ''}"
        verdict = "reached" if self.is_reached else "missed"
        return self.name, measured, f"{word} {_number(self.limit)}{unit}", verdict


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.2f}"


def scene(width: int, height: int) -> tuple[Photo, DepthMap]:
    """A photo and a soft depth map with slopes, blocks and sky."""
    small = np.linspace(0, 1, 288, dtype=np.float32)[:, None] * np.ones((1, 384), np.float32)
    small[:115] = 0
    small[72:260, 77:115] = 0.9
    small[158:216, 230:345] = 0.6
    values = enlarge(cv2.GaussianBlur(small, (0, 0), 1.0), width, height)
    made_by = Provenance(input_size=(384, 288))
    return Photo(draw(width, height)), DepthMap(values, DepthKind.RELATIVE_INVERSE, provenance=made_by)


def fastest(*works: Callable[[], object], runs: int = 6) -> tuple[list[float], float]:
    """Seconds of the fastest run of each, which take turns; and by how much two halves of the runs differ.

    Of several it is their ratio that counts, else the time; of each half the fastest runs.
    """
    times: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for work, found in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            found.append(time.perf_counter() - start)
    firsts, seconds = ([min(part) for part in half] for half in _in_halves(times))
    values = [half[0] / (half[-1] if len(half) > 1 else 1) for half in (firsts, seconds)]
    return [min(found) for found in times], apart(values)


def _in_halves(times: list[list[float]]) -> tuple[list[list[float]], list[list[float]]]:
    middle = max(1, len(times[0]) // 2)
    return [found[:middle] for found in times], [found[-middle:] for found in times]


def edges() -> Iterator[Figure]:
    """``refine``: its time, and what it brings."""
    photo, depth = scene(*TWELVE)
    small = cv2.resize(depth.values, (384, 288), interpolation=cv2.INTER_AREA)
    (bicubic, refined), torn = fastest(
        lambda: enlarge(small, *TWELVE), lambda: refine(depth.values, photo.pixels, (384, 288))
    )
    yield Figure(
        "`refine`, 12 megapixels; limit: 2 × bicubic + 0.3 s",
        refined,
        2 * bicubic + 0.3,
        "s",
        note=f"bicubic {bicubic:.3f} s",
        apart=torn,
    )
    scores = np.array([boundaries.compare(*one) for one in boundaries.SCENES])
    soft, sharp = scores.mean(axis=0)
    note = f"{sharp:.2f}, bicubic {soft:.2f}; least {np.diff(scores).min():.2f}"
    yield Figure(
        f"boundary F1 above bicubic, mean of {len(scores)} scenes",
        sharp - soft,
        0.2,
        "",
        is_least=True,
        note=note,
    )


def blur() -> Iterator[Figure]:
    """``bokeh``: its time, and how near it is to a lens."""
    photo, depth = scene(*TWELVE)
    radius = TWELVE[0] // 100
    side = (2 * radius + 1, 2 * radius + 1)
    (gauss, ours), torn = fastest(
        lambda: cv2.GaussianBlur(photo.pixels, side, 0),
        lambda: nearfar.effect("bokeh", photo, depth, strength=1.0),
    )
    name = f"`bokeh`, 12 megapixels, radius {radius}: the effect alone, times of `cv2.GaussianBlur`"
    yield Figure(name, ours / gauss, 6, "×", note=f"{ours:.2f} s, {gauss:.2f} s", apart=torn)
    gains = []
    for one in thin_lens.SCENES:
        mine, plain = thin_lens.compare(*one)
        gains.append(100 * (1 - mine / plain))
    name = f"`bokeh` against a traced lens: error below blur-and-composite, least of {len(gains)} scenes"
    yield Figure(name, min(gains), 30, "%", is_least=True, note=f"mean {np.mean(gains):.0f} %")


def views() -> Iterator[Figure]:
    """``parallax``: its time and its memory."""
    photo, depth = scene(*VIDEO)
    (clip,), torn = fastest(lambda: nearfar.effect("parallax", photo, depth), runs=4)
    yield Figure("`parallax`, 1280×720, 90 frames (3 s of video)", clip, 6, "s", apart=torn)
    short, long = (added_memory("parallax", VIDEO, {"frames": frames}) for frames in (30, 120))
    yield Figure("`parallax`, memory that 90 more frames take", max(0.0, long - short) / 1e6, 60, "MB")


def meshes() -> Iterator[Figure]:
    """``glb``: its time, memory and size."""
    photo, depth = scene(*ONE)
    (took,), torn = fastest(lambda: nearfar.export("glb", depth, photo))
    yield Figure("`glb` of 1 megapixel", took, 1.5, "s", apart=torn)
    yield Figure("`glb` of 1 megapixel, memory", added_memory("glb", ONE, {}) / 1e6, 500, "MB")
    size = len(nearfar.export("glb", depth, photo)) / 1e6
    yield Figure("`glb` of the default budget, size", size, 10, "MB")


def memories() -> Iterator[Figure]:
    """What each effect allocates, as a multiple of the photo's float32 size; the worst is the figure."""
    size = THREE[0] * THREE[1] * 3 * 4
    found = {name: added_memory(name, THREE, {}) / size for name in EFFECTS.names()}
    for name, times in found.items():
        print(f"    {name:16} {times:5.1f} × the photo's float32 size", flush=True)
    worst = max(found, key=lambda name: found[name])
    yield Figure(
        "memory of the worst effect, 3 megapixels: times the photo's float32 size",
        found[worst],
        12,
        "×",
        note=worst,
    )


def added_memory(name: str, size: tuple[int, int], options: dict[str, int]) -> float:
    """Bytes that a fresh process comes to hold at most while it makes an effect or a mesh."""
    context = multiprocessing.get_context("spawn")
    out = context.SimpleQueue()
    worker = context.Process(target=_peak, args=(name, size, options, out))
    worker.start()
    worker.join()
    if worker.exitcode:
        sys.exit(f"{name} failed")
    return float(out.get())


def _peak(
    name: str, size: tuple[int, int], options: dict[str, int], out: multiprocessing.SimpleQueue
) -> None:
    cv2.setNumThreads(2)
    photo, depth = scene(*size)
    _apply(name, *scene(64, 48), {})  # libraries are loaded before the count begins
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark begins anew
    before = _high_water()
    _apply(name, photo, depth, options)
    out.put((_high_water() - before) * 1024)


def _high_water() -> int:
    """Most resident memory so far, in KiB (Linux)."""
    rows = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(row for row in rows if row.startswith("VmHWM")).split()[1])


def _apply(name: str, photo: Photo, depth: DepthMap, options: dict[str, int]) -> None:
    if name == "glb":
        nearfar.export("glb", depth, photo)
    else:
        nearfar.effect(name, photo, depth, **options)


def written(text: str, rows: list[Figure]) -> str:
    """The page with the figures between its marks."""
    before, rest = text.split(BEGIN)
    table = ["| Figure | Measured | Limit | |", "| --- | --- | --- | --- |"]
    table += [f"| {' | '.join(row.cells())} |" for row in rows]
    under = conditions({"threads": cv2.getNumThreads(), "runs": "6 of each, in turn"})
    head = f"Measured on {datetime.now(UTC).date()} on a machine of {machine_class()}; {under}."
    return before + BEGIN + "\n".join([head, "", *table, ""]) + END + rest.split(END)[1]


def main() -> int:
    """Measure, print, and write where asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--write", action="store_true", help="write the figures into docs/reference/effects.md"
    )
    is_written = parser.parse_args().write
    cv2.setNumThreads(2)
    rows: list[Figure] = []
    for part in (edges, blur, views, meshes, memories):
        for row in part():
            rows.append(row)
            name, measured, limit, verdict = row.cells()
            print(f"{verdict:8} {name}: {measured}; {limit}", flush=True)
    if reason := refusal({row.name: (1.0, 1.0 + row.apart) for row in rows}):
        print(reason)
        return 1
    if is_written:
        write_whole(PAGE, written(PAGE.read_text(encoding="utf-8"), rows).encode(), overwrite=True)
    return 0 if all(row.is_reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""A run over a folder against the library's stream over the same photos: photos a second, and the share kept.

    python benchmarks/runs.py [--photos 128] [--side 512] [--turns 5] [--check]
                              [--ray-photos 640] [--ray-turns 3]

Both make a heat map of each photo with the embedded network and write it; the run also hashes photos and
results, and keeps its manifest. They take turns, and their medians count. The share is told by the
clock and by processor time, which other work on the machine changes little.

Then the same run on Ray on the same processors, in batches of 32, against the run here, without the first and
the last batches, in which actors begin and end; by the clock, as Ray's processes come and go.
``--ray-photos 0`` leaves it out.

``--check`` ends with 1 where by processor time the share of the stream is below 0.95, or by the clock that of
Ray of the run here below 0.85.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from nearfar import api, outputs
from nearfar.encode import encode
from nearfar.machine import allocator
from nearfar.machine.cpus import usable_cpus
from nearfar.machine.files import write_whole
from nearfar.one_photo import EstimateOptions
from nearfar.runs import LocalRunner, Run, Source, pipeline_of
from nearfar.scale import cluster
from nearfar.scale.runner import RayOptions, RayRunner

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 0.95
RAY_GOAL = 0.85
BATCH = 32


def write_photos(folder: Path, count: int, side: int) -> None:
    """Smooth pictures with some grain, as JPEGs."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:side, 0:side] / side
    for number in range(count):
        waves = [127 + 90 * np.sin(9 * (x * np.cos(k + number) + y * np.sin(k + number))) for k in range(3)]
        grain = rng.normal(0, 6, (side, side, 3))
        pixels = np.clip(np.stack(waves, axis=-1) + grain, 0, 255).astype(np.uint8)
        (folder / f"{number:05d}.jpg").write_bytes(encode(pixels, ".jpg"))


def by_stream(photos: Path, target: Path) -> None:
    """What a user of the library would write."""
    target.mkdir()
    paths, heat = sorted(photos.iterdir()), outputs.effect("heatmap")
    allocator.tune()

    def keep(found: api.Estimated) -> None:
        write_whole(target / f"{paths[found.index].name}.heatmap.png", heat.make(*found.result()))

    for found in api.load().estimate_stream(paths, EstimateOptions(depth_only=True), then=keep):
        if found.error:
            raise found.error


def by_run(photos: Path, target: Path) -> None:
    """The same as a run."""
    Run(Source(str(photos)), str(target), pipeline_of({"effects": ["heatmap"]})).go(LocalRunner())


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock, and of processors."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def measure(photos: int, side: int, turns: int) -> dict[str, tuple[float, float]]:
    """Seconds of each way, by the clock and of processors: medians over the turns behind the first."""
    found: dict[str, list[tuple[float, float]]] = {"stream": [], "run": []}
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "photos")
        source.mkdir()
        write_photos(source, photos, side)
        for turn in range(turns + 1):
            for way, work in (("stream", by_stream), ("run", by_run)):
                target = Path(name, f"{way}-{turn}")
                found[way].append(timed(lambda work=work, target=target: work(source, target)))
    return {
        way: (median(row[0] for row in rows[1:]), median(row[1] for row in rows[1:]))
        for way, rows in found.items()
    }


@dataclass
class Pace:
    """Seconds that photos take, by the clock.

    Counted are those between the ``edge`` first and the ``edge`` last ones of ``photos``: before, actors
    begin; behind, they end.
    """

    photos: int
    edge: int
    count: int = 0
    at: list[float] = field(default_factory=list)

    def tell(self, _progress: object, _row: object) -> None:
        """A row has come."""
        self.count += 1
        if self.count in {self.edge, self.photos - self.edge}:
            self.at.append(time.perf_counter())

    @property
    def each_s(self) -> float:
        """Of one photo."""
        begin, end = self.at
        return (end - begin) / (self.photos - 2 * self.edge)


def measure_ray(photos: int, side: int, turns: int) -> dict[str, float]:
    """Seconds for a photo of a run here and on Ray, in turns, by the clock: medians."""
    cpus = usable_cpus()
    found: dict[str, list[float]] = {"here": [], "ray": []}
    with tempfile.TemporaryDirectory() as name, cluster.joined("local"):
        source = Path(name, "photos")
        source.mkdir()
        write_photos(source, photos, side)
        share = cluster.Share(least=cpus, most=cpus)
        runners = {"here": LocalRunner(), "ray": RayRunner(RayOptions(share=share, batch=BATCH))}
        for turn in range(turns):
            for way, runner in runners.items():
                pace, target = Pace(photos, BATCH * cpus), str(Path(name, f"{way}-{turn}"))
                run = Run(Source(str(source)), target, pipeline_of({"effects": ["heatmap"]}), tell=pace.tell)
                run.go(runner)
                found[way].append(pace.each_s)
    return {way: median(rows) for way, rows in found.items()}


def main() -> int:
    """Measure, say it, and check it where that is asked for."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--photos", type=int, default=128)
    reader.add_argument("--side", type=int, default=512)
    reader.add_argument("--turns", type=int, default=5)
    reader.add_argument("--ray-photos", type=int, default=640)
    reader.add_argument("--ray-turns", type=int, default=3)
    reader.add_argument("--check", action="store_true")
    given = reader.parse_args()
    found = measure(given.photos, given.side, given.turns)
    by_clock, by_processor = (found["stream"][k] / found["run"][k] for k in (0, 1))
    print(f"{given.photos / found['run'][0]:.1f} photos a second of {given.side}²")
    print(f"share of the library's stream: {by_clock:.2f} by the clock, {by_processor:.2f} by processor time")
    is_short = by_processor < GOAL
    if given.ray_photos:
        each = measure_ray(given.ray_photos, given.side, given.ray_turns)
        share = each["here"] / each["ray"]
        print(f"{1 / each['ray']:.1f} photos a second on Ray, {1 / each['here']:.1f} here: {share:.2f} of it")
        is_short = is_short or share < RAY_GOAL
    return int(given.check and is_short)


if __name__ == "__main__":
    raise SystemExit(main())

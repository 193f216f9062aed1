"""A clip to a heat map video with the embedded network: frames a second, and memory from minute to minute.

    python benchmarks/video.py [--frames 240] [--minutes 60] [--rate 10] [--check] [--page FILE]

Each size runs in a process of its own, on generated clips. Frames a second are told twice: by the clock, and
by processor time, as two processors that do nothing else would give them if they were never idle.
``--minutes`` makes a small clip of that length and compares memory after its first minute with the end.
``--check`` ends with 1 where a goal is missed. ``--page`` renews the block "video".
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from nearfar import api
from nearfar.video.outputs import Wish, sinks_of
from nearfar.video.read import open_video
from nearfar.video.run import Progress, RunOptions, run
from nearfar.video.stereo import LAYOUTS, StereoOptions
from nearfar_lab.figures import Figure, block, check_page, renew

PROCESSORS = 2
MIB = 2**20
WARM = 60
"""Frames before the measuring begins: libraries are loaded, threads are there."""


@dataclass(frozen=True)
class Case:
    """A clip: its size, frames and frames a second; goals in frames a second and MB."""

    width: int
    height: int
    frames: int
    rate: int = 30
    least: float = 0.0
    most_mb: float = 0.0
    effect: str = "heatmap"


def write_clip(path: Path, case: Case) -> None:
    """Ground that slides, and discs that move before it, now and then another scene."""
    rng = np.random.default_rng(7)
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream("libx264", rate=case.rate)
        stream.width, stream.height, stream.pix_fmt = case.width, case.height, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "23"}
        for number in range(case.frames):
            if number % 300 == 0:
                noise = rng.integers(0, 255, (18, 64, 3), np.uint8)
                ground = cv2.resize(noise, (2 * case.width, case.height), interpolation=cv2.INTER_CUBIC)
            at = (2 * number) % case.width
            picture = np.ascontiguousarray(ground[:, at : at + case.width])
            centre = ((5 * number) % case.width, case.height // 2)
            cv2.circle(picture, centre, case.height // 6, (240, 220, 40), -1)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())


def memory_mb() -> float:
    """Memory of this process in RAM now, in MB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(case: Case) -> dict[str, Any]:
    """One run, measured from the frame on at which all is warm."""
    marks: list[tuple[float, float, int]] = []
    minutes: dict[int, float] = {}

    def tell(progress: Progress) -> None:
        if progress.done in {WARM, case.frames}:
            marks.append((time.perf_counter(), time.process_time(), progress.done))
        if progress.done % (60 * case.rate) == 0:
            minutes[progress.done // (60 * case.rate)] = memory_mb()

    model = api.load()
    with tempfile.TemporaryDirectory() as name:
        clip, target = Path(name, "clip.mp4"), Path(name, "made.mp4")
        subprocess.run([sys.executable, __file__, "--clip", str(clip), json.dumps(vars(case))], check=True)
        with open_video(clip) as film:
            run(film, model, sinks_of([wish(target, case.effect)]), RunOptions(tell=tell))
    (clock, processor, first), (clock_end, processor_end, last) = marks
    count = last - first
    return {
        "by_clock": count / (clock_end - clock),
        "by_processor": PROCESSORS * count / (processor_end - processor),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
        "minutes": minutes,
    }


def wish(target: Path, effect: str) -> Wish:
    """An effect, or two views where it is the name of a layout."""
    if effect in LAYOUTS:
        return Wish(target, stereo=StereoOptions(layout=effect))
    return Wish(target, effect)


def apart(case: Case) -> dict[str, Any]:
    """The same in a process of its own."""
    words = [sys.executable, __file__, "--one", json.dumps(vars(case))]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def figures_of(case: Case, found: dict[str, Any]) -> list[Figure]:
    """Rows of the table for one size."""
    what = f"{case.width}×{case.height}, {case.effect}"
    rate = f"{found['by_processor']:.0f} frames/s by processor time, {found['by_clock']:.0f} by the clock"
    rows = [
        Figure(what, rate, f"≥ {case.least:g}" if case.least else "", found["by_processor"] >= case.least)
    ]
    goal = f"< {case.most_mb:g} MB" if case.most_mb else ""
    is_met = not case.most_mb or found["peak_mb"] < case.most_mb
    return [*rows, Figure(f"{what}: memory at its peak", f"{found['peak_mb']:.0f} MB", goal, is_met)]


def flat(case: Case, found: dict[str, Any]) -> Figure:
    """How memory grew between the first minute of a long clip and its last."""
    by_minute = {int(minute): mb for minute, mb in found["minutes"].items()}
    last = max(by_minute)
    grown = by_minute[last] - by_minute[1]
    what = f"{case.width}×{case.height}, memory from minute 1 to minute {last} ({case.frames:,} frames)"
    told = f"{grown:+.0f} MB ({by_minute[1]:.0f} to {by_minute[last]:.0f})"
    return Figure(what, told, "within 20 MB", abs(grown) <= 20)


def main() -> int:
    """Measure, print, and renew the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--minutes", type=int, default=0)
    parser.add_argument("--rate", type=int, default=10)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--clip", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    check_page(chosen.page, "video")
    if chosen.clip:
        write_clip(Path(chosen.clip[0]), Case(**json.loads(chosen.clip[1])))
        return 0
    if chosen.one:
        print(json.dumps(measure(Case(**json.loads(chosen.one)))))
        return 0
    cases = [
        Case(1280, 720, WARM + chosen.frames, least=25),
        Case(1920, 1080, WARM + chosen.frames, least=12, most_mb=500),
        Case(1280, 720, WARM + chosen.frames // 4, effect="overlay"),
        Case(1280, 720, WARM + chosen.frames // 4, least=8, effect="half-sbs"),
    ]
    told = [figure for case in cases for figure in figures_of(case, apart(case))]
    if chosen.minutes:
        long = Case(320, 180, 60 * chosen.minutes * chosen.rate, chosen.rate)
        told.append(flat(long, apart(long)))
    more = f" --minutes {chosen.minutes} --rate {chosen.rate}" if chosen.minutes else ""
    words = f"python benchmarks/video.py{more}"
    text = block(words, told, date.today())  # noqa: DTZ011 - the user's day
    print(text)
    if chosen.page:
        renew(chosen.page, "video", text)
    return int(chosen.check and not all(figure.is_met for figure in told))


if __name__ == "__main__":
    sys.exit(main())

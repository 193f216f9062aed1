"""Every ratio against scripts of one's own, in under three minutes: `make bench-quick`.

    python benchmarks/quick.py [--scale 1] [--output FILE.md] [--page docs/reference/bench.md]

What is compared with stands in benchmarks/by_hand: the same network, the same maps, nothing of nearfar. Both
sides take turns, and processor time counts (of the process and of what it started), which other programs
change little; a row whose halves differ by more than 10 % is refused. Nothing is a gate: the table is told.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import nearfar
import steady
from nearfar import api, assets
from nearfar.bench.machine import machine
from nearfar.machine.cpus import usable_cpus
from nearfar.one_photo import EstimateOptions
from service_load import Server, ask, load, photos, request, server
from service_wall import cpu_s
from steady import HEADS, Ratio, conditions, in_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

BY_HAND = Path(__file__).parent / "by_hand"
sys.path.insert(0, str(BY_HAND))
from heat_maps import Painter  # noqa: E402 - by the folder that the line above names

SIZES = {"512×512": (512, 512, 24), "2 MP": (1732, 1155, 10), "12 MP": (4000, 3000, 4)}
GOALS = {"512×512": (1.0, 0.5), "2 MP": (0.8, 0.35), "12 MP": (0.7, 0.25)}
CLIENTS = 16
BUDGET_S = 130.0
"""After it, each row that is left has two pairs."""
BEFORE = {
    "library, 512": 1.16,
    "library, 2 MP": 1.32,
    "library, 12 MP": 1.27,
    "photos by the command line": 0.74,
    "nearfar photo.jpg": 2.5,
    "service, a lone client": 1.59,
    "service, 16 clients": 0.89,
    "smallest app, 16 clients": 0.96,
}
"""What was found before this benchmark stood, by scripts of the same kind (beginning of a row to ratio)."""


PAUSE_S = 0.1
"""A runtime's threads spin for a while after their work: that time is not the other side's."""


def own_cpu(work: object, *given: object) -> float:
    """Processor seconds of this process for a piece of work, done once before: by itself and warm."""
    time.sleep(PAUSE_S)
    work(*given)  # type: ignore[operator]
    begin = time.process_time()
    work(*given)  # type: ignore[operator]
    return time.process_time() - begin


def child_cpu(words: list[str]) -> float:
    """Processor seconds of a process and its own; bytecode is kept, as an installed package has it."""
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL, env=plain)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime


def library(folder: Path, scale: float) -> Iterator[Ratio]:
    """The library and the script, file to file, in this process."""
    weights = str(weights_of())
    painter, model, fast = Painter(weights), api.load(), api.load(fast=True)
    target = folder / "heat.png"
    for name, (width, height, runs) in SIZES.items():
        photo = folder / f"{width}.jpg"
        photo.write_bytes(photos(1, width, height)[0])
        count = max(2, round(runs * scale))

        def by_hand(photo: Path = photo) -> float:
            return own_cpu(painter.file, str(photo), str(target))

        def ours(photo: Path = photo) -> float:
            return own_cpu(lambda: api.heatmap(model.estimate(photo)).save(target))

        def ours_fast(photo: Path = photo) -> float:
            return own_cpu(lambda: api.heatmap(fast.estimate(photo), fast=True).save(target))

        yield in_pairs(f"library, {name}", ours, by_hand, count, goal=GOALS[name][0])
        yield in_pairs(f"library with fast, {name}", ours_fast, by_hand, count, goal=GOALS[name][1])


def formats(folder: Path, scale: float) -> Iterator[Ratio]:
    """The two formats of heat maps, written by themselves: what is left for them to differ in."""
    picture, times = api.heatmap(api.load().estimate(folder / "512.jpg")), 20

    def write(suffix: str) -> float:
        return own_cpu(lambda: [picture.encoded(suffix) for _ in range(times)]) / times

    yield in_pairs(
        "a heat map of 512×512 as .jpg to .png, encoding alone",
        lambda: write(".jpg"),
        lambda: write(".png"),
        max(2, round(6 * scale)),
    )


def weights_of() -> Path:
    """The file of the network that runs by default: float32 or int8, so that both sides run the same."""
    is_int8 = api.load().estimator.engine.endswith("int8")
    return assets.FOLDER / ("embedded-int8.onnx" if is_int8 else "embedded.onnx")


def folder_of_photos(folder: Path, scale: float) -> Iterator[Ratio]:
    """200 photos by the command line, and by a pool of processes, one thread each."""
    given = folder / "many"
    given.mkdir()
    data = photos()
    for number in range(max(8, round(200 * scale))):
        (given / f"{number:03}.jpg").write_bytes(data[number % len(data)])
    files = [str(file) for file in sorted(given.iterdir())]
    out = folder / "out"
    out.mkdir()
    pool = [
        str(BY_HAND / "heat_maps.py"),
        "--processes",
        str(usable_cpus()),
        str(weights_of()),
        str(out),
        *files,
    ]
    ours = ["-m", "nearfar", *files, "-o", str(out), "--overwrite"]
    yield in_pairs(
        f"photos by the command line ({len(files)} of 512×512), rate to a pool's",
        lambda: child_cpu(ours),
        lambda: child_cpu(pool),
        4,
        goal=1.0,
        is_gain=True,
    )


def start(folder: Path, scale: float) -> Iterator[Ratio]:
    """A process from nothing to one heat map, and the imports that nobody can do without."""
    photo = folder / "512.jpg"
    words = ["-m", "nearfar", str(photo), "-o", str(folder / "start.png"), "--overwrite"]
    yield in_pairs(
        "nearfar photo.jpg to importing numpy, cv2, onnxruntime",
        lambda: child_cpu(words),
        lambda: child_cpu(["-c", "import numpy, cv2, onnxruntime"]),
        max(2, round(10 * scale)),
        goal=2.0,
    )


@contextlib.contextmanager
def app(folder: Path) -> Iterator[Server]:
    """The smallest service of one's own."""
    port = folder / "port"
    process = subprocess.Popen([sys.executable, str(BY_HAND / "app.py"), str(weights_of()), str(port)])
    try:
        while not (port.exists() and port.read_text("ascii")):
            time.sleep(0.05)
        yield Server(f"http://127.0.0.1:{port.read_text('ascii')}", process.pid)
    finally:
        process.terminate()
        process.wait(60)


def asked(service: Server, clients: int, count: int) -> float:
    """Processor seconds of a service, and of what it started, for one photo."""
    begin = cpu_s(service.pid)
    tally = ask(service.address, clients, most=count)
    return (cpu_s(service.pid) - begin) / max(1, tally.done)


def services(folder: Path, scale: float) -> Iterator[Ratio]:
    """Ours beside the smallest one, beside the bare engine, and behind its wall."""
    count, turns = max(16, round(96 * scale)), 6
    options = EstimateOptions(name="bare")
    model, data = api.load_side_by_side(usable_cpus(), {}), photos()

    def made(found: nearfar.Estimated) -> bytes:
        return api.heatmap(found.result()[1]).encoded(".png")

    def bare() -> float:
        files = [data[number % len(data)] for number in range(count)]
        return own_cpu(lambda: [0 for _ in model.estimate_stream(files, options, then=made)]) / count

    with (
        app(folder) as small,
        server({"NEARFAR_WALL": "off"}) as ours,
        server({"NEARFAR_WALL": "on"}) as walled,
    ):
        for one in (small, ours, walled):
            ask(one.address, 4, most=32)
        lone = max(8, count // 2)
        yield in_pairs(
            "service, a lone client, to the smallest app",
            lambda: asked(ours, 1, lone),
            lambda: asked(small, 1, lone),
            turns,
            goal=1.05,
        )
        yield in_pairs(
            f"service, {CLIENTS} clients, bare engine's share",
            lambda: asked(ours, CLIENTS, count),
            bare,
            turns,
            goal=0.95,
            is_gain=True,
        )
        yield in_pairs(
            f"smallest app, {CLIENTS} clients, bare engine's share",
            lambda: asked(small, CLIENTS, count),
            bare,
            turns,
            is_gain=True,
        )
        yield in_pairs(
            "service behind its wall to without it",
            lambda: asked(walled, CLIENTS, count),
            lambda: asked(ours, CLIENTS, count),
            turns,
        )
        yield in_pairs(
            ".jpg heat maps over HTTP to .png",
            lambda: kind(ours, "jpeg", lone), lambda: kind(ours, "png", lone),
            turns, goal=0.75,
        )  # fmt: skip


def kind(service: Server, name: str, count: int) -> float:
    """Processor seconds of a service for an answer of that format."""
    requests = [request(photo, f"?format={name}") for photo in photos(4)]
    begin = cpu_s(service.pid)
    done = load(service.address, requests, 1, most=count).done
    return (cpu_s(service.pid) - begin) / max(1, done)


def table(ratios: list[Ratio]) -> str:
    """Markdown."""
    heads = (*HEADS[:1], "before", *HEADS[1:])
    lines = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    for ratio in ratios:
        what, *rest = ratio.row()
        was = next((f"{found:.2f}" for start, found in BEFORE.items() if what.startswith(start)), "")
        lines.append(f"| {' | '.join((what, was, *rest))} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="more or fewer repeats")
    parser.add_argument("--output", type=Path, help="the table as Markdown, and beside it the ratios as JSON")
    parser.add_argument("--page", type=Path, help="renew the block 'quick' of a page")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # services that were started end too
    began, ratios = time.perf_counter(), []
    steady.deadline = began + BUDGET_S
    with tempfile.TemporaryDirectory() as name:
        for part in (library, formats, start, folder_of_photos, services):
            for ratio in part(Path(name), given.scale):
                ratios.append(ratio)
                print("  ".join(ratio.row()), flush=True)
    facts = {key: value for key, value in machine().items() if key in {"processor", "threads", "onnxruntime"}}
    facts |= {"network": weights_of().name, "took": f"{time.perf_counter() - began:.0f} s"}
    day = datetime.now(UTC).date().isoformat()
    text = f"`make bench-quick` on {day}: {conditions(facts)}.\n\n{table(ratios)}\n"
    print(f"\n{text}")
    if given.output:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        given.output.write_text(text, encoding="utf-8")
        values = {ratio.what: ratio.value for ratio in ratios}
        given.output.with_suffix(".json").write_text(
            json.dumps(values, ensure_ascii=False, indent=1), "utf-8"
        )
    if given.page:
        from nearfar_lab.figures import renew

        renew(given.page, "quick", f"\n{text}")


if __name__ == "__main__":
    os.environ.setdefault("NEARFAR_LOG_LEVEL", "warning")
    main()

"""The studio without a server in a real Chromium: how much it is, how fast, how much memory, whom it asks.

    make studio && python benchmarks/studio.py [--page docs/reference/bench.md] [--lighthouse PATH]

Times on the clock, the median of some runs and the fastest, on one WebAssembly thread (the page is not
isolated) and with WebGL drawn by the processor; where other programs run, those of the processor say more.
``--lighthouse`` names the folder of that npm package; without it the row is left out. Nothing is a gate.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar_lab.figures import Figure, block, check_page, renew

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from browser.drive import MISSING, find_chromium, give, launch, wait_for_heat, wait_until  # noqa: E402
from browser.static_studio import FOLDERS, given_out  # noqa: E402

SAMPLE = ROOT / "src" / "nearfar" / "assets" / "samples" / "street.jpg"
WAYS: dict[str, Any] = {"viewport": {"width": 1280, "height": 853}, "service_workers": "block"}
SIZE = (640, 426)
"""Of the photo that is refocused and turned."""
TWELVE = (4000, 3000)
MOST_WIRE = 8_000_000
MB = 1e6
TURNS = """async (seconds) => {
  const [lens, aperture] = ["lens", "aperture"].map((id) => document.getElementById(id));
  let pictures = 0;
  const seen = new MutationObserver(() => { pictures += 1; });
  seen.observe(lens, { attributes: true, attributeFilter: ["data-ms"] });
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) {
    aperture.value = String(1 + Math.random() * 2);
    aperture.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise(requestAnimationFrame);
  }
  seen.disconnect();
  return { rate: (pictures * 1000) / (performance.now() - start), width: lens.width, height: lens.height };
}"""
SPINS = """async (seconds) => {
  const space = document.getElementById("space");
  const [first, start] = [Number(space.dataset.frames), performance.now()];
  await new Promise((go) => setTimeout(go, seconds * 1000));
  const rate = ((Number(space.dataset.frames) - first) * 1000) / (performance.now() - start);
  return { rate, width: space.width, height: space.height };
}"""
MAIN, WORKER = "CrRendererMain", "DedicatedWorker thread"


@dataclass(frozen=True, slots=True)
class Task:
    """What a thread of the browser did in one go."""

    thread: str
    clock_ms: float
    processor_ms: float


@contextlib.contextmanager
def traced(browser: Browser, page: Page) -> Iterator[list[Task]]:
    """The tasks of the page's threads while the block runs; the list is filled at its end."""
    tasks: list[Task] = []
    browser.start_tracing(
        page=page, categories=["toplevel", "disabled-by-default-devtools.timeline", "__metadata"]
    )
    yield tasks
    events = json.loads(browser.stop_tracing())["traceEvents"]
    names = {
        (event["pid"], event["tid"]): event["args"]["name"]
        for event in events
        if event["name"] == "thread_name"
    }
    for event in events:
        if event["name"].endswith("RunTask") and "tdur" in event:
            name = names.get((event["pid"], event["tid"]), "")
            tasks.append(Task(name, event["dur"] / 1000, event["tdur"] / 1000))


def wire(folder: Path) -> Figure:
    """Everything together as the plainest web hosts compress it."""
    files = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    packed = sum(len(gzip.compress(data, 9)) for data in files)
    plain = sum(map(len, files))
    return Figure("all files, gzip", f"{packed:,} bytes ({plain:,} plain)", "8,000,000", packed <= MOST_WIRE)


def photo(path: Path, size: tuple[int, int], seed: int = 0) -> Path:
    """The sample at another size, a little other each time."""
    pixels = cv2.resize(cv2.imread(str(SAMPLE)), size, interpolation=cv2.INTER_CUBIC)
    shade = 1 - 0.3 * np.random.default_rng(seed).random()
    cv2.imwrite(str(path), np.asarray(pixels * shade, np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
    return path


@contextlib.contextmanager
def opened(browser: Browser, address: str, asked: list[str] | None = None) -> Iterator[Page]:
    """The studio in a fresh profile; ``asked`` gathers what it asks for."""
    context = browser.new_context(**WAYS)
    page = context.new_page()
    page.set_default_timeout(120_000)
    if asked is not None:
        page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    yield page
    context.close()


def cold(browser: Browser, address: str, runs: int) -> list[Figure]:
    """From the first byte asked to the heat map, nothing in any cache; what all its threads took."""
    times, processor = [], []
    for _ in range(runs):
        with opened(browser, "about:blank") as page:
            with traced(browser, page) as tasks:
                start = time.perf_counter()
                page.goto(address)
                give(page, SAMPLE)
                times.append(time.perf_counter() - start)
            processor.append(sum(task.processor_ms for task in tasks) / 1000)
    middle = statistics.median(processor)
    said = Figure(
        "the same, processor time of all its threads", f"{middle:.2f} s", "6 s of 2 cores", middle <= 6
    )
    return [_seconds("cold start to the first heat map", times, 3.0), said]


def warm(browser: Browser, address: str, runs: int) -> list[Figure]:
    """What one look takes, decoding and outlines with it: on the clock, and of the network's own thread."""
    times = []
    with opened(browser, address) as page:
        give(page, SAMPLE)
        with traced(browser, page) as tasks:
            for _ in range(runs):
                page.click("#brand")
                give(page, SAMPLE)
                look = "performance.getEntriesByName('nearfar:look').at(-1).duration"
                times.append(float(page.evaluate(look)) / 1000)
    own = sum(sorted(task.processor_ms for task in tasks if task.thread == WORKER)[-runs:]) / runs
    said = Figure("the same, processor time", f"{own / 1000:.2f} s", "0.2 s", own <= 200)
    return [_seconds("warm, 256, one thread", times, 0.2), said]


def _seconds(what: str, times: list[float], goal: float) -> Figure:
    middle = statistics.median(times)
    return Figure(
        what, f"{middle:.2f} s, fastest {min(times):.2f} s of {len(times)}", f"{goal:g} s", middle <= goal
    )


def rates(browser: Browser, address: str, folder: Path) -> list[Figure]:
    """Pictures a second of refocus and 3D, drawn by the processor."""
    found = []
    with opened(browser, address) as page:
        give(page, photo(folder / "small.jpg", SIZE))
        page.click("#modes [data-mode=refocus]")
        wait_until(page, "document.getElementById('lens').dataset.ms !== undefined", 60)
        page.evaluate(TURNS, 2)
        found.append(("refocus", page.evaluate(TURNS, 6)))
        page.click("#modes [data-mode=space]")
        wait_until(page, "Number(document.getElementById('space').dataset.frames) > 0", 60)
        page.select_option("#space-motion", "circle")
        page.wait_for_timeout(2000)
        found.append(("3D", page.evaluate(SPINS, 6)))
    return [
        Figure(
            f"{what} of {SIZE[0]}×{SIZE[1]}, software rendering",
            f"{told['rate']:.0f} pictures a second, drawn at {told['width']}×{told['height']}",
            "15",
            told["rate"] >= 15,
        )
        for what, told in found
    ]


def freezes(browser: Browser, address: str, folder: Path) -> Figure:
    """The longest task of the page's own thread while a photo of 12 megapixels is looked at."""
    large = photo(folder / "large.jpg", TWELVE)
    with opened(browser, address) as page:
        give(page, SAMPLE)
        page.click("#brand")
        with traced(browser, page) as tasks:
            give(page, large)
            page.wait_for_timeout(1500)
    own = [task for task in tasks if task.thread == MAIN]
    longest, busiest = max(task.clock_ms for task in own), max(task.processor_ms for task in own)
    told = f"{longest:.0f} ms, {busiest:.0f} ms of the processor"
    return Figure("longest freeze at 12 megapixels", told, "100 ms", busiest <= 100)


def memory(browser: Browser, address: str, folder: Path, count: int) -> Figure:
    """The page's objects after a fifth of the photos and after all of them, garbage gone."""
    with opened(browser, address) as page:
        tool = page.context.new_cdp_session(page)
        held = []
        for number in range(count):
            give(page, photo(folder / "one.jpg", (640, 480), number))
            if number + 1 in {max(1, count // 5), count}:
                page.wait_for_timeout(500)
                tool.send("HeapProfiler.collectGarbage")
                used = tool.send("Runtime.getHeapUsage")
                held.append((used["usedSize"] + used.get("backingStorageSize", 0)) / MB)
    grown = held[-1] - held[0]
    return Figure(
        f"memory of the page's objects after {count // 5} and {count} photos",
        f"{held[0]:.1f} MB, {held[-1]:.1f} MB",
        "flat (+5 MB)",
        grown <= 5,
    )


def strangers(browser: Browser, address: str) -> Figure:
    """Requests to other hosts in a walk through all modes, and any after the load."""
    asked: list[str] = []
    with opened(browser, address, asked) as page:
        give(page, SAMPLE)
        page.click("#modes [data-mode=space]")
        wait_until(page, "Number(document.getElementById('space').dataset.frames) > 0", 60)
        page.click("#modes [data-mode=effects]")
        wait_until(page, "!document.getElementById('effect-save').disabled", 60)
        loaded = len(asked)
        page.click("#brand")
        page.set_input_files("#file", str(SAMPLE))
        wait_for_heat(page)
        for mode in ("refocus", "cutout", "measure", "space", "effects", "files"):
            page.click(f"#modes [data-mode={mode}]")
            page.wait_for_timeout(200)
    own = (address, "blob:", "data:")
    others = [url for url in asked if not url.startswith(own)]
    later = [url for url in asked[loaded:] if not url.startswith(("blob:", "data:"))]
    told = f"{len(others)} of {len(asked)}; {len(later)} after all was loaded"
    return Figure("requests to other hosts", told, "0; 0", not others and not later)


def lighthouse(package: Path, address: str) -> Figure:
    """Scores of Google's own audit, of 100."""
    wanted = ("performance", "accessibility", "best-practices")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        command = ["node", str(package / "cli" / "index.js"), address, "--quiet", "--output=json"]
        command += [f"--output-path={out}", f"--only-categories={','.join(wanted)}", "--preset=desktop"]
        command += ["--chrome-flags=--headless=new --no-sandbox"]
        environment = {**os.environ, "CHROME_PATH": str(find_chromium())}
        subprocess.run(command, env=environment, check=True, capture_output=True)
        scores = {name: row["score"] * 100 for name, row in json.loads(out.read_text())["categories"].items()}
    told = ", ".join(f"{name} {scores[name]:.0f}" for name in wanted)
    version = json.loads((package / "package.json").read_text())["version"]
    return Figure(f"Lighthouse {version}, desktop", told, "95 each", min(scores.values()) >= 95)


def figures(browser: Browser, address: str, given: argparse.Namespace) -> Iterator[Figure]:
    """Every row, one after the other."""
    yield wire(FOLDERS["studio"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from cold(browser, address, given.runs)
        yield from warm(browser, address, 3 * given.runs)
        yield from rates(browser, address, folder)
        yield freezes(browser, address, folder)
        yield memory(browser, address, folder, given.photos)
        yield strangers(browser, address)
    if given.lighthouse:
        yield lighthouse(given.lighthouse, address)


def main() -> int:
    """Measure, tell, and renew the page where one is given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="cold starts; three times as many warm looks")
    parser.add_argument("--photos", type=int, default=100, help="photos one after the other, for memory")
    parser.add_argument("--lighthouse", type=Path, help="folder of the npm package lighthouse")
    parser.add_argument("--page", type=Path, help="renew the block 'studio' of a page")
    given = parser.parse_args()
    check_page(given.page, "studio")
    path = find_chromium()
    if path is None or not FOLDERS["studio"].is_dir():
        print(MISSING if path is None else "There is no dist/studio: make studio")
        return 0
    from playwright.sync_api import sync_playwright

    rows = []
    with given_out(FOLDERS["studio"]) as (address, _), sync_playwright() as playwright:
        browser = launch(playwright, path)
        for figure in figures(browser, address, given):
            print(figure.row(), flush=True)
            rows.append(figure)
        version = browser.version
        browser.close()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    rows.append(
        Figure("in", f"Chromium {version.partition('.')[0]}, load of the machine {load} (1, 5, 15 minutes)")
    )
    if given.page:
        renew(given.page, "studio", block("python benchmarks/studio.py", rows, datetime.now(UTC).date()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

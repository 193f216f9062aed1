"""The peak memory of every effect on a large photo, file to file, each in a process of its own.

    python benchmarks/effects_memory.py [--megapixels 100] [--only bokeh fog ...] [--page PAGE.md]

What counts is what `nearfar effect NAME photo.jpg` comes to hold at most: libraries, network, the photo, its
depth at full size, the effect and the bytes of the result. The goal is 4 times the photo's 8-bit size (three
bytes a pixel) and 200 MB.
This file imports nothing large: a child's peak memory can never be read as less than its parent's.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"
TIMES, MORE_MB = 4, 200
DRAW = """
import sys, cv2, numpy as np
width, height = int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(7)
tile = rng.normal(0, 6, (512, 512, 3))
y, x = np.mgrid[0:512, 0:512] / 512
small = np.stack([x * 255, 255 - y * 255, (x * 8 // 1 + y * 8 // 1) % 2 * 120 + 60], axis=-1)
small[300:460, 180:330] = (40, 90, 200)
noisy = np.clip(small + tile, 0, 255).astype(np.uint8)
large = cv2.resize(noisy, (width, height), interpolation=cv2.INTER_CUBIC)
cv2.imwrite(sys.argv[1], large, [cv2.IMWRITE_JPEG_QUALITY, 90])
"""
NAMES = "from nearfar.registry import EFFECTS; print(' '.join(EFFECTS.names()))"


def run(arguments: list[str], into: int = -1) -> tuple[float, float, float, int]:
    """(wall seconds, processor seconds, peak MB, exit code) of one interpreter with these arguments."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NEARFAR_", "PYTHON"))}
    environment |= {"PYTHONPATH": str(SOURCE), "NEARFAR_MAX_PIXELS": "200000000"}
    silent = os.open(os.devnull, os.O_WRONLY)
    started = time.perf_counter()
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, *arguments],
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, silent if into < 0 else into, 1)],
    )
    _, status, usage = os.wait4(pid, 0)
    os.close(silent)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    cpu_s = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - started, cpu_s, peak, os.waitstatus_to_exitcode(status)


def names() -> list[str]:
    """Of all effects, told by a process of its own."""
    read, write = os.pipe()
    code = run(["-c", NAMES], into=write)[3]
    os.close(write)
    with os.fdopen(read) as told:
        found = told.read().split()
    if code:
        sys.exit("the effects could not be listed")
    return found


def measure(photo: Path, out: Path, only: list[str], limit_mb: float) -> list[tuple[str, ...]]:
    """One row for each effect."""
    rows = []
    for name in only or names():
        wall_s, cpu_s, peak_mb, code = run(
            ["-m", "nearfar", "effect", name, str(photo), "-o", str(out), "--overwrite"]
        )
        verdict = f"failed ({code})" if code else "yes" if peak_mb <= limit_mb else "no"
        rows.append((name, f"{peak_mb:.0f}", f"≤ {limit_mb:.0f}", verdict, f"{wall_s:.1f}", f"{cpu_s:.1f}"))
        print("  ".join(rows[-1]), flush=True)
    return rows


def table(rows: list[tuple[str, ...]], megapixels: float) -> str:
    """Markdown, with what was asked and under what load."""
    heads = ("effect", "peak MB", "goal", "reached", "s", "s of processor")
    lines = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    day = datetime.now(UTC).date().isoformat()
    told = f"one run each, {os.cpu_count()} threads, load {load} (1, 5, 15 minutes), {day}."
    head = f"`python benchmarks/effects_memory.py --megapixels {megapixels:g}`: {told}"
    return "\n".join(["", head, "", *lines, ""])


def main() -> int:
    """Measure, print, write where asked to; 1 where an effect takes more than its goal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=100)
    parser.add_argument("--only", nargs="*", default=[], help="names of effects; all where none is named")
    parser.add_argument("--page", type=Path, help="renew the block 'effects_memory' of a page")
    given = parser.parse_args()
    height = round((given.megapixels * 1e6 * 3 / 4) ** 0.5)
    width = int(given.megapixels * 1e6 / height)
    limit_mb = TIMES * 3 * width * height / 1e6 + MORE_MB
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        if run(["-c", DRAW, str(photo), str(width), str(height)])[3]:
            sys.exit("the photo could not be drawn")
        rows = measure(photo, Path(folder) / "out", given.only, limit_mb)
    text = table(rows, given.megapixels)
    print(text)
    if given.page:
        from nearfar_lab.figures import renew

        renew(given.page, "effects_memory", text)
    return 0 if all(row[3] == "yes" for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

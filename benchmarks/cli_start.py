"""How long `nearfar photo.jpg` takes on a 512×512 JPEG, against importing the libraries it stands on.

Runs alternate, so that a busy machine slows both alike; each pair gives one ratio and the median counts.
The first run of each is not counted: it writes the bytecode that an installed package has.
Also the peak memory of the command, and what `import nearfar` adds to a bare interpreter.

This file imports nothing large: a child's peak memory can never be read as less than its parent's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"
LIBRARIES = ["-c", "import numpy, cv2, onnxruntime"]
BARE = ["-c", "pass"]
PACKAGE = ["-c", "import nearfar"]
LIMITS = {"ratio": 3.0, "peak_mb": 220.0, "import_ms": 100.0}

DRAW = """
import sys
import numpy as np
from PIL import Image
rng = np.random.default_rng(7)
y, x = np.mgrid[0:512, 0:512]
scene = np.stack([x / 2, 255 - y / 2, (x // 32 + y // 32) % 2 * 120 + 60], axis=-1)
noisy = np.clip(scene + rng.normal(0, 6, scene.shape), 0, 255).astype(np.uint8)
Image.fromarray(noisy).save(sys.argv[1], quality=92)
"""


def run(arguments: list[str]) -> tuple[float, float]:
    """(wall seconds, peak memory in MB) of one interpreter with these arguments."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NEARFAR_", "PYTHON"))}
    environment["PYTHONPATH"] = str(SOURCE)
    silent = os.open(os.devnull, os.O_WRONLY)
    started = time.perf_counter()
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, *arguments],
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, silent, 1)],
    )
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - started
    os.close(silent)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{arguments} failed")
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def alternate(first: list[str], second: list[str], pairs: int) -> tuple[list[float], list[float], float]:
    """Seconds of both, in pairs after one warm-up of each, and the peak memory of the second in MB."""
    run(first), run(second)
    rows = [(run(first)[0], *run(second)) for _ in range(pairs)]
    return [r[0] for r in rows], [r[1] for r in rows], max(r[2] for r in rows)


def main() -> int:
    """Measure, print, and exit with 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15)
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as folder:
        photo = str(Path(folder) / "photo.jpg")
        run(["-c", DRAW, photo])
        command = ["-m", "nearfar", photo, "--overwrite"]
        libraries, whole, peak_mb = alternate(LIBRARIES, command, pairs)
    bare, package, _ = alternate(BARE, PACKAGE, pairs)
    found = {
        "ratio": statistics.median(w / b for b, w in zip(libraries, whole, strict=True)),
        "peak_mb": peak_mb,
        "import_ms": 1000 * (min(package) - min(bare)),  # the least disturbed: both are over in no time
    }
    print(
        f"import numpy, cv2, onnxruntime  {1000 * statistics.median(libraries):7.0f} ms (median of {pairs})"
    )
    print(f"nearfar photo.jpg               {1000 * statistics.median(whole):7.0f} ms")
    for name, limit in LIMITS.items():
        print(f"{name:10} {found[name]:8.2f}  (under {limit:g})  {'ok' if found[name] < limit else 'MISSED'}")
    return 0 if all(found[name] < limit for name, limit in LIMITS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())

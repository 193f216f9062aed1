"""How much memory a request takes a pixel, for each effect, format and answer: what the service admits by.

    python benchmarks/request_memory.py            # a table on standard output
    python benchmarks/request_memory.py --write    # also into the package, with the date

A photo of two sizes goes the whole way behind a wall: decoded, looked at by the fake network (which costs
what every network costs at the photo's own size), made into the answer. What service, worker and shared
memory hold together at most beyond what they held before is sampled every two milliseconds; the slope between
the sizes is the figure. Each for a JPEG of 8 bits and for a PNG of 16 bits with alpha. About ten minutes on
two cores.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import nearfar
from nearfar.decode.photo import Limits, read_photo
from nearfar.machine import allocator
from nearfar.options import parse
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.service.answer.answers import DepthQuery, formats
from nearfar.service.answer.memory import TABLE
from nearfar.service.answer.walls import MODULES
from nearfar.service.answer.ways import choose_way
from nearfar.service.answer.written import Wish, written
from nearfar.wall import Wall, WallOptions
from pictures import draw

if TYPE_CHECKING:
    from nearfar.api import Model
    from nearfar.service.answer.answers import Format

SIZES = ((1500, 1000), (3000, 2000))
KINDS = ("8", "16")
_LOOK_S = 0.002


def photo(kind: str, width: int, height: int) -> bytes:
    """A file with some noise, as photos have."""
    pixels = draw(width, height).astype(np.int32)
    pixels += np.random.default_rng(1).integers(-6, 7, pixels.shape)
    bytes8 = np.clip(pixels, 0, 255).astype(np.uint8)[..., ::-1]
    if kind == "8":
        return bytes(cv2.imencode(".jpg", bytes8)[1])
    deep = cv2.cvtColor(bytes8, cv2.COLOR_BGR2BGRA).astype(np.uint16) * 257
    return bytes(cv2.imencode(".png", deep, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])


class Peak(threading.Thread):
    """What this process, a worker and their shared memory hold together at most, until :meth:`end`."""

    def __init__(self, member: Any) -> None:
        super().__init__(daemon=True)
        self._member = member
        self._end = threading.Event()
        self._own = Path("/proc/self/statm")
        self.most = self.begun = self.now()

    def now(self) -> int:
        """Bytes."""
        fields = self._own.read_text("ascii").split()
        own = (int(fields[1]) - int(fields[2])) * 4096
        return own + int(self._member.own_bytes()) + int(self._member.shared_bytes())

    def run(self) -> None:
        """Look until the end."""
        while not self._end.wait(_LOOK_S):
            self.most = max(self.most, self.now())

    def end(self) -> int:
        """Bytes beyond what was there at the beginning."""
        self._end.set()
        self.join()
        return max(0, self.most - self.begun)


def peak(wall: Wall, model: Model, data: bytes, way: Format, tiles: bool = False) -> int:
    """Bytes that one request takes at most."""
    with wall.lease() as lease:
        lease.do(len, b"")
        allocator.trim()
        looking = Peak(lease._member)  # noqa: SLF001 - no one else knows its process
        looking.start()
        seen = lease.do(read_photo, data, Limits(), "x", None)
        depth = model.estimate(seen, tiles=tiles)
        lease.do(written, seen, depth, Wish(DepthQuery(), way))
        time.sleep(3 * _LOOK_S)
        return looking.end()


LARGEST = {"occlude": {"views": "parallel", "text": "W", "tall": "150"}}
"""Options with which an effect takes the most, where its own defaults take little."""


def ways() -> dict[str, Format]:
    """Every way to answer, by name."""
    found = {name: row for name, row in formats().items() if name != "json"}
    for registry in (EFFECTS, EXPORTS):
        for plugin in map(registry.load, registry.names()):
            given = dict(LARGEST.get(plugin.name, {}))
            parse(plugin.options, given)
            found[plugin.name] = choose_way(plugin, given, "", "*/*")
    return found


def measure() -> dict[str, list[float]]:
    """Bytes a pixel by name, for 8 and for 16 bits; what tiles take besides is ``tiles``."""
    files = {kind: [photo(kind, *size) for size in SIZES] for kind in KINDS}
    model = nearfar.load(engine="fake")
    rows: dict[str, list[float]] = {}
    wall = Wall(WallOptions(modules=MODULES, requests=1, most_bytes=4 * 2**30, seconds=600))
    try:
        for name, way in ways().items():
            rows[name] = [_slope(wall, model, files[kind], way) for kind in KINDS]
            print(f"{name:16} {rows[name][0]:7.1f} {rows[name][1]:7.1f} bytes a pixel", flush=True)
        png = formats()["png"]
        tiled = [_slope(wall, model, files[kind], png, tiles=True) for kind in KINDS]
        rows["tiles"] = [max(0.0, round(a - b, 1)) for a, b in zip(tiled, rows["png"], strict=True)]
        print(f"{'tiles':16} {rows['tiles'][0]:7.1f} {rows['tiles'][1]:7.1f} bytes a pixel besides")
    finally:
        wall.close()
    return rows


def _slope(wall: Wall, model: Model, files: list[bytes], way: Format, tiles: bool = False) -> float:
    small, large = (peak(wall, model, data, way, tiles) for data in files)
    counts = [width * height for width, height in SIZES]
    return round(max((large - small) / (counts[1] - counts[0]), large / counts[1]), 1)


def main() -> None:
    """Measure, and keep it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = measure()
    if given.write:
        head = {
            "command": "python benchmarks/request_memory.py --write",
            "date": datetime.now(UTC).date().isoformat(),
        }
        lines = ",\n".join(f'    "{name}": {json.dumps(pair)}' for name, pair in sorted(rows.items()))
        text = json.dumps(head, indent=2)[:-2] + f',\n  "bytes_per_pixel": {{\n{lines}\n  }}\n}}\n'
        TABLE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()

"""Heat maps by a script of one's own: the network in the package, OpenCV, ONNX Runtime, nothing of nearfar.

    python benchmarks/by_hand/heat_maps.py WEIGHTS.onnx FOLDER PHOTO...                  # one process
    python benchmarks/by_hand/heat_maps.py --processes 2 WEIGHTS.onnx FOLDER PHOTO...    # a pool

What somebody writes who knows these libraries and wants the same heat maps: the yardstick of
``make bench-quick``. Its colours are those of ``nearfar PHOTO`` within a step of 255, but for outlines:
nearfar makes them steep (`nearfar.ops.outlines`), which the script does not do.
"""

from __future__ import annotations

import argparse
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort

MEAN, STD = 127 / 255, 128 / 255
SIZE, MULTIPLE, STEPS = 256, 32, 1 << 16
Pixels = np.ndarray[Any, np.dtype[Any]]


class Painter:
    """One network, ready, and the table of colours."""

    def __init__(self, weights: str, threads: int = 0) -> None:
        how = ort.SessionOptions()
        how.intra_op_num_threads = threads
        if threads:
            cv2.setNumThreads(threads)
        self._network = ort.InferenceSession(weights, how, providers=["CPUExecutionProvider"])
        self._input = self._network.get_inputs()[0].name
        ramp = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[None], cv2.COLORMAP_INFERNO)[0]
        place = np.linspace(0, 255, STEPS)
        columns = [np.interp(place, np.arange(256), ramp[:, channel]) for channel in range(3)]
        self._table = np.rint(np.stack(columns, axis=1)).astype(np.uint8)

    def heat_map(self, pixels: Pixels) -> Pixels:
        """(H, W, 3) BGR colours, warm is near, of (H, W, 3) BGR pixels."""
        depth = self.depth(pixels)
        low, high = float(depth.min()), float(depth.max())
        share = (depth - low) / max(high - low, 1e-12)
        return self._table[(share * (STEPS - 1) + 0.5).astype(np.uint16)]

    def depth(self, pixels: Pixels) -> Pixels:
        """(H, W) float32, near is large."""
        height, width = pixels.shape[:2]
        size = network_size(width, height)
        middle = min(width, 2 * size[0]), min(height, 2 * size[1])
        if middle != (width, height):
            pixels = cv2.resize(pixels, middle, interpolation=cv2.INTER_AREA)
        small = cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_BGR2RGB)
        fed = ((small.astype(np.float32) / 255 - MEAN) / STD).astype(np.float32)
        raw = self._network.run(None, {self._input: np.ascontiguousarray(fed.transpose(2, 0, 1)[None])})[0]
        raw = raw.reshape(raw.shape[-2:])
        large = cv2.resize(raw, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.clip(large, raw.min(), raw.max())

    def file(self, photo: str, target: str) -> None:
        """From a file to a file; OpenCV turns photos as their EXIF says."""
        cv2.imwrite(target, self.heat_map(cv2.imread(photo, cv2.IMREAD_COLOR)))


def network_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) of the network's input: as many pixels as 256×192, multiples of 32."""
    scale = (0.75 * SIZE / width * SIZE / height) ** 0.5
    sides = [max(MULTIPLE, round(scale * side / MULTIPLE) * MULTIPLE) for side in (width, height)]
    return sides[0], sides[1]


_painters: list[Painter] = []


def _begin(weights: str) -> None:
    """Of each process of a pool: one thread, so that they do not take the processors from each other."""
    _painters.append(Painter(weights, 1))


def _paint(pair: tuple[str, str]) -> str:
    _painters[0].file(*pair)
    return pair[1]


def main() -> None:
    """Paint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights")
    parser.add_argument("folder", type=Path)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--suffix", default=".png")
    given = parser.parse_args()
    pairs = [(photo, str(given.folder / (Path(photo).stem + given.suffix))) for photo in given.photos]
    if given.processes == 1:
        painter = Painter(given.weights)
        for photo, target in pairs:
            painter.file(photo, target)
        return
    with Pool(given.processes, _begin, (given.weights,)) as pool:
        for _ in pool.imap(_paint, pairs):
            pass


if __name__ == "__main__":
    main()

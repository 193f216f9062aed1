"""High dynamic range: PQ and HLG to linear light, to what a plain screen shows, and back.

Sources: ITU-R BT.2100-2 (the curves), BT.2087-0 (BT.2020 to BT.709), BT.2408-5 (white of a plain picture at
203 cd/m²). The tone curve is the Möbius transform that FFmpeg's and mpv's ``mobius`` use.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.ops.bands import each_band

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

WHITE_NITS = 203.0
_PEAK_NITS = 1000.0
_KNEE = 0.6  # of white: tones below it stay as they are
_STEPS = 1 << 16
_ROWS = 64
# PQ, BT.2100-2 table 4
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
# HLG, BT.2100-2 table 5
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_GAMMA = 1.2  # of a screen of 1000 cd/m²
TO_709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]],
    np.float32,
)
FROM_709 = np.linalg.inv(TO_709.astype(np.float64)).astype(np.float32)


def pq_to_nits(signal: Floats) -> Floats:
    """Light in cd/m² of a PQ signal in 0…1."""
    power = np.power(signal, 1 / _M2)
    return 10_000 * np.power(np.maximum(power - _C1, 0) / (_C2 - _C3 * power), 1 / _M1)


def nits_to_pq(nits: Floats) -> Floats:
    """The PQ signal in 0…1 of light in cd/m²."""
    power = np.power(np.clip(nits / 10_000, 0, 1), _M1)
    return np.power((_C1 + _C2 * power) / (1 + _C3 * power), _M2)


def hlg_to_scene(signal: Floats) -> Floats:
    """Light of the scene in 0…1 of an HLG signal in 0…1."""
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - _C) / _A) + _B) / 12)


def scene_to_hlg(light: Floats) -> Floats:
    """The HLG signal in 0…1 of the scene's light in 0…1."""
    bright = np.maximum(12 * light - _B, 1e-9)
    return np.where(light <= 1 / 12, np.sqrt(3 * np.maximum(light, 0)), _A * np.log(bright) + _C)


def tone_mapped(pixels: npt.NDArray[np.uint16], transfer: str) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB of (H, W, 3) uint16 BT.2020 pixels; ``transfer``: smpte2084 or arib-std-b67.

    Tones up to 0.6 of a plain picture's white stay, those above it are compressed by the brightest of the
    three colours, so that hues stay. The curve is the same for every frame: nothing flickers.
    """
    height, width, _ = pixels.shape
    out, light = np.empty((height, width, 3), np.uint8), _light(transfer)

    def work(rows: slice) -> None:
        for top in range(rows.start, rows.stop, _ROWS):
            part = slice(top, min(top + _ROWS, rows.stop))
            colours = np.take(light, pixels[part])
            if transfer == "arib-std-b67":
                colours *= _system_gain(colours)
            colours = np.asarray(cv2.transform(colours, TO_709), np.float32)
            brightest = colours.max(axis=2, keepdims=True)
            colours *= _compressed(brightest)
            places = np.clip(colours * (_STEPS - 1) + 0.5, 0, _STEPS - 1).astype(np.uint16)
            out[part] = np.take(_srgb(), places)

    each_band(work, height, width)
    return out


@cache
def _light(transfer: str) -> npt.NDArray[np.float32]:
    """Light of each 16-bit signal; white of a plain picture is 1 (PQ); of HLG the scene's, in 0…1."""
    signal = np.linspace(0, 1, _STEPS)
    light = hlg_to_scene(signal) if transfer == "arib-std-b67" else pq_to_nits(signal) / WHITE_NITS
    return light.astype(np.float32)


def _system_gain(scene: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What HLG's screen makes of the scene's light, white of a plain picture being 1: by luminance."""
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    gain = np.power(np.maximum(luminance, 1e-6), np.float32(_GAMMA - 1)) * np.float32(_PEAK_NITS / WHITE_NITS)
    found: npt.NDArray[np.float32] = gain[..., None]
    return found


def _compressed(brightest: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """By what to multiply colours whose largest channel is given, so that 1000 cd/m² is 1."""
    peak, knee = _PEAK_NITS / WHITE_NITS, _KNEE
    a = -(knee**2) * (peak - 1) / (knee**2 - 2 * knee + peak)
    b = (knee**2 - 2 * knee * peak + peak) / (peak - 1)
    scale = (b * b + 2 * b * knee + knee**2) / (b - a)
    x = np.maximum(brightest, np.float32(knee))
    gain: npt.NDArray[np.float32] = np.where(brightest > knee, scale * (x + a) / (x + b) / x, 1)
    return gain.astype(np.float32, copy=False)


@cache
def _srgb() -> npt.NDArray[np.uint8]:
    """8-bit sRGB of each of 65536 steps of linear light in 0…1."""
    x = np.linspace(0, 1, _STEPS)
    curve = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.power(x, 1 / 2.4) - 0.055)
    found: npt.NDArray[np.uint8] = np.rint(curve * 255).astype(np.uint8)
    return found


def hdr_of(colours: npt.NDArray[np.uint8], transfer: str) -> npt.NDArray[np.uint16]:
    """(..., 3) uint16 BT.2020 signal of (..., 3) uint8 sRGB colours, whose white is shown at 203 cd/m²."""
    x = colours.astype(np.float64) / 255
    linear = np.where(x <= 0.04045, x / 12.92, np.power((x + 0.055) / 1.055, 2.4))
    linear = np.maximum(linear @ FROM_709.T.astype(np.float64), 0)
    if transfer == "arib-std-b67":
        nits = linear * WHITE_NITS / _PEAK_NITS
        luminance = nits @ np.array([0.2627, 0.6780, 0.0593])
        signal = scene_to_hlg(nits * np.power(np.maximum(luminance, 1e-9), 1 / _GAMMA - 1)[..., None])
    else:
        signal = nits_to_pq(linear * WHITE_NITS)
    return np.rint(np.clip(signal, 0, 1) * (_STEPS - 1)).astype(np.uint16)

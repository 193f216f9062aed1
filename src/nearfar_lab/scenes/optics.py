"""From radiance to the picture a camera stores: blur, exposure, tone, noise, JPEG."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from nearfar.errors import OutputError

Image = NDArray[np.float32]


@dataclass(frozen=True)
class Develop:
    """How a picture is developed; the defaults add nothing but exposure and the sRGB curve."""

    stops: float = 0.0
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 0.0
    saturation: float = 1.0
    filmic: float = 0.5
    vignette: float = 0.0
    noise: float = 0.0
    jpeg: int = 0
    blur_px: float = 0.0
    motion_px: float = 0.0
    motion_deg: float = 0.0
    defocus_px_m: float = 0.0
    focus_m: float = 1.0
    bloom: float = 0.0
    grey: bool = False


def random_develop(rng: np.random.Generator) -> Develop:
    """Camera settings as they come: mostly sane, sometimes too dark, too warm, noisy or squeezed."""
    warm = float(rng.normal(0.0, 0.09))
    green = float(rng.normal(0.0, 0.02))
    return Develop(
        stops=float(np.clip(rng.normal(0.2, 0.5), -1.8, 1.6)),
        balance=(float(np.exp(warm)), float(np.exp(green)), float(np.exp(-warm))),
        contrast=float(rng.uniform(-0.15, 0.6)),
        saturation=float(np.clip(rng.normal(1.05, 0.25), 0.0, 1.8)),
        filmic=float(rng.uniform(0.2, 0.9)),
        vignette=float(max(0.0, rng.normal(0.0, 0.25))),
        noise=float(rng.exponential(0.012)),
        jpeg=int(rng.integers(40, 96)) if rng.random() < 0.7 else 0,
        blur_px=float(abs(rng.normal(0.0, 0.45))),
        motion_px=float(rng.exponential(3.0)) if rng.random() < 0.06 else 0.0,
        motion_deg=float(rng.uniform(0, 180)),
        bloom=float(rng.uniform(0, 0.12)) if rng.random() < 0.5 else 0.0,
        grey=bool(rng.random() < 0.02),
    )


def defocused(image: Image, depth_m: Image, px_m: float, focus_m: float, limit_px: float = 7.0) -> Image:
    """Blurred by distance from the focus: a disc of radius px_m * |1/z - 1/focus|, at most `limit_px`."""
    inverse = 1.0 / depth_m
    radius = np.minimum(px_m * np.abs(inverse - 1.0 / focus_m), limit_px)
    steps = [0.0, 0.8, 1.6, 2.6, 4.0, 5.5, limit_px]
    out = image.copy()
    for low, high in pairwise(steps):
        mask = (radius > low) & (inverse < 1.0 / focus_m)
        if not mask.any():
            continue
        # Only what lies behind the focus feeds the blur: sharp objects do not bleed into the background.
        behind = (radius > 0.4 * low).astype(np.float32)
        k = disc(0.5 * (low + high))
        weight = cv2.filter2D(behind, -1, k, borderType=cv2.BORDER_REFLECT)
        blurred = cv2.filter2D(image * behind[..., None], -1, k, borderType=cv2.BORDER_REFLECT)
        out[mask] = (blurred / np.maximum(weight, 1e-3)[..., None])[mask]
    near = (radius > 0.8) & (inverse > 1.0 / focus_m)
    if near.any():
        k = disc(float(np.median(radius[near])))
        share = cv2.filter2D(near.astype(np.float32), -1, k)[..., None]
        blurred = cv2.filter2D(out * near[..., None].astype(np.float32), -1, k) / np.maximum(share, 1e-3)
        out = (out * (1 - share) + blurred * share).astype(np.float32)
    return out


def disc(radius: float) -> Image:
    """Kernel of a uniform disc, softened at its rim, sum 1."""
    n = int(np.ceil(radius))
    y, x = np.mgrid[-n : n + 1, -n : n + 1]
    k = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return k / k.sum()


def streak(length_px: float, angle_deg: float) -> Image:
    """Kernel of a straight streak, sum 1."""
    n = int(np.ceil(length_px / 2)) + 1
    k = np.zeros((2 * n + 1, 2 * n + 1), np.float32)
    a = np.radians(angle_deg)
    d = 0.5 * length_px * np.array([np.cos(a), np.sin(a)])
    p0, p1 = np.round(n - d).astype(int), np.round(n + d).astype(int)
    cv2.line(k, (int(p0[0]), int(p0[1])), (int(p1[0]), int(p1[1])), 1.0, 1, cv2.LINE_AA)
    return k / k.sum()


def exposure(radiance: Image) -> float:
    """Factor that puts the mean log luminance of a scene at a middle grey, robust to lamps and sky."""
    luminance = radiance @ np.array([0.21, 0.72, 0.07], np.float32)
    return float(0.2 / np.exp(np.mean(np.log(np.clip(luminance, 1e-3, np.percentile(luminance, 97) + 1e-3)))))


def srgb(linear: Image) -> Image:
    """SRGB curve of values in 0…1."""
    return np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-8) ** (1 / 2.4) - 0.055
    )


def developed(radiance: Image, depth_m: Image, how: Develop, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Picture (H, W, 3) uint8 of radiance (H, W, 3)."""
    image = np.maximum(radiance, 0.0).astype(np.float32)
    image *= exposure(image) * 2.0**how.stops
    image *= np.array(how.balance, np.float32)
    if how.defocus_px_m > 0:
        image = defocused(image, depth_m, how.defocus_px_m, how.focus_m)
    if how.motion_px > 1.0:
        smear = streak(how.motion_px, how.motion_deg)
        image = np.asarray(cv2.filter2D(image, -1, smear, borderType=cv2.BORDER_REFLECT), np.float32)
    if how.bloom > 0:
        image += how.bloom * cv2.GaussianBlur(np.maximum(image - 0.8, 0.0), (0, 0), image.shape[1] / 30)
    if how.vignette > 0:
        y, x = np.mgrid[-1 : 1 : image.shape[0] * 1j, -1 : 1 : image.shape[1] * 1j]
        image *= (1.0 - 0.5 * how.vignette * (x * x + y * y)).clip(0.1)[..., None].astype(np.float32)
    if how.noise > 0:
        image += (
            rng.normal(size=image.shape).astype(np.float32) * how.noise * np.sqrt(np.maximum(image, 0.02))
        )
    image = np.maximum(image, 0.0)
    shoulder = 1.0 - np.exp(-1.25 * image)
    image = np.clip((1 - how.filmic) * np.minimum(image, 1.0) + how.filmic * shoulder, 0, 1)
    image = srgb(image).astype(np.float32)
    image += how.contrast * (image - 0.5) * image * (1 - image) * 3.0
    grey = (image @ np.array([0.3, 0.59, 0.11], np.float32))[..., None]
    image = grey + (0.0 if how.grey else how.saturation) * (image - grey)
    if how.blur_px > 0.25:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), how.blur_px), np.float32)
    stored = np.clip(image * 255.0 + 0.5, 0, 255).astype(np.uint8)
    return compressed(stored, how.jpeg) if how.jpeg else stored


def compressed(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The picture after JPEG at a quality."""
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise OutputError("OpenCV could not encode a JPEG.", "Reinstall opencv-python-headless.")
    back = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(back[..., ::-1])

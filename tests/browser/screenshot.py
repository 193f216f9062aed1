"""Take the picture of the page for the README: ``PYTHONPATH=tests python -m browser.screenshot OUT.png``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

from browser.drive import MISSING, REPOSITORY, find_chromium, give, launch, serving

SAMPLES = REPOSITORY / "src" / "nearfar" / "assets" / "samples"
LIMIT_BYTES = 400_000
POINT = (0.62, 0.7)  # where the crosshair stands, from the left and from the top


def take(photo: Path, locale: str, *, is_dark: bool) -> bytes:
    """PNG bytes of the page with the result of a photo."""
    path = find_chromium()
    if path is None:
        raise SystemExit(MISSING)
    with serving() as address, sync_playwright() as playwright:
        browser = launch(playwright, path)
        page = browser.new_page(
            locale=locale,
            viewport={"width": 1280, "height": 800},
            color_scheme="dark" if is_dark else "light",
            reduced_motion="reduce",
        )
        page.goto(address)
        give(page, photo)
        box = page.locator("#heat-stage").bounding_box()
        page.mouse.move(box["x"] + box["width"] * POINT[0], box["y"] + box["height"] * POINT[1])
        data = page.screenshot(full_page=True)
        browser.close()
        return data


def within_limit(png: bytes) -> bytes:
    """The same picture as a PNG of at most ``LIMIT_BYTES``, with as many colours as that allows."""
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    for dropped_bits in range(5):
        step = 1 << dropped_bits
        coarse = (pixels // step * step + (step - 1) // 2) if dropped_bits else pixels
        data = cv2.imencode(".png", coarse, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()
        if len(data) <= LIMIT_BYTES:
            break
    return data


def main() -> int:
    """Take one picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photo", type=Path, default=SAMPLES / "street.jpg")
    parser.add_argument("--locale", default="en-GB")
    parser.add_argument("--dark", action="store_true")
    chosen = parser.parse_args()
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_bytes(within_limit(take(chosen.photo, chosen.locale, is_dark=chosen.dark)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

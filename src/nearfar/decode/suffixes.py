"""Which files of a folder are taken for photos: by their names, before any is opened."""

from __future__ import annotations

SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".avif", ".heic", ".heif", ".hif", ".jxl",
    ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".pam",
})  # fmt: skip

"""Which files are videos, by their first bytes."""

from __future__ import annotations

import pytest

from moving_pictures import Shape, write_clip
from nearfar.video.signature import HEAD, is_video
from pictures import draw, encoded


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".ts", ".flv"])
def test_videos_are_told(tmp_path, suffix) -> None:
    """Of each container that is common."""
    path = write_clip(tmp_path / f"clip{suffix}", Shape(frames=3))
    assert is_video(path.read_bytes()[:HEAD])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_photos_are_none(kind) -> None:
    """Of each format that is common."""
    assert not is_video(encoded(draw(64, 48), kind)[:HEAD])


@pytest.mark.parametrize(
    "head", [b"", b"G", b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif", b"PK\x03\x04" + bytes(8)]
)
def test_other_heads_are_none(head) -> None:
    """Nothing, HEIC, AVIF, a ZIP."""
    assert not is_video(head)

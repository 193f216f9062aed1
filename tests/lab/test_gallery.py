"""The page of every effect."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("numba")


def test_every_effect_is_shown() -> None:
    """An effect that is added comes onto the page."""
    from nearfar_lab.gallery import missing

    assert missing() == set()


def test_committed_page_shows_what_the_command_makes() -> None:
    """Every shot of the table is in docs/gallery, is named by its page, and the whole stays small."""
    from nearfar_lab.gallery import SCENES, SHOTS

    folder = Path(__file__).parents[2] / "docs" / "gallery"
    page = (folder / "README.md").read_text(encoding="utf-8")
    wanted = {f"{n:02d}-{shot.effect}.webp" for n, shot in enumerate(SHOTS, 1)} | {
        f"{s}.webp" for s in SCENES
    }
    assert {path.name for path in folder.iterdir()} == wanted | {"README.md"}
    assert all(f"]({name})" in page for name in wanted)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2_000_000

"""The page of every effect."""

from __future__ import annotations

import pytest

pytest.importorskip("numba")


def test_every_effect_is_shown() -> None:
    """An effect that is added comes onto the page."""
    from nearfar_lab.gallery import missing

    assert missing() == set()

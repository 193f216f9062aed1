"""The engine of tests answers for every network of the catalogue."""

from __future__ import annotations

import numpy as np
import pytest

import nearfar
from nearfar.zoo import catalogue
from pictures import draw

READINGS = {card.reading: card.name for card in catalogue.cards().values()}


@pytest.mark.parametrize("name", READINGS.values(), ids=READINGS)
def test_every_reading_has_its_planes(name: str) -> None:
    """One map, or as many planes as the card's reading takes: a finite depth of the photo's size."""
    depth = nearfar.load(name, engine="fake").estimate(draw(40, 30))
    assert depth.values.shape == (30, 40)
    assert np.isfinite(depth.values).all()

"""Colour maps: their ends, their middles, and colours between the 256 anchors."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.ops.colormap import COLORMAPS, colorize

RAMP = np.linspace(0, 1, 4097, dtype=np.float32)[None]
# Far end, middle and near end of the published tables.
KNOWN = {
    "inferno": ((0, 0, 4), (187, 55, 84), (252, 255, 164)),
    "viridis": ((68, 1, 84), (33, 145, 140), (253, 231, 37)),
    "grey": ((0, 0, 0), (128, 128, 128), (255, 255, 255)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_ends_and_middle_are_those_of_the_published_table(name: str) -> None:
    """Far, middle and near have the colours that everyone knows, within rounding."""
    got = colorize(np.array([[0, 0.5, 1]], np.float32), name)[0].astype(int)
    assert np.abs(got - np.array(KNOWN[name])).max() <= 2


@pytest.mark.parametrize("name", COLORMAPS)
def test_every_map_has_many_colours_and_no_leaps(name: str) -> None:
    """A ramp passes through more than 200 colours, and neighbours differ by little."""
    colours = colorize(RAMP, name)[0].astype(int)
    assert len(np.unique(colours, axis=0)) > 200
    assert np.abs(np.diff(colours, axis=0)).max() <= 3


def test_values_outside_are_clipped() -> None:
    """Below 0 is the far colour, above 1 the near one."""
    got = colorize(np.array([[-3, 0, 1, 7]], np.float32))[0]
    assert (got[0] == got[1]).all()
    assert (got[2] == got[3]).all()


def test_a_name_that_there_is_not_is_answered_with_the_nearest() -> None:
    """The error names the map that was probably meant."""
    with pytest.raises(ParameterError, match="inferno"):
        colorize(RAMP, "infreno")

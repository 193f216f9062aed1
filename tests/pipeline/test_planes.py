"""Networks that give more than a map: focal length, sky, points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nearfar.cards import DepthKind
from nearfar.errors import EngineError
from nearfar.pipeline import planes
from nearfar.pipeline.postprocess import finish
from nearfar.types import Camera, Provenance, Undo
from nearfar.zoo.catalogue import card

WIDTH, HEIGHT = 64, 48
UNKNOWN = Undo(WIDTH, HEIGHT, None, ())
PRO = card("depth-pro")
SKY = replace(PRO, reading="sky", kind=DepthKind.AFFINE_DEPTH)
POINTS = replace(PRO, reading="points")


def known(focal_px: float) -> Undo:
    """A photo that tells its focal length."""
    return Undo(WIDTH, HEIGHT, Camera(focal_px, focal_px, WIDTH / 2, HEIGHT / 2), ())


def flat(*values: float) -> np.ndarray:
    """k×h×w of one value a plane."""
    return np.stack([np.full((HEIGHT, WIDTH), value, np.float32) for value in values])


def test_own_focal_length_goes_before_what_the_network_found() -> None:
    """Metres grow with the focal length; without one the network's stands, and is told as the camera."""
    raw = flat(3.0, 1.25)
    found = finish(raw, UNKNOWN, PRO, Provenance(input_size=(WIDTH, HEIGHT)))
    assert (float(found.values.max()), found.camera) == (3.0, Camera(80, 80, 32, 24, "network"))
    told = finish(raw, known(160.0), PRO, Provenance(input_size=(WIDTH, HEIGHT)))
    assert (float(told.values.max()), told.camera) == (pytest.approx(6.0), known(160.0).camera)


def test_sky_is_no_place() -> None:
    """It is not valid, and as far as the farthest of the rest."""
    raw = flat(2.0, 0.0)
    raw[0, :10], raw[1, :10] = 0.5, 0.3
    found = finish(raw, UNKNOWN, SKY, Provenance(input_size=(WIDTH, HEIGHT)))
    assert found.valid is not None
    assert (found.valid[:10].any(), found.valid[10:].all()) == (False, True)
    assert float(found.values[0, 0]) == 2.0


def test_without_sky_all_is_valid() -> None:
    """Indoors there is no mask."""
    assert finish(flat(2.0, 0.1), UNKNOWN, SKY, Provenance()).valid is None


def test_points_become_metres() -> None:
    """Shift and focal length are solved for, then all is scaled to metres; unsure pixels are not valid."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    z = 3 + np.sin(columns / 9)
    x, y = (columns + 0.5 - WIDTH / 2) / WIDTH * z / 0.8, (rows + 0.5 - HEIGHT / 2) / WIDTH * z / 0.8
    raw = np.concatenate([np.stack([x, y, z - 1.5]).astype(np.float32), flat(1.0, 2.0)])
    raw[3, :, :5] = 0.0
    found = finish(raw, UNKNOWN, POINTS, Provenance(input_size=(WIDTH, HEIGHT)))
    assert np.allclose(found.values[:, 5:], 2 * z[:, 5:], rtol=1e-2)
    assert found.camera is not None
    assert found.camera.fx_px == pytest.approx(0.8 * WIDTH, rel=1e-2)
    assert found.valid is not None
    assert not found.valid[:, :5].any()


def test_another_number_of_planes_is_an_error() -> None:
    """The card and the file do not belong together."""
    with pytest.raises(EngineError, match="gave 1 planes, not 2"):
        planes.read(flat(1.0)[0], PRO, UNKNOWN)

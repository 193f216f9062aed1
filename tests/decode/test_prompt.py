"""Coarse depth beside a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.decode.prompt import prompted, read_prompt
from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from pathlib import Path

METRES = np.linspace(1, 4, 12, dtype=np.float32).reshape(3, 4)


def photo(width: int = 128, height: int = 96) -> nearfar.Photo:
    """A grey one."""
    return nearfar.Photo(np.full((height, width, 3), 90, np.uint8))


def test_metres_and_millimetres_are_told_apart(tmp_path: Path) -> None:
    """Floats are metres, whole numbers millimetres; files say it themselves or keep to the same rule."""
    whole = np.round(METRES * 1000).astype(np.uint16)
    assert np.allclose(read_prompt(METRES), METRES)
    assert np.allclose(read_prompt(whole), METRES, atol=6e-4)
    depth = nearfar.DepthMap(METRES, "metric")
    assert np.allclose(read_prompt(depth), METRES)
    nearfar.Picture(whole).save(tmp_path / "sensor.png")
    assert np.allclose(read_prompt(tmp_path / "sensor.png"), METRES, atol=6e-4)
    np.save(tmp_path / "sensor.npy", METRES)
    assert np.allclose(read_prompt((tmp_path / "sensor.npy").read_bytes()), METRES)
    (tmp_path / "own.png").write_bytes(nearfar.export("png16", depth))
    assert np.allclose(read_prompt(tmp_path / "own.png"), METRES, atol=1e-3)


def test_holes_hold_the_nearest_distance() -> None:
    """0, infinity and what is not valid are no distances."""
    holes = METRES.copy()
    holes[0, 0], holes[2, 3] = 0, np.inf
    found = read_prompt(holes)
    assert found[0, 0] in {METRES[0, 1], METRES[1, 0]}
    assert found[2, 3] in {METRES[2, 2], METRES[1, 3]}
    assert np.array_equal(found[1, 1:3], METRES[1, 1:3])
    valid = np.ones((3, 4), bool)
    valid[0, 0] = False
    assert read_prompt(nearfar.DepthMap(METRES, "metric", valid))[0, 0] != METRES[0, 0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros((3, 4), np.float32), "holds no depth"),
        (np.zeros((3, 4, 3), np.float32), "numbers were expected"),
        (np.zeros((3, 4), bool), "numbers were expected"),
        (nearfar.DepthMap(METRES, "relative_inverse"), "metres were expected"),
        (np.ones((4, 3), np.float32), "another shape"),
    ],
)
def test_what_cannot_be_a_prompt_is_told(given: object, words: str) -> None:
    """With the parameter that is at fault."""
    with pytest.raises(ParameterError, match=words) as caught:
        prompted(photo(), given)  # type: ignore[arg-type]  # what is tested
    assert caught.value.parameter == "prompt"

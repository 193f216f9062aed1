"""Data sets: what is listed, what is held out, what the codes mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar.errors import ParameterError, UnknownNameError
from nearfar_lab.datasets import data_set, data_sets
from nearfar_lab.datasets.frames import Frame, invert
from nearfar_lab.errors import DataMissingError
from nearfar_lab.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_unknown_names_get_a_hint() -> None:
    """The nearest name is offered."""
    with pytest.raises(UnknownNameError, match="Did you mean 'kitti_tiny'"):
        data_set("kitty_tiny")


def test_a_missing_folder_says_what_to_set(tmp_path: Path) -> None:
    """The message names the folder and the setting."""
    with pytest.raises(DataMissingError, match="NEARFAR_LAB_DATA"):
        data_set("nyu_v2").items(tmp_path)


def test_every_set_states_its_terms() -> None:
    """Terms travel with every set, for the card."""
    assert all(row.terms for row in data_sets().values())


def test_invert_keeps_the_unknown_unknown() -> None:
    """Zero, negative and infinite depths are unknown, not infinitely near."""
    found = invert(np.array([2.0, 0.0, -1.0, np.inf, np.nan]))
    assert found[0] == 0.5
    assert np.isnan(found[1:]).all()


def test_a_frame_checks_its_sizes() -> None:
    """Picture and depth of different sizes are refused."""
    with pytest.raises(ParameterError, match="uint8 rgb of"):
        Frame("odd", np.zeros((4, 5, 3), np.uint8), np.zeros((4, 4), np.float32))


def test_training_and_validation_split_the_official_training_frames(data: Path) -> None:
    """795 in all, none in both, none of the test set."""
    names = [{i.name for i in data_set(f"nyu_v2_{part}").items(data)} for part in ("train", "validation")]
    test = {item.name for item in data_set("nyu_v2").items(data)}
    assert len(names[0]) + len(names[1]) == 795
    assert len(test) == 654
    assert not names[0] & names[1]
    assert not (names[0] | names[1]) & test


@pytest.mark.parametrize("name", sorted(data_sets()))
def test_frames_of_every_set_are_plausible(name: str, data: Path) -> None:
    """Some pixels known, in sensible distances (or sky), sizes equal."""
    if name == "photos_labelled" and not (read_settings().runs / "labels").is_dir():
        pytest.skip("no finished network has labelled photos here (nearfar-lab label)")
    frame = data_set(name).items(data)[0].read()
    known = frame.inverse_depth[np.isfinite(frame.inverse_depth)]
    assert known.size > 200
    assert known.min() >= 0
    assert 0.05 < 1 / np.median(known[known > 0]) < 100


def test_sky_is_infinitely_far(data: Path) -> None:
    """Some street frame marks sky: inverse depth 0."""
    items = data_set("zed_street").items(data)[:10]
    assert any((item.read().inverse_depth == 0).any() for item in items)


def test_nyu_s_unmeasured_border_is_unknown(data: Path) -> None:
    """The filled border outside of the evaluation box never counts."""
    inverse = data_set("nyu_v2").items(data)[0].read().inverse_depth
    assert np.isnan(inverse[:45]).all()
    assert np.isnan(inverse[:, 601:]).all()
    assert np.isfinite(inverse[45:471, 41:601]).mean() > 0.5

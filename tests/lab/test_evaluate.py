"""Evaluation of a predictor on frames, and what is remembered of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.cards import DepthKind
from nearfar.pipeline import Estimator
from nearfar.types import Picture
from nearfar_lab.datasets.frames import DataSet, Frame, Item
from nearfar_lab.errors import DataMissingError
from nearfar_lab.evaluate import Evaluation, count_looks, evaluate, note_look
from nearfar_lab.predictors import InputRule, Network, Ramp, find_predictor
from nearfar_lab.sheet import contact_sheet

if TYPE_CHECKING:
    from pathlib import Path


def _ground(tilt: float) -> Frame:
    """A plane that comes nearer towards the lower edge, exactly a ramp in inverse depth."""
    inverse = np.broadcast_to((0.2 + tilt * np.arange(40) / 40)[:, None], (40, 60)).astype(np.float32)
    return Frame(f"tilt {tilt}", np.zeros((40, 60, 3), np.uint8), inverse)


PLANES = DataSet(
    "planes",
    "made here",
    lambda _: [Item(f"{tilt}", f"{tilt}", partial(_ground, tilt)) for tilt in (0.2, 0.4, 0.8)],
)


def test_a_ramp_is_perfect_on_planes(tmp_path: Path) -> None:
    """Every figure at its best."""
    means = evaluate(Ramp(), PLANES, tmp_path).means()
    assert means["beyond"] == 0
    assert means["abs_rel"] < 1e-6
    assert means["order"] == 1


def test_the_csv_has_a_line_a_picture(tmp_path: Path) -> None:
    """Names on top, then one line each."""
    lines = evaluate(Ramp(), PLANES, tmp_path).as_csv().splitlines()
    assert lines[0].startswith("picture,beyond,abs_rel,delta1")
    assert [line.split(",")[0] for line in lines[1:]] == ["0.2", "0.4", "0.8"]


def test_a_limit_spreads_over_the_set(tmp_path: Path) -> None:
    """Two of three: the first and the last."""
    rows = evaluate(Ramp(), PLANES, tmp_path, limit=2).rows
    assert [name for name, _ in rows] == ["0.2", "0.8"]


def test_looks_are_counted(tmp_path: Path) -> None:
    """A network's look counts, a ramp's does not."""
    row = {"beyond": 0.1}
    note_look(tmp_path, Evaluation("kitti_tiny", "ours", "abc", (("0", row),)))
    note_look(tmp_path, Evaluation("kitti_tiny", "ours", "def", (("0", row),)))
    note_look(tmp_path, Evaluation("kitti_tiny", "ramp", "", (("0", row),)))
    assert count_looks(tmp_path) == {"kitti_tiny": 2}


def test_a_file_without_a_card_is_refused(tmp_path: Path) -> None:
    """The card says how photos enter; without it nothing is guessed."""
    (tmp_path / "net.onnx").write_bytes(b"")
    with pytest.raises(DataMissingError, match=r"net\.json"):
        find_predictor(str(tmp_path / "net.onnx"), InputRule())


@pytest.mark.parametrize(
    ("data_name", "beyond", "order"), [("nyu_v2", 0.41, 0.721), ("kitti_tiny", 0.45, 0.831)]
)
def test_the_ramp_reproduces_its_published_figures(
    data_name: str, beyond: float, order: float, data: Path
) -> None:
    """The definition of a pair gives the vertical ramp's known order accuracy within .01."""
    from nearfar_lab.datasets import data_set

    means = evaluate(Ramp(), data_set(data_name), data, limit=60).means()
    assert means["order"] == pytest.approx(order, abs=0.015)
    assert means["beyond"] == pytest.approx(beyond, abs=0.04)


def test_a_contact_sheet_holds_all_photos(tmp_path: Path) -> None:
    """Photos of different shapes side by side with their maps, in rows."""
    for name, size in (("a", (60, 90)), ("b", (90, 60)), ("c", (40, 40))):
        Picture(np.full((*size, 3), 200, np.uint8)).save(tmp_path / f"{name}.png")
    found = contact_sheet(Ramp(), tmp_path, height=30, columns=2).pixels
    right, below = (8 + (length - 8) // 2 for length in (found.shape[1], found.shape[0]))
    for top, left, width in ((8, 8, 45), (8, right, 20), (below, 8, 30)):
        assert (found[top : top + 30, left : left + width] == 200).all()
        colours = found[top : top + 30, left + width + 8 : left + 2 * width + 8].astype(int)
        assert colours[0].sum(axis=1).max() < 20  # far: Inferno's black
        assert colours[-1].sum(axis=1).min() > 500  # near: its pale end


def test_an_empty_folder_has_no_sheet(tmp_path: Path) -> None:
    """One clear error."""
    with pytest.raises(DataMissingError, match="no pictures"):
        contact_sheet(Ramp(), tmp_path)


class Rows:
    """A network of metric depth that says for each pixel the mean of its three channels, and leans."""

    fixed_size = batch_limit = None

    def run(self, batch: np.ndarray) -> np.ndarray:
        """(N, H, W)."""
        return np.asarray(batch.mean(axis=1) + np.linspace(0, 1, batch.shape[3]), np.float32)


def test_a_padded_and_mirrored_network_is_not_shifted() -> None:
    """As ZoeDepth: its nearness is the inverse of the depth of the photo's own pixels."""
    card = nearfar.load(engine="fake").card
    rule = replace(card.input, size=224, multiple=1, pad=3.0, flip=True, mean=(-1.0,) * 3, std=(1.0,) * 3)
    network = Network(Estimator(replace(card, input=rule, kind=DepthKind.METRIC), Rows(), "fake"))
    columns = np.linspace(0, 255, 160)
    photo = np.broadcast_to(columns.astype(np.uint8)[None, :, None], (120, 160, 3)).copy()
    found = network.nearness(photo)
    places = (np.arange(found.shape[1]) + 0.5) / found.shape[1] * 160 - 0.5
    depth_m = 1 + np.interp(places, np.arange(160), photo[0, :, 0]) / 255 + 0.5  # of the lean, its mean
    inner = slice(2, -2)  # at the photo's edge the mirrored border mixes in
    expected = np.broadcast_to(1 / depth_m, found.shape)
    np.testing.assert_allclose(found[:, inner], expected[:, inner], rtol=4e-3)
    assert network.label == "embedded (area 224, padded, mirrored, outlined 1)"

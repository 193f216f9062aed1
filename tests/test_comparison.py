"""Several networks on one photo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

import nearfar
from nearfar import api, comparison
from nearfar.cards import DepthKind
from nearfar.errors import ParameterError, UnknownNameError, WeightsError
from nearfar.pipeline import Estimator
from nearfar.settings import Settings
from nearfar.types import DepthMap
from nearfar.zoo import catalogue, manage

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {
    "midas-small": DepthKind.RELATIVE_INVERSE,
    "leres-resnet50": DepthKind.AFFINE_DEPTH,
    "zoedepth-nk": DepthKind.METRIC,
}


class Ramp:
    """A network for which the bottom of every picture is near, in the values of a kind."""

    fixed_size: tuple[int, int] | None = None
    batch_limit: int | None = None

    def __init__(self, kind: DepthKind) -> None:
        self.kind = kind

    def run(self, batch: np.ndarray) -> np.ndarray:
        """1 at the top to 2 at the bottom as nearness."""
        near = np.linspace(1, 2, batch.shape[2], dtype=np.float32)[None, :, None].repeat(batch.shape[3], 2)
        if self.kind is DepthKind.METRIC:
            return np.asarray(5 / near, np.float32)
        return near if self.kind is DepthKind.RELATIVE_INVERSE else -near


def loader(name: str, _: int | None) -> api.Model:
    """The ramp with the card of any network; one has no weights."""
    card = catalogue.card(name)
    if name not in KINDS:
        raise WeightsError(f"The weights of '{name}' are not installed.", f"Run: nearfar models pull {name}")
    return api.Model(card, Estimator(card, Ramp(KINDS[name]), "ramp"), Settings())


def test_kinds_meet_on_one_range(photo_jpeg: Path) -> None:
    """Relative inverse, affine and metric depth of one scene look alike: near is large in all."""
    found = comparison.compare(photo_jpeg, KINDS, loader=loader)
    assert [row.agreement for row in found.rows] == pytest.approx([1.0, 1.0, 1.0], abs=1e-3)
    assert [row.card.kind for row in found.rows] == list(KINDS.values())
    for row in found.rows:
        assert (row.nearness.min(), row.nearness.max()) == (0, 1)
        assert row.nearness[-1].mean() > 0.9
        assert row.nearness[0].mean() < 0.1
        assert row.row()["shown_as"] == comparison.SHOWN[row.card.kind]
    assert found.reference == "midas-small"


def test_one_that_fails_does_not_take_the_others(photo_jpeg: Path) -> None:
    """Its row says what to do; the first that answered is what others are held against."""
    found = comparison.compare(photo_jpeg, ["depth-pro", "midas-small", "zoedepth-nk"], loader=loader)
    failed, *done = found.table()["models"]
    assert failed["error"]["hint"] == "Run: nearfar models pull depth-pro"
    assert (failed["milliseconds"], failed["agreement"]) == (None, None)
    assert [row["agreement"] for row in done] == pytest.approx([1.0, 1.0], abs=1e-3)
    assert found.reference == "midas-small"
    assert all(row["error"] is None and row["milliseconds"] > 0 for row in done)


def test_real_networks(photo_jpeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded network, the same file under another card, and one without weights."""
    home = tmp_path / "home"
    monkeypatch.setenv("NEARFAR_HOME", str(home))
    manage.import_file("midas-small", manage.path("embedded", Settings()), Settings(home=str(home)))
    found = nearfar.compare(photo_jpeg, ["embedded", "midas-small", "midas-large"])
    assert [row.agreement for row in found.rows[:2]] == [1.0, pytest.approx(1, abs=0.1)]
    assert isinstance(found.rows[2].error, WeightsError)
    assert found.rows[0].engine == "onnxruntime"


def test_sheet_holds_photo_maps_and_words(photo_jpeg: Path) -> None:
    """Photo and heat maps lie in the sheet pixel by pixel, with text below; a failure is written out."""
    found = comparison.compare(photo_jpeg, ["midas-small", "depth-pro"], loader=loader)
    sheet = found.sheet("viridis").pixels
    height, width = found.photo.shape[:2]
    assert np.array_equal(sheet[8 : 8 + height, 8 : 8 + width], found.photo)
    colours = nearfar.heatmap(
        DepthMap(found.rows[0].nearness, DepthKind.RELATIVE_INVERSE), "viridis", (0.0, 1.0)
    ).pixels
    places = cv2.matchTemplate(sheet, np.ascontiguousarray(colours), cv2.TM_SQDIFF)
    x, y = cv2.minMaxLoc(places)[2]
    assert np.array_equal(sheet[y : y + height, x : x + width], colours)
    dark = (sheet.max(axis=2) < 120).sum()
    assert dark > 100  # the letters
    without = replace(found, rows=found.rows[:1]).sheet("viridis").pixels
    assert without.shape != sheet.shape


def test_flat_map_has_no_agreement(photo_jpeg: Path) -> None:
    """Where a network answers the same everywhere there is no order, and no error."""

    class Flat(Ramp):
        def run(self, batch: np.ndarray) -> np.ndarray:
            return np.ones_like(batch[:, 0])

    def flat(name: str, _: int | None) -> api.Model:
        card = catalogue.card(name)
        return api.Model(card, Estimator(card, Flat(card.kind), "flat"), Settings())

    (row,) = comparison.compare(photo_jpeg, ["midas-small"], loader=flat).rows
    assert row.agreement is None
    assert row.error is None
    assert not row.nearness.any()


def test_pixels_that_are_not_valid_do_not_count() -> None:
    """They are NaN, so that neither range nor agreement sees them."""
    valid = np.array([[True, False], [True, True]])
    depth = DepthMap(np.array([[1, 9], [2, 4]], np.float32), DepthKind.METRIC, valid)
    near = comparison.nearness_of(depth)
    assert np.isnan(near[0, 1])
    assert near[valid].tolist() == [1.0, 0.5, 0.25]


@pytest.mark.parametrize("models", [[], [""], [c.name for c in nearfar.list_models()][:13]])
def test_none_and_too_many_are_refused(models: list[str], photo_jpeg: Path) -> None:
    """Before any network is loaded."""
    with pytest.raises(ParameterError, match="1 to 12 can be compared"):
        comparison.compare(photo_jpeg, models, loader=loader)


def test_unknown_model_is_told(photo_jpeg: Path) -> None:
    """A misspelt name is no failed network."""
    with pytest.raises(UnknownNameError, match="Did you mean 'midas-small'"):
        comparison.compare(photo_jpeg, ["midas-smal"], loader=loader)


def test_named_twice_counts_once_and_is_told(photo_jpeg: Path) -> None:
    """Who waits hears each name once."""
    told: list[str] = []
    comparison.compare(photo_jpeg, ["midas-small", " midas-small"], loader=loader, tell=told.append)
    assert told == ["midas-small"]

"""Labels of ranked photos by a finished network, and the set that reads them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from finished_runs import run_folder  # noqa: E402
from nearfar_lab.assemble import assemble  # noqa: E402
from nearfar_lab.checkpoint import Progress  # noqa: E402
from nearfar_lab.committee import CommitteeOptions  # noqa: E402
from nearfar_lab.datasets import data_set  # noqa: E402
from nearfar_lab.datasets.photos_labelled import label_file  # noqa: E402
from nearfar_lab.designs import build  # noqa: E402
from nearfar_lab.errors import CheckpointError, DataMissingError  # noqa: E402
from nearfar_lab.label import label_photos, labelled  # noqa: E402
from nearfar_lab.lite import LiteOptions  # noqa: E402
from nearfar_lab.recipes import Recipe, recipe  # noqa: E402
from nearfar_lab.settings import LabSettings  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path


EMBEDDED = {"recipe": "embedded", "seed": 1, "progress": {"pictures": 10}}


def photo(height: int, width: int) -> np.ndarray:
    """A picture of noise."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def ranked(root: Path) -> LabSettings:
    """Two sets of two photos, one of each kept back."""
    for name in ("photos_various", "photos_scenes"):
        folder = root / "data" / name
        folder.mkdir(parents=True)
        for number in ("0001", "0003"):
            cv2.imwrite(str(folder / f"{number}.jpg"), photo(30, 44))
        rows = {f"{number}.jpg": [[0.2, 0.8, 1], [0.7, 0.3, 2]] for number in ("0001", "0003")}
        (folder / "order.json").write_text(json.dumps(rows), encoding="utf-8")
    return LabSettings(root / "data", root / "scenes", root / "runs")


@pytest.mark.parametrize("size", [(60, 90), (90, 60), (900, 1200)])
def test_a_label_has_the_photo_s_size_and_sees_both_sides_alike(size: tuple[int, int]) -> None:
    """Of the mirrored photo it is the mirrored label; positive, of mean deviation 1 about its median."""
    net = build(recipe("embedded").net).eval()
    torch.nn.init.normal_(net.head.weight)
    rule = recipe("embedded")
    found = labelled(net, rule, photo(*size))
    mirrored = labelled(net, rule, np.ascontiguousarray(photo(*size)[:, ::-1]))
    assert found.shape == size
    np.testing.assert_allclose(mirrored[:, ::-1], found, atol=1e-2)
    assert np.abs(found - np.median(found)).mean() == pytest.approx(1, abs=1e-3)


def test_photos_are_labelled_once_and_never_those_kept_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second call finds them; the set reads them as inverse depth of the photo's size."""
    settings = ranked(tmp_path)
    monkeypatch.setenv("NEARFAR_LAB_RUNS", str(settings.runs))
    with pytest.raises(DataMissingError):
        data_set("photos_labelled").items(settings.data)
    monkeypatch.setattr(
        "nearfar_lab.label.load_net", lambda _: (build(recipe("embedded").net).eval(), EMBEDDED)
    )
    assert label_photos(tmp_path, settings) == 2
    assert label_photos(tmp_path, settings) == 0
    assert label_file(settings.runs / "labels", "photos_various", "0001.jpg").is_file()
    items = data_set("photos_labelled").items(settings.data)
    assert [item.name for item in items] == ["0001.jpg", "0001.jpg"]
    frame = items[0].read()
    assert frame.inverse_depth.shape == frame.rgb.shape[:2]
    assert np.isfinite(frame.inverse_depth).all()


def test_a_committee_labels_as_any_network_does_and_never_beside_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels of two networks in one folder would be told from each other by nobody; it says what to do."""
    net = LiteOptions(widths=(8, 8, 16, 16, 24), decoder_blocks=(1, 0, 0, 0), attention_blocks=1, heads=2)
    one = Recipe("one_tiny", {"scenes": 1.0}, (), net=net, input_size=64)
    looks = CommitteeOptions((net,), ((0, 8), (0, 4)))
    both = replace(one, name="both_tiny", net=looks, committee_of=("one_tiny",))
    known = {row.name: row for row in (one, both)}
    monkeypatch.setattr("nearfar_lab.recipes.recipes", lambda: known)
    settings = ranked(tmp_path)
    alone = run_folder(settings.runs / "one_tiny", one, Progress(10, 100, 100.0))
    together = assemble(both, [alone], settings.runs / "both_tiny").parent
    assert label_photos(together, settings) == 2
    label = np.load(label_file(settings.runs / "labels", "photos_various", "0001.jpg"))
    assert label.shape == (30, 44)
    assert np.isfinite(label).all()
    with pytest.raises(CheckpointError, match=r"both_tiny.*one_tiny"):
        label_photos(alone, settings)
    assert label_photos(together, settings) == 0

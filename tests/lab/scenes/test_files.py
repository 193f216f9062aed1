"""What scenes leave on disk: shards, sheets, samples; and which photos may be textures."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from nearfar_lab.scenes import Rendering, contact_sheet, render, shards, textures
from nearfar_lab.scenes.__main__ import main
from nearfar_lab.scenes.sheets import depth_colours

TINY = (24, 32)


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of three scenes."""
    monkeypatch.setattr(shards, "SHARD", 3)


@pytest.mark.usefixtures("small_shards")
def test_a_shard_holds_what_render_gives(tmp_path: Path) -> None:
    """Colour, inverse depth and facts of a shard are those of its seeds."""
    assert shards.render_shards(Rendering(tmp_path, 3, 40, TINY, name="t")) == 3
    rgb = np.load(tmp_path / "t-landscape-0000040.rgb.npy")
    inverse = np.load(tmp_path / "t-landscape-0000040.inv.npy")
    facts = json.loads((tmp_path / "t-landscape-0000040.json").read_text())
    picture = render(41, TINY)
    np.testing.assert_array_equal(rgb[1], picture.rgb)
    np.testing.assert_array_equal(inverse[1], picture.inverse_m.astype(np.float16))
    assert facts["kind"][1] == picture.world
    assert len(facts["fov_deg"]) == 3


@pytest.mark.usefixtures("small_shards")
def test_rendering_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Shards that are there are not rendered again, a missing one is, and no part is left behind."""
    order = Rendering(tmp_path, 6, size=TINY, name="t")
    shards.render_shards(order)
    kept = tmp_path / "t-landscape-0000000.rgb.npy"
    before = kept.stat().st_mtime_ns
    (tmp_path / "t-landscape-0000003.json").unlink()
    heard: list[tuple[int, int]] = []
    again = shards.render_shards(order, progress=lambda *a: heard.append(a))
    assert (again, kept.stat().st_mtime_ns) == (3, before)
    assert heard == [(3, 6), (6, 6)]
    assert not list(tmp_path.glob(".*"))


@pytest.mark.usefixtures("small_shards")
def test_every_fourth_shard_is_portrait(tmp_path: Path) -> None:
    """Of four shards one has its height and width swapped."""
    made = Rendering(tmp_path, 12, 0, TINY).parts()
    assert [part.size for part in made] == [(24, 32), (24, 32), (24, 32), (32, 24)]


def test_held_out_photos_never_become_textures(tmp_path: Path) -> None:
    """Only photos of the training folders are found, whatever lies beside them."""
    for name in ("nyu_v2/train", "nyu_v2/test", "kitti_tiny", "rgbd_mix/tum", "middlebury_motorcycle"):
        (tmp_path / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / name / "0_rgb.jpg"), np.full((40, 50, 3), 128, np.uint8))
    found = {p.relative_to(tmp_path).parts[:2] for p in textures.training_photos(tmp_path)}
    assert found == {("nyu_v2", "train"), ("rgbd_mix", "tum")}
    crops = textures.load(tmp_path, count=2, size=8)
    assert crops.shape == (2, 8, 8, 3)
    assert crops.mean() == pytest.approx((128 / 255) ** 2.2, rel=0.05)


def test_no_photos_no_textures(tmp_path: Path) -> None:
    """An empty data folder gives no textures rather than an error."""
    assert textures.load(tmp_path).shape[0] == 0


def test_a_contact_sheet_shows_pictures_beside_depths(tmp_path: Path) -> None:
    """Three scenes in two columns make two rows of pairs."""
    pictures = [render(seed, (48, 64)) for seed in (1, 2, 3)]
    contact_sheet(pictures, tmp_path / "sheet.png", 2, height=48)
    found = cv2.imread(str(tmp_path / "sheet.png"))[..., ::-1]
    np.testing.assert_array_equal(found[8 : 8 + 48, 8 : 8 + 64], pictures[0].rgb)
    np.testing.assert_array_equal(found[8 : 8 + 48, 72:136], depth_colours(pictures[0].depth_m))
    right = 8 + (found.shape[1] - 8) // 2
    np.testing.assert_array_equal(found[8 : 8 + 48, right : right + 64], pictures[1].rgb)
    below = 8 + (found.shape[0] - 8) // 2
    np.testing.assert_array_equal(found[below : below + 48, 8 : 8 + 64], pictures[2].rgb)


def test_the_command_writes_small_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three JPEG files of 640×480 and at most 60 KB, their names printed."""
    assert main(["samples", str(tmp_path)]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.split()]
    assert len(paths) == 3
    for path in paths:
        assert cv2.imread(str(path)).shape == (480, 640, 3)
        assert path.stat().st_size <= 60_000

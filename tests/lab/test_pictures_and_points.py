"""Frames, shards, sheets, ranked points and views: what goes in comes out where it belongs."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nearfar.errors import ParameterError  # noqa: E402
from nearfar_lab.augment import Strength, crop_box  # noqa: E402
from nearfar_lab.checkpoint import Average, load_state, save_whole  # noqa: E402
from nearfar_lab.datasets.frames import Frame, folder_of, invert, read_codes, read_rgb  # noqa: E402
from nearfar_lab.datasets.order_photos import OrderedPhoto  # noqa: E402
from nearfar_lab.errors import CheckpointError, DataMissingError  # noqa: E402
from nearfar_lab.ordered import HIGHER_COUNTS, ordered_view, pair_weights  # noqa: E402
from nearfar_lab.pool import FARTHEST_INVERSE, Pool, Traits  # noqa: E402
from nearfar_lab.predictors import Ramp  # noqa: E402
from nearfar_lab.shards import find_shards, open_shard  # noqa: E402
from nearfar_lab.sheet import contact_sheet  # noqa: E402
from nearfar_lab.views import placements, points_in_views  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")


def _frame(height: int, width: int) -> Frame:
    """Red rises to the right, green downwards; so does inverse depth, to the right."""
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[..., 0] = np.linspace(0, 250, width)[None]
    rgb[..., 1] = np.linspace(0, 250, height)[:, None]
    inverse = np.broadcast_to(np.linspace(0.1, 1, width, dtype=np.float32), (height, width)).copy()
    return Frame("f", rgb, inverse)


def test_frames_lie_in_the_upper_left_of_their_square() -> None:
    """As they are where they fit; unknown beyond them."""
    pool = Pool(3, 64, CPU)
    frames = [_frame(40, 64), _frame(64, 30)]
    pool.add(frames, Traits(has_zero=False))
    rgb, inverse = pool.take(np.array([1, 0, 1]))
    for at, frame in ((0, frames[1]), (1, frames[0])):
        height, width = frame.inverse_depth.shape
        np.testing.assert_array_equal(rgb[at, :height, :width].numpy(), frame.rgb)
        np.testing.assert_allclose(inverse[at, :height, :width].numpy(), frame.inverse_depth, rtol=1e-3)
        assert inverse[at, height:].isnan().all()
        assert inverse[at, :, width:].isnan().all()
    assert torch.equal(rgb[0], rgb[2])
    assert pool.has_edges[:2].all()
    assert not pool.has_zero.any()


def test_what_is_nearer_than_sixteen_bits_say_is_as_near_as_they_say() -> None:
    """No infinity comes out of a pool."""
    frame = Frame("near", np.zeros((8, 8, 3), np.uint8), np.full((8, 8), 1e6, np.float32))
    pool = Pool(1, 8, CPU)
    pool.add([frame], Traits())
    assert pool.inverse[0].isfinite().all()
    assert float(pool.inverse[0].max()) == pytest.approx(FARTHEST_INVERSE, rel=1e-3)


@pytest.mark.parametrize("turn", [0.0, 1.0])
def test_points_go_to_a_view_and_back(turn: float) -> None:
    """Through a placement and its inverse, mirrored and turned ones too."""
    rng = np.random.default_rng(0)
    sizes = np.tile([[90, 160], [160, 90]], (20, 1))
    places = placements(rng, sizes, (64, 96), Strength(turn=turn, turn_deg=8.0))
    there = rng.uniform(-1, 1, (40, 2))
    inside = np.einsum("nij,nj->ni", places, np.concatenate([there, np.ones((40, 1))], axis=1))
    np.testing.assert_allclose(points_in_views(places, inside.astype(np.float32)), (there + 1) / 2, atol=1e-4)


@pytest.mark.parametrize("turn", [0.0, 1.0])
def test_no_corner_of_a_view_leaves_its_frame(turn: float) -> None:
    """However far it is turned; and some views are mirrored, some not."""
    rng = np.random.default_rng(1)
    sizes = np.tile([[90, 160], [160, 90]], (100, 1))
    places = placements(rng, sizes, (64, 96), Strength(turn=turn, turn_deg=10.0))
    for corner in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        x, y = (places @ np.array([*corner, 1.0])).T
        assert min(x.min(), y.min()) > -1e-3
        assert (x <= sizes[:, 1] + 1e-3).all()
        assert (y <= sizes[:, 0] + 1e-3).all()
    mirrored = np.linalg.det(places[:, :, :2]) < 0
    assert 0.3 < mirrored.mean() < 0.7


def _ranked(count: int = 12) -> OrderedPhoto:
    frame = _frame(80, 120)
    pairs = np.random.default_rng(2).uniform(0.05, 0.95, (count, 4)).astype(np.float32)
    return OrderedPhoto("p", frame.rgb, pairs)


def test_ranked_points_go_along_with_their_view() -> None:
    """Each lands on the colours that it had: red tells its column, green its row."""
    rng, photo = np.random.default_rng(3), _ranked()
    asked = 0
    for _ in range(20):
        view = ordered_view(rng, photo, (64, 96), Strength())
        assert len(view.pairs) >= 1
        assert view.weight.sum() == pytest.approx(1, abs=1e-5)
        wanted = {tuple(np.rint(point * 250).astype(int)) for point in photo.pairs.reshape(-1, 2)}
        for y, x in view.pairs.reshape(-1, 2):
            red, green = view.clean[y, x, :2].astype(int)
            asked += 1
            assert min(max(abs(red - a), abs(green - b)) for a, b in wanted) <= 8
    assert asked > 100


def test_a_pair_whose_nearer_point_stands_higher_counts_more() -> None:
    """One and a half times, of a sum of one."""
    pairs = np.array([[0.5, 0.2, 0.5, 0.8], [0.5, 0.8, 0.5, 0.2]], np.float32)
    weight = pair_weights(pairs)
    assert weight[0] == pytest.approx(HIGHER_COUNTS * weight[1])
    assert weight.sum() == pytest.approx(1)


@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.5])
def test_parts_are_about_as_wide_as_asked_for(aspect: float) -> None:
    """Within the stretch of an augmentation; whole frames where their shape is near."""
    rng = np.random.default_rng(4)
    strength = Strength(full_frame=0.0, least_area=0.5)
    for _ in range(100):
        _, _, height, width = crop_box(rng, 300, 400, aspect, strength)
        assert aspect / 1.3 < width / height < aspect * 1.3
    still = Strength(full_frame=1.0, aspect=1.2)
    assert crop_box(rng, 300, 400, 4 / 3, still) == (0, 0, 300, 400)


def _write_shard(folder: Path, name: str, rgb: np.ndarray, inverse: np.ndarray, kinds: list[str]) -> Path:
    np.save(folder / f"{name}.rgb.npy", rgb)
    np.save(folder / f"{name}.inv.npy", inverse)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"kind": kinds}))
    return path


def test_a_shard_gives_its_frames(tmp_path: Path) -> None:
    """By number, with the kind of each; kinds that do not fit are left out."""
    rgb = np.random.default_rng(5).integers(0, 255, (3, 6, 8, 3)).astype(np.uint8)
    inverse = np.random.default_rng(6).random((3, 6, 8)).astype(np.float16)
    shard = open_shard(_write_shard(tmp_path, "b", rgb, inverse, ["room", "street", "land"]))
    assert (len(shard), shard.kinds) == (3, ("room", "street", "land"))
    frame = shard.frame(2)
    assert frame.name == "b/2"
    np.testing.assert_array_equal(frame.rgb, rgb[2])
    np.testing.assert_array_equal(frame.inverse_depth, inverse[2].astype(np.float32))
    other = open_shard(_write_shard(tmp_path, "a", rgb, inverse, ["room"]))
    assert other.kinds == ("scene",) * 3
    assert [found.path.name for found in find_shards(tmp_path)] == ["a", "b"]


def test_a_shard_whose_parts_do_not_fit_is_refused(tmp_path: Path) -> None:
    """With what to delete."""
    path = _write_shard(tmp_path, "x", np.zeros((2, 6, 8, 3), np.uint8), np.zeros((2, 5, 8), np.float16), [])
    with pytest.raises(DataMissingError, match="does not fit"):
        open_shard(path)


def test_a_sheet_shows_photos_of_a_folder(tmp_path: Path) -> None:
    """In the order of their names, other files passed over; each photo beside its heat map."""
    for name, level in (("b.png", 200), ("a.jpg", 40)):
        cv2.imwrite(str(tmp_path / name), np.full((30, 40, 3), level, np.uint8))
    (tmp_path / "notes.txt").write_text("x")
    sheet = contact_sheet(Ramp(), tmp_path, height=60, columns=1).pixels
    assert np.abs(sheet[10:66, 10:86].astype(int) - 40).max() < 6
    half = (sheet.shape[0] - 8) // 2
    assert np.abs(sheet[half + 10 : half + 66, 10:86].astype(int) - 200).max() < 6
    heat = sheet[8:68, 8 + 80 + 8 : 8 + 160 + 8].astype(int)
    assert heat[-1].mean() > heat[0].mean() + 50  # the ramp: the lower, the nearer


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_photos_is_told(made: bool, tmp_path: Path) -> None:
    """One that is not there, and one that is empty."""
    folder = tmp_path / "photos"
    if made:
        folder.mkdir()
    with pytest.raises(DataMissingError, match="no pictures" if made else "no such folder"):
        contact_sheet(Ramp(), folder)


def test_files_of_a_data_set_are_read_as_they_are(tmp_path: Path) -> None:
    """Colours in the order red, green, blue; sixteen bits of depth; what is none is told."""
    rgb = np.random.default_rng(7).integers(0, 255, (5, 6, 3)).astype(np.uint8)
    codes = np.random.default_rng(8).integers(0, 65535, (5, 6)).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "c.png"), rgb[..., ::-1])
    cv2.imwrite(str(tmp_path / "d.png"), codes)
    np.testing.assert_array_equal(read_rgb(tmp_path / "c.png"), rgb)
    np.testing.assert_array_equal(read_codes(tmp_path / "d.png"), codes)
    with pytest.raises(DataMissingError, match="no depth"):
        read_codes(tmp_path / "c.png")
    (tmp_path / "e.png").write_bytes(b"no picture")
    with pytest.raises(DataMissingError, match="no picture"):
        read_rgb(tmp_path / "e.png")
    assert folder_of(tmp_path.parent, tmp_path.name) == tmp_path
    with pytest.raises(ParameterError):
        Frame("f", rgb.astype(np.float32), np.zeros((5, 6), np.float32))  # type: ignore[arg-type]


def test_inverting_twice_is_the_depth() -> None:
    """Where it is known; nothing, infinity and less than nothing are not."""
    depth = np.array([0.5, 4.0, 0.0, -1.0, np.inf, np.nan])
    once = invert(depth)
    np.testing.assert_allclose(once[:2], [2, 0.25])
    assert np.isnan(once[2:]).all()
    np.testing.assert_allclose(invert(once)[:2], depth[:2])


def test_an_average_starts_quickly_and_ends_at_its_decay() -> None:
    """By (1 + step) / (10 + step) until that is more; whole numbers are copied."""
    net = torch.nn.BatchNorm1d(1)
    average = Average(net, 0.9)
    with torch.no_grad():
        net.weight.fill_(2.0)
        net.num_batches_tracked.fill_(7)
    average.update(net, 0)
    assert float(average.values["weight"]) == pytest.approx(0.1 * 1 + 0.9 * 2)
    before = float(average.values["weight"])
    average.update(net, 10_000)
    assert float(average.values["weight"]) == pytest.approx(0.9 * before + 0.1 * 2)
    assert int(average.values["num_batches_tracked"]) == 7


def test_a_checkpoint_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing fails, the one before stays; nothing in the file is executed when it is read."""
    path = tmp_path / "last.pt"
    save_whole({"average": {"w": torch.ones(2)}, "step": 1}, path)

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", fails)
    with pytest.raises(OSError, match="No space"):
        save_whole({"average": {}, "step": 2}, path)
    assert load_state(path)["step"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["last.pt"]
    monkeypatch.undo()
    torch.save({"average": {}, "run": os.system}, tmp_path / "bad.pt")
    with pytest.raises(Exception, match=r"[Ww]eights.only|Unsupported"):
        load_state(tmp_path / "bad.pt")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load_state(tmp_path / "none.pt")

"""Each reader reads what was written in the layout in which its set is published."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import small_sets
from nearfar.errors import BrokenImageError, MissingExtraError, ParameterError, SourceError, UnknownNameError
from nearfar.evaluation.catalogue import eval_set, eval_sets
from nearfar.evaluation.samples import Item, Sample, Wish

if TYPE_CHECKING:
    from pathlib import Path

STEPS_M = {"kitti": 1 / 256, "kitti-selection": 1 / 256, "nyu": 1e-6, "nyu-filled": 1e-6, "eth3d": 1e-6}
"""Steps of the stored numbers where they are not a millimetre."""
LABS = {"nyu", "nyu-filled", "make3d"}
GRIDS = {"kitti-raw", "ddad", "make3d", "da2k"}
"""Sets whose depth is not that of the other small sets."""


def read(name: str, folder: Path, split: str = "", listed: tuple[str, ...] = ()) -> list[Item]:
    """The items of a set that was written there."""
    if name in LABS:
        pytest.importorskip("h5py")
        pytest.importorskip("scipy")
    small_sets.WRITERS[name](folder)
    return eval_set(name).items(Wish(folder, split, listed))


def first(name: str, folder: Path) -> Sample:
    """Its first sample."""
    return read(name, folder)[0].read()


def test_every_set_is_written_here() -> None:
    """No reader goes untested."""
    assert set(eval_sets()) == set(small_sets.WRITERS)


@pytest.mark.parametrize("name", sorted(set(small_sets.WRITERS) - GRIDS))
def test_depth_comes_back(name: str, tmp_path: Path) -> None:
    """Metres within half a step, unknown where it was unknown."""
    sample = first(name, tmp_path)
    number = {"nyu": 1, "nyu-filled": 1, "sintel": 1}.get(name, 0)
    wanted = small_sets.depth_of(number)
    assert sample.depth_m is not None
    known = ~np.isnan(wanted)
    step = STEPS_M.get(name, 1e-3)
    np.testing.assert_allclose(sample.depth_m[known], wanted[known], atol=0.51 * step + 1e-5)
    if name == "nyu-filled":
        assert (sample.depth_m[~known] == 9).all()
    else:
        assert np.isnan(sample.depth_m[~known]).all()


@pytest.mark.parametrize("name", sorted(small_sets.WRITERS))
def test_colours_come_back(name: str, tmp_path: Path) -> None:
    """In the order red, green, blue."""
    sample = first(name, tmp_path)
    number = {"nyu": 1, "nyu-filled": 1, "sintel": 1}.get(name, 0)
    wanted = small_sets.photo_of(number, *sample.rgb.shape[:2]).astype(float)
    assert np.abs(sample.rgb - wanted).mean() < 12  # JPEG of noise
    assert np.abs(sample.rgb[:, :, ::-1] - wanted).mean() > 12


@pytest.mark.parametrize("name", sorted(eval_sets()))
def test_every_set_is_described(name: str) -> None:
    """A home, terms, a layout and at least one split."""
    row = eval_set(name).describe()
    assert row["layout"]
    assert row["terms"]
    assert row["splits"]
    assert row["home"].startswith("http") or name == "folder"


@pytest.mark.parametrize("name", sorted(eval_sets()))
def test_an_empty_folder_is_told(name: str, tmp_path: Path) -> None:
    """What is missing, and where to read of the layout."""
    with pytest.raises(ParameterError, match=r"holds no|has none of") as told:
        eval_set(name).items(Wish(tmp_path))
    assert "nearfar eval sets" in told.value.hint


def test_nyu_reads_the_split(tmp_path: Path) -> None:
    """Numbers from 1, as splits.mat lists them; a list goes before it."""
    assert [item.name for item in read("nyu", tmp_path)] == ["0002", "0003", "0004"]
    assert [item.name for item in eval_set("nyu").items(Wish(tmp_path, "train"))] == ["0001"]
    listed = eval_set("nyu").items(Wish(tmp_path, listed=("4",)))
    assert [item.name for item in listed] == ["0004"]


def test_kitti_leaves_out_what_has_no_depth(tmp_path: Path) -> None:
    """Lines with None, of the 697."""
    items = read("kitti", tmp_path, listed=tuple(small_sets.kitti_list().splitlines()))
    assert [item.name[-1] for item in items] == ["0", "1"]


def test_kitti_reads_lists_of_monodepth2(tmp_path: Path) -> None:
    """Folder, number and side; numbers need no noughts."""
    line = f"{small_sets.DATE}/{small_sets.DRIVE} 1 l"
    (item,) = read("kitti", tmp_path, listed=(line,))
    assert item.name.endswith("image_02/data/0000000001")


def test_kitti_refuses_other_lines(tmp_path: Path) -> None:
    """A line that names no frame is quoted."""
    with pytest.raises(ParameterError, match="'hello'"):
        read("kitti", tmp_path, listed=("hello",))


def test_kitti_projects_scans(tmp_path: Path) -> None:
    """The nearest point of a pixel counts; what is behind does not; rounding is the published one."""
    sample = first("kitti-raw", tmp_path)
    depth = sample.depth_m
    assert depth is not None
    assert int(np.isfinite(depth).sum()) == 2
    assert depth[23, 31] == pytest.approx(4)
    assert depth[23, 31 - 8] == pytest.approx(5)


def test_make3d_reads_the_grid(tmp_path: Path) -> None:
    """The fourth of the positions, 55 × 305."""
    sample = first("make3d", tmp_path)
    assert sample.depth_m is not None
    assert sample.depth_m.shape == (55, 305)
    wanted = small_sets.depth_of(0, 55, 305) * 8
    np.testing.assert_allclose(sample.depth_m, wanted, rtol=1e-6)


def test_ddad_moves_points_into_the_camera(tmp_path: Path) -> None:
    """By both poses; the nearer of two points on one ray is kept."""
    depth = first("ddad", tmp_path).depth_m
    assert depth is not None
    rows, columns = np.nonzero(np.isfinite(depth))
    assert (rows[0], columns[0], len(rows)) == (23, 31, 1)
    assert depth[23, 31] == pytest.approx(20, rel=1e-5)


def test_da2k_reads_pairs(tmp_path: Path) -> None:
    """Row and column become x and y, the nearer point first."""
    sample = first("da2k", tmp_path)
    assert sample.pairs is not None
    pixels = sample.pairs * [64, 48, 64, 48] - 0.5
    np.testing.assert_allclose(pixels, [[10, 40, 50, 5], [50, 30, 10, 2]])


@pytest.mark.parametrize(("name", "step"), [("sintel", 0.1), ("tum", 0.1), ("scannet", 0.1), ("hammer", 0.1)])
def test_poses_go_from_camera_to_world(name: str, step: float, tmp_path: Path) -> None:
    """The second frame stands a tenth to the right of the first."""
    one, two = (item.read() for item in read(name, tmp_path)[:2])
    assert one.world_from_cam is not None
    assert two.world_from_cam is not None
    moved = np.linalg.inv(one.world_from_cam) @ two.world_from_cam
    np.testing.assert_allclose(moved[:3, 3], [step, 0, 0], atol=1e-9)
    assert one.camera is not None


def test_scannet_orders_by_number(tmp_path: Path) -> None:
    """10 follows 5, and a lost camera has no pose."""
    items = read("scannet", tmp_path)
    assert [item.name.rpartition("/")[2] for item in items] == ["0", "5", "10"]
    assert items[2].read().world_from_cam is None


def test_ibims_masks(tmp_path: Path) -> None:
    """What a mask takes away is unknown."""
    depth = read("ibims", tmp_path)[1].read().depth_m
    assert depth is not None
    assert np.isnan(depth[-1]).all()
    assert np.isfinite(depth[-2]).all()


def test_diode_splits(tmp_path: Path) -> None:
    """Indoors or outdoor alone."""
    assert len(read("diode", tmp_path)) == 2
    (item,) = eval_set("diode").items(Wish(tmp_path, "val-outdoor"))
    assert item.name.startswith("outdoor/")


def test_a_list_chooses(tmp_path: Path) -> None:
    """By path below any folder, with or without suffix, in its order."""
    small_sets.sintel(tmp_path)
    listed = ("alley_1/frame_0003.png", "MPI/training/final/alley_1/frame_0001.png x")
    items = eval_set("sintel").items(Wish(tmp_path, listed=listed))
    assert [item.name[-1] for item in items] == ["3", "1"]
    with pytest.raises(ParameterError, match="frame_0009"):
        eval_set("sintel").items(Wish(tmp_path, listed=("alley_1/frame_0009.png",)))


def test_damage_is_told(tmp_path: Path) -> None:
    """A file that is cut short, one of another kind, and one that is gone."""
    small_sets.eth3d(tmp_path)
    depth = tmp_path / "courtyard" / "ground_truth_depth" / "dslr_images" / "DSC_0286.JPG"
    depth.write_bytes(depth.read_bytes()[:-4])
    with pytest.raises(BrokenImageError, match="bytes were expected"):
        eval_set("eth3d").items(Wish(tmp_path))[0].read()
    small_sets.middlebury(tmp_path)
    (tmp_path / "Motorcycle-perfect" / "disp0.pfm").write_bytes(b"P6 2 2 255\n")
    with pytest.raises(BrokenImageError, match="PFM"):
        eval_set("middlebury").items(Wish(tmp_path))[0].read()
    small_sets.folder(tmp_path / "own")
    (item, *_) = eval_set("folder").items(Wish(tmp_path / "own"))
    (tmp_path / "own" / "0000.png").unlink()
    with pytest.raises(SourceError):
        item.read()


@pytest.mark.parametrize(
    ("name", "file", "damage"),
    [
        ("make3d", "*.mat", lambda data: data[:0]),
        ("make3d", "*.mat", lambda data: data + bytes(50)),
        ("nyu", "splits.mat", lambda data: data[:1] + b"hello world"),
        (
            "tum",
            "rgb.txt",
            lambda data: b"\n".join(row.split()[0] for row in data.splitlines() if row[:1] != b"#"),
        ),
        ("middlebury", "calib.txt", lambda data: data.replace(b"doffs=", b"doffs=x\nz=")),
        ("ddad", "*.npz", lambda data: data[: len(data) // 2]),
        ("ddad", "*.npz", lambda data: data[:0]),
        ("folder", "0000.png", lambda data: data[: len(data) // 2]),
        ("folder", "0000.png", lambda data: data[:60] + bytes([data[60] ^ 255]) + data[61:]),
    ],
)
def test_whatever_a_damaged_file_does_is_told(name: str, file: str, damage, tmp_path: Path) -> None:
    """As an error of ours that names it, whatever the library that reads it raises, or decodes in part."""
    read(name, tmp_path)
    target = min(tmp_path.rglob(file))
    target.write_bytes(damage(target.read_bytes()))
    with pytest.raises(BrokenImageError, match=r"cannot be read|was expected|has no"):
        [item.sample() for item in eval_set(name).listed(Wish(tmp_path))]


def test_broken_texts_are_told(tmp_path: Path) -> None:
    """A word among times, a scene without samples, pairs without points, a matrix of three numbers."""
    small_sets.tum(tmp_path / "tum")
    (tmp_path / "tum" / "rgbd_dataset_freiburg1_desk" / "depth.txt").write_text("now depth/1.png\n")
    small_sets.ddad(tmp_path / "ddad")
    (tmp_path / "ddad" / "ddad_train_val" / "000150" / "scene_abc.json").write_text('{"data": []}')
    for name in ("tum", "ddad"):
        with pytest.raises(BrokenImageError, match="cannot be read"):
            eval_set(name).items(Wish(tmp_path / name))
    small_sets.da2k(tmp_path / "da2k")
    pairs = tmp_path / "da2k" / "annotations.json"
    pairs.write_text(pairs.read_text("utf-8").replace("closer_point", "nearer"), "utf-8")
    with pytest.raises(BrokenImageError, match="pairs of images/indoor/0 are damaged"):
        eval_set("da2k").items(Wish(tmp_path / "da2k"))[0].read()
    small_sets.hammer(tmp_path / "hammer")
    (tmp_path / "hammer" / "scene12_traj1_1" / "polarization" / "intrinsics.txt").write_text("1 2 3")
    with pytest.raises(BrokenImageError, match="3×3 numbers were expected, not 3"):
        eval_set("hammer").items(Wish(tmp_path / "hammer"))[0].read()


def test_arrays_that_are_none(tmp_path: Path) -> None:
    """Bytes that are no .npy file."""
    small_sets.diode(tmp_path)
    (depth,) = tmp_path.rglob("*indoors_depth.npy")
    depth.write_bytes(b"no array")
    with pytest.raises(BrokenImageError, match="cannot be read"):
        eval_set("diode").items(Wish(tmp_path, "val-indoors"))[0].read()


@pytest.mark.parametrize(("name", "library"), [("nyu", "h5py"), ("make3d", "scipy")])
def test_an_absent_library_is_told(name: str, library: str, tmp_path: Path, monkeypatch) -> None:
    """By its name, and what to install."""
    pytest.importorskip("h5py")
    pytest.importorskip("scipy")
    small_sets.WRITERS[name](tmp_path)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=library) as told:
        eval_set(name).items(Wish(tmp_path))[0].read()
    assert "nearfar[eval]" in told.value.hint


def test_unknown_names_offer_the_nearest() -> None:
    """A slip of the finger."""
    with pytest.raises(UnknownNameError, match="Did you mean 'sintel'"):
        eval_set("sintle")


def test_turned_photos_stay_as_stored(tmp_path: Path) -> None:
    """Depth maps are not turned by EXIF, so neither are photos."""
    from PIL import Image

    from nearfar.evaluation.sets._files import read_rgb

    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(small_sets.photo_of()).save(tmp_path / "a.jpg", exif=exif)
    assert read_rgb(tmp_path / "a.jpg").shape == (48, 64, 3)
